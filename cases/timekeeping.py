"""The clock of a case in the database: from its history to the moments on its row. The arithmetic is deadlines'.

Every deadline is what `deadlines.replay` makes of the history; nothing else writes `due_at`, `original_due_at`,
`first_contact_due_at` and `warn_at`. `check_deadlines` holds every case against it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cases.agenda import Thresholds, agenda
from cases.choices import Act, Tick, Urgency
from cases.deadlines import NO_LIMIT, REWORK_LIMIT, ClockMark, Limit, Mark, Standing, replay, warn_at
from cases.models import Case, CaseEvent, ClockRule
from liangcheng.common import office_time
from liangcheng.common.calendar import SHANGHAI, WorkCalendar

# The acts that move the clock, and as what.
MARKS: dict[str, Mark] = {
    Act.DISCOVER: Mark.PROMISE,
    Act.SUSPEND: Mark.PAUSE,
    Act.RESUME: Mark.RESUME,
    Act.GRANT_EXTENSION: Mark.EXTEND,
    Act.REWORK: Mark.RENEW,
    Act.REOPEN: Mark.RENEW,
}
# What is computed from the history, on every row.
MOMENTS = ("due_at", "original_due_at", "first_contact_due_at", "warn_at")


@dataclass(frozen=True)
class Office:
    """The calendar and the rules of the clock, as they stand under one mark."""

    calendar: WorkCalendar
    rules: Mapping[tuple[str, str], Thresholds]

    def thresholds(self, level: str, urgency: str) -> Thresholds:
        """The most particular row: level and urgency, level, urgency, all; else the built-in values."""
        wanted = [(level, urgency), (level, ""), ("", urgency), ("", "")]
        if urgency == Urgency.EMERGENCY:
            # A rule for a level must not slow down what is to be handled at once.
            wanted[1], wanted[2] = wanted[2], wanted[1]
        return next((self.rules[key] for key in wanted if key in self.rules), Thresholds())


_known: dict[str, Mapping[tuple[str, str], Thresholds]] = {}


def office(under: str) -> Office:
    """Calendar and rules under a mark (office_time.held or .mark); read once per process and mark."""
    rules = _known.get(under) if under else None
    if rules is None:
        rules = {(row.level, row.urgency): _thresholds(row) for row in ClockRule.objects.order_by()}
        _known.clear()
        _known[under] = rules
    return Office(office_time.calendar(under), rules)


def _thresholds(row: ClockRule) -> Thresholds:
    return Thresholds(
        warn_percent=row.warn_percent,
        warn_last_day=row.warn_last_day,
        accept=Limit(row.accept_value, row.accept_unit),
        grace=Limit(row.grace_value, row.grace_unit),
        feedback=Limit(row.feedback_value, row.feedback_unit),
        returns=row.returns,
    )


def as_data(limit: Limit) -> dict[str, Any]:
    """A limit as an event keeps it."""
    return {"value": limit.value, "unit": limit.unit}


def mark_of(act: str, at: datetime, data: Mapping[str, Any]) -> ClockMark:
    """What an event says to the clock. Events of older versions do not name their limit: see ClockMark.fixed."""
    kind = MARKS[act]
    if kind is Mark.PROMISE:
        fixed = data.get("due_at") if "limit" not in data else None
        return ClockMark(
            kind,
            at,
            limit=_limit(data.get("limit")),
            contact=_limit(data.get("contact")),
            fixed=datetime.fromisoformat(fixed) if fixed else None,
            on_record="limit" in data,
        )
    if kind is Mark.RENEW:
        return ClockMark(kind, at, limit=_limit(data["limit"]) if "limit" in data else REWORK_LIMIT)
    return ClockMark(kind, at, days=int(data.get("days", 0)))


def iso(moment: datetime | None) -> str | None:
    """A moment as an event keeps it: in the office's zone, so that two of them compare as text."""
    return moment.astimezone(SHANGHAI).isoformat() if moment else None


def _limit(data: Mapping[str, Any] | None) -> Limit:
    return Limit(data["value"], data["unit"]) if data else NO_LIMIT


def history(case: Case) -> list[ClockMark]:
    """The clock marks of a case, oldest first. One statement."""
    rows = CaseEvent.objects.filter(case=case, act__in=MARKS).order_by("pk")
    return [mark_of(*row) for row in rows.values_list("act", "created_at", "data")]


def set_moments(case: Case, marks: Iterable[ClockMark], under: Office) -> Standing:
    """Write onto the case what its history makes of its clock; a deadline that moved is told anew."""
    marks = list(marks)
    standing = replay(marks, under.calendar)
    if standing.due_at != case.due_at:
        forget(case, Tick.WARN, Tick.OVERDUE)
    rules = under.thresholds(case.handling_level, case.urgency)
    case.due_at, case.original_due_at = standing.due_at, standing.original_due_at
    case.warn_at = warn_at(standing, rules.warn_percent, rules.warn_last_day, under.calendar)
    # Older versions kept the limit of first contact on the row only.
    if all(mark.on_record for mark in marks) and case.first_contact_due_at != standing.contact_due_at:
        forget(case, Tick.CONTACT)
        case.first_contact_due_at = standing.contact_due_at
    if standing.due_at and standing.since:
        first, last = standing.since.date(), standing.due_at.date()
        office_time.warn_of_unknown(under.calendar, first, last)
    return standing


def plan(case: Case, under: Office) -> None:
    """Write when the clock must look at the case next; None when it has nothing more to do."""
    items = agenda(case, under.thresholds(case.handling_level, case.urgency), under.calendar) if case.is_open else []
    case.clock_at = items[0].at if items else None


def tell(case: Case, *ticks: Tick) -> None:
    """Note that the clock has said this; it is not said again."""
    case.told = " ".join(sorted({*case.told.split(), *(tick.value for tick in ticks)}))


def forget(case: Case, *ticks: Tick) -> None:
    """What has changed since is to be said again."""
    case.told = " ".join(sorted({*case.told.split()} - {tick.value for tick in ticks}))
