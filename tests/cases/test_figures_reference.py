"""Every figure of every KPI, on random cases: what a slow and obvious loop counts, and the list behind it shows.

The reference reads the formulas as the standards write them and knows nothing of conditions of the database.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

import pytest
from django.http import QueryDict
from django.test import RequestFactory
from django.utils import timezone

from cases.choices import Nature, RejectReason, Satisfaction, Source, Status
from cases.figures import tables
from cases.figures.kpis import KPIS
from cases.figures.selection import Selection
from cases.filters import CaseFilterSet
from cases.models import Case, Category
from cases.periods import Period, PeriodKind, midnight, period_of
from grids.models import Grid
from liangcheng.accounts.models import User
from liangcheng.common import clock
from tests import factories
from tests.cases.random_cases import random_case, walk
from tests.examples import MANY
from tests.factories import Tree, fresh
from tests.people import People

pytestmark = pytest.mark.django_db

# Histories begin in 2024 and reach over two turns of the year; some deadlines have not come yet.
START, DAYS, NOW = midnight(date(2024, 11, 1)), 560, midnight(date(2026, 3, 12)) + timedelta(hours=15)
EXAMPLES, CASES, SELECTIONS = (12 if MANY > 1000 else 6), 60, 6
VIEWERS = ("dispatcher", "street_head", "inspector", "viewer", "area_head", "head", "officer", "far_stranger")
VOID = (Status.REJECTED, Status.WITHDRAWN, Status.TRANSFERRED, Status.MERGED)
ANSWERED = (Satisfaction.SATISFIED, Satisfaction.FAIRLY_SATISFIED, Satisfaction.DISSATISFIED)


class Reading:
    """One case, asked in words about one period."""

    def __init__(self, case: Case, period: Period) -> None:
        self.case, self.start, self.end = case, period.start, period.end
        self.stands = case.status not in VOID
        self.is_closed = case.status == Status.CLOSED

    def _in(self, moment: datetime | None) -> bool:
        return moment is not None and self.start <= moment < self.end

    def _has_come(self, moment: datetime | None) -> bool:
        return moment is not None and self._in(moment) and moment < NOW

    def reported(self) -> bool:
        return self._in(self.case.reported_at)

    def due(self) -> bool:
        return self._has_come(self.case.due_at) and self.stands and self.case.status != Status.SUSPENDED

    def due_or_suspended(self) -> bool:
        return self._has_come(self.case.due_at) and self.stands

    def promised(self) -> bool:
        return self._has_come(self.case.original_due_at) and self.stands and self.case.status != Status.SUSPENDED

    def contact_due(self) -> bool:
        return self._has_come(self.case.first_contact_due_at) and self.stands

    def contacted(self) -> bool:
        first, until = self.case.first_contact_at, self.case.first_contact_due_at
        return first is not None and until is not None and first <= until

    def dispatched(self) -> bool:
        return self.reported() and self.stands and self.case.dispatch_count >= 1

    def solved(self) -> bool:
        return self._in(self.case.resolved_at) and self.stands

    def visited(self) -> bool:
        return self._in(self.case.closed_at) and self.is_closed and self.case.satisfaction in ANSWERED

    def asked(self) -> bool:
        return self.visited() and self.case.solved is not None

    def repeated(self) -> bool:
        rejected = self.case.status == Status.REJECTED and self.case.reject_reason == RejectReason.DUPLICATE
        return rejected or self.case.status == Status.MERGED

    def late(self) -> bool:
        waits = self.case.status in (Status.PENDING, Status.DISPATCHED, Status.HANDLING)
        return waits or self.case.on_time is False


# KPI → (is in the base, of those: is counted above the line).
REFERENCE: dict[str, tuple[Callable[[Reading], bool], Callable[[Reading], bool]]] = {
    "in_grid": (Reading.solved, lambda of: of.case.resolved_level in ("MICRO_UNIT", "NEIGHBORHOOD")),
    "in_area": (Reading.solved, lambda of: of.case.resolved_level == "AREA"),
    "in_community": (Reading.solved, lambda of: of.case.resolved_level == "COMMUNITY"),
    "self_found": (Reading.reported, lambda of: of.case.source == "PATROL"),
    "repeated": (Reading.reported, Reading.repeated),
    "contact": (Reading.contact_due, Reading.contacted),
    "returned": (Reading.dispatched, lambda of: of.case.return_count >= 1),
    "in_time": (Reading.due, lambda of: of.case.on_time is True),
    "overdue": (Reading.due, Reading.late),
    "extended": (Reading.due, lambda of: of.case.extension_count >= 1),
    "suspended": (Reading.due_or_suspended, lambda of: of.case.suspend_count >= 1),
    "reworked": (Reading.solved, lambda of: of.case.rework_count >= 1),
    "closed": (Reading.due, lambda of: of.is_closed),
    "closed_in_time": (Reading.due, lambda of: of.is_closed and of.case.on_time is True),
    "closed_as_promised": (Reading.promised, lambda of: of.is_closed and of.case.on_time_original is True),
    "really_solved": (Reading.asked, lambda of: of.case.solved is True),
    "satisfied": (Reading.visited, lambda of: of.case.satisfaction in ("SATISFIED", "FAIRLY_SATISFIED")),
}


def expected(cases: list[Case], period: Period) -> dict[str, tuple[set[int], set[int]]]:
    """KPI → the cases above and below the line."""
    found = {}
    for key, (is_base, is_part) in REFERENCE.items():
        base = [case for case in cases if is_base(Reading(case, period))]
        part = {case.pk for case in base if is_part(Reading(case, period))}
        found[key] = (part, {case.pk for case in base})
    return found


def numbers(line: tables.Line) -> dict[str, tuple[int, int]]:
    return {key: (line.rate(kpi).part, line.rate(kpi).whole) for key, kpi in KPIS.items()}


def sizes(sets: dict[str, tuple[set[int], set[int]]]) -> dict[str, tuple[int, int]]:
    return {key: (len(part), len(base)) for key, (part, base) in sets.items()}


def select(cases: list[Case], selection: Selection) -> list[Case]:
    """Those of the selection's grid and kind, by hand."""
    return [
        case
        for case in cases
        if (selection.grid is None or selection.grid.pk in path(case))
        and (selection.category is None or case.category_id == selection.category.pk)
        and selection.source in ("", case.source)
        and selection.nature in ("", case.nature)
    ]


def path(case: Case) -> set[int | None]:
    return {case.grid_id, case.community_id, case.area_id, case.neighborhood_id, case.micro_unit_id}


def some_selection(chance: Random, cases: list[Case], grids: list[Grid], kinds: list[Category]) -> Selection:
    """Any kind of period, from a day to years across their turns; half of them of all cases, half narrowed."""
    day = timezone.localtime(chance.choice(cases).reported_at).date() if cases else START.date()
    kind = chance.choice([*PeriodKind, PeriodKind.YEAR, PeriodKind.FREE])
    # Ends with the day of some case, or on the eve of it: at midnight the one or the other has it.
    last = day - timedelta(days=chance.choice((0, 1)))
    free = Period(last - timedelta(days=chance.choice((0, 40, 400))), last)
    period = free if kind is PeriodKind.FREE else period_of(kind, day)
    found = Selection(period, chance.choice([None, *grids]))
    narrowed = [found, found, found, replace(found, category=chance.choice(kinds))]
    narrowed += [replace(found, source=chance.choice(Source.values))]
    narrowed += [replace(found, nature=chance.choice(Nature.values))]
    return chance.choice(narrowed)


@pytest.fixture
def grids(tree: Tree) -> list[Grid]:
    return [tree.street, tree.area, tree.other_area, tree.wenyuan1, tree.liangsan, tree.xiuyuan, tree.micro,
            tree.micro2, tree.academy]  # fmt: skip


@pytest.fixture
def kinds() -> list[Category]:
    return [factories.category(code) for code in ("0201", "0401")]


@pytest.fixture(autouse=True)
def _at_the_moment() -> Iterator[None]:
    with clock.at(NOW):
        yield


def agree(user: User, selection: Selection, visible: list[Case], label: str) -> tables.Table:
    """The table of the grid and its children says what the loops count, line by line."""
    found = tables.table(user, selection, NOW)
    mine = select(visible, selection)
    assert numbers(found.total) == sizes(expected(mine, selection.period)), label
    below = set()
    for line in found.children:
        if line.grid:
            theirs = [case for case in mine if line.grid.pk in path(case)]
            below |= {case.pk for case in theirs}
        else:
            theirs = [case for case in mine if case.pk not in below]
        assert numbers(line) == sizes(expected(theirs, selection.period)), (label, line.name)
    return found


def lists_agree(user: User, selection: Selection, visible: list[Case], label: str) -> None:
    """The lists that the figures link to hold exactly the cases that were counted, not only as many."""
    request = RequestFactory().get("/cases/")
    request.user = user
    wanted = expected(select(visible, selection), selection.period)
    for key, kpi in KPIS.items():
        for measure, pks in zip((kpi.numerator, kpi.denominator), wanted[key], strict=True):
            query = QueryDict(selection.list_query(measure))
            rows = CaseFilterSet(query, queryset=Case.objects.visible_to(user), request=request)
            assert rows.is_valid(), rows.errors
            assert set(rows.qs.values_list("pk", flat=True)) == pks, (label, measure.key)


def test_every_kpi_is_in_the_reference():
    assert list(REFERENCE) == list(KPIS)


def test_figures_are_what_loops_count_and_lists_show(
    tree: Tree, people: People, grids: list[Grid], kinds: list[Category], record_property
):
    counted = dict.fromkeys(KPIS, 0)
    for seed in range(EXAMPLES):
        chance = Random(seed)
        finders = (people.officer, people.liaison, people.dispatcher)
        Case.objects.all().delete()
        Case.objects.bulk_create(
            random_case(chance, chance.choice(grids), chance.choice(kinds), chance.choice(finders), START, DAYS)
            for _ in range(CASES)
        )
        for turn in range(SELECTIONS):
            user = fresh(getattr(people, chance.choice(VIEWERS)))
            visible = list(Case.objects.visible_to(user))
            seen = list(Grid.objects.visible_to(user))
            selection, label = some_selection(chance, visible, seen, kinds), f"seed {seed}, turn {turn}, {user}"
            found = agree(user, selection, visible, label)
            for key, (part, _) in numbers(found.total).items():
                counted[key] += part
        lists_agree(user, selection, visible, label)
        # The broadest: three years of the street, where every measure has something to count.
        everything = Selection(Period(date(2024, 1, 1), date(2027, 12, 31)), tree.street)
        user = fresh(people.street_head)
        found = agree(user, everything, list(Case.objects.visible_to(user)), f"seed {seed}, all")
        for key, (part, _) in numbers(found.total).items():
            counted[key] += part
        if seed % 4 == 0:
            lists_agree(user, everything, list(Case.objects.visible_to(user)), f"seed {seed}, all")
    record_property("examples", f"{EXAMPLES} x {CASES} cases, {SELECTIONS + 1} selections each")
    assert min(counted.values()) >= EXAMPLES, counted


def test_figures_of_histories_through_the_workflow(
    tree: Tree, people: People, grids: list[Grid], kinds: list[Category]
):
    chance = Random(5)
    for _ in range(10 if MANY > 1000 else 5):
        walk(chance, tree, people, START, steps=30)
    user = fresh(people.street_head)
    visible = list(Case.objects.visible_to(user))
    everything = Selection(Period(date(2024, 1, 1), date(2027, 12, 31)), tree.street)
    found = agree(user, everything, visible, "walked")
    lists_agree(user, everything, visible, "walked")
    assert {"dispatched", "solved", "closed", "due", "due_overdue"} <= set(+found.total.numbers)
    for turn in range(12):
        agree(user, some_selection(chance, visible, grids, kinds), visible, f"walked, turn {turn}")
