"""队伍 and 阵地: kept by the desks; people named to those who may read them; one 主阵地 per 居民区."""

import pytest
from django.test import Client
from django.urls import reverse

from liangcheng.accounts.models import User
from liangcheng.common.exceptions import DomainError, NotPermitted, NotVisible
from members.models import AccessLog, Team, TeamMember, Venue
from members.teams import put_in_team, save_team, take_out_of_team
from members.venues import save_venue, set_main_venue, unset_main_venue
from tests import factories
from tests.cases.test_concurrency import THREADS, at_once
from tests.factories import Tree
from tests.members.test_units import page, send
from tests.people import People, settle


@pytest.fixture
def team(tree: Tree) -> Team:
    return factories.team(tree.wenyuan1, "文苑一管理队伍", kind="MANAGEMENT")


@pytest.fixture
def venue(tree: Tree) -> Venue:
    return factories.venue(tree.wenyuan1, "党建服务站", is_main=True, contact_phone="13000002222", contact_name="周到")


# -- 队伍


def test_the_desk_keeps_teams(client: Client, people: People, tree: Tree, team: Team):
    branch = factories.organization(tree.wenyuan1)
    given = {
        "name": "调解队",
        "kind": "SERVICE",
        "grid": tree.micro.pk,
        "lead_organization": branch.pk,
        "duties": "调解",
    }
    assert send(client, people.head, "team_add", **given).status_code == 302
    made = Team.objects.get(name="调解队")
    assert (made.lead_organization, made.neighborhood) == (branch, tree.wenyuan1)
    again = send(client, people.head, "team_add", **given).content.decode()
    assert "已有同名的队伍" in again
    far = factories.organization(tree.xiuyuan, "秀苑党总支")
    refused = send(client, people.head, "team_edit", made.pk, **given | {"lead_organization": far.pk}).content.decode()
    assert "没有找到这一项" in refused
    with pytest.raises(DomainError) as error:
        save_team(actor=people.head, team_id=made.pk, values={"lead_organization": far})
    assert error.value.field == "lead_organization"
    seen = page(
        client,
        people.officer,
        "team_list",
    ).context["page"]
    assert [row.name for row in seen] == ["调解队"]
    assert page(client, people.officer, "team_edit", made.pk).status_code == 403
    for name in ("team_detail", "team_edit", "team_people"):
        assert page(client, people.stranger, name, made.pk).status_code == 404
    assert page(client, people.stranger, "team_list").context["page"].paginator.count == 0


def test_people_of_a_team(people: People, tree: Tree, team: Team):
    member = factories.member(tree.micro, factories.organization(tree.wenyuan1))
    contact = factories.contact(tree.micro)
    first = put_in_team(actor=people.liaison, team_id=team.pk, contact_id=contact.pk, is_leader=True)
    second = put_in_team(actor=people.liaison, team_id=team.pk, member_id=member.pk, is_leader=True, duty="组织")
    first.refresh_from_db()
    assert (first.is_leader, second.is_leader) == (False, True)
    same = put_in_team(actor=people.liaison, team_id=team.pk, member_id=member.pk, duty="宣传")
    assert (same.pk, same.is_leader, same.duty) == (second.pk, False, "宣传")
    far = factories.contact(tree.xiuyuan)
    retired = factories.contact(tree.micro, is_active=False)
    for actor, given, code in (
        (people.liaison, {}, "one_person"),
        (people.liaison, {"member_id": member.pk, "contact_id": contact.pk}, "one_person"),
        (people.liaison, {"contact_id": far.pk}, "unknown_person"),
        (people.liaison, {"contact_id": retired.pk}, "unknown_person"),
        (people.liaison, {"contact_id": contact.pk, "duty": "长" * 41}, "too_long"),
        (people.viewer, {"contact_id": contact.pk}, "not_permitted"),
        (people.stranger, {"contact_id": contact.pk}, "not_found"),
    ):
        with pytest.raises(DomainError) as refused:
            put_in_team(actor=actor, team_id=team.pk, **given)
        assert refused.value.code == code
    with pytest.raises(NotPermitted):
        take_out_of_team(actor=people.viewer, team_id=team.pk, row_id=first.pk)
    other = factories.team(tree.wenyuan1)
    take_out_of_team(actor=people.liaison, team_id=other.pk, row_id=first.pk)
    assert TeamMember.objects.count() == 2
    take_out_of_team(actor=people.liaison, team_id=team.pk, row_id=first.pk)
    assert [row.member for row in TeamMember.objects.all()] == [member]


def test_names_only_for_those_who_may_read_them(client, people: People, tree: Tree, team: Team):
    member = factories.member(tree.micro, factories.organization(tree.wenyuan1), "司马光明")
    far = factories.contact(tree.xiuyuan, "诸葛小明")
    near = factories.contact(tree.micro, "欧阳明日")
    for who in ({"member": member}, {"contact": far}, {"contact": near}):
        TeamMember.objects.create(team=team, **who)
    seen = page(client, people.liaison, "team_detail", team.pk)
    assert "司***" in seen.content.decode()
    assert "欧***" in seen.content.decode()
    assert "诸***" not in seen.content.decode()
    assert seen.context["unnamed_contacts"] == 1
    inspected = page(client, people.viewer, "team_detail", team.pk).content.decode()
    assert "司***" not in inspected
    assert "党员 1 名" in inspected
    assert "诸***" in inspected
    # In the admin the inline names the same people.
    User.objects.filter(username__in=["viewer", "liaison"]).update(is_staff=True)
    for who, there in ((people.viewer, False), (people.liaison, True)):
        client.force_login(who)
        assert ("司" in client.get(f"/admin/members/team/{team.pk}/change/").content.decode()) == there
    # Choosing: found by initials, masked, without the right no member at all.
    client.force_login(people.liaison)
    address = reverse("members:team_people", args=[team.pk])
    other = factories.member(tree.micro, member.organization, "上官云", phone="13000009876")
    assert f"member-{other.pk}" in client.get(f"{address}?q=9876").content.decode()
    assert f"member-{member.pk}" not in client.get(address).content.decode()
    sent = send(
        client, people.liaison, "team_people", team.pk, person=f"member-{other.pk}", is_leader="on", duty="队长"
    )
    assert sent.status_code == 302
    row = TeamMember.objects.get(member=other)
    assert row.is_leader
    people.head.postings.update(party_access="DENIED")
    client.force_login(people.head)
    assert "member-" not in client.get(address).content.decode()
    assert send(client, people.stranger, "team_take_out", team.pk, row.pk).status_code == 404
    assert send(client, people.officer, "team_take_out", team.pk, row.pk).status_code == 404
    assert send(client, people.viewer, "team_take_out", team.pk, row.pk).status_code == 403
    assert send(client, people.liaison, "team_take_out", team.pk, row.pk).status_code == 302
    assert not TeamMember.objects.filter(member=other).exists()


# -- 阵地


def test_a_new_main_venue_takes_the_place_of_the_old(people: People, tree: Tree, venue: Venue):
    other = factories.venue(tree.micro, "小巷书屋")
    with pytest.raises(DomainError) as refused:
        set_main_venue(actor=people.liaison, venue_id=other.pk)
    assert refused.value.code == "main_taken"
    assert "党建服务站" in refused.value.message
    set_main_venue(actor=people.liaison, venue_id=other.pk, replaces=venue.pk)
    assert [row.name for row in Venue.objects.filter(is_main=True)] == ["小巷书屋"]
    # Who saw the first one as the main one, does not replace the second unseen.
    third = factories.venue(tree.micro2, "活动室")
    with pytest.raises(DomainError):
        set_main_venue(actor=people.head, venue_id=third.pk, replaces=venue.pk)
    for actor, row, code in (
        (people.officer2, third, "not_permitted"),
        (people.viewer, third, "not_permitted"),
        (people.stranger, third, "not_found"),
        (people.street_head, factories.venue(tree.area, "片区中心"), "no_neighborhood"),
    ):
        with pytest.raises(DomainError) as refused:
            set_main_venue(actor=actor, venue_id=row.pk, replaces=other.pk)
        assert refused.value.code == code
    # Out of use, or gone to another 居民区, it is the main one no longer.
    save_venue(actor=people.dispatcher, venue_id=other.pk, values={"grid": tree.liangsan})
    other.refresh_from_db()
    assert (other.is_main, other.neighborhood) == (False, tree.liangsan)
    set_main_venue(actor=people.liaison, venue_id=venue.pk)
    save_venue(actor=people.liaison, venue_id=venue.pk, values={"is_active": False})
    venue.refresh_from_db()
    assert (venue.is_main, venue.is_active) == (False, False)
    with pytest.raises(DomainError) as refused:
        set_main_venue(actor=people.liaison, venue_id=venue.pk)
    assert refused.value.code == "venue_retired"
    with pytest.raises(NotVisible):
        unset_main_venue(actor=people.stranger, venue_id=venue.pk)


def test_venues_on_the_site(client, people: People, tree: Tree, venue: Venue):
    unit = factories.unit(tree.micro, "S1", "测试学校", kind="INSTITUTION")
    given = {"name": "小巷书屋", "kind": "BOOK_ROOM", "grid": tree.micro.pk, "unit": unit.pk, "capacity": "-1"}
    assert "0" in send(client, people.liaison, "venue_add", **given).context["form"].errors["capacity"][0]
    assert send(client, people.liaison, "venue_add", **given | {"capacity": "20"}).status_code == 302
    made = Venue.objects.get(name="小巷书屋")
    assert "小巷书屋" in page(client, people.officer, "unit_detail", "S1").content.decode()
    offered = page(client, people.liaison, "venue_main", made.pk)
    assert "现在的主阵地是“党建服务站”" in offered.content.decode()
    blind = send(client, people.liaison, "venue_main", made.pk)
    assert "核对后确认是否替换" in blind.content.decode()
    assert f'value="{venue.pk}"' in blind.content.decode()
    assert send(client, people.liaison, "venue_main", made.pk, replaces=venue.pk).status_code == 302
    assert Venue.objects.get(is_main=True) == made
    client.force_login(people.liaison)
    assert [row.pk for row in client.get("/venues/?main=false").context["page"]] == [venue.pk]
    assert [row.pk for row in client.get("/venues/?kind=BOOK_ROOM").context["page"]] == [made.pk]
    assert send(client, people.officer, "venue_unmain", made.pk).status_code == 403
    assert send(client, people.liaison, "venue_unmain", made.pk).status_code == 302
    seen = page(client, people.liaison, "venue_detail", venue.pk).content.decode()
    assert "130****2222" in seen
    assert "13000002222" not in seen
    assert "13000002222" in send(client, people.liaison, "venue_reveal", venue.pk, reason="借场地").content.decode()
    assert AccessLog.objects.count() == 1
    for name in ("venue_detail", "venue_edit", "venue_reveal", "venue_main"):
        assert page(client, people.stranger, name, venue.pk).status_code == 404
    assert page(client, people.viewer, "venue_edit", venue.pk).status_code == 403
    assert page(client, people.viewer, "venue_main", venue.pk).status_code == 403


def test_the_admins_action_replaces(client, people: People, tree: Tree, venue: Venue):
    User.objects.filter(pk=people.area_head.pk).update(is_staff=True)
    other = factories.venue(tree.micro, "小巷书屋")
    client.force_login(people.area_head)

    def choose(*rows: Venue) -> str:
        data = {"action": "make_main", "_selected_action": [row.pk for row in rows], "index": "0"}
        return client.post("/admin/members/venue/", data, follow=True).content.decode()

    assert "每个居民区只能选一处" in choose(venue, other)
    assert "已设为主阵地" in choose(other)
    assert Venue.objects.get(is_main=True) == other


@pytest.mark.django_db(transaction=True)
@pytest.mark.concurrency
def test_of_many_main_venues_at_once_one_is_left():
    tree = Tree()
    people = settle(tree)
    old = factories.venue(tree.wenyuan1, "旧", is_main=True)
    rows = [factories.venue(tree.micro, f"阵地{n}") for n in range(THREADS)]
    results = at_once(
        lambda i: set_main_venue(actor=factories.fresh(people.liaison), venue_id=rows[i].pk, replaces=old.pk)
    )
    assert Venue.objects.filter(is_main=True).count() == 1
    assert sum(isinstance(r, DomainError) and r.code == "main_taken" for r in results) == THREADS - 1


# -- prices, /registers/


@pytest.mark.parametrize("size", [3, 60])
def test_pages_cost_the_same_at_every_size(client, people: People, tree: Tree, team: Team, statements, size: int):
    path = {"grid_id": tree.micro.pk, **tree.micro.path_ids()}
    unit = factories.unit(tree.micro, "S1", kind="INSTITUTION")
    branch = factories.organization(tree.micro, "支部", kind="BRANCH", unit=unit)
    lists = ("contact_list", "team_list", "venue_list", "nomination_list", "registers")
    for n in range(size):
        contact = factories.contact(tree.micro, f"骨干{n}")
        TeamMember.objects.create(team=team, contact=contact)
        TeamMember.objects.create(team=team, member=factories.member(tree.micro, branch))
        factories.building(tree.micro, unit, number=str(n), leader_contact=contact)
        Team.objects.create(name=f"队{n}", kind="SERVICE", lead_organization=branch, **path)
        Venue.objects.create(name=f"阵地{n}", kind="STATION", unit=unit, **path)
    client.force_login(people.liaison)
    contact, venue = contact, Venue.objects.first()
    for name, args, most in (
        *((name, (), 8) for name in lists),
        ("unit_detail", ("S1",), 13),
        ("organization_detail", (branch.pk,), 9),
        ("contact_detail", (contact.pk,), 11),
        ("team_detail", (team.pk,), 8),
        ("team_people", (team.pk,), 8),
        ("venue_detail", (venue.pk,), 5),
        ("venue_add", (), 7),
        ("building_detail", (unit.buildings.first().pk,), 7),
    ):
        with statements(most):
            assert client.get(reverse(f"members:{name}", args=args)).status_code == 200, name


def test_registers_count_what_one_serves(client, people: People, tree: Tree, venue: Venue, team: Team):
    factories.contact(tree.micro)
    factories.unit(tree.micro, second_grid=tree.micro2)
    factories.member(tree.micro, factories.organization(tree.wenyuan1))

    def tiles(user: User) -> dict[str, int]:
        return {tile.label: tile.number for tile in page(client, user, "registers").context["registers"]}

    assert tiles(people.viewer) == {
        "成员单位": 1, "楼栋": 0, "党组织": 1, "党员": 1, "居民骨干": 1, "队伍": 1, "阵地": 1
    }  # fmt: skip
    assert (tiles(people.officer2)["成员单位"], tiles(people.officer2)["居民骨干"]) == (1, 0)
    assert set(tiles(people.stranger).values()) == {0}
    me = client.get(reverse("accounts:me")).content.decode()
    assert reverse("members:registers") in me
    assert reverse("members:registers") in client.get(reverse("grids:list")).content.decode()
