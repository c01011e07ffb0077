"""The address book and the numbers of members through the API: scope, filters, cost, and no names."""

import pytest

from members.models import TeamMember
from tests import factories
from tests.api import client_of, get, is_problem, post, token_client
from tests.factories import Tree
from tests.people import People


@pytest.fixture
def estate(tree: Tree):
    return factories.unit(tree.micro, "U1", contact_name="钱测试", contact_phone="13000000001", address="凉城路123弄")


@pytest.fixture
def block(tree: Tree, estate):
    return factories.building(tree.micro, estate, road="凉城路", lane="123", number="4")


class TestAddressBook:
    def test_units_without_their_contacts(self, tree: Tree, people: People, estate):
        answer = get(people.liaison, "units/")
        [row] = answer.json()["results"]
        assert (row["code"], row["grid_code"]) == ("U1", tree.micro.code)
        assert get(people.liaison, "units/U1/").json() == row
        assert "13000000001" not in answer.content.decode()
        assert "钱测试" not in answer.content.decode()

    def test_buildings_by_number_and_unit(self, tree: Tree, people: People, estate, block):
        factories.building(tree.micro, estate, number="99")
        client = client_of(people.liaison)
        found = client.get("/api/v1/buildings/?q=凉城路123弄4号").json()["results"]
        assert [row["id"] for row in found] == [block.pk]
        assert client.get("/api/v1/buildings/?unit=U1").json()["total"] == 2
        assert client.get(f"/api/v1/buildings/?grid={tree.micro2.code}").json()["total"] == 0

    def test_filters_of_units(self, tree: Tree, people: People, estate):
        factories.unit(tree.micro2, "U2", "测试学校", kind="INSTITUTION", is_active=False)
        client = client_of(people.liaison)

        def ask(query: str) -> list[str]:
            return [row["code"] for row in client.get(f"/api/v1/units/?{query}").json()["results"]]

        assert ask("") == ["U1", "U2"]
        assert ask("kind=INSTITUTION") == ["U2"]
        assert ask("active=true") == ["U1"]
        assert ask("q=csxx") == ["U2"]
        assert ask(f"grid={tree.micro.code}") == ["U1"]

    def test_stranger_finds_nothing(self, tree: Tree, people: People, estate, block):
        for path in ("units/", "units/?q=文苑", "buildings/", "buildings/?q=凉城路", "buildings/?unit=U1"):
            assert get(people.stranger, path).json()["total"] == 0, path
        assert is_problem(get(people.stranger, "units/U1/"), 404, "not_found")
        assert is_problem(get(people.stranger, f"units/?grid={tree.micro.code}"), 400, "unknown")

    @pytest.mark.parametrize("size", [5, 60])
    def test_statements_do_not_grow(self, tree: Tree, estate, statements, size: int):
        client = token_client(factories.service("hotline12345", tree.street))
        for number in range(size):
            factories.building(tree.micro, estate, number=str(number))
        for path in ("units/", "buildings/?q=凉城路"):
            with statements(8) as seen:
                client.get(f"/api/v1/{path}")
            assert len(seen) == 4

    def test_unit_of_a_case_must_be_there_and_in_reach(self, tree: Tree, people: People, estate, block):
        factories.category("0201")
        filing = {"category_code": "0201", "description": "渗水。", "grid_code": tree.liangsan.code}
        answer = post(people.stranger, "cases/", {**filing, "unit_id": estate.pk})
        assert is_problem(answer, 400, "unknown_unit")
        assert is_problem(post(people.stranger, "cases/", {**filing, "building_id": block.pk}), 400, "unknown_building")
        own = {**filing, "grid_code": tree.micro.code, "unit_id": estate.pk, "building_id": block.pk}
        assert post(people.liaison, "cases/", own).status_code == 201


class TestRegisters:
    def test_what_is_public_and_no_more(self, tree: Tree, people: People):
        unit = factories.unit(
            tree.micro,
            "S1",
            "测试学校",
            kind="INSTITUTION",
            sector="SCHOOL",
            is_messenger=True,
            second_grid=tree.micro2,
        )
        branch = factories.organization(tree.wenyuan1, contact_name="钱测试", contact_phone="13000000001")
        team = factories.team(tree.micro, lead_organization=branch)
        for who in (
            {"contact": factories.contact(tree.micro, "孙测试")},
            {"member": factories.member(tree.micro, branch)},
        ):
            TeamMember.objects.create(team=team, **who)
        factories.venue(tree.micro, is_main=True, unit=unit, contact_name="李测试", contact_phone="13000000002")
        client = client_of(people.liaison)

        def ask(path: str) -> list[dict]:
            answer = client.get(f"/api/v1/{path}")
            for secret in ("测试党员", "孙测试", "钱测试", "李测试", "1300000000"):
                assert secret not in answer.content.decode(), path
            return answer.json()["results"]

        assert [(row["kind"], row["grid_code"]) for row in ask("organizations/")] == [
            ("GENERAL_BRANCH", tree.wenyuan1.code)
        ]
        assert [(row["people"], row["lead_organization_id"]) for row in ask("teams/")] == [(2, branch.pk)]
        assert [(row["is_main"], row["unit_code"]) for row in ask("venues/?main=true")] == [(True, "S1")]
        [row] = ask("units/?sector=SCHOOL&role=messenger")
        assert (row["sector"], row["second_grid_code"]) == ("SCHOOL", tree.micro2.code)
        for none in (
            "venues/?main=false",
            "teams/?kind=MANAGEMENT",
            "organizations/?kind=GROUP",
            "units/?role=servant",
        ):
            assert ask(none) == []
        stranger = client_of(people.stranger)
        for path in ("organizations/", "teams/", "venues/", "venues/?q=阵地"):
            assert stranger.get(f"/api/v1/{path}").json()["total"] == 0, path

    @pytest.mark.parametrize("size", [2, 40])
    def test_statements_do_not_grow(self, tree: Tree, statements, size: int):
        client = token_client(factories.service("hotline12345", tree.street))
        for number in range(size):
            team = factories.team(tree.micro, f"队{number}")
            TeamMember.objects.create(team=team, contact=factories.contact(tree.micro))
            factories.venue(tree.micro, f"阵地{number}")
        for path, most in (("teams/", 5), ("venues/", 4), ("organizations/", 4)):
            with statements(most):
                client.get(f"/api/v1/{path}")


class TestMemberCounts:
    def test_numbers_roll_up_and_names_stay_here(self, tree: Tree, people: People):
        branch = factories.organization(tree.wenyuan1)
        for node, kind in (
            (tree.micro, "REGISTERED"),
            (tree.micro, "IN_SERVICE"),
            (tree.micro2, "REGISTERED"),
            (tree.wenyuan1, "REGISTERED"),
            (tree.liangsan, "REGISTERED"),
        ):
            factories.member(node, branch, "孙测试", kind=kind)
        factories.member(tree.micro, branch, "李测试", is_active=False)
        answer = get(people.dispatcher, "members/")
        counts = {row["grid_code"]: (row["registered"], row["in_service"]) for row in answer.json()["results"]}
        assert counts[tree.street.code] == counts[tree.area.code] == (4, 1)
        assert counts[tree.wenyuan1.code] == (3, 1)
        assert (counts[tree.micro.code], counts[tree.micro2.code]) == ((1, 1), (1, 0))
        assert counts[tree.other_area.code] == (0, 0)
        assert "孙测试" not in answer.content.decode()

    def test_only_whole_subtrees_are_counted(self, tree: Tree, people: People):
        factories.member(tree.micro, factories.organization(tree.wenyuan1))
        seen = {row["grid_code"] for row in get(people.liaison, "members/").json()["results"]}
        assert seen == {tree.wenyuan1.code, tree.micro.code, tree.micro2.code}
        stranger = get(people.stranger, "members/").json()
        assert [(row["grid_code"], row["registered"]) for row in stranger["results"]] == [(tree.liangsan.code, 0)]

    @pytest.mark.parametrize("size", [3, 40])
    def test_statements_do_not_grow(self, tree: Tree, statements, size: int):
        client = token_client(factories.service("hotline12345", tree.street))
        branch = factories.organization(tree.wenyuan1)
        for _ in range(size):
            factories.member(tree.micro, branch)
        with statements(8) as seen:
            client.get("/api/v1/members/")
        assert len(seen) == 5
