"""Figures side by side: a grid's whole subtree and each of its children; now, the period before, a year before."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from cases.figures import counting
from cases.figures.kpis import Kpi, Rate
from cases.figures.measures import MEASURES, Measure
from cases.figures.selection import Selection
from cases.periods import Period
from grids.choices import GridKind
from grids.models import Grid
from grids.scoping import scope_of

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

_EVERY = tuple(MEASURES.values())


@dataclass
class Line:
    """The numbers of one selection: of a grid's subtree, or (`grid` None) of what lies at the grid above itself."""

    name: str
    selection: Selection
    numbers: Counter[str] = field(default_factory=Counter)
    grid: Grid | None = None
    # Median and 90th percentile of days to solve; None where nothing was solved or nobody asked.
    days: tuple[float, float] | None = None

    def rate(self, kpi: Kpi) -> Rate:
        return Rate(self.numbers[kpi.numerator.key], self.numbers[kpi.denominator.key])


@dataclass(frozen=True)
class Table:
    """`total`: the whole subtree, which the children and what lies at the grid itself add up to."""

    total: Line
    children: list[Line]


def table(user: "User", selection: Selection, now: datetime, measures: Iterable[Measure] = _EVERY) -> Table:
    """The grid and its children side by side: a statement per moment, one for the children, two for the days.

    Retired children are shown where they have cases. What lies at the grid itself is the last line, without `grid`;
    it has no list of its own, so only what is there is shown.
    """
    cases, measures = selection.cases(user), tuple(measures)
    by = counting.child_of(selection.grid)
    found = counting.count_by(cases, selection.period, now, by, measures)
    days = counting.days_to_solve(cases, selection.period, now, by) if MEASURES["solved"] in measures else {}
    lines = [
        Line(child.short_name, selection.at(child), found.get(child.pk, Counter()), child, days.get(child.pk))
        for child in _children(user, selection.grid)
        if child.is_active or child.pk in found
    ]
    shown = {child.grid.pk for child in lines if child.grid}
    rest = counting.total(numbers for key, numbers in found.items() if key not in shown)
    if lines and any(rest.values()):
        lines.append(Line("本级", selection, rest, None, days.get(None)))
    whole = counting.days_to_solve(cases, selection.period, now).get(None) if days else None
    return Table(Line(_name(selection.grid), selection, counting.total(found.values()), selection.grid, whole), lines)


def line(user: "User", selection: Selection, now: datetime, measures: Iterable[Measure] = _EVERY) -> Line:
    """The numbers of one selection, without children and days."""
    numbers = counting.count(selection.cases(user), selection.period, now, measures)
    return Line(_name(selection.grid), selection, numbers, selection.grid)


@dataclass(frozen=True)
class Earlier:
    """An earlier period to compare with: 环比 or 同比."""

    word: str
    line: Line


def earlier(
    user: "User", selection: Selection, now: datetime, today: date, measures: Iterable[Measure] = _EVERY
) -> list[Earlier]:
    """环比 (the period before) and 同比 (a year before); of a running period as many days as have passed."""
    period, measures = selection.period, tuple(measures)
    asked: list[tuple[str, Period]] = [("环比", period.before()), ("同比", period.year_earlier())]
    return [
        Earlier(word, line(user, selection.over(other.as_far_as(period, today)), now, measures))
        for word, other in asked
    ]


def default_grid(user: "User") -> Grid | None:
    """The highest grid that the user serves; for superusers the street, where there is only one. Else None: all."""
    scope = scope_of(user)
    if scope.everything:
        streets = list(Grid.objects.active().filter(kind=GridKind.COMMUNITY)[:2])
    else:
        highest = sorted(scope.territorial, key=lambda post: (post.rank, post.grid_id))[:1]
        streets = list(Grid.objects.filter(pk__in=[post.grid_id for post in highest]))
    return streets[0] if len(streets) == 1 else None


def _children(user: "User", grid: Grid | None) -> "Iterable[Grid]":
    visible: Any = Grid.objects.visible_to(user).in_tree_order()
    below: Iterable[Grid] = visible.filter(parent=grid) if grid else visible.filter(kind=GridKind.COMMUNITY)
    return below


def _name(grid: Grid | None) -> str:
    return grid.short_name if grid else "全部"
