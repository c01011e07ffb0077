"""The numbers of the coverage page per grid. Counts only: no row and no name behind them."""

from collections import Counter
from typing import Any

from django.db.models import F
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from grids.api.filters import GridFilterSet
from grids.choices import GridKind
from grids.models import Grid
from grids.scoping import scope_of
from liangcheng.common.api import RowListView
from members.coverage import FIGURES, GAPS, figures_within

# Field → (key of the figure, words). The names of the figures are lower case in the API.
NUMBERS: dict[str, tuple[str, str]] = {key.lower(): (key, label) for key, (label, _) in FIGURES.items()} | {
    gap.key: (gap.key, gap.label) for gap in GAPS
}


class _GridRow(serializers.Serializer[Any]):
    grid_code = serializers.CharField(source="code", help_text="网格编码。")
    grid_name = serializers.CharField(source="short_name", help_text="网格简称。")
    kind = serializers.ChoiceField(choices=GridKind.choices, help_text="层级。")

    computed = frozenset(NUMBERS)


CoverageRow = type(
    "CoverageRow",
    (_GridRow,),
    {"__doc__": "覆盖情况 of one grid with all below it."}
    | {
        name: serializers.IntegerField(help_text=f"{label}，含下级网格。", min_value=0)
        for name, (_, label) in NUMBERS.items()
    },
)


@extend_schema(
    summary="各网格登记数和缺项",
    description="党员、单位、楼栋、阵地等登记数和缺项数；只提供数字，每个网格的数字含其下各级网格。",
    tags=["底册"],
)
class CoverageView(RowListView):
    serializer_class = CoverageRow
    filterset_class = GridFilterSet
    keyset = ("code",)
    queryset = Grid.objects.none()

    def rows_for(self, user: Any) -> Any:
        # Only whole subtrees: of a grid above, the user would see a part that looks like the whole.
        return Grid.objects.filter(scope_of(user).subtree_condition())

    def as_rows(self, queryset: Any) -> Any:
        return super().as_rows(queryset).annotate(grid_id_=F("id"))

    def finish(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        user: Any = self.request.user
        figures = figures_within(user) if rows else {}
        for row in rows:
            numbers = figures.get(row.pop("grid_id_"), Counter())
            row.update({name: numbers[key] for name, (key, _) in NUMBERS.items()})
        return rows
