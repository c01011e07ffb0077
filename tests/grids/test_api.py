"""Grids and departments through the API: scope, filters, paging, cost."""

import pytest

from grids.choices import GridKind
from tests import factories
from tests.api import client_of, get, is_problem, post, token_client
from tests.factories import Tree
from tests.people import People


def codes(answer) -> list[str]:
    return [row["code"] for row in answer.json()["results"]]


class TestGrids:
    def test_own_subtree_and_the_path_above(self, tree: Tree, people: People):
        seen = codes(get(people.liaison, "grids/"))
        own = [tree.street, tree.area, tree.wenyuan1, tree.micro, tree.micro2]
        assert seen == sorted(node.code for node in own)
        assert len(codes(get(people.dispatcher, "grids/"))) == 9

    def test_row(self, tree: Tree, people: People):
        answer = get(people.liaison, f"grids/{tree.micro.code}/")
        row = answer.json()
        assert (row["kind"], row["parent_code"]) == (GridKind.MICRO_UNIT, tree.wenyuan1.code)
        assert row["community_code"] == tree.street.code
        assert answer["ETag"] == f'W/"{tree.micro.version}"'
        assert get(people.liaison, f"grids/{tree.street.code}/").json()["parent_code"] is None

    def test_outside_is_not_there(self, tree: Tree, people: People):
        for node in (tree.wenyuan1, tree.micro):
            assert is_problem(get(people.stranger, f"grids/{node.code}/"), 404, "not_found")
        assert tree.wenyuan1.code not in codes(get(people.stranger, "grids/"))
        assert get(people.stranger, "grids/?q=文苑").json()["total"] == 0
        for field in ("parent", "within"):
            answer = get(people.stranger, f"grids/?{field}={tree.wenyuan1.code}")
            assert is_problem(answer, 400, "unknown")
            assert list(answer.json()["errors"]) == [field]

    def test_filters(self, tree: Tree, people: People):
        client = client_of(people.dispatcher)

        def ask(query: str) -> list[str]:
            return codes(client.get(f"/api/v1/grids/?{query}"))

        assert ask("kind=AREA") == [tree.other_area.code, tree.area.code]
        assert ask(f"parent={tree.wenyuan1.code}") == [tree.micro.code, tree.micro2.code]
        assert ask(f"within={tree.wenyuan1.code}&kind=NEIGHBORHOOD") == [tree.wenyuan1.code]
        assert ask("q=wyy&kind=NEIGHBORHOOD") == [tree.wenyuan1.code]
        assert ask("active=false") == []
        assert is_problem(client.get("/api/v1/grids/?kind=CITY"), 400, "unknown_kind")

    def test_pages_follow_each_other(self, tree: Tree, people: People):
        client, url, seen = client_of(people.dispatcher), "/api/v1/grids/?page_size=4", []
        while url:
            page = client.get(url).json()
            assert page["total"] == 9
            seen += [row["code"] for row in page["results"]]
            url = page["next"]
        assert len(seen) == 9
        assert seen == sorted(set(seen))

    @pytest.mark.parametrize("size", [3, 30])
    def test_statements_do_not_grow(self, tree: Tree, statements, size: int):
        client = token_client(factories.service("hotline12345", tree.street))
        for number in range(size):
            factories.grid("MICRO_UNIT", f"{tree.liangsan.code}{number + 1:03d}", f"凉三微{number}", tree.liangsan)
        with statements(8) as seen:
            client.get(f"/api/v1/grids/?within={tree.area.code}")
        assert len(seen) == 5

    def test_structure_is_not_written_here(self, tree: Tree, people: People):
        assert is_problem(post(people.street_head, "grids/", {"code": "x"}), 405, "method_not_allowed")


class TestDepartments:
    def test_those_that_serve_where_the_user_stands(self, tree: Tree, people: People):
        assert codes(get(people.liaison, "departments/")) == ["CHENGGUAN"]
        other = Tree("310109017")
        elsewhere = factories.posted("elsewhere", other.micro)
        assert codes(get(elsewhere, "departments/")) == []
        row = get(people.liaison, "departments/?code=CHENGGUAN").json()["results"][0]
        assert (row["id"], row["grid_code"]) == (people.chengguan.pk, tree.street.code)

    def test_filters(self, tree: Tree, people: People):
        assert codes(get(people.liaison, "departments/?kind=STATION")) == []
        assert codes(get(people.liaison, "departments/?active=true")) == ["CHENGGUAN"]


def test_nobody_sees_nothing(tree: Tree, people: People):
    nobody = factories.user("nobody")
    for path in ("grids/", "departments/", "units/", "buildings/", "members/", "cases/"):
        assert get(nobody, path).json()["total"] == 0, path
