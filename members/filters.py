"""Filters of the register pages. A wrong value is an error, never "everything"."""

from collections.abc import Mapping
from typing import Any

import django_filters as filters
from django import forms

from grids.models import Grid
from liangcheng.common.text import normalize
from members.choices import (
    UNIT_ROLES,
    ContactKind,
    MemberKind,
    OrganizationKind,
    RegistrationKind,
    RegistrationState,
    Sector,
    TeamKind,
    UnitKind,
    VenueKind,
)
from members.models import (
    Building,
    PartyMember,
    PartyOrganization,
    Registration,
    ResidentContact,
    ResidentUnit,
    Team,
    Venue,
)

STATES = (("true", "在用"), ("false", "已停用"))
YES = (("true", "是"),)
_NOT_A_NUMBER = {"invalid": "页面地址不完整，请重新选择。"}
# What a unit does for the neighbourhood, as the address says it: ?role=messenger.
ROLES = tuple((name.removeprefix("is_"), label) for name, label in UNIT_ROLES.items())
_NOT_A_CHOICE = {"invalid_choice": "没有“%(value)s”这个选项。"}


class RegisterFilterForm(forms.Form):
    """`grids` are the grids that the asking user sees, by code; the page has read them anyway."""

    grids: Mapping[str, Grid] = {}

    def clean_q(self) -> str:
        return normalize(self.cleaned_data["q"])

    def clean_grid(self) -> Grid | None:
        code = self.cleaned_data["grid"]
        if code and code not in self.grids:
            raise forms.ValidationError("没有这个网格，或不在您的网格范围内。", code="unknown")
        return self.grids[code] if code else None


class RegisterFilterSet(filters.FilterSet):
    """Of the rows it is given: the caller narrows them to `visible_to(user)` first. Without `state`: in use."""

    q = filters.CharFilter(
        label="搜索", method="by_words", max_length=50, error_messages={"max_length": "最多 %(limit_value)d 个字。"}
    )
    grid = filters.CharFilter(label="网格", method="by_subtree", max_length=20)
    state = filters.ChoiceFilter(label="状态", choices=STATES, method="by_state", error_messages=_NOT_A_CHOICE)

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        return rows.search(value)

    def by_subtree(self, rows: Any, name: str, value: Grid) -> Any:
        return rows.within(value)

    def by_state(self, rows: Any, name: str, value: str) -> Any:
        return rows  # see filter_queryset: an empty state has a meaning, which django-filter does not ask for

    def by_lack(self, rows: Any, name: str, value: str) -> Any:
        return getattr(rows, f"without_{value}")()

    def filter_queryset(self, queryset: Any) -> Any:
        rows = super().filter_queryset(queryset)
        return rows.filter(is_active=False) if self.form.cleaned_data.get("state") == "false" else rows.active()


# What a row lacks → the method of the register's rows that finds it. Coverage counts by the same methods' conditions.
LACKING: dict[str, tuple[tuple[str, str], ...]] = {
    "building": (("leader", "没有楼组长"), ("unit", "所属单位已停用")),
    "unit": (("contact", "没有联系人或电话"), ("building", "小区没有登记楼栋")),
    "member": (("micro_unit", "没有落到微单元"), ("organization", "所在党组织已停用")),
    "organization": (("contact", "没有联系人或电话"),),
}


def _lacking(register: str) -> filters.ChoiceFilter:
    return filters.ChoiceFilter(label="缺项", choices=LACKING[register], method="by_lack", error_messages=_NOT_A_CHOICE)


def _kind(choices: type[Any]) -> filters.ChoiceFilter:
    return filters.ChoiceFilter(label="类别", choices=choices.choices, error_messages=_NOT_A_CHOICE)


class UnitFilterSet(RegisterFilterSet):
    kind = _kind(UnitKind)
    role = filters.ChoiceFilter(label="角色", choices=ROLES, method="by_role", error_messages=_NOT_A_CHOICE)
    sector = filters.ChoiceFilter(label="单位性质", choices=Sector.choices, error_messages=_NOT_A_CHOICE)

    def by_role(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(**{f"is_{value}": True})

    lacking = _lacking("unit")

    class Meta:
        model = ResidentUnit
        fields: list[str] = []
        form = RegisterFilterForm


class BuildingFilterSet(RegisterFilterSet):
    lacking = _lacking("building")
    unit = filters.CharFilter(label="单位编号", field_name="unit__code", max_length=20)

    class Meta:
        model = Building
        fields: list[str] = []
        form = RegisterFilterForm


class OrganizationFilterSet(RegisterFilterSet):
    kind = _kind(OrganizationKind)
    lacking = _lacking("organization")

    class Meta:
        model = PartyOrganization
        fields: list[str] = []
        form = RegisterFilterForm


class MemberFilterSet(RegisterFilterSet):
    kind = _kind(MemberKind)
    lacking = _lacking("member")
    organization = filters.NumberFilter(
        label="党组织（含下级）", method="by_organization", min_value=1, max_value=2**62, error_messages=_NOT_A_NUMBER
    )
    unit = filters.CharFilter(label="单位编号", field_name="unit__code", max_length=20)
    skill = filters.NumberFilter(
        label="特长", field_name="skills", min_value=1, max_value=2**62, error_messages=_NOT_A_NUMBER
    )
    serves = filters.ChoiceFilter(label="可服务", choices=YES, method="by_service", error_messages=_NOT_A_CHOICE)
    no_unit = filters.ChoiceFilter(
        label="工作单位", choices=YES, method="by_missing_unit", error_messages=_NOT_A_CHOICE
    )

    def by_organization(self, rows: Any, name: str, value: Any) -> Any:
        return rows.of_organization(int(value))

    def by_service(self, rows: Any, name: str, value: str) -> Any:
        """Who has said when they can help."""
        return rows.exclude(availability="")

    def by_missing_unit(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(unit=None)

    def filter_queryset(self, queryset: Any) -> Any:
        """What was merged into another record is found there."""
        return super().filter_queryset(queryset).filter(merged_into=None)

    class Meta:
        model = PartyMember
        fields: list[str] = []
        form = RegisterFilterForm


class ContactFilterSet(RegisterFilterSet):
    kind = _kind(ContactKind)

    class Meta:
        model = ResidentContact
        fields: list[str] = []
        form = RegisterFilterForm


class TeamFilterSet(RegisterFilterSet):
    kind = _kind(TeamKind)

    class Meta:
        model = Team
        fields: list[str] = []
        form = RegisterFilterForm


class VenueFilterSet(RegisterFilterSet):
    kind = _kind(VenueKind)
    main = filters.ChoiceFilter(
        label="主阵地",
        choices=[("true", "主阵地"), ("false", "一般阵地")],
        method="by_main",
        error_messages=_NOT_A_CHOICE,
    )

    def by_main(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(is_main=value == "true")

    class Meta:
        model = Venue
        fields: list[str] = []
        form = RegisterFilterForm


class RegistrationFilterSet(filters.FilterSet):
    """双报到: all states unless one is asked for."""

    q = filters.CharFilter(
        label="搜索", method="by_words", max_length=50, error_messages={"max_length": "最多 %(limit_value)d 个字。"}
    )
    grid = filters.CharFilter(label="网格", method="by_subtree", max_length=20)
    state = filters.ChoiceFilter(label="状态", choices=RegistrationState.choices, error_messages=_NOT_A_CHOICE)
    kind = _kind(RegistrationKind)
    year = filters.NumberFilter(
        label="年度", field_name="registered_at", lookup_expr="year", min_value=2000, max_value=2100
    )

    class Meta:
        model = Registration
        fields: list[str] = []
        form = RegisterFilterForm

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        return rows.search(value)

    def by_subtree(self, rows: Any, name: str, value: Grid) -> Any:
        return rows.within(value)
