"""The registers through the admin: scope at every door, rights by posting, Excel in and out."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from grids.choices import Role
from liangcheng.accounts.models import User
from members import privacy
from members.models import AccessLog, PartyMember, ResidentUnit
from tests import factories
from tests.factories import Tree
from tests.people import People
from tests.sheets import rows_of

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


def exported(client: Client, address: str, query: str = "") -> list[dict[str, Any]]:
    answer = client.get(f"{address}export/{query}")
    assert answer.status_code == 200
    return rows_of(answer)


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
    assert client.get(UNITS + "add/").status_code == 403
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
    assert not AccessLog.objects.filter(kind="REVEALED").exists()
    assert "13912345678 → 13800000000" in client.get(address).content.decode()
    assert AccessLog.objects.get(kind="REVEALED").object_id == member.pk


def test_forms_with_whole_contacts_are_noted(client: Client, people: People, tree: Tree, unit: ResidentUnit) -> None:
    organization = factories.organization(tree.wenyuan1, contact_name="王经理", contact_phone="13812345678")
    for number, who in enumerate(("viewer", "area_liaison")):
        client.force_login(staff(getattr(people, who)))
        for row in (unit, organization, factories.building(tree.micro, unit, number=f"{number}号")):
            shown = client.get(f"/admin/members/{row._meta.model_name}/{row.pk}/change/")
            assert ("13812345678" in shown.content.decode()) == (bool(number) and hasattr(row, "contact_phone")), row
    uses = AccessLog.objects.order_by("pk").values_list("user", "kind", "register", "object_id")
    assert list(uses) == [
        (people.area_liaison.pk, "REVEALED", row._meta.model_name, row.pk) for row in (unit, organization)
    ]


def test_a_form_opened_before_writes_no_erased_name_back(client: Client, people: People, tree: Tree, unit) -> None:
    organization = factories.organization(tree.wenyuan1, contact_name="王经理", contact_phone="13812345678")
    client.force_login(staff(people.area_liaison))
    for row in (unit, organization):
        address = f"/admin/members/{row._meta.model_name}/{row.pk}/change/"
        form = client.get(address).context["adminform"].form
        sent = {name: form[name].value() for name in form.fields}
        sent = {name: value for name, value in sent.items() if value not in (None, False)}
        holder = next(each for each in privacy.holders() if each.key == row._meta.model_name)
        holder.erase(row, privacy.Subject("王经理", "13812345678"))
        assert client.post(address, sent).context["adminform"].form.errors.keys() == {"seen"}
        row.refresh_from_db()
        assert (row.contact_name, row.contact_phone) == ("", "")
        now = client.get(address).context["adminform"].form["seen"].value()
        assert client.post(address, sent | {"seen": now, "contact_name": "赵经理"}).status_code == 302
        row.refresh_from_db()
        assert row.contact_name == "赵经理"


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
    page = client.get(UNITS + "?kind__exact=SHOP").content.decode()
    assert 'href="export/?kind__exact=SHOP"' in page
    assert 'href="/registers/units/import/"' in page
    assert [row["名称"] for row in exported(client, UNITS, "?kind__exact=SHOP")] == ["沿街店"]
    assert client.get(UNITS + "export/?kind__exact=%27&e=1&grid__code=1").status_code in (302, 400)


def test_readers_take_no_list_away(client: Client, people: People, unit: ResidentUnit) -> None:
    client.force_login(staff(people.viewer))
    assert "Excel" not in client.get(UNITS).content.decode()
    assert client.get(UNITS + "export/").status_code == 403
