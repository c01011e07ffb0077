"""The shapes of units, buildings and member counts. Contacts and names of members are never among them."""

from typing import Any

from rest_framework import serializers

from grids.choices import GridKind
from members.choices import UnitKind


class UnitRow(serializers.Serializer[Any]):
    """成员单位."""

    id = serializers.IntegerField(help_text="上报案件时填写的单位编号（unit_id）。")
    code = serializers.CharField(help_text="单位编号。")
    kind = serializers.ChoiceField(choices=UnitKind.choices, help_text="类别。")
    name = serializers.CharField(help_text="名称。")
    address = serializers.CharField(help_text="地址。")
    households = serializers.IntegerField(allow_null=True, help_text="户数。")
    grid_code = serializers.CharField(source="grid.code", help_text="所在网格编码。")
    assumed = serializers.BooleanField(help_text="示例数据，待街道确认。")
    is_active = serializers.BooleanField(help_text="在用。")


class BuildingRow(serializers.Serializer[Any]):
    """楼栋."""

    id = serializers.IntegerField(help_text="上报案件时填写的楼栋编号（building_id）。")
    name = serializers.CharField(help_text="名称。")
    road = serializers.CharField(help_text="路名。")
    lane = serializers.CharField(help_text="弄，只有数字；没有则为空。")
    number = serializers.CharField(help_text="号。")
    stairs = serializers.IntegerField(allow_null=True, help_text="楼道数。")
    households = serializers.IntegerField(allow_null=True, help_text="户数。")
    unit_code = serializers.CharField(source="unit.code", help_text="所属单位编号。")
    unit_name = serializers.CharField(source="unit.name", help_text="所属单位名称。")
    grid_code = serializers.CharField(source="grid.code", help_text="所在网格编码。")
    is_active = serializers.BooleanField(help_text="在用。")


class MemberCountRow(serializers.Serializer[Any]):
    """党员人数 of one grid with all below it."""

    grid_code = serializers.CharField(source="code", help_text="网格编码。")
    grid_name = serializers.CharField(source="short_name", help_text="网格简称。")
    kind = serializers.ChoiceField(choices=GridKind.choices, help_text="层级。")
    registered = serializers.IntegerField(help_text="在册党员人数，含下级网格。")
    in_service = serializers.IntegerField(help_text="在职党员人数，含下级网格。")

    computed = frozenset({"registered", "in_service"})
