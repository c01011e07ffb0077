"""居民骨干 and 楼组长: who keeps, who reads, who sees whole names, and what their pages show."""

import pytest
from django.test import Client
from django.urls import reverse

from grids.panels import Panel
from liangcheng.accounts.models import User
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted, NotVisible, StaleObject
from members import dossier
from members.choices import AccessKind
from members.contacts import save_contact
from members.keeping import seen_of
from members.leaders import set_building_leader
from members.models import AccessLog, Building, BuildingAlias, PartyMember, ResidentContact
from tests import factories
from tests.factories import Tree
from tests.members.test_units import page, send
from tests.people import People

GIVEN = {"name": "欧阳明日", "kind": "VOLUNTEER", "phone": "13000005678", "availability": "周末"}


@pytest.fixture
def contact(tree: Tree) -> ResidentContact:
    return factories.contact(tree.micro, "欧阳明日", phone="13000005678", title="退休教师")


def test_the_desk_enters_and_changes(client: Client, people: People, tree: Tree):
    skill = factories.skill("调解")
    sent = send(client, people.liaison, "contact_add", grid=tree.micro.pk, skills=[skill.pk], **GIVEN)
    row = ResidentContact.objects.get()
    assert sent["Location"] == reverse("members:contact_detail", args=[row.pk])
    assert (row.neighborhood, row.name_pinyin, list(row.skills.all())) == (tree.wenyuan1, "oymr", [skill])
    form = page(client, people.liaison, "contact_edit", row.pk)
    assert "13000005678" in form.content.decode()
    assert form["Cache-Control"] == "no-store"
    assert AccessLog.objects.filter(kind=AccessKind.REVEALED, user=people.liaison, object_id=row.pk).count() == 1
    seen = form.context["form"]["seen"].value()
    change = {**GIVEN, "grid": tree.micro2.pk, "is_active": "on", "seen": seen}
    assert send(client, people.liaison, "contact_edit", row.pk, **change).status_code == 302
    row.refresh_from_db()
    assert (row.micro_unit, row.history.count()) == (tree.micro2, 2)
    # Somebody else's edit in between is not overwritten; what was typed stays, and saving again is on purpose.
    late = send(client, people.head, "contact_edit", row.pk, **change | {"title": "楼道志愿者"})
    assert late.status_code == 409
    assert "楼道志愿者" in late.content.decode()
    again = change | {"title": "楼道志愿者", "seen": late.context["form"].data["seen"]}
    assert send(client, people.head, "contact_edit", row.pk, **again).status_code == 302
    with pytest.raises(StaleObject):
        save_contact(actor=people.head, contact_id=row.pk, values={"title": "x"}, seen=seen)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": "1"}, "姓名请填"),
        ({"phone": "123"}, "11 位手机号"),
        ({"grid": ""}, "请选择网格"),
        ({"title": "长" * 41}, "40"),
        ({"kind": "KING"}, "KING"),
    ],
)
def test_wrong_input_is_told_and_kept(client, people: People, tree: Tree, wrong: dict, words: str):
    given = {**GIVEN, "grid": tree.micro.pk, "note": "记得回访", **wrong}
    shown = send(client, people.liaison, "contact_add", **given).content.decode()
    assert words in shown
    assert "记得回访" in shown
    assert not ResidentContact.objects.exists()


def test_nobody_else_writes(client, people: People, tree: Tree, contact: ResidentContact):
    values = {**GIVEN, "grid": tree.micro}
    for who in ("officer", "viewer", "inspector"):
        user = getattr(people, who)
        with pytest.raises(NotPermitted):
            save_contact(actor=user, contact_id=contact.pk, values={"title": "x"})
        with pytest.raises(InvalidInput):
            save_contact(actor=user, values=values)
        assert page(client, user, "contact_edit", contact.pk).status_code == 403
        assert page(client, user, "contact_add").status_code == 403
    for who in ("stranger", "far_stranger", "staff", "officer2"):
        user = getattr(people, who)
        with pytest.raises(NotVisible):
            save_contact(actor=user, contact_id=contact.pk, values={"title": "x"})
        for name in ("contact_detail", "contact_edit", "contact_reveal"):
            assert page(client, user, name, contact.pk).status_code == 404
        assert page(client, user, "contact_list").context["page"].paginator.count == 0
    # Nor may one's own row be pushed into another's grid, or a stranger's taken over.
    with pytest.raises(InvalidInput) as refused:
        save_contact(actor=people.liaison, contact_id=contact.pk, values={"grid": tree.liangsan})
    assert refused.value.field == "grid"
    assert (
        "请选择您值守的网格"
        in send(client, people.stranger, "contact_add", grid=tree.micro.pk, **GIVEN).content.decode()
    )
    ResidentContact.objects.update(erased_at="2026-01-01T00:00:00Z")
    with pytest.raises(DomainError) as refused:
        save_contact(actor=people.liaison, contact_id=contact.pk, values={"title": "x"})
    assert refused.value.code == "erased"


def test_masked_for_everybody_and_opened_with_a_trace(client, people: People, contact: ResidentContact):
    for who in ("officer", "viewer", "liaison", "street_head"):
        user = getattr(people, who)
        for answer in (page(client, user, "contact_list"), page(client, user, "contact_detail", contact.pk)):
            seen = answer.content.decode()
            assert "欧***" in seen
            assert "欧阳明日" not in seen
            assert "13000005678" not in seen
        assert AccessLog.objects.filter(user=user, kind=AccessKind.OPENED, object_id=contact.pk).count() == 1
    for who, status in (("officer", 200), ("liaison", 200), ("viewer", 403), ("officer2", 404), ("stranger", 404)):
        answer = send(client, getattr(people, who), "contact_reveal", contact.pk, reason="核实")
        assert answer.status_code == status, who
        assert ("13000005678" in answer.content.decode()) == (status == 200)
    assert AccessLog.objects.filter(kind=AccessKind.REVEALED).count() == 2


def test_the_admin_follows_the_same_rule(client, people: People, tree: Tree, contact: ResidentContact):
    User.objects.filter(username__in=["liaison", "viewer", "stranger"]).update(is_staff=True)
    address = f"/admin/members/residentcontact/{contact.pk}/change/"
    client.force_login(people.liaison)
    assert "欧阳明日" not in client.get("/admin/members/residentcontact/").content.decode()
    assert "欧阳明日" in client.get(address).content.decode()
    assert AccessLog.objects.filter(kind=AccessKind.REVEALED, user=people.liaison).count() == 1
    given = {**GIVEN, "grid": tree.micro2.pk, "is_active": "on", "skills": []}
    assert client.post(address, given).status_code == 302
    contact.refresh_from_db()
    assert contact.grid == tree.micro2
    assert "grid" in client.post(address, given | {"grid": tree.xiuyuan.pk}).context["adminform"].form.errors
    client.force_login(people.viewer)
    read = client.get(address).content.decode()
    assert "130****5678" in read
    assert "欧阳明日" not in read
    assert client.post(address, given).status_code == 403
    client.force_login(people.stranger)
    assert client.get(address).status_code == 404


def test_other_apps_add_sections(client, people: People, contact: ResidentContact, monkeypatch):
    monkeypatch.setattr(dossier, "_sections", [])
    given = {"counts": [], "members_query": ""}
    dossier.register_section(lambda user, person: Panel("志愿服务", "members/_counts.html", given))
    dossier.register_section(lambda user, person: None)
    assert "志愿服务" in page(client, people.officer, "contact_detail", contact.pk).content.decode()


# -- 楼组长


@pytest.fixture
def house(tree: Tree) -> Building:
    return factories.building(tree.micro, factories.unit(tree.micro), number="7")


@pytest.fixture
def member(tree: Tree) -> PartyMember:
    return factories.member(tree.micro2, factories.organization(tree.wenyuan1), "司马光明")


def test_one_leader_of_the_neighbourhood(people: People, tree: Tree, house, contact, member):
    def lead(actor: User, **who: int) -> Building:
        return set_building_leader(actor=actor, building_id=house.pk, **who)

    assert lead(people.liaison, contact_id=contact.pk).leader == contact
    assert lead(people.liaison, member_id=member.pk).leader == member
    assert Building.objects.get().leader_contact is None
    far = factories.contact(tree.xiuyuan)
    for actor, who, code in (
        (people.liaison, {"member_id": member.pk, "contact_id": contact.pk}, "one_leader"),
        (people.dispatcher, {"contact_id": far.pk}, "unknown_person"),
        (people.officer, {"contact_id": contact.pk}, "not_permitted"),
        (people.stranger, {"contact_id": contact.pk}, "not_found"),
    ):
        with pytest.raises(DomainError) as refused:
            lead(actor, **who)
        assert refused.value.code == code
    # A desk without the right to read members does not find them.
    people.head.postings.update(party_access="DENIED")
    with pytest.raises(DomainError) as refused:
        lead(factories.fresh(people.head), member_id=member.pk)
    assert refused.value.code == "unknown_person"
    assert lead(people.liaison).leader is None


def test_the_buildings_page_and_its_choice(client, people: People, tree: Tree, house, contact, member):
    BuildingAlias.objects.create(building=house, road="水电路", number="88")
    assert "未落实" in page(client, people.officer, "building_detail", house.pk).content.decode()
    assert "水电路88号" in page(client, people.officer, "building_detail", house.pk).content.decode()
    client.force_login(people.liaison)
    found = client.get(reverse("members:building_leader", args=[house.pk]) + "?q=smgm").content.decode()
    assert "司***" in found
    assert "欧***" not in found
    seen = seen_of(house)
    assert (
        send(client, people.liaison, "building_leader", house.pk, person=f"member-{member.pk}", seen=seen).status_code
        == 302
    )
    late = send(client, people.head, "building_leader", house.pk, person=f"contact-{contact.pk}", seen=seen)
    assert late.status_code == 409
    now_seen = late.context["form"].data["seen"]
    for wrong in ("member-x", "king-1", f"contact-{10**20}", "contact-999999"):
        answer = send(client, people.liaison, "building_leader", house.pk, person=wrong, seen=now_seen)
        assert answer.status_code == 200
        assert "人员" in answer.content.decode()
    # Whoever may not read members learns that there is somebody, and no more.
    assert "司***" in page(client, people.liaison, "building_detail", house.pk).content.decode()
    read = page(client, people.officer, "building_detail", house.pk).content.decode()
    assert "已落实" in read
    assert "司***" not in read
    assert page(client, people.officer, "building_leader", house.pk).status_code == 403
    assert page(client, people.stranger, "building_leader", house.pk).status_code == 404
    set_building_leader(actor=people.liaison, building_id=house.pk, contact_id=contact.pk)
    assert "欧***" in page(client, people.officer, "building_detail", house.pk).content.decode()
    assert house.name in page(client, people.officer, "contact_detail", contact.pk).content.decode()


def test_the_same_name_and_number_stand_once_in_a_street(tree: Tree, people: People):
    values = {"grid": tree.micro, "name": "王测试", "phone": "13000007777", "kind": "VOLUNTEER"}
    first = save_contact(actor=people.liaison, values=values)
    with pytest.raises(InvalidInput) as refusal:
        save_contact(actor=people.liaison, values=values)
    assert (refusal.value.code, refusal.value.field) == ("duplicate", "name")
    save_contact(actor=people.liaison, contact_id=first.pk, values={**values, "note": "改"})


def test_a_buttons_address_opened_as_a_page_says_what_to_do(client, people: People):
    client.force_login(people.liaison)
    answer = client.get("/offers/1/claim/")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "再点一次按钮" in answer.content.decode()
