"""Deadlines, pure: from the marks in a case's history to its moments, by the office's calendar (DOMAIN B3).

工作日: the day of receipt is not counted; due when the office closes on the n-th working day.
工作时: run only inside office hours; received outside them, they start at the next working minute.
紧急时: clock hours, day and night.
挂账 stops the clock: on resuming, exactly as much working time is left as there was (clock time for 紧急时).
延期 moves the granted deadline by whole working days and leaves the promise where it is.
返工 and 重新处置 begin a limit of their own; the promise stays.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import Enum
from itertools import islice

from cases.choices import LimitUnit
from liangcheng.common.calendar import SHANGHAI, WorkCalendar

# 再次处置 after a failed check or a renewed complaint (夏阳街道 2022): working days.
REWORK_DAYS = 3
# 督办 has its own limit (大宁路街道 2019): working days, unless the head says otherwise.
SUPERVISE_DAYS = 3


@dataclass(frozen=True)
class Limit:
    """`value` of `unit`; a value of None (按预案) or 0 (at once) promises no moment."""

    value: int | None
    unit: str

    @property
    def promises(self) -> bool:
        return bool(self.value)

    @property
    def text(self) -> str:
        """ "5 个工作日"; empty where nothing is promised."""
        if not self.value:
            return ""
        words = {"WORKING_DAY": "个工作日", "WORKING_HOUR": "个工作时", "CLOCK_HOUR": "小时"}
        return f"{self.value} {words[self.unit]}"


NO_LIMIT = Limit(None, "")
REWORK_LIMIT = Limit(REWORK_DAYS, LimitUnit.WORKING_DAY)


class Mark(Enum):
    """What in a case's history moves its clock."""

    PROMISE = "promise"
    PAUSE = "pause"
    RESUME = "resume"
    EXTEND = "extend"
    RENEW = "renew"


@dataclass(frozen=True)
class ClockMark:
    """One such moment. `limit`: of PROMISE and RENEW; `contact`: of PROMISE; `days`: working days, of EXTEND.

    `fixed`: the deadline of a promise whose limit is not on record (`on_record`), taken as it stands.
    """

    kind: Mark
    at: datetime
    limit: Limit = NO_LIMIT
    contact: Limit = NO_LIMIT
    days: int = 0
    fixed: datetime | None = None
    on_record: bool = True


@dataclass(frozen=True)
class Moved:
    """A mark that moved the granted deadline, and from where to where."""

    kind: Mark
    at: datetime
    before: datetime | None
    after: datetime | None


@dataclass(frozen=True)
class Standing:
    """Where the clock stands: the granted deadline and the promise; both frozen while `paused_at` is set.

    `since`: from when the present limit runs without interruption; `allowed`: its whole length, in working time,
    for 紧急时 in clock time.
    """

    due_at: datetime | None = None
    original_due_at: datetime | None = None
    contact_due_at: datetime | None = None
    unit: str = ""
    promised_unit: str = ""
    since: datetime | None = None
    allowed: timedelta = timedelta()
    paused_at: datetime | None = None
    moves: tuple[Moved, ...] = ()


def local_day(moment: datetime) -> date:
    """The office's day of a moment, whatever zone the moment is written in."""
    return moment.astimezone(SHANGHAI).date()


def due(start: datetime, limit: Limit, calendar: WorkCalendar) -> datetime | None:
    """When `limit` ends that began at `start` (aware); None where the limit promises no moment."""
    if not limit.value:
        return None
    if limit.unit == LimitUnit.CLOCK_HOUR:
        return start + timedelta(hours=limit.value)
    if limit.unit == LimitUnit.WORKING_HOUR:
        return calendar.after(start, timedelta(hours=limit.value))
    return days_later(start, limit.value, calendar)


def days_later(moment: datetime, days: int, calendar: WorkCalendar) -> datetime:
    """When the office closes on the `days`-th working day after the day of `moment`."""
    return calendar.end_of_day(next(islice(calendar.workdays_after(local_day(moment)), days - 1, None)))


def length(start: datetime, end: datetime, unit: str, calendar: WorkCalendar) -> timedelta:
    """What lies between two moments, as the unit counts: clock time for 紧急时, else working time."""
    if unit == LimitUnit.CLOCK_HOUR:
        return max(end - start, timedelta())
    return calendar.length(start, end)


def later(start: datetime, span: timedelta, unit: str, calendar: WorkCalendar) -> datetime:
    """The moment when `span`, as the unit counts, has passed since `start`."""
    return start + span if unit == LimitUnit.CLOCK_HOUR else calendar.after(start, span)


def replay(marks: Iterable[ClockMark], calendar: WorkCalendar) -> Standing:
    """Where the clock stands after `marks`, in the order of their happening. The one source of every deadline."""
    standing = Standing()
    for mark in marks:
        after = _STEPS[mark.kind](standing, mark, calendar)
        if after.due_at != standing.due_at:
            after = replace(after, moves=(*standing.moves, Moved(mark.kind, mark.at, standing.due_at, after.due_at)))
        standing = after
    return standing


def _promise(standing: Standing, mark: ClockMark, calendar: WorkCalendar) -> Standing:
    end = mark.fixed or due(mark.at, mark.limit, calendar)
    return replace(
        _running(standing, mark.at, end, mark.limit.unit, calendar),
        original_due_at=end,
        promised_unit=mark.limit.unit,
        contact_due_at=due(mark.at, mark.contact, calendar),
    )


def _renew(standing: Standing, mark: ClockMark, calendar: WorkCalendar) -> Standing:
    return _running(standing, mark.at, due(mark.at, mark.limit, calendar), mark.limit.unit, calendar)


def _running(standing: Standing, since: datetime, end: datetime | None, unit: str, calendar: WorkCalendar) -> Standing:
    allowed = length(since, end, unit, calendar) if end else timedelta()
    return replace(standing, due_at=end, unit=unit, since=since, allowed=allowed, paused_at=None)


def _pause(standing: Standing, mark: ClockMark, calendar: WorkCalendar) -> Standing:
    return standing if standing.paused_at else replace(standing, paused_at=mark.at)


def _resume(standing: Standing, mark: ClockMark, calendar: WorkCalendar) -> Standing:
    paused_at = standing.paused_at
    if paused_at is None:
        return standing
    return replace(
        standing,
        due_at=_carried(standing.due_at, paused_at, mark.at, standing.unit, calendar),
        original_due_at=_carried(standing.original_due_at, paused_at, mark.at, standing.promised_unit, calendar),
        since=mark.at,
        paused_at=None,
    )


def _carried(
    end: datetime | None, paused_at: datetime, resumed_at: datetime, unit: str, calendar: WorkCalendar
) -> datetime | None:
    """`end` with as much left at `resumed_at` as there was at `paused_at`. What had passed by then stays passed."""
    if end is None or end <= paused_at:
        return end
    return max(end, later(resumed_at, length(paused_at, end, unit, calendar), unit, calendar))


def _extend(standing: Standing, mark: ClockMark, calendar: WorkCalendar) -> Standing:
    if standing.due_at is None:
        return standing
    end = days_later(standing.due_at, mark.days, calendar)
    added = length(standing.due_at, end, standing.unit, calendar)
    return replace(standing, due_at=end, allowed=standing.allowed + added)


_STEPS = {
    Mark.PROMISE: _promise,
    Mark.PAUSE: _pause,
    Mark.RESUME: _resume,
    Mark.EXTEND: _extend,
    Mark.RENEW: _renew,
}


def warn_at(standing: Standing, percent: int, last_day: bool, calendar: WorkCalendar) -> datetime | None:
    """From when the light is yellow: `percent` of the limit are left, or, for 工作日, the last working day has begun.

    Never before the limit runs. None where nothing is promised.
    """
    if standing.due_at is None or standing.since is None:
        return None
    left = length(standing.since, standing.due_at, standing.unit, calendar)
    until = left - standing.allowed * percent / 100
    moments = [later(standing.since, max(until, timedelta()), standing.unit, calendar)]
    if last_day and standing.unit == LimitUnit.WORKING_DAY:
        moments.append(calendar.start_of_day(local_day(standing.due_at)))
    return max(min(moments), standing.since)
