"""管理等级 of grids: set one by one or with all below, kept by the office, read by tables, shown, and in the API."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from grids.choices import Grade
from grids.imports import import_file
from grids.models import Grid
from grids.tree import create_grid, retire_grid, set_grade, update_grid
from liangcheng.accounts.models import User
from liangcheng.common.exceptions import InvalidInput, StaleObject
from tests import factories
from tests.api import get
from tests.factories import Tree, long_ago
from tests.people import People


def grades() -> dict[str, str]:
    return dict(Grid.objects.order_by("code").values_list("name", "grade"))


class TestRule:
    def test_one_grid(self, tree: Tree):
        before = tree.wenyuan1.version
        assert set_grade(grid_id=tree.wenyuan1.pk, grade=Grade.B) == 1
        assert {name for name, grade in grades().items() if grade == "B"} == {"文苑一"}
        assert Grid.objects.get(pk=tree.wenyuan1.pk).version == before + 1
        assert tree.wenyuan1.history.first().grade == "B"
        assert set_grade(grid_id=tree.wenyuan1.pk, grade=Grade.B) == 0
        assert Grid.objects.get(pk=tree.wenyuan1.pk).version == before + 1

    def test_with_all_in_use_below(self, tree: Tree):
        retire_grid(grid_id=tree.micro2.pk, on=long_ago())
        set_grade(grid_id=tree.micro.pk, grade=Grade.C)
        assert set_grade(grid_id=tree.area.pk, grade=Grade.C, subtree=True) == 3
        assert {name for name, grade in grades().items() if grade == "C"} == {"第三片区", "文苑一", "凉三", "文苑一微1"}

    def test_refusals(self, tree: Tree):
        for refused in (
            lambda: set_grade(grid_id=tree.area.pk, grade="D"),
            lambda: update_grid(grid_id=tree.area.pk, grade=""),
            lambda: create_grid(
                parent_id=tree.wenyuan1.pk, kind="MICRO_UNIT", code="310109016011003", name="新", grade="一级"
            ),
        ):
            with pytest.raises(InvalidInput) as error:
                refused()
            assert (error.value.code, error.value.field) == ("unknown_grade", "grade")
        with pytest.raises(StaleObject):
            set_grade(grid_id=tree.area.pk, grade="B", expected_version=99)


class TestTable:
    HEADER = "网格编码,上级编码,层级,名称,管理等级"

    def load(self, folder: Path, *lines: str, header: str = HEADER) -> Any:
        file = folder / "grids.csv"
        file.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8-sig")
        return import_file(file, apply=True)

    def test_the_column_is_read_and_an_empty_cell_is_the_first(self, tree: Tree, tmp_path: Path):
        set_grade(grid_id=tree.liangsan.pk, grade=Grade.B)
        outcome = self.load(
            tmp_path,
            "310109016011,310109016603,居民区,文苑一,二级",
            "310109016017,310109016603,居民区,凉三,",
            "310109016018,310109016603,居民区,新居民区,c",
        )
        assert outcome.applied, outcome.problems
        assert (grades()["文苑一"], grades()["凉三"], grades()["新居民区"]) == ("B", "A", "C")
        # A table that does not speak of grades leaves them.
        self.load(tmp_path, "310109016011,310109016603,居民区,文苑一", header="网格编码,上级编码,层级,名称")
        assert grades()["文苑一"] == "B"

    def test_a_whole_new_street(self, db: None, tmp_path: Path):
        self.load(tmp_path, "310109017000,,街道,别的街道,三级")
        assert grades() == {"别的街道": "C"}

    def test_anything_else_is_told_with_row_and_column(self, tree: Tree, tmp_path: Path):
        outcome = self.load(tmp_path, "310109016011,310109016603,居民区,文苑一,四级")
        assert [str(each) for each in outcome.problems] == [
            "第 2 行“管理等级”：没有“四级”这个管理等级，请填一级、二级或三级。"
        ]


def test_shown_on_the_page_where_it_is_not_the_rule(tree: Tree, people: People):
    client = Client()
    client.force_login(people.liaison)
    address = f"/grids/{tree.wenyuan1.code}/"
    assert "管理等级" not in client.get(address).content.decode()
    set_grade(grid_id=tree.wenyuan1.pk, grade=Grade.B)
    assert "<dt>管理等级</dt><dd>二级</dd>" in client.get(address).content.decode()


def test_in_the_api(tree: Tree, people: People):
    set_grade(grid_id=tree.micro.pk, grade=Grade.C)
    assert get(people.liaison, f"grids/{tree.micro.code}/").json()["grade"] == "C"
    assert {row["grade"] for row in get(people.liaison, "grids/").json()["results"]} == {"A", "C"}


class TestAdmin:
    def client(self, person: User) -> Client:
        User.objects.filter(pk=person.pk).update(is_staff=True)
        client = Client()
        client.force_login(person)
        return client

    def post(self, client: Client, grid: Grid, **given: Any) -> int:
        address = f"/admin/grids/grid/{grid.pk}/change/"
        form = client.get(address).context["adminform"].form
        sent = {name: form[name].value() for name in form.fields} | given
        sent = {name: value for name, value in sent.items() if value not in (None, False)}
        sent |= {"external_codes-TOTAL_FORMS": "0", "external_codes-INITIAL_FORMS": "0"}
        return client.post(address, sent).status_code

    def test_the_office_sets_it_for_one_or_for_all_below(self, tree: Tree, people: People):
        client = self.client(people.dispatcher)
        assert self.post(client, tree.wenyuan1, grade="B") == 302
        assert grades()["文苑一微1"] == "A"
        assert self.post(client, tree.wenyuan1, grade="C", grade_below="on", brand="同时改的") == 302
        assert {grades()[name] for name in ("文苑一", "文苑一微1", "文苑一微2")} == {"C"}
        assert grades()["凉三"] == "A"
        assert Grid.objects.get(pk=tree.wenyuan1.pk).brand == "同时改的"

    def test_a_post_without_it_changes_nothing(self, tree: Tree, people: People):
        set_grade(grid_id=tree.wenyuan1.pk, grade=Grade.B)
        assert self.post(self.client(people.dispatcher), tree.wenyuan1, grade=None, brand="新") == 302
        assert grades()["文苑一"] == "B"

    def test_an_area_reads_it_only(self, tree: Tree, people: People):
        client = self.client(people.area_liaison)
        assert self.post(client, tree.wenyuan1, grade="C", grade_below="on", brand="片区写的") == 302
        assert set(grades().values()) == {"A"}
        assert Grid.objects.get(pk=tree.wenyuan1.pk).brand == "片区写的"


def test_new_grids_are_of_the_first(tree: Tree):
    assert factories.grid("NEIGHBORHOOD", "310109016018", "新居民区", tree.area).grade == Grade.A
