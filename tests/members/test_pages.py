"""The register pages: what they show, to whom, and at what price."""

import pytest
from django.test import Client
from django.urls import reverse

from grids.choices import PartyAccess
from grids.models import Posting
from members.choices import MemberKind, UnitKind
from members.models import Building, PartyMember, PartyOrganization, ResidentUnit
from tests import factories
from tests.factories import Tree
from tests.people import People

LISTS = ("members:unit_list", "members:building_list", "members:organization_list", "members:member_list")


@pytest.fixture
def registers(tree: Tree) -> dict[str, object]:
    """One of each in 文苑一微1, and 党总支 at the 居民区."""
    unit = factories.unit(tree.micro, "U001", "水电路小区", contact_name="王小明", contact_phone="13000001234")
    branch = factories.organization(tree.wenyuan1)
    group = factories.organization(tree.micro, "第一党小组", kind="GROUP", parent=branch)
    return {
        "unit": unit,
        "building": factories.building(tree.micro, unit, road="水电路", lane="29", number="1"),
        "branch": branch,
        "organization": group,
        "member": factories.member(tree.micro, group, "欧阳明日", phone="13000005678", unit=unit, skills=["电工"]),
    }


def details(registers: dict[str, object]) -> list[str]:
    return [
        reverse("members:unit_detail", args=[registers["unit"].code]),
        reverse("members:building_detail", args=[registers["building"].pk]),
        reverse("members:organization_detail", args=[registers["organization"].pk]),
        reverse("members:member_detail", args=[registers["member"].pk]),
    ]


def page(client: Client, user, address: str, **params: str):
    client.force_login(user)
    return client.get(address if address.startswith("/") else reverse(address), params)


class TestScope:
    @pytest.mark.parametrize("who", ["officer", "viewer", "inspector"])
    def test_members_are_read_with_that_right_only(self, client, people: People, registers, who: str):
        user = getattr(people, who)
        assert page(client, user, "members:member_list").context["page"].paginator.count == 0
        assert page(client, user, details(registers)[-1]).status_code == 404
        for address in (*LISTS[:-1], *details(registers)[:-1]):
            assert page(client, user, address).status_code == 200
        # Counts say nothing about anybody.
        assert ("REGISTERED", "在册党员", 1) in page(client, user, details(registers)[2]).context["member_counts"]
        Posting.objects.filter(user=user).update(party_access=PartyAccess.ALLOWED)
        assert page(client, user, details(registers)[-1]).status_code == 200
        Posting.objects.filter(user=people.head).update(party_access=PartyAccess.DENIED)
        assert page(client, people.head, details(registers)[-1]).status_code == 404

    @pytest.mark.parametrize("who", ["liaison", "area_head", "dispatcher"])
    def test_whoever_serves_above_sees_all_four(self, client, people: People, registers, who: str):
        for address in (*LISTS, *details(registers)):
            assert page(client, getattr(people, who), address).status_code == 200, address
        for address in LISTS:
            assert page(client, getattr(people, who), address).context["page"].paginator.count >= 1

    @pytest.mark.parametrize("who", ["stranger", "far_stranger", "officer2", "staff"])
    def test_a_stranger_finds_nothing(self, client, people: People, registers, who: str):
        user = getattr(people, who)
        for address in LISTS:
            for params in ({}, {"q": "水电路"}, {"q": "oymr"}, {"q": "党"}):
                answer = page(client, user, address, **params)
                assert (answer.status_code, answer.context["page"].paginator.count) == (200, 0)
        for address in details(registers):
            assert page(client, user, address).status_code == 404

    def test_a_strangers_grid_is_unknown_as_a_filter(self, client, people: People, tree: Tree, registers):
        answer = page(client, people.stranger, "members:unit_list", grid=tree.wenyuan1.code)
        assert "没有这个网格" in answer.content.decode()
        assert list(answer.context["page"]) == []

    def test_signed_out_goes_to_sign_in(self, client, registers):
        for address in (*map(reverse, LISTS), *details(registers)):
            assert client.get(address)["Location"].startswith(reverse("accounts:login"))

    def test_links_only_to_what_the_reader_may_open(self, client, people: People, registers):
        address = reverse("members:organization_detail", args=[registers["branch"].pk])
        inner = reverse("members:organization_detail", args=[registers["organization"].pk])
        assert address in page(client, people.liaison, inner).content.decode()
        seen = page(client, people.officer, inner).content.decode()
        assert "文苑一居民区党总支" in seen
        assert address not in seen

    def test_numbers_that_no_row_has(self, client, people: People, registers):
        for address in ("/members/0/", f"/members/{10**30}/", "/buildings/99999999/", "/units/NOSUCH/"):
            assert page(client, people.dispatcher, address).status_code == 404


class TestMasking:
    @pytest.mark.parametrize("who", ["liaison", "head", "street_head"])
    def test_no_whole_name_or_number_on_any_page(self, client, people: People, registers, who: str):
        for address in (*LISTS, *details(registers)):
            seen = page(client, getattr(people, who), address).content.decode()
            for secret in ("欧阳明日", "13000005678", "王小明", "13000001234"):
                assert secret not in seen, address
        assert "欧***" in page(client, people.head, "members:member_list").content.decode()
        assert "130****1234" in page(client, people.head, details(registers)[0]).content.decode()


class TestFilters:
    def count(self, client, user, address: str, **params: str) -> int:
        return page(client, user, address, **params).context["page"].paginator.count

    def test_pinyin_initials(self, client, people: People, registers):
        assert self.count(client, people.head, "members:unit_list", q="sdlxq") == 1
        assert self.count(client, people.head, "members:member_list", q="oymr") == 1
        assert self.count(client, people.head, "members:organization_list", q="DYDXZ") == 1
        assert self.count(client, people.head, "members:unit_list", q="水电路 小区") == 1
        assert self.count(client, people.head, "members:unit_list", q="水电路 大厦") == 0

    def test_grid_means_the_subtree(self, client, people: People, tree: Tree, registers):
        factories.unit(tree.xiuyuan, "U002")
        for grid, expected in ((tree.street, 2), (tree.area, 1), (tree.micro, 1), (tree.micro2, 0)):
            assert self.count(client, people.dispatcher, "members:unit_list", grid=grid.code) == expected

    def test_kind_unit_organization(self, client, people: People, registers):
        assert self.count(client, people.head, "members:unit_list", kind=UnitKind.SHOP) == 0
        assert self.count(client, people.head, "members:member_list", kind=MemberKind.REGISTERED) == 1
        assert self.count(client, people.head, "members:member_list", unit="U001") == 1
        assert self.count(client, people.head, "members:building_list", unit="U001") == 1
        # An organization's members are also those of the organizations below it: what its page counts.
        assert self.count(client, people.head, "members:member_list", organization=str(registers["branch"].pk)) == 1
        other = factories.organization(people.liaison.postings.get().grid, "另一党总支")
        assert self.count(client, people.head, "members:member_list", organization=str(other.pk)) == 0
        electrician = str(factories.skill("电工").pk)
        for params, number in (
            ({"skill": electrician}, 1),
            ({"skill": str(factories.skill("法律").pk)}, 0),
            ({"serves": "true"}, 0),
            ({"no_unit": "true"}, 0),
        ):
            assert self.count(client, people.head, "members:member_list", **params) == number, params
        PartyMember.objects.update(availability="周末", unit=None)
        params = {"skill": electrician, "serves": "true", "no_unit": "true"}
        assert self.count(client, people.head, "members:member_list", **params) == 1

    def test_retired_rows_only_when_asked_for(self, client, people: People, registers):
        ResidentUnit.objects.update(is_active=False)
        assert self.count(client, people.head, "members:unit_list") == 0
        assert self.count(client, people.head, "members:unit_list", state="false") == 1

    @pytest.mark.parametrize(
        "params",
        [
            *({"kind": "NOSUCH"}, {"grid": "x\x00y"}, {"organization": "abc"}, {"q": "长" * 51}, {"unit": "\x00"}),
            *({"skill": "0"}, {"serves": "maybe"}, {"no_unit": "x"}),
        ],
    )
    def test_wrong_values_are_told_and_show_nothing(self, client, people: People, registers, params):
        answer = page(client, people.head, "members:member_list", **params)
        assert answer.status_code == 200
        assert list(answer.context["page"]) == []
        assert answer.context["errors"]

    def test_houses_stand_in_the_order_of_their_numbers(self, client, people: People, tree: Tree, registers):
        for number in ("10", "2"):
            factories.building(tree.micro, registers["unit"], road="水电路", lane="29", number=number)
        rows = page(client, people.head, "members:building_list").context["page"]
        assert [row.number for row in rows] == ["1", "2", "10"]

    def test_paging_keeps_the_filters(self, client, people: People, tree: Tree):
        for number in range(65):
            factories.unit(tree.micro, f"U{number:03}", kind=UnitKind.SHOP)
        first = page(client, people.head, "members:unit_list", kind=UnitKind.SHOP, q="文苑")
        codes = [row.code for row in first.context["page"]]
        for _ in range(2):
            answer = client.get(reverse("members:unit_list") + first.context["older"])
            codes += [row.code for row in answer.context["page"]]
            first = answer
        assert codes == sorted(codes)
        assert len(codes) == 65
        assert answer.context["older"] == ""
        assert page(client, people.head, "members:unit_list", page="nonsense").status_code == 200


def _fill(tree: Tree, number: int) -> None:
    """`number` of each, written at once."""
    unit = factories.unit(tree.micro, f"F{number}")
    branch = factories.organization(tree.micro, f"党支部{number}")
    path = unit.path_ids()
    common = {"grid_id": tree.micro.pk, **path}
    ResidentUnit.objects.bulk_create(
        ResidentUnit(code=f"F{number}-{n}", name=f"单位{n}", kind="SHOP", **common) for n in range(number)
    )
    Building.objects.bulk_create(
        Building(unit=unit, road="凉城路", lane=f"{number}", number=str(n), name=f"楼{n}", **common)
        for n in range(number)
    )
    PartyOrganization.objects.bulk_create(
        PartyOrganization(name=f"组{number}-{n}", kind="GROUP", parent=branch, **common) for n in range(number)
    )
    PartyMember.objects.bulk_create(
        PartyMember(name=f"党员{n}", kind="REGISTERED", organization=branch, unit=unit, **common) for n in range(number)
    )


@pytest.mark.parametrize("size", [20, 400])
class TestPrice:
    def test_lists_cost_the_same_at_every_size(self, client, people: People, tree: Tree, statements, size: int):
        _fill(tree, size)
        client.force_login(people.liaison)
        for address in LISTS:
            # The members' page also offers organizations and skills, and counts the transfers that wait.
            with statements(11 if address == "members:member_list" else 8):
                assert client.get(reverse(address)).status_code == 200

    def test_details_cost_the_same_at_every_size(self, client, people: People, tree: Tree, statements, size: int):
        _fill(tree, size)
        client.force_login(people.liaison)
        unit = ResidentUnit.objects.get(code=f"F{size}")
        branch = PartyOrganization.objects.get(name=f"党支部{size}")
        for address in (
            reverse("members:unit_detail", args=[unit.code]),
            reverse("members:organization_detail", args=[branch.pk]),
            reverse("members:member_detail", args=[branch.members.first().pk]),
            reverse("members:building_detail", args=[unit.buildings.first().pk]),
        ):
            # A member's page leaves a row in the log, and asks for all they did; a unit's for its 双报到.
            with statements(18 if "/members/" in address else 12):
                assert client.get(address).status_code == 200


class TestPanel:
    def test_numbers_of_the_subtree(self, people: People, tree: Tree, registers, statements):
        from members.panels import registers_panel

        factories.unit(tree.xiuyuan, "U009", kind=UnitKind.SHOP)
        for grid in (tree.street, tree.wenyuan1, tree.micro):
            reader = factories.fresh(people.dispatcher)
            with statements(8):
                panel = registers_panel(reader, grid)
            numbers = {kind: number for kind, _, number in panel.context["units_by_kind"]}
            assert numbers[UnitKind.ESTATE] == 1
            assert numbers[UnitKind.SHOP] == (1 if grid == tree.street else 0)
            assert panel.context["buildings"] == 1
            assert {k: n for k, _, n in panel.context["members_by_kind"]}[MemberKind.REGISTERED] == 1
        assert len(panel.context["organizations"]) == 1

    def test_none_where_only_the_way_to_ones_own_grid_is_seen(self, people: People, tree: Tree, registers):
        from members.panels import registers_panel

        assert registers_panel(people.officer, tree.wenyuan1) is None
        assert registers_panel(people.officer, tree.micro) is not None
        assert registers_panel(people.staff, tree.street) is None
