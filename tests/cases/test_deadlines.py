"""Deadlines: the published vectors of 2020 and properties that must hold for any calendar."""

from datetime import date, datetime, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.choices import LimitUnit
from cases.deadlines import Limit, due
from liangcheng.common.calendar import SHANGHAI, WorkCalendar, build, parse_hours

HOURS = parse_hours("09:00-11:30,13:00-17:30")
# 国庆、中秋 2020: holiday 10-01 to 10-08; worked Sunday 09-27 and Saturday 10-10.
YEAR_2020 = build(
    [(date(2020, 10, day), False) for day in range(1, 9)] + [(date(2020, 9, 27), True), (date(2020, 10, 10), True)],
    HOURS,
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("received", "value", "unit", "expected"),
    [
        # The two vectors of the domain notes.
        ("2020-09-30 10:00", 5, "WORKING_DAY", "2020-10-14 17:30"),
        ("2020-09-26 10:00", 1, "WORKING_DAY", "2020-09-27 17:30"),
        # Received after hours or on a holiday: the day of receipt is still the calendar day.
        ("2020-09-30 22:00", 1, "WORKING_DAY", "2020-10-09 17:30"),
        ("2020-10-03 09:00", 1, "WORKING_DAY", "2020-10-09 17:30"),
        ("2020-09-30 00:00", 1, "WORKING_DAY", "2020-10-09 17:30"),
        # Working hours: over lunch, over the evening, over the holiday, from outside.
        ("2020-09-28 10:30", 2, "WORKING_HOUR", "2020-09-28 14:00"),
        ("2020-09-28 16:30", 4, "WORKING_HOUR", "2020-09-29 13:30"),
        ("2020-09-30 17:00", 1, "WORKING_HOUR", "2020-10-09 09:30"),
        ("2020-09-28 12:10", 1, "WORKING_HOUR", "2020-09-28 14:00"),
        ("2020-09-28 07:00", 1, "WORKING_HOUR", "2020-09-28 10:00"),
        ("2020-09-28 09:00", 7, "WORKING_HOUR", "2020-09-28 17:30"),
        # Clock hours: day and night, holiday or not; over the year's end.
        ("2020-10-01 23:30", 2, "CLOCK_HOUR", "2020-10-02 01:30"),
        ("2020-12-31 23:30", 2, "CLOCK_HOUR", "2021-01-01 01:30"),
    ],
)
def test_vectors(received: str, value: int, unit: str, expected: str):
    assert due(at(received), Limit(value, unit), YEAR_2020) == at(expected)


def test_no_figure_promises_no_moment():
    assert due(at("2020-09-28 10:00"), Limit(None, ""), YEAR_2020) is None
    assert due(at("2020-09-28 10:00"), Limit(0, LimitUnit.CLOCK_HOUR), YEAR_2020) is None


def test_a_moment_in_another_zone_counts_as_the_office_day():
    # 2020-09-26 17:00 UTC is already Sunday the 27th in Shanghai.
    moment = datetime.fromisoformat("2020-09-26T17:00:00+00:00")
    assert due(moment, Limit(1, LimitUnit.WORKING_DAY), YEAR_2020) == at("2020-09-28 17:30")


days = st.dates(date(2019, 1, 1), date(2030, 12, 31))
moments = st.builds(
    lambda day, minute: datetime.combine(day, time(minute // 60, minute % 60), SHANGHAI), days, st.integers(0, 1439)
)
limits = st.builds(Limit, st.integers(1, 40), st.sampled_from(LimitUnit.values))
calendars = st.dictionaries(days, st.booleans(), max_size=60).map(lambda rows: build(rows.items(), HOURS))


@settings(max_examples=500, deadline=None)
@given(moments, limits, calendars)
def test_due_lies_after_receipt_in_working_time_and_inside_the_horizon(start, limit, calendar):
    end = due(start, limit, calendar)
    assert end > start
    if limit.unit != LimitUnit.CLOCK_HOUR:
        assert calendar.is_workday(end.astimezone(SHANGHAI).date())
        assert any(opens <= end.astimezone(SHANGHAI).time() <= closes for opens, closes in HOURS)


@settings(max_examples=500, deadline=None)
@given(moments, limits, calendars)
def test_more_time_is_never_due_earlier(start, limit, calendar):
    longer = Limit(limit.value + 1, limit.unit)
    assert due(start, longer, calendar) > due(start, limit, calendar)


@settings(max_examples=500, deadline=None)
@given(moments, moments, limits, calendars)
def test_received_later_is_never_due_earlier(one, other, limit, calendar):
    first, second = sorted((one, other))
    assert due(first, limit, calendar) <= due(second, limit, calendar)


@settings(max_examples=300, deadline=None)
@given(moments, limits, calendars, days)
def test_an_extra_working_day_never_delays(start, limit, calendar, day):
    more = WorkCalendar({**calendar.exceptions, day: True}, calendar.hours)
    assert due(start, limit, more) <= due(start, limit, calendar)


def test_hours_must_not_overlap():
    with pytest.raises(ValueError, match="overlap"):
        parse_hours("09:00-13:30,13:00-17:30")
