"""What the clock will do with a case, and when. Pure: the sweep acts by it, the case page announces it.

The earliest moment stands in `Case.clock_at`, so that the sweep reads one range of one index.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from cases.choices import RUNNING_STATUSES, LimitUnit, Status, Tick
from cases.deadlines import Limit, due
from grids.choices import GridKind
from liangcheng.common.calendar import WorkCalendar

# Built-in values, until the office has entered its own.
_ACCEPT = Limit(4, LimitUnit.WORKING_HOUR)
_GRACE = Limit(1, LimitUnit.WORKING_DAY)
_FEEDBACK = Limit(3, LimitUnit.WORKING_DAY)


@dataclass(frozen=True)
class Thresholds:
    """How long the clock waits; rows per level and urgency (ClockRule). A limit without value: never.

    `warn_percent` of the limit left: the light turns yellow. After so many `returns` (退单) only the parent decides.
    """

    warn_percent: int = 20
    warn_last_day: bool = True
    accept: Limit = _ACCEPT
    grace: Limit = _GRACE
    feedback: Limit = _FEEDBACK
    returns: int = 2


class Facts(Protocol):
    """The fields of a case that the clock goes by."""

    status: str
    handling_level: str
    due_at: datetime | None
    warn_at: datetime | None
    status_since: datetime
    arrived_at: datetime
    first_contact_due_at: datetime | None
    first_contact_at: datetime | None
    review_on: date | None
    instruction_due_at: datetime | None
    told: str


@dataclass(frozen=True)
class Item:
    at: datetime
    tick: Tick


def agenda(case: Facts, thresholds: Thresholds, calendar: WorkCalendar) -> list[Item]:
    """Everything that the clock has still to do with the case as it stands, the earliest first."""
    told = set(case.told.split())
    items = [item for item in _items(case, thresholds, calendar) if item.tick.value not in told]
    return sorted(items, key=lambda item: (item.at, _ORDER[item.tick]))


# At the same moment: first what tells, then what moves.
_ORDER = {tick: number for number, tick in enumerate(Tick)}


def _items(case: Facts, thresholds: Thresholds, calendar: WorkCalendar) -> Iterator[Item]:
    if case.status in RUNNING_STATUSES:
        yield from _running(case, thresholds, calendar)
    if case.status in RUNNING_STATUSES or case.status == Status.SUSPENDED:
        # First contact is owed during a pause as well.
        yield from _first_contact(case)
    if case.status == Status.SUSPENDED and case.review_on:
        yield Item(calendar.start_of_day(case.review_on), Tick.REVIEW)
    if case.status == Status.AWAITING_FEEDBACK:
        yield from _after(case.status_since, thresholds.feedback, Tick.CLOSE, calendar)
    if case.instruction_due_at:
        yield Item(case.instruction_due_at, Tick.INSTRUCTION)


def _running(case: Facts, thresholds: Thresholds, calendar: WorkCalendar) -> Iterator[Item]:
    if case.due_at:
        if case.warn_at:
            yield Item(case.warn_at, Tick.WARN)
        yield Item(case.due_at, Tick.OVERDUE)
        if case.handling_level != GridKind.COMMUNITY:
            # The deadline does not restart on the way up; each level has the grace to itself.
            yield from _after(max(case.due_at, case.arrived_at), thresholds.grace, Tick.ESCALATE, calendar)
    if case.status == Status.DISPATCHED:
        yield from _after(case.status_since, thresholds.accept, Tick.LAPSE, calendar)


def _first_contact(case: Facts) -> Iterator[Item]:
    if case.first_contact_due_at and not case.first_contact_at:
        yield Item(case.first_contact_due_at, Tick.CONTACT)


def _after(start: datetime, limit: Limit, tick: Tick, calendar: WorkCalendar) -> Iterator[Item]:
    at = due(start, limit, calendar)
    if at:
        yield Item(at, tick)
