"""When the tree changes under a case: path, handling grid and version follow; its history stays."""

from datetime import date

from cases.models import Case, CoHandler
from cases.workflow import dispatch, escalate
from grids.checks import check_tree
from grids.merging import merge_grids
from grids.models import TreeLock
from grids.tree import move_grid
from tests import factories
from tests.factories import Tree
from tests.people import People


def test_moved_neighborhood_takes_its_cases_along(tree: Tree, people: People):
    factories.category("0201")
    low = factories.case(people.officer, tree.micro)
    lifted = factories.case(people.officer, tree.micro)
    escalate(case_id=lifted.pk, actor=people.liaison, text="需协调。", tried="已协商。")
    move_grid(grid_id=tree.wenyuan1.pk, parent_id=tree.other_area.pk)
    low, lifted = (Case.objects.get(pk=case.pk) for case in (low, lifted))
    assert {low.area_id, lifted.area_id} == {tree.other_area.pk}
    assert low.handling_grid_id == tree.wenyuan1.pk
    assert lifted.handling_grid_id == tree.other_area.pk
    assert (low.version, lifted.version) == (2, 3)
    assert lifted.events.last().to_grid_id == tree.area.pk
    assert Case.objects.visible_to(people.area_head).count() == 0
    assert TreeLock.objects.count() == 1
    assert check_tree() == []


def test_moved_under_an_area_the_missing_level_lifts_its_cases(tree: Tree, people: People):
    factories.category("0201")
    case = factories.case(people.officer, tree.micro)
    move_grid(grid_id=tree.micro.pk, parent_id=tree.area.pk)
    case = Case.objects.get(pk=case.pk)
    assert (case.neighborhood_id, case.handling_level, case.handling_grid_id) == (None, "AREA", tree.area.pk)


def test_merger_takes_cases_to_the_successor(tree: Tree, people: People):
    factories.category("0201")
    case = factories.case(people.officer, tree.micro)
    dispatch(case_id=case.pk, actor=people.liaison, department_id=people.chengguan.pk)
    CoHandler.objects.create(case=case, department=people.chengguan)
    merge_grids(source_ids=[tree.wenyuan1.pk], target_id=tree.liangsan.pk, on=date(2026, 11, 1))
    case = Case.objects.get(pk=case.pk)
    assert case.neighborhood_id == case.handling_grid_id == tree.liangsan.pk
    assert Case.objects.visible_to(people.stranger).filter(pk=case.pk).exists()
    assert check_tree() == []
