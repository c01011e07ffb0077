"""Coverage: every number against rows made by hand, and against the list it links to; scope; price."""

import io
from datetime import timedelta
from urllib.parse import urlsplit

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone

from grids.choices import PartyAccess, Role
from grids.models import Grid, Posting
from grids.people import people_of_office, without_posting
from liangcheng.accounts.models import User
from members.coverage import GAPS, checks, figures_within, overview, register_check
from members.models import Building, PartyMember, ResidentUnit
from members.panels import coverage_panel
from tests import factories
from tests.api import client_of
from tests.factories import Tree
from tests.people import People

PAGE = reverse("members:coverage")
CONTACT = {"contact_name": "王小明", "contact_phone": "13000001234"}


def page(client, user: User, **params: str):
    client.force_login(user)
    return client.get(PAGE, params)


def numbers(client, user: User, grid: Grid) -> dict[str, int]:
    return {line.key: line.number for line in page(client, user, grid=grid.code).context["shown"].lines}


def sheet_rows(answer, name: str = "网格覆盖") -> list[tuple]:
    book = openpyxl.load_workbook(io.BytesIO(answer.getvalue()))
    return list(book[name].iter_rows(values_only=True))


def fill(tree: Tree) -> dict[str, object]:
    """In 文苑一微1 one row for each kind of gap, beside one that is in order; one of each gap in 秀苑."""
    branch = factories.organization(tree.wenyuan1, **CONTACT)
    closed = factories.organization(tree.wenyuan1, "旧支部", is_active=False)
    unit = factories.unit(tree.micro, "U1", **CONTACT)
    gone = factories.unit(tree.micro, "U2", "旧小区", is_active=False)
    leader, retired = factories.member(tree.micro, branch), factories.member(tree.micro, branch, is_active=False)
    erased = factories.contact(tree.micro, erased_at=timezone.now())
    merged = factories.member(tree.micro, branch, merged_into=leader)
    factories.building(tree.micro, unit, leader_member=leader)
    factories.building(tree.micro, unit, leader_contact=factories.contact(tree.micro))
    for unled in ({"leader_member": retired}, {"leader_contact": erased}, {"leader_member": merged}, {}):
        factories.building(tree.micro, unit, **unled)
    factories.building(tree.micro, unit, is_active=False)
    factories.building(tree.micro, gone, leader_member=leader)
    factories.unit(tree.micro, "U3", "一家店", kind="SHOP", contact_name="只有名字")
    # On the border: counted by its own grid only.
    factories.unit(tree.micro, "U4", "边上小区", second_grid=tree.liangsan, **CONTACT)
    factories.member(tree.wenyuan1, branch, "没有微单元")
    factories.member(tree.micro, closed, "旧支部的人", kind="IN_SERVICE")
    factories.organization(tree.xiuyuan, "秀苑党总支", contact_name="没有电话")
    factories.venue(tree.wenyuan1, is_main=True)
    factories.venue(tree.micro2, "旁边的阵地")
    factories.venue(tree.liangsan, "关了的主阵地", is_main=True, is_active=False)
    factories.team(tree.micro, kind="MANAGEMENT")
    factories.team(tree.liangsan)
    return {"branch": branch, "unit": unit, "leader": leader}


# Of 文苑一 after `fill` and `people`.
WENYUAN1 = {
    "buildings_without_leader": 4,
    "buildings_without_unit": 1,
    "units_without_contact": 1,
    "estates_without_building": 1,
    "members_without_micro_unit": 1,
    "members_without_organization": 1,
    "organizations_without_contact": 0,
    # officer and officer2 serve there.
    "micro_units_without_officer": 0,
    "grids_without_head": 0,
    "neighborhoods_without_venue": 0,
    "neighborhoods_without_team": 0,
}
# Of the street: 武装学院 has no officer; 凉三 and 秀苑 no head, no main place, no team; both areas have less than two.
STREET = WENYUAN1 | {
    "organizations_without_contact": 1,
    "micro_units_without_officer": 1,
    "grids_without_head": 2,
    "areas_without_two_leads": 2,
    "neighborhoods_without_venue": 2,
    "neighborhoods_without_team": 2,
}


class TestNumbers:
    def test_of_every_level(self, client, tree: Tree, people: People):
        fill(tree)
        for user, grid, expected in (
            (people.head, tree.wenyuan1, WENYUAN1),
            (people.area_head, tree.area, STREET | {"grids_without_head": 1, "areas_without_two_leads": 1}),
            (people.street_head, tree.street, STREET),
            (people.stranger, tree.liangsan, {"buildings_without_leader": 0, "units_without_contact": 0}),
        ):
            found = numbers(client, user, grid)
            if grid == tree.area:
                expected = expected | {"neighborhoods_without_venue": 1, "neighborhoods_without_team": 1}
                expected |= {"micro_units_without_officer": 0, "organizations_without_contact": 0}
            assert {key: found[key] for key in expected} == expected, grid
        # A micro-unit is not asked for the heads of others.
        assert "areas_without_two_leads" not in numbers(client, people.head, tree.micro)
        assert "grids_without_head" not in numbers(client, people.officer, tree.micro)

    def test_of_the_table_roll_up(self, tree: Tree, people: People):
        fill(tree)
        found = figures_within(people.dispatcher)
        expected = {
            "members_REGISTERED": 2,
            "members_IN_SERVICE": 1,
            "units_ESTATE": 2,
            "units_SHOP": 1,
            "buildings": 7,
            "contacts": 2,
            "venues": 2,
            "main_venues": 1,
            "teams": 1,
            "organizations": 1,
        }
        for grid in (tree.wenyuan1, tree.area):
            extra = {"teams": 2} if grid == tree.area else {}
            assert {key: found[grid.pk][key] for key in expected} == expected | extra
        assert found[tree.liangsan.pk]["units_ESTATE"] == 0
        assert found[tree.micro.pk]["members_REGISTERED"] == 1
        # Rows of a retired grid still count above it, and its members have no valid grid.
        factories.member(tree.micro2, PartyMember.objects.first().organization)
        Grid.objects.filter(pk=tree.micro2.pk).update(is_active=False)
        found = figures_within(factories.fresh(people.dispatcher))[tree.wenyuan1.pk]
        assert (found["members_REGISTERED"], found["members_without_micro_unit"]) == (3, 2)
        assert found["grids_MICRO_UNIT"] == 1

    def test_who_counts_as_the_officer(self, tree: Tree, people: People):
        posting = Posting.objects.get(user=people.officer)

        def lacking() -> int:
            return figures_within(factories.fresh(people.dispatcher))[tree.wenyuan1.pk]["micro_units_without_officer"]

        for role, expected in ((Role.HEAD, 0), (Role.LIAISON, 0), (Role.VIEWER, 1), (Role.INSPECTOR, 1)):
            Posting.objects.filter(pk=posting.pk).update(role=role)
            assert lacking() == expected, role
        yesterday = timezone.localdate() - timedelta(days=1)
        Posting.objects.filter(pk=posting.pk).update(role=Role.OFFICER, valid_to=yesterday)
        assert lacking() == 1
        Posting.objects.filter(pk=posting.pk).update(valid_to=None)
        User.objects.filter(pk=people.officer.pk).update(is_active=False)
        assert lacking() == 1

    def test_two_leads_are_two_people(self, tree: Tree, people: People):
        assert figures_within(people.area_head)[tree.area.pk]["areas_without_two_leads"] == 1
        factories.posted("second", tree.area, Role.HEAD)
        assert figures_within(factories.fresh(people.area_head))[tree.area.pk]["areas_without_two_leads"] == 0


class TestNumberIsList:
    @pytest.mark.parametrize("who", ["street_head", "area_head", "head"])
    def test_each_link_shows_as_many_rows(self, client, tree: Tree, people: People, who: str):
        fill(tree)
        factories.user("nowhere")
        grid = {"street_head": tree.street, "area_head": tree.area, "head": tree.wenyuan1}[who]
        lines = page(client, getattr(people, who), grid=grid.code).context["shown"].lines
        assert len(lines) >= len(WENYUAN1)
        for line in lines:
            answer = client.get(line.link)
            assert answer.context["page"].paginator.count == line.number, line
            assert not answer.context.get("errors")
            assert line.label in answer.content.decode() or not line.number

    def test_unknown_values_are_told(self, client, tree: Tree, people: People):
        fill(tree)
        client.force_login(people.head)
        for name in ("unit", "building", "member", "organization"):
            answer = client.get(reverse(f"members:{name}_list"), {"lacking": "nonsense"})
            assert answer.context["errors"], name
            assert list(answer.context["page"]) == []
        assert "没有“nonsense”这张清单" in page(client, people.head, gap="nonsense").content.decode()
        # A line that this grid does not have is no list either.
        assert "这张清单" in page(client, people.head, gap="areas_without_two_leads").content.decode()

    def test_the_condition_goes_along_and_can_be_removed(self, client, tree: Tree, people: People):
        unit = factories.unit(tree.micro, "U1", **CONTACT)
        factories.building(tree.micro, unit, leader_contact=factories.contact(tree.micro))
        for _ in range(35):
            factories.building(tree.micro, unit)
        client.force_login(people.head)
        address = reverse("members:building_list")
        answer = client.get(address, {"lacking": "leader"})
        assert '<input type="hidden" name="lacking" value="leader">' in answer.content.decode()
        assert client.get(address + answer.context["older"]).context["page"].paginator.count == 35
        rest = client.get(address + answer.context["lack"]["without"])
        assert rest.context["page"].paginator.count == 36
        assert "去掉" not in rest.content.decode()


class TestMending:
    def test_forms_only_for_who_may(self, client, tree: Tree, people: People):
        def links(user: User, **params: str) -> set[str]:
            return {row.link for row in page(client, user, **params).context["page"]}

        gap = {"grid": tree.street.code, "gap": "micro_units_without_officer"}
        assert links(people.street_head, **gap) == {""}
        assert "由街道网格长或派遣员" in page(client, people.viewer, **gap).content.decode()
        User.objects.update(is_staff=True)
        [link] = links(people.street_head, **gap)
        assert f"grid={tree.academy.pk}&role=OFFICER" in link
        assert client.get(link).status_code == 200
        assert links(people.viewer, **gap) == {""}
        # A desk's, without the admin: the form of the site has the grid chosen already.
        User.objects.filter(pk=people.stranger.pk).update(is_staff=False)
        for gap, form in (("neighborhoods_without_venue", "venue_add"), ("neighborhoods_without_team", "team_add")):
            wanted = {"grid": tree.liangsan.code, "gap": gap}
            [link] = links(people.stranger, **wanted)
            assert urlsplit(link).path == reverse(f"members:{form}")
            client.force_login(people.stranger)
            shown = client.get(link).context["form"]
            assert shown["grid"].initial == tree.liangsan
            assert links(people.viewer, **wanted) == {""}

    def test_a_building_leads_to_its_form(self, client, tree: Tree, people: People):
        building = factories.building(tree.micro, factories.unit(tree.micro, "U1"))
        User.objects.filter(pk=people.area_head.pk).update(is_staff=True)
        for user, expected in ((people.area_head, True), (people.viewer, False)):
            client.force_login(user)
            [row] = client.get(reverse("members:building_list"), {"lacking": "leader"}).context["page"]
            assert row.pk == building.pk
            assert bool(row.mend) is expected
            if expected:
                assert client.get(row.mend).status_code == 200


class TestScope:
    def test_where_it_opens(self, client, tree: Tree, people: People):
        for user, grid in (
            (people.street_head, tree.street),
            (people.area_head, tree.area),
            (people.officer, tree.micro),
            (people.staff, tree.street),
        ):
            assert page(client, user).context["grid"] == grid
        factories.posting(people.head, tree.xiuyuan, Role.HEAD)
        assert page(client, people.head).context["grid"] == tree.street
        factories.posting(people.head, tree.street, Role.VIEWER)
        assert page(client, people.head).context["shown"].node.figures is not None

    def test_the_way_shows_no_numbers(self, client, tree: Tree, people: People):
        fill(tree)
        for grid in (tree.street, tree.area):
            answer = page(client, people.head, grid=grid.code)
            shown = answer.context["shown"]
            assert (shown.node.figures, shown.lines, shown.comparisons) == (None, [], [])
            assert answer.context["total"] == []
        assert [row.grid for row in shown.children] == [tree.wenyuan1]
        assert shown.children[0].figures["buildings"] == 7
        book = client.get(reverse("members:coverage_sheet"), {"grid": tree.street.code})
        assert {row[0] for row in sheet_rows(book)[1:]} == {
            grid.code for grid in (tree.wenyuan1, tree.micro, tree.micro2)
        }
        # A department's staff see the tree, and no numbers of it.
        shown = page(client, people.staff).context["shown"]
        assert {row.figures for row in (shown.node, *shown.below)} == {None}

    def test_strangers_and_nobody(self, client, tree: Tree, people: People):
        fill(tree)
        for grid in (tree.wenyuan1, tree.micro):
            assert page(client, people.stranger, grid=grid.code).status_code == 404
            assert client.get(reverse("members:coverage_sheet"), {"grid": grid.code}).status_code == 404
        assert page(client, people.head, grid="nosuch").status_code == 404
        assert page(client, factories.user("nowhere")).status_code == 403
        assert client.get(reverse("members:coverage_sheet")).status_code == 404
        client.logout()
        for address in (PAGE, reverse("members:coverage_sheet")):
            assert client.get(address)["Location"].startswith(reverse("accounts:login"))

    def test_members_are_counted_for_all_and_listed_for_few(self, client, tree: Tree, people: People):
        fill(tree)
        lines = {line.key: line for line in page(client, people.viewer).context["shown"].lines}
        assert (lines["members_without_micro_unit"].number, lines["members_without_micro_unit"].link) == (1, "")
        Posting.objects.filter(user=people.viewer).update(party_access=PartyAccess.ALLOWED)
        lines = {line.key: line for line in page(client, people.viewer).context["shown"].lines}
        assert lines["members_without_micro_unit"].link


class TestAccounts:
    def test_who_serves_nowhere(self, client, tree: Tree, people: People):
        nowhere, ended = factories.user("nowhere"), factories.posted("ended", tree.micro)
        Posting.objects.filter(user=ended).update(valid_to=timezone.localdate() - timedelta(days=1))
        factories.user("closed", is_active=False)
        factories.user("over", valid_until=timezone.localdate() - timedelta(days=1))
        factories.user("root", is_superuser=True)
        factories.user("system", is_service=True)
        found = without_posting(people_of_office([tree.street.pk]))
        assert set(found) == {nowhere, ended}
        other = Tree("310110001")
        elsewhere = factories.posted("elsewhere", other.street)
        Posting.objects.filter(user=elsewhere).update(valid_to=timezone.localdate() - timedelta(days=1))
        assert elsewhere not in without_posting(people_of_office([tree.street.pk]))
        assert elsewhere in without_posting(people_of_office(None))
        # The office's line; whoever does not run it has none.
        assert numbers(client, people.street_head, tree.street)["accounts_without_posting"] == 2
        assert "accounts_without_posting" not in numbers(client, people.viewer, tree.street)
        gap = {"grid": tree.street.code, "gap": "accounts_without_posting"}
        assert "这张清单" in page(client, people.viewer, **gap).content.decode()
        User.objects.filter(pk=people.street_head.pk).update(is_staff=True)
        factories.posting(ended, other.street)
        Posting.objects.filter(user=ended).update(valid_to=timezone.localdate() - timedelta(days=1))
        links = {row.title: row.link for row in page(client, people.street_head, **gap).context["page"]}
        assert client.get(links[nowhere.full_name]).status_code == 200
        assert links[ended.full_name] == ""

    def test_a_line_is_registered_once(self, monkeypatch):
        monkeypatch.setattr(checks, "_checks", [])
        for _ in range(2):
            register_check(checks.ACCOUNTS)
        assert checks._checks == [checks.ACCOUNTS]


def test_the_panel_of_a_grid(client, tree: Tree, people: People, statements):
    fill(tree)
    reader = factories.fresh(people.head)
    with statements(6):
        panel = coverage_panel(reader, tree.wenyuan1)
    assert {line.key: line.number for line in panel.context["lacking"]} == {k: n for k, n in WENYUAN1.items() if n}
    assert coverage_panel(people.head, tree.area) is None
    assert coverage_panel(people.staff, tree.street) is None
    client.force_login(people.head)
    assert "覆盖情况" in client.get(reverse("grids:detail", args=[tree.wenyuan1.code])).content.decode()


class TestApi:
    def test_numbers_of_whole_subtrees(self, tree: Tree, people: People):
        fill(tree)
        rows = client_of(people.head).get("/api/v1/coverage/").json()["results"]
        by_code = {row["grid_code"]: row for row in rows}
        assert set(by_code) == {tree.wenyuan1.code, tree.micro.code, tree.micro2.code}
        row = by_code[tree.wenyuan1.code]
        assert {key: row[key] for key in WENYUAN1} == WENYUAN1
        assert (row["members_registered"], row["buildings"], row["units_estate"]) == (2, 7, 2)
        assert by_code[tree.micro2.code]["buildings_without_leader"] == 0
        [stranger] = client_of(people.stranger).get("/api/v1/coverage/").json()["results"]
        assert (stranger["grid_code"], stranger["buildings"]) == (tree.liangsan.code, 0)
        assert client_of(people.staff).get("/api/v1/coverage/").json()["results"] == []


@pytest.mark.parametrize("size", [2, 60])
def test_statements_do_not_grow(client, tree: Tree, people: People, statements, size: int):
    unit, branch = factories.unit(tree.micro, "U0"), factories.organization(tree.wenyuan1)
    path = {"grid_id": tree.micro.pk, **unit.path_ids()}
    Building.objects.bulk_create(
        Building(unit=unit, road="凉城路", number=f"{n}", name="楼", **path) for n in range(size)
    )
    ResidentUnit.objects.bulk_create(ResidentUnit(code=f"F{n}", name="单位", kind="SHOP", **path) for n in range(size))
    PartyMember.objects.bulk_create(
        PartyMember(name="党员", kind="REGISTERED", organization=branch, **path) for _ in range(size)
    )
    for n in range(min(size, 12)):
        factories.grid("MICRO_UNIT", f"{tree.liangsan.code}{n:03}", f"微{n}", tree.liangsan)
        factories.user(f"idle{n}")
    User.objects.filter(pk=people.street_head.pk).update(is_staff=True)
    client.force_login(people.street_head)
    with statements(15) as seen:
        assert client.get(PAGE).status_code == 200
    assert len(seen) == 15
    for gap in ("micro_units_without_officer", "accounts_without_posting", "categories_without_owner"):
        with statements(18):
            assert client.get(PAGE, {"gap": gap}).status_code == 200
    with statements(15):
        client.get(reverse("members:coverage_sheet"))
    with statements(12):
        client_of(people.street_head).get("/api/v1/coverage/")


def test_superusers_choose_among_streets(client, tree: Tree):
    other = Tree("310110001")
    root = factories.user("root", is_superuser=True)
    assert [row.grid for row in overview(root).children] == [tree.other_area, tree.area]
    assert other.street.code in page(client, root).content.decode()
    assert page(client, root, grid=other.street.code).context["grid"] == other.street
    assert {gap.key for gap in GAPS} <= set(numbers(client, root, other.street))
