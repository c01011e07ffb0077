"""Grids and departments, read-only: structure is written by grids.tree, postings in the admin."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from grids.api.filters import DepartmentFilterSet, GridFilterSet
from grids.api.serializers import DepartmentRow, GridRow
from grids.models import Department, Grid
from liangcheng.common.api import ApiView, RowListView, as_rows, etag


@extend_schema(summary="网格列表", description="您服务的网格及其上级路径，按编码排序。", tags=["网格"])
class GridListView(RowListView):
    serializer_class = GridRow
    filterset_class = GridFilterSet
    keyset = ("code",)
    queryset = Grid.objects.none()

    def rows_for(self, user: Any) -> Any:
        return Grid.objects.visible_to(user)


@extend_schema(summary="按编码读取网格", tags=["网格"])
class GridView(ApiView):
    serializer_class = GridRow
    queryset = Grid.objects.none()
    lookup_field = "code"

    def get(self, request: Request, code: str) -> Response:
        row = as_rows(Grid.objects.visible_to(request.user).filter(code=code).order_by(), GridRow).first()
        if row is None:
            raise NotFound
        return Response(row, headers={"ETag": etag(row["version"])})


@extend_schema(summary="条线部门列表", description="服务于您范围内网格的部门。", tags=["网格"])
class DepartmentListView(RowListView):
    serializer_class = DepartmentRow
    filterset_class = DepartmentFilterSet
    keyset = ("id",)
    queryset = Department.objects.none()

    def rows_for(self, user: Any) -> Any:
        return Department.objects.filter(grid__in=Grid.objects.visible_to(user).order_by())
