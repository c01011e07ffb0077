"""The registers through the admin: scope at every door, rights by posting, Excel in and out."""

from io import BytesIO
from typing import Any

import openpyxl
import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from grids.choices import Role
from liangcheng.accounts.models import User
from members.models import Building, PartyMember, ResidentUnit
from tests import factories
from tests.factories import Tree
from tests.people import People

UNITS = "/admin/members/residentunit/"
MEMBERS = "/admin/members/partymember/"
BUILDINGS = "/admin/members/building/"


def staff(person: User) -> User:
    User.objects.filter(pk=person.pk).update(is_staff=True)
    return factories.fresh(person)


@pytest.fixture
def unit(tree: Tree) -> ResidentUnit:
    return factories.unit(
        tree.micro, code="U1", name="文苑小区", contact_name="王经理", contact_phone="13812345678", note="=1+1"
    )


@pytest.fixture
def member(tree: Tree) -> PartyMember:
    return factories.member(tree.micro, factories.organization(tree.wenyuan1), name="李明", phone="13912345678")


def exported(client: Client, address: str) -> list[dict[str, Any]]:
    answer = client.post(address + "export/", {"format": "0", "resource": "0"})
    assert answer.status_code == 200
    rows = list(openpyxl.load_workbook(BytesIO(answer.content)).active.values)
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def upload(client: Client, address: str, *rows: dict[str, Any]) -> Any:
    """Both steps of an import; the answer of the first when it finds errors."""
    book = openpyxl.Workbook()
    book.active.append(list(rows[0]))
    for row in rows:
        book.active.append(list(row.values()))
    stream = BytesIO()
    book.save(stream)
    file = SimpleUploadedFile("导入.xlsx", stream.getvalue())
    tried = client.post(address + "import/", {"format": "0", "resource": "0", "import_file": file})
    if "confirm_form" not in (tried.context or {}):
        return tried
    return client.post(address + "process_import/", tried.context["confirm_form"].initial)


# -- scope


@pytest.mark.parametrize("who", ["stranger", "far_stranger"])
def test_other_neighbourhoods_find_nothing(
    client: Client, people: People, unit: ResidentUnit, member: PartyMember, who: str
) -> None:
    building = factories.building(unit.grid, unit)
    client.force_login(staff(getattr(people, who)))
    for address, row in ((UNITS, unit), (MEMBERS, member), (BUILDINGS, building)):
        assert client.get(address).context["cl"].result_count == 0
        assert client.get(address + f"?q={row.name}").context["cl"].result_count == 0
        assert exported(client, address) == []
        for page in ("change", "history"):
            assert client.get(f"{address}{row.pk}/{page}/").status_code == 404
        assert client.post(f"{address}{row.pk}/change/", {"name": "改名"}).status_code == 404
    query = {"app_label": "members", "model_name": "building", "field_name": "unit", "term": "文苑"}
    assert client.get("/admin/autocomplete/", query).json()["results"] == []


def test_areas_keep_their_own_registers_only(client: Client, people: People, tree: Tree, unit: ResidentUnit) -> None:
    other_area = staff(factories.posted("other_area", tree.other_area, Role.LIAISON))
    given = {"code": "U9", "name": "新小区", "kind": "ESTATE", "grid": tree.micro.pk, "is_active": "on"}
    client.force_login(other_area)
    refused = client.post(UNITS + "add/", given)
    assert refused.status_code == 200
    assert "grid" in refused.context["adminform"].form.errors
    client.force_login(staff(people.area_liaison))
    assert client.post(UNITS + "add/", given).status_code == 302
    assert ResidentUnit.objects.get(code="U9").neighborhood == tree.wenyuan1
    # nor may a row be pushed out of one's area
    pushed = given | {"grid": tree.xiuyuan.pk}
    assert client.post(f"{UNITS}{ResidentUnit.objects.get(code='U9').pk}/change/", pushed).status_code == 200
    assert ResidentUnit.objects.get(code="U9").grid == tree.micro


@pytest.mark.parametrize("who", ["officer", "liaison", "head", "viewer", "inspector"])
def test_others_read(client: Client, people: People, unit: ResidentUnit, who: str) -> None:
    client.force_login(staff(getattr(people, who)))
    address = f"{UNITS}{unit.pk}/change/"
    page = client.get(address)
    assert page.status_code == 200
    assert "138****5678" in page.content.decode()
    assert "13812345678" not in page.content.decode()
    assert client.post(address, {"name": "改名"}).status_code == 403
    for door in ("add/", "import/"):
        assert client.get(UNITS + door).status_code == 403
    assert ResidentUnit.objects.get().name == "文苑小区"


def test_readers_do_not_find_numbers_in_the_history(client: Client, people: People, member: PartyMember) -> None:
    member.phone = "13800000000"
    member.save()
    address = f"{MEMBERS}{member.pk}/history/"
    client.force_login(staff(people.viewer))
    assert client.get(address).status_code == 404
    people.viewer.postings.update(party_access="ALLOWED")
    shown = client.get(address).content.decode()
    assert "13912345678" not in shown
    assert "不显示" in shown
    client.force_login(staff(people.area_liaison))
    assert "13912345678 → 13800000000" in client.get(address).content.decode()


def test_one_may_not_anchor_to_a_retired_grid(client: Client, people: People, tree: Tree) -> None:
    from django.utils import timezone

    from grids.tree import retire_grid

    people.officer2.postings.all().delete()
    retire_grid(grid_id=tree.micro2.pk, on=timezone.localdate())
    client.force_login(staff(people.area_liaison))
    given = {"code": "U9", "name": "新小区", "kind": "ESTATE", "grid": tree.micro2.pk, "is_active": "on"}
    assert client.post(UNITS + "add/", given).status_code == 200
    assert not ResidentUnit.objects.exists()


def test_nothing_is_deleted(client: Client, people: People, unit: ResidentUnit) -> None:
    client.force_login(User.objects.create_superuser("boss", "Passw0rd-of-tests", full_name="系统管理员"))
    assert client.post(f"{UNITS}{unit.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(UNITS, {"action": "delete_selected", "_selected_action": [unit.pk], "post": "yes", "index": "0"})
    assert ResidentUnit.objects.exists()


# -- export


def test_export_speaks_chinese_and_starts_no_formula(client: Client, people: People, unit: ResidentUnit) -> None:
    client.force_login(staff(people.area_liaison))
    [row] = exported(client, UNITS)
    assert row["类别"] == "小区"
    assert row["网格编码"] == "310109016011001"
    assert row["在用"] == "是"
    assert row["备注"].startswith("'=")
    assert "导出成员单位 1 条" in LogEntry.objects.get().get_change_message()


@pytest.mark.parametrize(("who", "phone"), [("area_liaison", "138****5678"), ("area_head", "13812345678")])
def test_export_masks_numbers_except_for_heads(
    client: Client, people: People, unit: ResidentUnit, who: str, phone: str
) -> None:
    client.force_login(staff(getattr(people, who)))
    assert exported(client, UNITS)[0]["联系电话"] == phone


def test_export_keeps_the_filter(client: Client, people: People, tree: Tree, unit: ResidentUnit) -> None:
    factories.unit(tree.micro, name="沿街店", kind="SHOP")
    client.force_login(staff(people.area_head))
    answer = client.post(UNITS + "export/?kind__exact=SHOP", {"format": "0", "resource": "0"})
    rows = list(openpyxl.load_workbook(BytesIO(answer.content)).active.values)
    assert [row[1] for row in rows] == ["名称", "沿街店"]


# -- import


def test_an_exported_sheet_comes_back_unchanged(client: Client, people: People, unit: ResidentUnit) -> None:
    client.force_login(staff(people.area_liaison))
    [row] = exported(client, UNITS)
    row["备注"], row["名称"] = "新备注", "文苑小区（南）"
    assert upload(client, UNITS, row).status_code == 302
    unit.refresh_from_db()
    assert (unit.name, unit.note, unit.contact_phone) == ("文苑小区（南）", "新备注", "13812345678")
    assert unit.micro_unit_id == unit.grid_id


UNIT_ROW = {
    "单位编号": "U7",
    "名称": "凉城商务楼",
    "类别": "楼宇园区",
    "网格编码": 310109016011002.0,
    "地址": "",
    "户数": 12.0,
    "联系人": "",
    "联系电话": 13800138000.0,
    "备注": None,
    "在用": "是",
}


def test_numbers_of_excel_stay_digits_and_rows_anchor_themselves(client: Client, people: People, tree: Tree) -> None:
    client.force_login(staff(people.area_liaison))
    assert upload(client, UNITS, UNIT_ROW).status_code == 302
    made = ResidentUnit.objects.get()
    assert (made.contact_phone, made.households, made.note) == ("13800138000", 12, "")
    assert (made.area, made.neighborhood, made.micro_unit) == (tree.area, tree.wenyuan1, tree.micro2)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"网格编码": "310109016014"}, "第 2 行“网格编码”：没有找到网格“310109016014”"),
        ({"网格编码": ""}, "第 2 行“网格编码”"),
        ({"类别": "ESTATE"}, "第 2 行“类别”：“ESTATE”不在可选范围内"),
        ({"联系电话": "138"}, "第 2 行“联系电话”：请填 11 位手机号"),
        ({"联系电话": "138****5678"}, "第 2 行“联系电话”：请填 11 位手机号"),
        ({"户数": "许多"}, "第 2 行“户数”：“许多”不是整数"),
        ({"名称": ""}, "第 2 行“名称”"),
    ],
)
def test_wrong_rows_are_named_and_nothing_is_taken(
    client: Client, people: People, tree: Tree, wrong: dict[str, Any], words: str
) -> None:
    client.force_login(staff(people.area_liaison))
    good = UNIT_ROW | {"单位编号": "U8"}
    answer = upload(client, UNITS, UNIT_ROW | wrong, good)
    assert words in answer.content.decode()
    assert not ResidentUnit.objects.exists()


def test_import_does_not_reach_foreign_rows(client: Client, people: People, tree: Tree, unit: ResidentUnit) -> None:
    client.force_login(staff(factories.posted("other_area", tree.other_area, Role.LIAISON)))
    stolen = UNIT_ROW | {"单位编号": "U1", "网格编码": "310109016014"}
    answer = upload(client, UNITS, stolen)
    assert answer.status_code == 200
    unit.refresh_from_db()
    assert (unit.name, unit.grid) == ("文苑小区", tree.micro)


def test_buildings_come_by_address(client: Client, people: People, tree: Tree, unit: ResidentUnit) -> None:
    client.force_login(staff(people.area_liaison))
    row = {
        "单位编号": "U1",
        "路名": "凉城路",
        "弄": 123.0,
        "号": 4.0,
        "名称": "",
        "网格编码": "310109016011001",
        "楼道数": 2,
        "户数": None,
        "在用": "是",
    }
    for _ in range(2):
        assert upload(client, BUILDINGS, row).status_code == 302
    made = Building.objects.get()
    assert (made.name, made.lane, made.number, made.micro_unit) == ("凉城路123弄4号", "123", "4", tree.micro)
    foreign = upload(client, BUILDINGS, row | {"单位编号": "没有", "号": "5"})
    assert "没有找到单位“没有”" in foreign.content.decode()
