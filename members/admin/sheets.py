"""The registers as Excel sheets."""

from collections.abc import Callable
from typing import Any

from grids.authority import may_take_contacts
from liangcheng.common.admin_sheets import (
    ChoiceCell,
    DateCell,
    NumberCell,
    RowCell,
    SheetResource,
    TextCell,
    TruthCell,
    column,
)
from liangcheng.common.text import mask_name, mask_phone
from members.choices import MemberKind, OrganizationKind, UnitKind
from members.models import Building, PartyMember, PartyOrganization, ResidentUnit


class SkillsCell(TextCell):
    """Skills by name, with list commas between them."""

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return super().render("、".join(skill.name for skill in value.all()))


class OrganizationSheet(SheetResource):
    name = column("name", "名称")
    kind = column("kind", "类别", ChoiceCell(OrganizationKind.choices))
    grid = column("grid", "网格编码", RowCell("grid", "code", "网格"))
    parent = column("parent__name", "上级党组织", readonly=True)
    founded_on = column("founded_on", "成立日期", DateCell())
    is_active = column("is_active", "在用", TruthCell())

    class Meta(SheetResource.Meta):
        model = PartyOrganization
        fields = ("name", "kind", "grid", "parent", "founded_on", "is_active")


class UnitSheet(SheetResource):
    code = column("code", "单位编号")
    name = column("name", "名称")
    kind = column("kind", "类别", ChoiceCell(UnitKind.choices))
    grid = column("grid", "网格编码", RowCell("grid", "code", "网格"))
    address = column("address", "地址")
    households = column("households", "户数", NumberCell())
    contact_name = column("contact_name", "联系人")
    contact_phone = column("contact_phone", "联系电话")
    note = column("note", "备注")
    is_active = column("is_active", "在用", TruthCell())

    class Meta(SheetResource.Meta):
        model = ResidentUnit
        fields = (
            "code",
            "name",
            "kind",
            "grid",
            "address",
            "households",
            "contact_name",
            "contact_phone",
            "note",
            "is_active",
        )
        import_id_fields = ("code",)

    def dehydrate_contact_name(self, unit: ResidentUnit) -> str:
        return name_for(self, unit, unit.contact_name)

    def dehydrate_contact_phone(self, unit: ResidentUnit) -> str:
        return phone_for(self, unit, unit.contact_phone)

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        keep_masked(self, row, "联系电话", "单位编号", "contact_phone", mask_phone)
        keep_masked(self, row, "联系人", "单位编号", "contact_name", mask_name)


class BuildingSheet(SheetResource):
    unit = column("unit", "单位编号", RowCell("unit", "code", "单位"))
    road = column("road", "路名")
    lane = column("lane", "弄")
    number = column("number", "号")
    name = column("name", "名称")
    grid = column("grid", "网格编码", RowCell("grid", "code", "网格"))
    stairs = column("stairs", "楼道数", NumberCell())
    households = column("households", "户数", NumberCell())
    is_active = column("is_active", "在用", TruthCell())

    not_checked = ("name",)

    class Meta(SheetResource.Meta):
        model = Building
        fields = ("unit", "road", "lane", "number", "name", "grid", "stairs", "households", "is_active")
        import_id_fields = ("road", "lane", "number")


class MemberSheet(SheetResource):
    name = column("name", "姓名")
    kind = column("kind", "类别", ChoiceCell(MemberKind.choices))
    organization = column("organization__name", "所在党组织", readonly=True)
    grid = column("grid", "网格编码", RowCell("grid", "code", "网格"))
    unit = column("unit__name", "工作单位", readonly=True)
    phone = column("phone", "手机")
    joined_on = column("joined_on", "入党日期", DateCell())
    skills = column("skills", "特长", SkillsCell(), readonly=True)
    is_active = column("is_active", "在用", TruthCell())

    class Meta(SheetResource.Meta):
        model = PartyMember
        fields = ("name", "kind", "organization", "grid", "unit", "phone", "joined_on", "skills", "is_active")

    def dehydrate_name(self, member: PartyMember) -> str:
        return name_for(self, member, member.name)

    def dehydrate_phone(self, member: PartyMember) -> str:
        return phone_for(self, member, member.phone)


def phone_for(sheet: SheetResource, row: Any, phone: str) -> str:
    """Whole for the heads of the row's grids, masked for everybody else."""
    return phone if _whole(sheet, row) else mask_phone(phone)


def name_for(sheet: SheetResource, row: Any, name: str) -> str:
    """A person's name, whole for the same."""
    return name if _whole(sheet, row) else mask_name(name)


def _whole(sheet: SheetResource, row: Any) -> bool:
    return sheet.request is not None and may_take_contacts(sheet.request.user, row)


def keep_masked(
    sheet: SheetResource, row: Any, header: str, key: str, attribute: str, mask: Callable[[str], str]
) -> None:
    """A masked name or number that comes back with an exported sheet leaves the stored one alone."""
    if "*" not in str(row.get(header) or ""):
        return
    known = sheet.get_queryset().filter(code=str(row.get(key) or "")).first()
    if known is not None and str(row[header]) == mask(getattr(known, attribute)):
        row[header] = getattr(known, attribute)
