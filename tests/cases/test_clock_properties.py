"""What must hold of the clock for any calendar, any limit and any history. At least 2,000 examples each."""

import json
from datetime import date, datetime, time, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cases.choices import Act, LimitUnit
from cases.deadlines import ClockMark, Limit, Mark, Standing, days_later, due, length, replay, warn_at
from cases.timekeeping import as_data, mark_of
from liangcheng.common.calendar import SHANGHAI, WorkCalendar, build, parse_hours
from tests.examples import MANY

HOURS = parse_hours("09:00-11:30,13:00-17:30")
many = settings(max_examples=MANY, deadline=None)

days = st.dates(date(2025, 11, 1), date(2027, 2, 28))
moments = st.builds(
    lambda day, minute: datetime.combine(day, time(minute // 60, minute % 60), SHANGHAI), days, st.integers(0, 1439)
)
limits = st.builds(Limit, st.integers(1, 20), st.sampled_from(LimitUnit.values))
# Holidays and worked weekends, as notices name them; most years have some, some have none.
calendars = st.dictionaries(days, st.booleans(), max_size=40).map(lambda rows: build(rows.items(), HOURS))
spans = st.integers(1, 40 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))


def promise(at: datetime, limit: Limit) -> ClockMark:
    return ClockMark(Mark.PROMISE, at, limit=limit, contact=Limit(1, LimitUnit.WORKING_DAY))


def left(standing: Standing, at: datetime, calendar: WorkCalendar) -> timedelta:
    assert standing.due_at is not None
    return length(at, standing.due_at, standing.unit, calendar)


@st.composite
def histories(draw: st.DrawFn) -> list[ClockMark]:
    """A promise, then pauses, resumptions, extensions and renewals as the workflow would let them happen."""
    at = draw(moments)
    marks, paused = [promise(at, draw(limits))], False
    for _ in range(draw(st.integers(0, 6))):
        at += draw(spans)
        kinds = [Mark.RESUME, Mark.EXTEND] if paused else [Mark.PAUSE, Mark.EXTEND, Mark.RENEW]
        kind = draw(st.sampled_from(kinds))
        paused = kind is Mark.PAUSE or (paused and kind is not Mark.RESUME)
        renewed = Limit(3, LimitUnit.WORKING_DAY) if kind is Mark.RENEW else Limit(None, "")
        marks.append(ClockMark(kind, at, limit=renewed, days=draw(st.integers(1, 15)) if kind is Mark.EXTEND else 0))
    return marks


@many
@given(histories(), spans, spans, calendars)
def test_pausing_never_shortens_what_is_left(marks, before, paused, calendar):
    start = marks[-1].at + before
    standing = replay(marks, calendar)
    if standing.paused_at:
        return
    resumed = replay([*marks, ClockMark(Mark.PAUSE, start), ClockMark(Mark.RESUME, start + paused)], calendar)
    if start >= standing.due_at:
        assert resumed.due_at == standing.due_at, "what was missed stays missed"
    else:
        assert resumed.due_at >= standing.due_at
        assert left(resumed, start + paused, calendar) >= left(standing, start, calendar)
        # And it gives nothing away either: exactly as much is left.
        if standing.unit == LimitUnit.CLOCK_HOUR or left(standing, start, calendar):
            assert left(resumed, start + paused, calendar) == left(standing, start, calendar)


@many
@given(histories(), spans, calendars)
def test_one_pause_or_the_same_time_in_two_is_the_same(marks, paused, calendar):
    start, half = marks[-1].at + timedelta(minutes=1), paused / 2
    one = [ClockMark(Mark.PAUSE, start), ClockMark(Mark.RESUME, start + paused)]
    two = [
        ClockMark(Mark.PAUSE, start),
        ClockMark(Mark.RESUME, start + half),
        ClockMark(Mark.PAUSE, start + half),
        ClockMark(Mark.RESUME, start + paused),
    ]
    if replay(marks, calendar).paused_at is None:
        assert replay([*marks, *one], calendar).due_at == replay([*marks, *two], calendar).due_at


@many
@given(histories(), spans, spans, st.integers(1, 15), calendars)
def test_granted_before_or_during_a_pause_is_the_same(marks, before, paused, extra, calendar):
    start = marks[-1].at + before
    if replay(marks, calendar).paused_at:
        return
    pause, resume = ClockMark(Mark.PAUSE, start), ClockMark(Mark.RESUME, start + paused)
    early = ClockMark(Mark.EXTEND, start, days=extra)
    during = ClockMark(Mark.EXTEND, start + paused / 2, days=extra)
    assert replay([*marks, early, pause, resume], calendar).due_at == (
        replay([*marks, pause, during, resume], calendar).due_at
    )


UNRELATED = (Act.NOTE, Act.URGE, Act.DISPATCH, Act.ACCEPT, Act.ESCALATE, Act.CONTACT, Act.WARN, Act.RECALCULATE)


@many
@given(histories(), st.data(), calendars)
def test_unrelated_events_do_not_matter_wherever_they_stand(marks, data, calendar):
    events = [_event(mark) for mark in marks]
    mixed: list[tuple[str, datetime, dict[str, Any]]] = []
    for event in events:
        mixed.append(event)
        mixed += [
            (act, event[1], {"due_at": "2020-01-01T00:00:00+08:00", "days": 9})
            for act in data.draw(st.lists(st.sampled_from(UNRELATED), max_size=3))
        ]
    assert _read(mixed, calendar) == replay(marks, calendar)


_ACTS = {
    Mark.PROMISE: Act.DISCOVER,
    Mark.PAUSE: Act.SUSPEND,
    Mark.RESUME: Act.RESUME,
    Mark.EXTEND: Act.GRANT_EXTENSION,
    Mark.RENEW: Act.REWORK,
}


def _event(mark: ClockMark) -> tuple[str, datetime, dict[str, Any]]:
    """As the workflow writes it, through JSON as the database keeps it."""
    data: dict[str, Any] = {"days": mark.days} if mark.days else {}
    if mark.limit.value:
        data["limit"] = as_data(mark.limit)
    if mark.contact.value:
        data["contact"] = as_data(mark.contact)
    return _ACTS[mark.kind], mark.at, json.loads(json.dumps(data))


def _read(events: list[tuple[str, datetime, dict[str, Any]]], calendar: WorkCalendar) -> Standing:
    from cases.timekeeping import MARKS

    return replay([mark_of(*event) for event in events if event[0] in MARKS], calendar)


@many
@given(histories(), calendars)
def test_recomputation_equals_what_was_stored_after_every_act(marks, calendar):
    for number in range(1, len(marks) + 1):
        stored = replay(marks[:number], calendar)
        assert _read([_event(mark) for mark in marks[:number]], calendar) == stored
        # In another zone, as a database may give the moments back.
        abroad = [(act, at.astimezone(tz=None), data) for act, at, data in map(_event, marks[:number])]
        assert _read(abroad, calendar).due_at == stored.due_at


@many
@given(histories(), calendars, days)
def test_more_working_time_never_means_a_later_deadline(marks, calendar, day):
    """For histories without pauses: there, more working time also means that more of it was paused."""
    running = [mark for mark in marks if mark.kind not in {Mark.PAUSE, Mark.RESUME}]
    more = WorkCalendar({**calendar.exceptions, day: True}, calendar.hours)
    assert replay(running, more).due_at <= replay(running, calendar).due_at


@many
@given(moments, limits, calendars)
def test_more_allowed_is_never_due_earlier_and_received_later_never_earlier(at, limit, calendar):
    longer = Limit(limit.value + 1, limit.unit)
    assert due(at, longer, calendar) > due(at, limit, calendar)
    assert due(at + timedelta(minutes=37), limit, calendar) >= due(at, limit, calendar)


@many
@given(days, st.integers(0, 1439), st.integers(0, 1439), st.integers(1, 20), calendars)
def test_the_day_of_receipt_is_not_counted(day, one, other, value, calendar):
    """Whatever the hour, also outside office hours, on a holiday or a 调休 day: the same deadline."""
    limit = Limit(value, LimitUnit.WORKING_DAY)
    ends = {
        due(datetime.combine(day, time(minute // 60, minute % 60), SHANGHAI), limit, calendar)
        for minute in (one, other)
    }
    assert len(ends) == 1
    [end] = ends
    counted = [day + timedelta(days=n) for n in range(1, (end.date() - day).days + 1)]
    assert sum(calendar.is_workday(each) for each in counted) == value
    assert end == calendar.end_of_day(end.date())


@many
@given(days, st.integers(1, 10), calendars)
def test_a_worked_weekend_counts_and_a_day_off_does_not(day, value, calendar):
    """调休: one day off and one weekend day worked instead, both inside the span, leave the deadline where it was."""
    start = datetime.combine(day, time(10), SHANGHAI)
    limit = Limit(value, LimitUnit.WORKING_DAY)
    end = due(start, limit, calendar).date()
    inside = [day + timedelta(days=n) for n in range(1, (end - day).days)]
    off = next((each for each in inside if calendar.is_workday(each)), None)
    worked = next((each for each in inside if not calendar.is_workday(each)), None)
    if off and worked:
        swapped = WorkCalendar({**calendar.exceptions, off: False, worked: True}, calendar.hours)
        assert due(start, limit, swapped).date() == end


@many
@given(moments, st.integers(1, 60), calendars)
def test_received_outside_office_hours_starts_at_the_next_working_minute(at, value, calendar):
    limit = Limit(value, LimitUnit.WORKING_HOUR)
    opens, _ = next(calendar.spans_from(at))
    assert due(at, limit, calendar) == due(opens, limit, calendar)
    assert calendar.length(at, due(at, limit, calendar)) == timedelta(hours=value)


@many
@given(st.integers(0, 20), st.integers(0, 1439), limits, st.dictionaries(days, st.booleans(), max_size=30))
def test_a_missing_year_is_worked_from_monday_to_friday(before, minute, limit, rows):
    """Over the year's end, with and without a single row of the new year: the same as naming each of its days."""
    old = {day: worked for day, worked in rows.items() if day.year < 2027}
    named = {
        date(2027, 1, 1) + timedelta(days=n): (date(2027, 1, 1) + timedelta(days=n)).weekday() < 5 for n in range(90)
    }
    at = datetime.combine(date(2026, 12, 31), time(minute // 60, minute % 60), SHANGHAI) - timedelta(days=before)
    assert due(at, limit, build(old.items(), HOURS)) == due(at, limit, build({**old, **named}.items(), HOURS))


@many
@given(histories(), st.integers(0, 100), st.booleans(), calendars)
def test_the_yellow_light_comes_before_the_red_one_and_not_before_the_limit_runs(marks, percent, last_day, calendar):
    standing = replay(marks, calendar)
    yellow = warn_at(standing, percent, last_day, calendar)
    assert standing.since <= yellow or standing.due_at <= standing.since
    assert yellow <= max(standing.due_at, standing.since)
    if percent == 0 and not last_day and standing.since < standing.due_at and standing.unit == LimitUnit.CLOCK_HOUR:
        assert yellow == standing.due_at


@many
@given(histories(), calendars, st.integers(1, 15))
def test_an_extension_moves_the_granted_deadline_and_never_the_promise(marks, calendar, extra):
    standing = replay(marks, calendar)
    granted = replay([*marks, ClockMark(Mark.EXTEND, marks[-1].at, days=extra)], calendar)
    assert granted.due_at == days_later(standing.due_at, extra, calendar)
    assert granted.original_due_at == standing.original_due_at
    assert (granted.moves[-1].before, granted.moves[-1].after) == (standing.due_at, granted.due_at)
