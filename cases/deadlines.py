"""Deadlines, pure: from a start and a limit to a moment, by the office's calendar (DOMAIN B3).

工作日: the day of receipt is not counted; due when the office closes on the n-th working day.
工作时: run only inside office hours; received outside them, they start at the next working minute.
紧急时: clock hours, day and night.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

from cases.choices import LimitUnit
from liangcheng.common.calendar import SHANGHAI, WorkCalendar

# 再次处置 after a failed check or a renewed complaint (夏阳街道 2022): working days.
REWORK_DAYS = 3


@dataclass(frozen=True)
class Limit:
    """`value` of `unit`; a value of None (按预案) or 0 (at once) promises no moment."""

    value: int | None
    unit: str

    @property
    def promises(self) -> bool:
        return bool(self.value)


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
        return _after_working_time(start, timedelta(hours=limit.value), calendar)
    received = local_day(start)
    last = next(islice(calendar.workdays_after(received), limit.value - 1, None))
    return calendar.end_of_day(last)


def _after_working_time(start: datetime, length: timedelta, calendar: WorkCalendar) -> datetime:
    for opens, closes in calendar.spans_from(start):
        if length <= closes - opens:
            return opens + length
        length -= closes - opens
    raise AssertionError("working spans do not end")


def horizon(start: datetime, *limits: Limit) -> tuple[date, date]:
    """The days whose calendar may matter: generous for a long holiday on top of twice the working days."""
    longest = max((limit.value or 0 for limit in limits), default=0)
    first = local_day(start)
    return first, first + timedelta(days=2 * longest + 30)
