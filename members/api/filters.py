"""Filters of the address book and of the member counts."""

import django_filters as filters

from grids.api.filters import NOT_A_CHOICE, YES_NO, ScopedFilterSet, ScopedForm
from grids.models import Grid
from members.choices import UnitKind
from members.models import Building, ResidentUnit


class RegisterFilterForm(ScopedForm):
    def clean_grid(self) -> Grid | None:
        return self.scoped_grid("grid")


class RegisterFilterSet(ScopedFilterSet):
    q = filters.CharFilter(label="名称、拼音首字母或地址", method="by_words", max_length=50)
    grid = filters.CharFilter(label="网格编码，含其下各级", method="by_subtree", max_length=20)
    active = filters.ChoiceFilter(label="在用", choices=YES_NO, method="by_active", error_messages=NOT_A_CHOICE)


class UnitFilterSet(RegisterFilterSet):
    kind = filters.ChoiceFilter(label="类别", choices=UnitKind.choices, error_messages=NOT_A_CHOICE)

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
