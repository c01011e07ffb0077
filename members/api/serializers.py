"""The shapes of the registers. Contacts, and names of members and residents, are never among them."""

from typing import Any

from rest_framework import serializers

from grids.choices import GridKind
from members.choices import OrganizationKind, OwnersCommittee, Sector, TeamKind, UnitKind, VenueKind


class UnitRow(serializers.Serializer[Any]):
    """成员单位."""

    id = serializers.IntegerField(help_text="上报案件时填写的单位编号（unit_id）。")
    code = serializers.CharField(help_text="单位编号。")
    kind = serializers.ChoiceField(choices=UnitKind.choices, help_text="类别。")
    name = serializers.CharField(help_text="名称。")
    address = serializers.CharField(help_text="地址。")
    households = serializers.IntegerField(allow_null=True, help_text="户数。")
    grid_code = serializers.CharField(source="grid.code", help_text="所在网格编码。")
    second_grid_code = serializers.CharField(
        source="second_grid.code", allow_null=True, help_text="相邻网格编码；跨两个网格的单位才有，统计只算在所在网格。"
    )
    property_company = serializers.CharField(help_text="物业公司；小区、楼宇园区才有。")
    owners_committee = serializers.ChoiceField(
        choices=[("", "未登记"), *OwnersCommittee.choices], help_text="业委会；小区才有。"
    )
    tenants = serializers.IntegerField(allow_null=True, help_text="入驻企业数；楼宇园区才有。")
    uscc = serializers.CharField(help_text="统一社会信用代码；驻区单位、沿街商铺才有。")
    sector = serializers.ChoiceField(choices=[("", "未登记"), *Sector.choices], help_text="单位性质；驻区单位才有。")
    staff_count = serializers.IntegerField(allow_null=True, help_text="职工数；驻区单位才有。")
    trade = serializers.CharField(help_text="经营内容；沿街商铺才有。")
    is_messenger = serializers.BooleanField(help_text="传递员。")
    is_instructor = serializers.BooleanField(help_text="指导员。")
    is_servant = serializers.BooleanField(help_text="服务员。")
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


class OrganizationRow(serializers.Serializer[Any]):
    """党组织."""

    id = serializers.IntegerField(help_text="编号。")
    name = serializers.CharField(help_text="名称。")
    kind = serializers.ChoiceField(choices=OrganizationKind.choices, help_text="类别。")
    parent_id = serializers.IntegerField(allow_null=True, help_text="上级党组织的编号。")
    grid_code = serializers.CharField(source="grid.code", help_text="所在网格编码。")
    is_active = serializers.BooleanField(help_text="在用。")


class TeamRow(serializers.Serializer[Any]):
    """队伍; how many people, but not who."""

    id = serializers.IntegerField(help_text="编号。")
    name = serializers.CharField(help_text="名称。")
    kind = serializers.ChoiceField(choices=TeamKind.choices, help_text="类别。")
    duties = serializers.CharField(help_text="职责。")
    lead_organization_id = serializers.IntegerField(allow_null=True, help_text="牵头党组织的编号。")
    grid_code = serializers.CharField(source="grid.code", help_text="所在网格编码。")
    people = serializers.IntegerField(help_text="队员人数，含队长。")
    is_active = serializers.BooleanField(help_text="在用。")

    computed = frozenset({"people"})


class VenueRow(serializers.Serializer[Any]):
    """阵地."""

    id = serializers.IntegerField(help_text="编号。")
    name = serializers.CharField(help_text="名称。")
    kind = serializers.ChoiceField(choices=VenueKind.choices, help_text="类别。")
    is_main = serializers.BooleanField(help_text="居民区的主阵地。")
    address = serializers.CharField(help_text="地址。")
    opening = serializers.CharField(help_text="开放时间。")
    capacity = serializers.IntegerField(allow_null=True, help_text="可容纳人数。")
    unit_code = serializers.CharField(source="unit.code", allow_null=True, help_text="提供单位的编号。")
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
