"""Counting measures, for a whole or for each child of a grid: one statement per moment, read from its index alone."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Count, DurationField, ExpressionWrapper, F, QuerySet, Value
from django.db.models.functions import Coalesce

from cases.figures.measures import MEASURES, Measure, Moment
from cases.models import Case
from cases.periods import Period
from grids.choices import KINDS, PATH_FIELD, RANK
from liangcheng.common.db import percentiles

if TYPE_CHECKING:
    from grids.models import Grid

# Measure → number.
Numbers = Mapping[str, int]


def count(
    cases: "QuerySet[Case]", period: Period, now: datetime, measures: Iterable[Measure] = tuple(MEASURES.values())
) -> Counter[str]:
    """Measure → number of cases, in all."""
    found: Counter[str] = Counter()
    for moment, wanted in _by_moment(measures).items():
        found.update(_within(cases, moment, period, now).aggregate(**_counts(wanted)))
    return found


def count_by(
    cases: "QuerySet[Case]",
    period: Period,
    now: datetime,
    by: Any,
    measures: Iterable[Measure] = tuple(MEASURES.values()),
) -> dict[Any, Counter[str]]:
    """The same for each value of the expression `by`; values without any case are missing."""
    found: dict[Any, Counter[str]] = {}
    for moment, wanted in _by_moment(measures).items():
        rows: Any = _within(cases, moment, period, now).annotate(by_=by).values("by_").annotate(**_counts(wanted))
        for row in rows:
            found.setdefault(row.pop("by_"), Counter()).update(row)
    return found


def child_of(grid: "Grid | None") -> Any:
    """Expression: the id of the child of `grid` under which a case lies; NULL for what lies at the grid itself.

    A micro-unit may answer to its area directly (R8). Without a grid the children are the streets.
    """
    if grid is None:
        return F("community_id")
    below = [F(f"{PATH_FIELD[kind]}_id") for kind in KINDS[RANK[grid.kind] + 1 :]]
    if not below:
        return Value(None, output_field=Case._meta.get_field("id"))
    # The street's children are areas, nothing else hangs there; a second column would only cost.
    return below[0] if grid.kind == KINDS[0] or len(below) == 1 else Coalesce(*below)


def total(numbers: Iterable[Numbers]) -> Counter[str]:
    """The sum of children and of what lies at the grid itself: its whole subtree."""
    found: Counter[str] = Counter()
    for each in numbers:
        found.update(each)
    return found


def days_to_solve(
    cases: "QuerySet[Case]", period: Period, now: datetime, by: Any = None
) -> dict[Any, tuple[float, float]]:
    """(median, 90th percentile) of days from report to result of what `solved` counts, for each value of `by`.

    Clock time, pauses included: what the resident waited. Without `by` under None; empty where nothing was solved.
    """
    measure = MEASURES["solved"]
    rows = cases.filter(measure.of(period, now))
    waited = ExpressionWrapper(F("resolved_at") - F("reported_at"), output_field=DurationField())
    found = percentiles(rows, waited, (0.5, 0.9), by)
    return {value: (_days(median), _days(high)) for value, (median, high) in found.items()}


def _days(length: timedelta) -> float:
    return length / timedelta(days=1)


def _within(cases: "QuerySet[Case]", moment: Moment, period: Period, now: datetime) -> "QuerySet[Case]":
    return cases.filter(moment.within(period, now)).order_by()


def _by_moment(measures: Iterable[Measure]) -> dict[Moment, list[Measure]]:
    found: dict[Moment, list[Measure]] = {}
    for measure in measures:
        found.setdefault(measure.moment, []).append(measure)
    return found


def _counts(measures: Iterable[Measure]) -> dict[str, Count]:
    # Count(Value(1)) keeps the scan on the index; Count("pk") would read the rows (SCALE 3).
    return {m.key: Count(Value(1), filter=m.condition or None) for m in measures}
