"""Filters of the register pages. A wrong value is an error, never "everything"."""

from collections.abc import Mapping
from typing import Any

import django_filters as filters
from django import forms

from grids.models import Grid
from liangcheng.common.text import normalize
from members.choices import MemberKind, OrganizationKind, RegistrationKind, RegistrationState, UnitKind
from members.models import Building, PartyMember, PartyOrganization, Registration, ResidentUnit

STATES = (("true", "在用"), ("false", "已停用"))
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

    def filter_queryset(self, queryset: Any) -> Any:
        in_use = self.form.cleaned_data.get("state") != "false"
        return super().filter_queryset(queryset).filter(is_active=in_use)


def _kind(choices: type[Any]) -> filters.ChoiceFilter:
    return filters.ChoiceFilter(label="类别", choices=choices.choices, error_messages=_NOT_A_CHOICE)


class UnitFilterSet(RegisterFilterSet):
    kind = _kind(UnitKind)

    class Meta:
        model = ResidentUnit
        fields: list[str] = []
        form = RegisterFilterForm


class BuildingFilterSet(RegisterFilterSet):
    unit = filters.CharFilter(label="单位编号", field_name="unit__code", max_length=20)

    class Meta:
        model = Building
        fields: list[str] = []
        form = RegisterFilterForm


class OrganizationFilterSet(RegisterFilterSet):
    kind = _kind(OrganizationKind)

    class Meta:
        model = PartyOrganization
        fields: list[str] = []
        form = RegisterFilterForm


class MemberFilterSet(RegisterFilterSet):
    kind = _kind(MemberKind)
    organization = filters.NumberFilter(label="党组织", field_name="organization_id", min_value=1, max_value=2**62)
    unit = filters.CharFilter(label="单位编号", field_name="unit__code", max_length=20)

    class Meta:
        model = PartyMember
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
