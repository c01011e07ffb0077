"""Categories with their limits: the list that filing chooses from, the same for everybody."""

from typing import Any

import django_filters as filters
from django.db.models import F, Q
from drf_spectacular.utils import extend_schema, extend_schema_view

from cases.api.serializers import CategoryRow, LimitRow
from cases.models import Category, TimeLimit
from grids.api.filters import NOT_A_CHOICE, YES_NO
from liangcheng.common.api import RowListView, as_rows
from liangcheng.common.text import normalize


class CategoryFilterSet(filters.FilterSet):
    q = filters.CharFilter(label="名称、俗称或拼音首字母", method="by_words", max_length=50)
    major = filters.CharFilter(label="大类代码", field_name="major_code", max_length=10)
    active = filters.ChoiceFilter(label="在用", choices=YES_NO, method="by_active", error_messages=NOT_A_CHOICE)

    class Meta:
        model = Category
        fields: list[str] = []

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        word = normalize(value)
        return rows.filter(
            Q(name__icontains=word)
            | Q(synonyms__icontains=word)
            | Q(name_pinyin__icontains=word.lower())
            | Q(code__startswith=word)
        )

    def by_active(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(is_active=value == "true")


@extend_schema_view(get=extend_schema(operation_id="categories_list", summary="案件类别及处置时限", tags=["案件"]))
class CategoryListView(RowListView):
    serializer_class = CategoryRow
    filterset_class = CategoryFilterSet
    keyset = ("code",)
    queryset = Category.objects.none()

    def rows_for(self, user: Any) -> Any:
        return Category.objects.all()

    def finish(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        by_code = {row["code"]: row for row in rows}
        for row in rows:
            row["limits"] = []
        limits = TimeLimit.objects.filter(category__code__in=by_code).order_by("grade", "valid_from", "pk")
        for limit in as_rows(limits, LimitRow).annotate(code_=F("category__code")):
            by_code[limit.pop("code_")]["limits"].append(limit)
        return rows
