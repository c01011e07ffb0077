"""The two pages of the tree: what they show, to whom, and in how many statements."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from grids import panels
from grids.choices import GridKind, Role
from grids.imports import import_file
from grids.merging import merge_grids
from grids.models import Grid, GridExternalCode
from grids.statistics import roll_up
from grids.tree import create_grid, retire_grid, update_grid
from tests import factories
from tests.factories import Tree
from tests.people import People


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> dict[int, dict[str, int]]:
    """Own figures by grid id, in place of those of cases; no panels of other apps."""
    own: dict[int, dict[str, int]] = {}
    monkeypatch.setattr(panels, "_counts", [lambda user, within: own])
    monkeypatch.setattr(panels, "_panels", [])
    return own


def see(user: Any, address: str, status: int = 200) -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(address)
    assert answer.status_code == status
    return answer.content.decode()


def text(html: str) -> str:
    """Words without markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def names(html: str) -> list[str]:
    return re.findall(r'class="branch-name"><a href="[^"]+">(?:<mark>)?([^<]+)', html)


class TestTreePage:
    def test_figures_roll_up_and_link_to_their_lists(self, tree: Tree, people: People, counts: dict) -> None:
        counts[tree.micro.pk] = {"open": 2, "due_soon": 1, "overdue": 0}
        counts[tree.wenyuan1.pk] = {"open": 1, "due_soon": 0, "overdue": 1}
        counts[tree.academy.pk] = {"open": 4}
        html = see(people.dispatcher, "/grids/")
        for grid, number in (
            (tree.street, 7),
            (tree.area, 3),
            (tree.wenyuan1, 3),
            (tree.micro, 2),
            (tree.other_area, 4),
        ):
            assert f'/cases/?grid={grid.code}&amp;open=true">未办结 <b class="num">{number}</b>' in html
        assert f'/cases/?grid={tree.area.code}&amp;light=red">已超期 <b class="num">1</b>' in html
        assert f'/cases/?grid={tree.area.code}&amp;light=yellow">即将超期 <b class="num">1</b>' in html
        assert names(html) == [
            "凉城",
            "第一片区",
            "秀苑",
            "武装学院",
            "第三片区",
            "文苑一",
            "文苑一微1",
            "文苑一微2",
            "凉三",
        ]

    def test_works_without_javascript(self, tree: Tree, people: People, counts: dict) -> None:
        html = see(people.dispatcher, "/grids/")
        assert html.count("<details open><summary>") == 3
        assert html.count("<details><summary>") == 1
        assert "<script>" not in html
        assert "style=" not in html

    def test_own_grid_is_unfolded(self, tree: Tree, people: People, counts: dict) -> None:
        assert see(people.liaison, "/grids/").count("<details open>") == 3

    @pytest.mark.parametrize("words", ["wyy", "WYY", "文苑一", " 文苑一 ", "310109016011"])
    def test_search_keeps_ancestors(self, tree: Tree, people: People, counts: dict, words: str) -> None:
        counts[tree.micro.pk] = {"open": 2}
        counts[tree.liangsan.pk] = {"open": 5}
        html = see(people.dispatcher, f"/grids/?q={words}")
        assert names(html) == ["凉城", "第三片区", "文苑一", "文苑一微1", "文苑一微2"]
        assert "<mark>文苑一</mark>" in html
        assert f'/cases/?grid={tree.wenyuan1.code}&amp;open=true">未办结 <b class="num">2</b>' in html
        # The street's figure would be that of what matches only.
        assert f"grid={tree.street.code}" not in html

    def test_search_finds_nothing(self, tree: Tree, people: People, counts: dict) -> None:
        assert "没有符合条件的网格" in see(people.dispatcher, "/grids/?q=<b>没有</b>")

    @pytest.mark.parametrize("words", ["%", "x" * 9000, "\x00", "😀"])
    def test_strange_words(self, tree: Tree, people: People, counts: dict, words: str) -> None:
        client = Client()
        client.force_login(people.dispatcher)
        assert client.get("/grids/", {"q": words, "street": words}).status_code == 200

    def test_retired_ones_only_when_asked(self, tree: Tree, people: People, counts: dict) -> None:
        retire_grid(grid_id=tree.academy.pk, on=date(2021, 12, 31))
        assert "武装学院" not in see(people.dispatcher, "/grids/")
        assert "武装学院" in see(people.dispatcher, "/grids/?retired=1")
        assert "另有 1 个符合" in see(people.dispatcher, "/grids/?q=武装")

    def test_examples_are_marked(self, tree: Tree, people: People, counts: dict) -> None:
        assert "示例" not in see(people.dispatcher, "/grids/")
        update_grid(grid_id=tree.xiuyuan.pk, assumed=True)
        html = see(people.dispatcher, "/grids/")
        assert "为示例划分，待街道确认" in html
        assert html.count("tag-yellow") == 1
        assert "示例划分，待街道确认" in see(people.dispatcher, f"/grids/{tree.xiuyuan.code}/")

    def test_another_neighborhood_sees_none_of_it(self, tree: Tree, people: People, counts: dict) -> None:
        counts[tree.micro.pk] = {"open": 12345}
        html = see(people.stranger, "/grids/")
        assert names(html) == ["凉城", "第三片区", "凉三"]
        assert "12345" not in see(people.stranger, "/grids/?q=wyy") + html
        assert names(see(people.stranger, "/grids/?q=wyy")) == []

    def test_above_the_own_grid_stand_no_figures(self, tree: Tree, people: People, counts: dict) -> None:
        counts[tree.liangsan.pk] = {"open": 3}
        html = see(people.stranger, "/grids/")
        assert html.count('<span class="branch-figures">') == 1
        assert f"grid={tree.liangsan.code}&amp;open=true" in html

    def test_nobody(self, tree: Tree, counts: dict) -> None:
        assert "您还没有岗位" in see(factories.user(), "/grids/")
        assert Client().get("/grids/").status_code == 302
        assert Client().post("/grids/").status_code in (302, 403, 405)

    def test_several_streets_one_at_a_time(self, tree: Tree, people: People, counts: dict) -> None:
        other = Tree("310109010")
        boss = factories.user(is_superuser=True)
        first, second = see(boss, "/grids/"), see(boss, f"/grids/?street={other.street.code}")
        assert first.count('class="chip"') == 2
        assert f"/grids/{tree.micro.code}/" in first
        assert f"/grids/{other.micro.code}/" not in first
        assert f"/grids/{other.micro.code}/" in second
        assert f"/grids/{tree.micro.code}/" not in second
        assert names(see(boss, "/grids/?q=wyy")).count("文苑一") == 2


class TestGridPage:
    def test_what_is_known_of_an_area(self, people: People, tree: Tree, counts: dict) -> None:
        counts[tree.micro.pk] = {"open": 2, "overdue": 1}
        update_grid(grid_id=tree.area.pk, brand="三委联动", location="凉城西北部", note="2020年报道",
                    facts={"党员": "1800余", "official_name": "某某居委会"})  # fmt: skip
        GridExternalCode.objects.create(grid=tree.area, scheme="警务责任区", code="JW-03")
        html = see(people.area_liaison, f"/grids/{tree.area.code}/")
        shown = text(html)
        for words in ("三委联动", "凉城西北部", "1800余", "按2020年报道原文记录", "警务责任区", "JW-03", "某某居委会"):
            assert words in shown
        assert "official_name" not in html
        assert "负责人" in shown
        assert people.area_head.full_name in shown
        assert people.head.full_name not in shown
        assert "城管中队" in shown
        assert f'/cases/?grid={tree.area.code}&amp;light=red"><b>1</b>' in html
        assert f'/cases/?grid={tree.wenyuan1.code}&amp;open=true">未办结 <b class="num">2</b>' in html
        assert f'href="/grids/{tree.street.code}/">凉城</a>' in html

    def test_roles_by_their_names(self, people: People, tree: Tree, counts: dict) -> None:
        shown = text(see(people.liaison, f"/grids/{tree.wenyuan1.code}/"))
        assert "网格长 " + people.head.full_name in shown
        assert "联络员 " + people.liaison.full_name in shown

    def test_service_accounts_and_department_staff_are_no_duty(self, people: People, tree: Tree, counts: dict) -> None:
        factories.service("hotline", tree.street)
        shown = text(see(people.dispatcher, f"/grids/{tree.street.code}/"))
        assert "测试hotline" not in shown
        assert people.staff.full_name not in shown

    def test_history_of_a_merger(self, people: People, tree: Tree, counts: dict) -> None:
        merge_grids(source_ids=[tree.wenyuan1.pk], target_id=tree.liangsan.pk, on=date(2021, 12, 31))
        gone = see(people.dispatcher, f"/grids/{tree.wenyuan1.code}/")
        assert "已于2021年12月31日停用，并入<a" in gone
        assert "在此上报" not in gone
        assert f'<dt>前身</dt><dd><a href="/grids/{tree.wenyuan1.code}/">文苑一' in see(
            people.dispatcher, f"/grids/{tree.liangsan.code}/"
        )
        assert "已停用" in see(people.dispatcher, f"/grids/{tree.area.code}/")

    @pytest.mark.parametrize("code", ["%00", "3101%00", "文苑一", "9" * 4000])
    def test_what_is_no_code_is_a_404(self, people: People, counts: dict, code: str) -> None:
        """PostgreSQL refuses NUL with an error of its own."""
        see(people.viewer, f"/grids/{code}/", 404)

    @pytest.mark.parametrize("grid", ["wenyuan1", "micro", "xiuyuan", "other_area"])
    def test_another_neighborhood_gets_404(self, people: People, tree: Tree, counts: dict, grid: str) -> None:
        code = getattr(tree, grid).code
        there = see(people.stranger, f"/grids/{code}/", 404)
        assert there.replace(code, "") == see(people.stranger, "/grids/999999999999/", 404).replace("999999999999", "")

    def test_the_path_above_shows_no_figures_and_no_strangers(self, people: People, tree: Tree, counts: dict) -> None:
        counts[tree.micro.pk] = {"open": 12345}
        for grid in (tree.area, tree.street):
            html = see(people.stranger, f"/grids/{grid.code}/")
            assert "12345" not in html
            assert "grid-tiles" not in html
            assert "文苑一" not in html

    def test_panels_of_other_apps(
        self, people: People, tree: Tree, counts: dict, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def panel(user: Any, grid: Grid) -> panels.Panel | None:
            return panels.Panel("消息区", "_messages.html", {}) if grid == tree.wenyuan1 else None

        monkeypatch.setattr(panels, "_panels", [panel])
        assert "消息区" in see(people.liaison, f"/grids/{tree.wenyuan1.code}/")
        assert "消息区" not in see(people.liaison, f"/grids/{tree.micro.code}/")

    def test_the_panels_of_the_program(self, people: People, tree: Tree) -> None:
        filed = factories.case(people.liaison, tree.micro, factories.category())
        assert filed.title in see(people.liaison, f"/grids/{tree.wenyuan1.code}/")
        assert filed.title not in see(people.stranger, f"/grids/{tree.area.code}/")

    def test_panel_registry_takes_each_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(panels, "_panels", [])
        monkeypatch.setattr(panels, "_counts", [])
        for _ in range(2):
            panels.register_panel(len)  # type: ignore[arg-type]
            panels.register_counts(len)  # type: ignore[arg-type]
        assert len(panels._panels) == len(panels._counts) == 1


def test_roll_up_leaves_out_what_is_not_shown(tree: Tree) -> None:
    totals = roll_up([tree.micro, tree.wenyuan1], {tree.micro.pk: {"open": 2}, tree.academy.pk: {"open": 9}})
    assert totals[tree.street.pk]["open"] == totals[tree.micro.pk]["open"] == 2
    assert tree.academy.pk not in totals


@pytest.mark.parametrize("size", [0, 60])
@pytest.mark.parametrize("address", ["/grids/", "/grids/?q=wyy", "/grids/?retired=1"])
def test_statements_of_the_tree(
    people: People, tree: Tree, statements: Callable[..., Any], address: str, size: int
) -> None:
    grow(tree, people, size)
    client = Client()
    client.force_login(people.dispatcher)
    with statements(6):
        client.get(address)


@pytest.mark.parametrize("size", [0, 60])
def test_statements_of_a_grid(people: People, tree: Tree, statements: Callable[..., Any], size: int) -> None:
    grow(tree, people, size)
    client = Client()
    client.force_login(people.dispatcher)
    with statements(25):
        client.get(f"/grids/{tree.wenyuan1.code}/")


def grow(tree: Tree, people: People, size: int) -> None:
    kind = factories.category()
    for number in range(size):
        made = create_grid(
            parent_id=tree.wenyuan1.pk, kind=GridKind.MICRO_UNIT, code=f"{tree.wenyuan1.code}{100 + number}",
            name=f"微单元{number}", assumed=True,
        )  # fmt: skip
        factories.posted(f"p{number}", tree.wenyuan1, Role.OFFICER)
        if number % 10 == 0:
            factories.case(people.dispatcher, made, kind)


def test_the_real_street(db: None) -> None:
    import_file(settings.FIXTURES_DIR / "grids.csv", apply=True)
    boss = factories.user(is_superuser=True)
    html = see(boss, "/grids/?q=wyy")
    assert names(html)[:3] == ["凉城", "第三片区", "文苑一"]
    assert len(names(see(boss, "/grids/"))) == 198
    assert len(names(see(boss, "/grids/?retired=1"))) == 201
    for grid in Grid.objects.order_by("pk")[:12]:
        assert grid.name in see(boss, f"/grids/{grid.code}/")
