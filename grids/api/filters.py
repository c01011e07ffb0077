"""Filters of the grid and department lists."""

from typing import Any

import django_filters as filters
from django import forms

from grids.choices import DepartmentKind, GridKind
from grids.models import Department, Grid
from liangcheng.common.text import normalize

YES_NO = (("true", "是"), ("false", "否"))
NOT_A_CHOICE = {"invalid_choice": "没有“%(value)s”这个选项。"}


class ScopedForm(forms.Form):
    """Knows who asks, so that a code outside their scope is unknown to them."""

    user: Any = None

    def scoped_grid(self, name: str) -> Grid | None:
        """The grid whose code stands in field `name`. Raises ValidationError for one the user does not see."""
        code = self.cleaned_data[name]
        if not code:
            return None
        found: Grid | None = Grid.objects.visible_to(self.user).order_by().filter(code=code).first()
        if found is None:
            raise forms.ValidationError("没有这个网格，或不在您的网格范围内。", code="unknown")
        return found


class ScopedFilterSet(filters.FilterSet):
    def get_form_class(self) -> type[forms.Form]:
        return type("BoundForm", (super().get_form_class(),), {"user": self.request.user if self.request else None})

    def by_active(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(is_active=value == "true")

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        return rows.search(normalize(value))

    def by_subtree(self, rows: Any, name: str, value: Grid) -> Any:
        return rows.within(value)


class GridFilterForm(ScopedForm):
    def clean_parent(self) -> Grid | None:
        return self.scoped_grid("parent")

    def clean_within(self) -> Grid | None:
        return self.scoped_grid("within")


class GridFilterSet(ScopedFilterSet):
    q = filters.CharFilter(label="名称、编码或拼音首字母", method="by_words", max_length=50)
    kind = filters.ChoiceFilter(label="层级", choices=GridKind.choices, error_messages=NOT_A_CHOICE)
    parent = filters.CharFilter(label="上级网格编码", method="by_parent", max_length=20)
    within = filters.CharFilter(label="网格编码，含其下各级", method="by_subtree", max_length=20)
    active = filters.ChoiceFilter(label="在用", choices=YES_NO, method="by_active", error_messages=NOT_A_CHOICE)

    class Meta:
        model = Grid
        fields: list[str] = []
        form = GridFilterForm

    def by_parent(self, rows: Any, name: str, value: Grid) -> Any:
        return rows.filter(parent=value)


class DepartmentFilterSet(ScopedFilterSet):
    code = filters.CharFilter(label="代码", max_length=30)
    kind = filters.ChoiceFilter(label="类型", choices=DepartmentKind.choices, error_messages=NOT_A_CHOICE)
    active = filters.ChoiceFilter(label="在用", choices=YES_NO, method="by_active", error_messages=NOT_A_CHOICE)

    class Meta:
        model = Department
        fields: list[str] = []
        form = ScopedForm
