"""The shapes of grids and departments: declarations that the lists read by (common.api.RowListView)."""

from typing import Any

from rest_framework import serializers

from grids.choices import DepartmentKind, Grade, GridKind


class GridRow(serializers.Serializer[Any]):
    """网格."""

    code = serializers.CharField(help_text="网格编码：街道、片区、居民区 12 位，微单元 15 位。")
    kind = serializers.ChoiceField(choices=GridKind.choices, help_text="层级。")
    name = serializers.CharField(help_text="名称。")
    short_name = serializers.CharField(help_text="简称。")
    parent_code = serializers.CharField(source="parent.code", allow_null=True, help_text="上级网格编码。")
    community_code = serializers.CharField(source="community.code", help_text="所属街道编码。")
    brand = serializers.CharField(help_text="特色品牌。")
    location = serializers.CharField(help_text="位置。")
    grade = serializers.ChoiceField(choices=Grade.choices, help_text="管理等级，决定案件按哪一级处置时限办理。")
    assumed = serializers.BooleanField(help_text="示例划分，待街道确认。")
    is_active = serializers.BooleanField(help_text="在用。")
    valid_from = serializers.DateField(allow_null=True, help_text="启用日期。")
    valid_to = serializers.DateField(allow_null=True, help_text="停用日期。")
    successor_code = serializers.CharField(source="successor.code", allow_null=True, help_text="并入的网格编码。")
    version = serializers.IntegerField(help_text="版本。")


class DepartmentRow(serializers.Serializer[Any]):
    """条线部门. Its `id` is what a dispatch names."""

    id = serializers.IntegerField(help_text="派遣时填写的部门编号。")
    code = serializers.CharField(help_text="代码，在服务网格内唯一。")
    name = serializers.CharField(help_text="名称。")
    short_name = serializers.CharField(help_text="简称。")
    kind = serializers.ChoiceField(choices=DepartmentKind.choices, help_text="类型。")
    grid_code = serializers.CharField(source="grid.code", help_text="服务网格编码。")
    is_active = serializers.BooleanField(help_text="在用。")
