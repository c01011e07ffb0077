"""check_grid_tree finds every fault that a hand can make, and mends those that follow from parents and codes."""

from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.db.models import F

from grids.checks import check_tree
from grids.models import Grid
from members.models import Building
from tests import factories
from tests.factories import Tree

pytestmark = [pytest.mark.django_db, pytest.mark.broken_tree]
Break = Callable[[Tree], object]


def grids(node: Grid) -> "object":
    return Grid.objects.filter(pk=node.pk).order_by()


FAULTS: dict[str, tuple[Break, set[str]]] = {
    "left": (lambda t: grids(t.micro).update(lft=99), {"interval"}),
    "right": (lambda t: grids(t.wenyuan1).update(rght=F("rght") + 1), {"interval", "duplicate_edge"}),
    "tree": (lambda t: grids(t.area).update(tree_id=77), {"interval"}),
    "level": (lambda t: grids(t.academy).update(level=3), {"level"}),
    "order": (lambda t: grids(t.liangsan).update(code="310109016001"), {"interval"}),
    "parent": (lambda t: grids(t.micro).update(parent=t.liangsan), {"interval", "path"}),
    "path": (lambda t: grids(t.micro).update(area=t.other_area), {"path"}),
    "path lost": (lambda t: grids(t.micro).update(neighborhood=None), {"path"}),
    "gap": (lambda t: grids(t.micro2)._raw_delete("default"), {"interval"}),
}


@pytest.mark.parametrize("name", FAULTS)
def test_found_and_mended(tree: Tree, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    break_it, codes = FAULTS[name]
    assert check_tree() == []
    break_it(tree)
    assert {fault.code for fault in check_tree()} == codes
    with pytest.raises(SystemExit) as left:
        call_command("check_grid_tree")
    assert left.value.code == 1
    call_command("check_grid_tree", "--repair")
    assert check_tree() == []
    call_command("check_grid_tree")
    assert capsys.readouterr().out.endswith("网格树完好。\n")


UNMENDABLE: dict[str, tuple[Break, str]] = {
    "ring": (lambda t: grids(t.area).update(parent=t.wenyuan1), "unreachable"),
    "wrong level": (lambda t: grids(t.micro).update(parent=t.street), "wrong_level"),
    "retired parent": (lambda t: grids(t.wenyuan1).update(is_active=False), "retired_parent"),
    "successor in use": (lambda t: grids(t.liangsan).update(successor=t.wenyuan1), "active_successor"),
}


@pytest.mark.parametrize("name", UNMENDABLE)
def test_left_for_a_person(tree: Tree, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    break_it, code = UNMENDABLE[name]
    break_it(tree)
    with pytest.raises(SystemExit):
        call_command("check_grid_tree", "--repair")
    assert f"仍有问题 [{code}]" in capsys.readouterr().out


def test_anchored_rows(tree: Tree) -> None:
    houses = [factories.building(grid, factories.unit(grid)) for grid in (tree.micro, tree.liangsan, tree.academy)]
    Building.objects.filter(pk=houses[0].pk).update(area=tree.other_area)
    Building.objects.filter(pk=houses[1].pk).update(community=None)
    Building.objects.filter(pk=houses[2].pk).update(neighborhood=tree.xiuyuan)
    faults = check_tree()
    assert {fault.code for fault in faults} == {"anchored_path"}
    assert [fault.message for fault in faults] == [f"楼栋（id {house.pk}）的路径列与所在网格不符。" for house in houses]
    call_command("check_grid_tree", "--repair")
    assert check_tree() == []
    assert [house.path_ids() for house in Building.objects.order_by("pk")] == [house.path_ids() for house in houses]


def test_two_streets_are_two_trees(tree: Tree) -> None:
    other = Tree("310109010")
    Grid.objects.filter(tree_id=other.street.tree_id).order_by().update(tree_id=tree.street.tree_id)
    assert "duplicate_edge" in {fault.code for fault in check_tree()}
    call_command("check_grid_tree", "--repair")
    assert check_tree() == []
    assert Grid.objects.get(pk=other.micro.pk).tree_id != Grid.objects.get(pk=tree.micro.pk).tree_id
