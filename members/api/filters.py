"""Filters of the address book and of the member counts."""

from typing import Any

import django_filters as filters

from grids.api.filters import NOT_A_CHOICE, YES_NO, ScopedFilterSet, ScopedForm
from grids.models import Grid
from members.choices import OrganizationKind, Sector, TeamKind, UnitKind, VenueKind
from members.filters import ROLES
from members.models import Building, PartyOrganization, ResidentUnit, Team, Venue


class RegisterFilterForm(ScopedForm):
    def clean_grid(self) -> Grid | None:
        return self.scoped_grid("grid")


class RegisterFilterSet(ScopedFilterSet):
    q = filters.CharFilter(label="名称、拼音首字母或地址", method="by_words", max_length=50)
    grid = filters.CharFilter(label="网格编码，含其下各级", method="by_subtree", max_length=20)
    active = filters.ChoiceFilter(label="在用", choices=YES_NO, method="by_active", error_messages=NOT_A_CHOICE)


class UnitFilterSet(RegisterFilterSet):
    kind = filters.ChoiceFilter(label="类别", choices=UnitKind.choices, error_messages=NOT_A_CHOICE)
    sector = filters.ChoiceFilter(label="单位性质", choices=Sector.choices, error_messages=NOT_A_CHOICE)
    role = filters.ChoiceFilter(label="角色", choices=ROLES, method="by_role", error_messages=NOT_A_CHOICE)

    def by_role(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(**{f"is_{value}": True})

    class Meta:
        model = ResidentUnit
        fields: list[str] = []
        form = RegisterFilterForm


class BuildingFilterSet(RegisterFilterSet):
    unit = filters.CharFilter(label="所属单位编号", field_name="unit__code", max_length=20)

    class Meta:
        model = Building
        fields: list[str] = []
        form = RegisterFilterForm


class OrganizationFilterSet(RegisterFilterSet):
    kind = filters.ChoiceFilter(label="类别", choices=OrganizationKind.choices, error_messages=NOT_A_CHOICE)

    class Meta:
        model = PartyOrganization
        fields: list[str] = []
        form = RegisterFilterForm


class TeamFilterSet(RegisterFilterSet):
    kind = filters.ChoiceFilter(label="类别", choices=TeamKind.choices, error_messages=NOT_A_CHOICE)

    class Meta:
        model = Team
        fields: list[str] = []
        form = RegisterFilterForm


class VenueFilterSet(RegisterFilterSet):
    kind = filters.ChoiceFilter(label="类别", choices=VenueKind.choices, error_messages=NOT_A_CHOICE)
    main = filters.ChoiceFilter(
        label="主阵地", field_name="is_main", choices=YES_NO, method="by_main", error_messages=NOT_A_CHOICE
    )

    def by_main(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(is_main=value == "true")

    class Meta:
        model = Venue
        fields: list[str] = []
        form = RegisterFilterForm
