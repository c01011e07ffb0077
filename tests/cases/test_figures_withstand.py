"""Figures follow what happens to a case and to the tree; each is still the count of its list."""

from datetime import date, datetime
from itertools import pairwise

import pytest
from django.http import QueryDict
from django.test import RequestFactory

from cases import workflow
from cases.choices import Satisfaction, Status
from cases.figures import counting, tables
from cases.figures.kpis import KPIS
from cases.figures.measures import MEASURES
from cases.figures.selection import Selection
from cases.filters import CaseFilterSet
from cases.models import Case
from cases.periods import Period
from grids.merging import merge_grids
from grids.models import Grid
from grids.tree import move_grid
from liangcheng.common import clock, office_time
from liangcheng.common.calendar import SHANGHAI
from tests import factories
from tests.factories import Tree, fresh
from tests.people import People

# A Wednesday. Five working days later: Wednesday the 25th, 17:30.
FILED = datetime(2026, 11, 18, 10, 0, tzinfo=SHANGHAI)
NOVEMBER, DECEMBER = Period(date(2026, 11, 1), date(2026, 11, 30)), Period(date(2026, 12, 1), date(2026, 12, 31))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def figures(people: People, grid: Grid | None = None, period: Period = NOVEMBER) -> dict[str, int]:
    """What is not 0, seen by the street; each figure compared with the list that it links to."""
    user = fresh(people.dispatcher)
    selection = Selection(period, Grid.objects.get(pk=grid.pk) if grid else None)
    request = RequestFactory().get("/cases/")
    request.user = user
    numbers = counting.count(selection.cases(user), period, clock.now())
    for key, measure in MEASURES.items():
        query = QueryDict(selection.list_query(measure))
        listed = CaseFilterSet(query, queryset=Case.objects.visible_to(user), request=request)
        assert listed.qs.count() == numbers[key], key
    return {key: number for key, number in numbers.items() if number}


@pytest.fixture
def case(tree: Tree, people: People) -> Case:
    factories.category("0201")
    with clock.at(FILED):
        return factories.case(people.officer, tree.micro, wants_reply=True)


def solve(case: Case, people: People) -> Case:
    workflow.dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer.pk)
    workflow.accept(case_id=case.pk, actor=people.officer)
    return workflow.resolve(case_id=case.pk, actor=people.officer, text="修好了。")


def test_a_moved_grid_takes_its_figures_along(case: Case, tree: Tree, people: People):
    with clock.at(FILED):
        before = figures(people, tree.area)
        move_grid(grid_id=tree.wenyuan1.pk, parent_id=tree.other_area.pk)
        assert (before, figures(people, tree.area)) == ({"reported": 1, "self_found": 1}, {})
        assert figures(people, tree.other_area) == before == figures(people, tree.wenyuan1)


def test_merged_grids_count_once_and_the_ended_one_is_not_shown(case: Case, tree: Tree, people: People):
    with clock.at(FILED):
        factories.case(people.dispatcher, tree.liangsan)
        merge_grids(source_ids=[tree.wenyuan1.pk], target_id=tree.liangsan.pk, on=date(2026, 11, 1))
        assert figures(people, tree.liangsan)["reported"] == 2
        assert figures(people, tree.wenyuan1) == {}
        area = Grid.objects.get(pk=tree.area.pk)
        shown = tables.table(fresh(people.dispatcher), Selection(NOVEMBER, area), clock.now())
        assert [(line.name, line.numbers["reported"]) for line in shown.children] == [("凉三", 2)]


def test_solved_twice_counts_once_by_the_last_result(case: Case, tree: Tree, people: People):
    with clock.at(at("2026-11-20T10:00")):
        solve(case, people)
        assert figures(people)["solved"] == 1
        workflow.rework(case_id=case.pk, actor=people.liaison, text="还在漏。")
        assert "solved" not in figures(people)
    with clock.at(at("2026-12-01T10:00")):
        workflow.resolve(case_id=case.pk, actor=people.officer, text="再次修好。")
        # Its own limit of three working days, so that was late; the promise was late as well.
        assert not {"solved", "reworked"} & set(figures(people))
        assert figures(people, period=DECEMBER) == {"solved": 1, "solved_in_grid": 1, "reworked": 1}


def test_a_reopened_case_leaves_the_month_in_which_it_was_closed(case: Case, tree: Tree, people: People):
    with clock.at(at("2026-11-20T10:00")):
        solve(case, people)
        workflow.verify(case_id=case.pk, actor=people.liaison)
        workflow.close(
            case_id=case.pk, actor=people.liaison, satisfaction=Satisfaction.DISSATISFIED, solved=False, text="没好"
        )
    with clock.at(at("2026-11-26T10:00")):
        found = figures(people)
        assert (found["due"], found["due_closed_in_time"], found["asked"], found["visited"]) == (1, 1, 1, 1)
        assert not {"satisfied", "really_solved", "due_overdue"} & set(found)
        workflow.reopen(case_id=case.pk, actor=people.head, text="又坏了。")
        assert not {"closed", "solved", "due_closed", "visited"} & set(figures(people))


def test_a_changed_calendar_moves_the_case_into_the_month_of_its_deadline(case: Case, people: People):
    with clock.at(at("2026-11-19T10:00")):
        for first, last in ((20, 30),):
            office_time.change_days({date(2026, 11, day): (False, "测试休息") for day in range(first, last + 1)})
    assert Case.objects.get().due_at > DECEMBER.start
    with clock.at(at("2026-12-31T10:00")):
        assert "due" not in figures(people)
        assert figures(people, period=DECEMBER)["due_overdue"] == 1


def test_a_deadline_owes_nothing_before_it_has_come(case: Case, people: People):
    with clock.at(at("2026-11-25T17:30")):
        assert "due" not in figures(people)
    with clock.at(at("2026-11-25T17:31")):
        found = figures(people)
        assert (found["due"], found["due_overdue"], found["promised"], found["contact_due"]) == (1, 1, 1, 1)
        assert "contacted" not in found


def test_suspended_and_void_cases_leave_the_base(case: Case, tree: Tree, people: People):
    with clock.at(FILED):
        void = factories.case(people.officer, tree.micro)
        workflow.withdraw(case_id=void.pk, actor=people.officer, text="报错了。")
        workflow.suspend(case_id=case.pk, actor=people.area_head, text="等资金。", review_on=date(2027, 1, 4))
    with clock.at(at("2026-12-31T10:00")):
        found = figures(people)
        assert (found["reported"], found["due_or_suspended"], found["due_suspended"]) == (2, 1, 1)
        assert "due" not in found


def test_a_merged_case_is_a_repeated_one(case: Case, tree: Tree, people: People):
    with clock.at(FILED):
        again = factories.case(people.officer, tree.micro)
        workflow.merge(case_id=again.pk, actor=people.liaison, main_number=case.number)
        assert (figures(people)["reported"], figures(people)["repeated"]) == (2, 1)


def test_a_period_across_years_is_the_sum_of_its_months(tree: Tree, people: People):
    factories.category("0201")
    for moment in ("2025-12-31T23:59:59", "2026-01-01T00:00:00", "2026-01-31T23:59:59", "2026-02-01T00:00:00"):
        case = factories.case(people.officer, tree.micro)
        Case.objects.filter(pk=case.pk).update(reported_at=at(moment))
    months = [date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)]
    parts = [figures(people, period=Period(a, date.fromordinal(b.toordinal() - 1))) for a, b in pairwise(months)]
    assert [part["reported"] for part in parts] == [1, 2, 1]
    assert figures(people, period=Period(months[0], date(2026, 2, 28)))["reported"] == 4


def test_an_empty_street_has_no_rates(tree: Tree, people: People):
    shown = tables.table(fresh(people.dispatcher), Selection(NOVEMBER, tree.street), clock.now())
    assert {shown.total.rate(kpi).text for kpi in KPIS.values()} == {"–"}
    assert shown.total.days is None
    assert [line.name for line in shown.children] == ["第一片区", "第三片区"]


def test_a_retired_category_keeps_its_figures(case: Case, people: People):
    category = case.category
    category.is_active = False
    category.save()
    user = fresh(people.dispatcher)
    selection = Selection(NOVEMBER, category=category)
    assert counting.count(selection.cases(user), NOVEMBER, clock.now())["reported"] == 1
    request = RequestFactory().get("/cases/")
    request.user = user
    query = QueryDict(selection.list_query(MEASURES["reported"]))
    assert CaseFilterSet(query, queryset=Case.objects.visible_to(user), request=request).qs.count() == 1


def test_late_and_in_time_are_all_that_was_due(case: Case, tree: Tree, people: People):
    with clock.at(at("2026-11-26T10:00")):
        Case.objects.filter(pk=case.pk).update(status=Status.RESOLVED, on_time=True, resolved_at=FILED)
    with clock.at(FILED):
        factories.case(people.officer, tree.micro)
    with clock.at(at("2026-11-26T10:00")):
        found = figures(people)
        assert found["due_in_time"] + found["due_overdue"] == found["due"] == 2
