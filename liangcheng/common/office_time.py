"""The office's calendar as rows say it; the arithmetic is liangcheng.common.calendar's."""

import logging
from datetime import date

from django.conf import settings

from liangcheng.common.calendar import WorkCalendar, build, parse_hours
from liangcheng.common.models import CalendarDay

logger = logging.getLogger(__name__)
# Said once per process: every case of December reaches into next year.
_warned: set[int] = set()


def office_calendar(first: date, last: date) -> WorkCalendar:
    """Working time between two days (inclusive), in one statement.

    A year without any row is worked from Monday to Friday, and the log says so: its holidays are still to be entered.
    """
    # Whole years: a stretch without any holiday must not look like a year that nobody has entered.
    years = date(first.year, 1, 1), date(last.year, 12, 31)
    rows = CalendarDay.objects.filter(day__range=years).order_by().values_list("day", "is_workday")
    calendar = build(rows, parse_hours(settings.WORKING_HOURS))
    for year in calendar.unknown_years(first, last):
        if year not in _warned:
            _warned.add(year)
            logger.warning("calendar_year_missing year=%s worked=monday-friday", year)
    return calendar
