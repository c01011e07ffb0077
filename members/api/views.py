"""The address book and the numbers of members, read-only. No partner gets a list of members (DOMAIN C2)."""

from collections import Counter
from typing import Any

from django.db.models import Count, F, Value
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from grids.api.filters import GridFilterSet
from grids.choices import PATH_FIELD
from grids.models import Grid
from grids.scoping import scope_of
from liangcheng.common.api import ApiView, RowListView, as_rows
from members.api.filters import BuildingFilterSet, OrganizationFilterSet, TeamFilterSet, UnitFilterSet, VenueFilterSet
from members.api.serializers import BuildingRow, MemberCountRow, OrganizationRow, TeamRow, UnitRow, VenueRow
from members.choices import MemberKind
from members.models import Building, PartyMember, PartyOrganization, ResidentUnit, Team, TeamMember, Venue


@extend_schema(summary="成员单位列表", description="小区、楼宇园区、驻区单位、沿街商铺，按编号排序。", tags=["底册"])
class UnitListView(RowListView):
    serializer_class = UnitRow
    filterset_class = UnitFilterSet
    keyset = ("code",)
    queryset = ResidentUnit.objects.none()

    def rows_for(self, user: Any) -> Any:
        return ResidentUnit.objects.visible_to(user)


@extend_schema(summary="按编号读取成员单位", tags=["底册"])
class UnitView(ApiView):
    serializer_class = UnitRow
    queryset = ResidentUnit.objects.none()
    lookup_field = "code"

    def get(self, request: Request, code: str) -> Response:
        row = as_rows(ResidentUnit.objects.visible_to(request.user).filter(code=code).order_by(), UnitRow).first()
        if row is None:
            raise NotFound
        return Response(row)


@extend_schema(summary="楼栋列表", description="地址簿：路、弄、号及所属单位和网格。", tags=["底册"])
class BuildingListView(RowListView):
    serializer_class = BuildingRow
    filterset_class = BuildingFilterSet
    keyset = ("id",)
    queryset = Building.objects.none()

    def rows_for(self, user: Any) -> Any:
        return Building.objects.visible_to(user)


@extend_schema(summary="党组织列表", description="名称、类别和所在网格；不含联系人和党员。", tags=["底册"])
class OrganizationListView(RowListView):
    serializer_class = OrganizationRow
    filterset_class = OrganizationFilterSet
    keyset = ("id",)
    queryset = PartyOrganization.objects.none()

    def rows_for(self, user: Any) -> Any:
        return PartyOrganization.objects.visible_to(user)


@extend_schema(summary="队伍列表", description="管理队伍和服务队伍；只提供人数，不提供名单。", tags=["底册"])
class TeamListView(RowListView):
    serializer_class = TeamRow
    filterset_class = TeamFilterSet
    keyset = ("id",)
    queryset = Team.objects.none()

    def rows_for(self, user: Any) -> Any:
        return Team.objects.visible_to(user)

    def finish(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        groups = TeamMember.objects.filter(team__in=[row["id"] for row in rows]).order_by().values("team_id")
        sizes = dict(groups.annotate(number=Count("pk")).values_list("team_id", "number"))
        return [row | {"people": sizes.get(row["id"], 0)} for row in rows]


@extend_schema(summary="阵地列表", description="党建服务站、活动室等；不含联系人。", tags=["底册"])
class VenueListView(RowListView):
    serializer_class = VenueRow
    filterset_class = VenueFilterSet
    keyset = ("id",)
    queryset = Venue.objects.none()

    def rows_for(self, user: Any) -> Any:
        return Venue.objects.visible_to(user)


@extend_schema(
    summary="各网格党员人数", description="只提供人数，不提供名单；每个网格的人数含其下各级网格。", tags=["底册"]
)
class MemberCountView(RowListView):
    serializer_class = MemberCountRow
    filterset_class = GridFilterSet
    keyset = ("code",)
    queryset = Grid.objects.none()

    def rows_for(self, user: Any) -> Any:
        # Only whole subtrees: of a grid above, the user would see a part that looks like the whole.
        return Grid.objects.filter(scope_of(user).subtree_condition())

    def as_rows(self, queryset: Any) -> Any:
        return super().as_rows(queryset).annotate(grid_id_=F("id"))

    def finish(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        counts = _counts(self.request, {row["kind"] for row in rows}) if rows else Counter()
        for row in rows:
            grid_id = row.pop("grid_id_")
            row["registered"] = counts[grid_id, MemberKind.REGISTERED]
            row["in_service"] = counts[grid_id, MemberKind.IN_SERVICE]
        return rows


def _counts(request: Request, kinds: set[str]) -> Counter[tuple[int, str]]:
    """Active members by (grid, kind of member), rolled up the path: one statement, at most a row per micro-unit."""
    columns = [f"{PATH_FIELD[kind]}_id" for kind in kinds]
    groups = (
        PartyMember.objects.countable_by(request.user)
        .active()
        .order_by()
        .values(*columns, "kind")
        .annotate(number=Count(Value(1)))
    )
    counts: Counter[tuple[int, str]] = Counter()
    for group in groups:
        for grid_id in {group[column] for column in columns} - {None}:
            counts[grid_id, group["kind"]] += group["number"]
    return counts
