"""The office's calendar as rows say it; the arithmetic is liangcheng.common.calendar's.

Who makes promises by the calendar holds its mark (`held`) until their transaction ends, and who changes the calendar
waits for them: no case is filed by yesterday's calendar after the office has changed it.
"""

import logging
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date

from django.conf import settings
from django.db import transaction

from liangcheng.common.calendar import WorkCalendar, build, parse_hours
from liangcheng.common.db import share_locked
from liangcheng.common.models import CalendarDay, OfficeMark

logger = logging.getLogger(__name__)
# Said once per process: every case of December reaches into next year.
_warned: set[int] = set()
# The calendar as read under a mark. A new mark means that something has changed, so one entry is enough.
_known: dict[tuple[str, str], WorkCalendar] = {}
# Called after the calendar has changed, outside its transaction; each says in Chinese what it did ("" for nothing).
_followers: list[Callable[[], str]] = []


def held() -> str:
    """The mark of the office's time, held against change until the transaction ends. One statement.

    Everything derived from the calendar (and from the clock's rules) may be kept in the process under this mark.
    """
    found = share_locked(OfficeMark.objects.filter(pk=1))
    if not found:
        OfficeMark.objects.get_or_create(pk=1, defaults={"value": uuid.uuid4().hex})
        found = share_locked(OfficeMark.objects.filter(pk=1))
    return found[0].value


def mark() -> str:
    """The mark as it stands, for readers who promise nothing. One statement; "" before anything was entered."""
    return OfficeMark.objects.filter(pk=1).values_list("value", flat=True).first() or ""


def calendar(under: str) -> WorkCalendar:
    """Working time as it is under a mark; read once per process and mark. `under` "" is always read."""
    key = under, settings.WORKING_HOURS
    known = _known.get(key) if under else None
    if known is None:
        rows = CalendarDay.objects.order_by().values_list("day", "is_workday")
        known = build(rows, parse_hours(settings.WORKING_HOURS))
        _known.clear()
        _known[key] = known
    return known


def office_calendar(first: date, last: date) -> WorkCalendar:
    """Working time for readers, with the warning about years between the two days that nobody has entered."""
    known = calendar(mark())
    warn_of_unknown(known, first, last)
    return known


def warn_of_unknown(known: WorkCalendar, first: date, last: date) -> None:
    """Say in the log, once per process, when a promise reaches into a year that nobody has entered."""
    for year in known.unknown_years(first, last):
        if year not in _warned:
            _warned.add(year)
            logger.warning("calendar_year_missing year=%s worked=monday-friday", year)


@contextmanager
def changing() -> Iterator[None]:
    """Around every change of what promises are made by: waits for those who hold the mark, and sets a new one."""
    with transaction.atomic():
        OfficeMark.renew()
        yield


def change_days(changes: Mapping[date, tuple[bool, str] | None]) -> list[str]:
    """Write days of the calendar: day → (is it worked, note), or None to take the row out again.

    All in one transaction; then open cases are recomputed. Returns what the followers say of it, in Chinese.
    """
    with changing():
        write_days(changes)
    return changed()


def write_days(changes: Mapping[date, tuple[bool, str] | None]) -> None:
    """As `change_days`, inside `changing`: for who writes more in the same transaction and calls `changed` himself."""
    CalendarDay.objects.filter(day__in=[day for day, wanted in changes.items() if wanted is None]).delete()
    for day, wanted in changes.items():
        if wanted is not None:
            CalendarDay.objects.update_or_create(day=day, defaults={"is_workday": wanted[0], "note": wanted[1]})


def on_change(follower: Callable[[], str]) -> None:
    """Called by apps when they start: what is to be done anew when the calendar changes."""
    if follower not in _followers:
        _followers.append(follower)


def changed() -> list[str]:
    """Let the followers work; to be called after the transaction of the change."""
    return [said for follower in _followers if (said := follower())]
