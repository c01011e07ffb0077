"""The office's working time, pure: which days are worked, and how many minutes lie where.

Times are aware datetimes in Asia/Shanghai. The days come from CalendarDay rows; a year without any row is
worked from Monday to Friday, and `unknown_years` names it, so that somebody can be warned.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
Span = tuple[time, time]


def parse_hours(text: str) -> tuple[Span, ...]:
    """ "09:00-11:30,13:00-17:30" → spans in order. Raises ValueError when they are empty or overlap."""
    spans = []
    for part in text.split(","):
        begin, _, end = part.strip().partition("-")
        spans.append((time.fromisoformat(begin), time.fromisoformat(end)))
    flat = [moment for span in spans for moment in span]
    if flat != sorted(set(flat)):
        raise ValueError(f"working hours must not overlap or run backwards: {text}")
    return tuple(spans)


@dataclass(frozen=True)
class WorkCalendar:
    """`exceptions`: day → is it worked, where that differs from Monday–Friday or is stated all the same."""

    exceptions: Mapping[date, bool]
    hours: tuple[Span, ...]
    known_years: frozenset[int] = field(default=frozenset())

    def is_workday(self, day: date) -> bool:
        stated = self.exceptions.get(day)
        return day.weekday() < 5 if stated is None else stated

    def workdays_after(self, day: date) -> Iterator[date]:
        """The working days after `day`, without end."""
        while True:
            day += timedelta(days=1)
            if self.is_workday(day):
                yield day

    def end_of_day(self, day: date) -> datetime:
        """When the office closes on `day`."""
        return datetime.combine(day, self.hours[-1][1], SHANGHAI)

    def start_of_day(self, day: date) -> datetime:
        """When the office opens on `day`, worked or not."""
        return datetime.combine(day, self.hours[0][0], SHANGHAI)

    def spans_from(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Working spans from `moment` on, the first one cut at `moment`, without end."""
        day = moment.astimezone(SHANGHAI).date()
        if self.is_workday(day):
            yield from self._cut(day, moment)
        for later in self.workdays_after(day):
            yield from self._cut(later, moment)

    def _cut(self, day: date, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        for begin, end in self.hours:
            opens, closes = datetime.combine(day, begin, SHANGHAI), datetime.combine(day, end, SHANGHAI)
            if closes > moment:
                yield max(opens, moment), closes

    def length(self, start: datetime, end: datetime) -> timedelta:
        """Working time from `start` to `end`; zero when `end` is not later."""
        total = timedelta()
        if start >= end:
            return total
        for opens, closes in self.spans_from(start):
            if opens >= end:
                break
            total += min(closes, end) - opens
        return total

    def after(self, start: datetime, length: timedelta) -> datetime:
        """The moment when `length` of working time has passed since `start`; of a whole day its evening.

        A length of zero is the start itself, worked or not.
        """
        if length <= timedelta():
            return start
        for opens, closes in self.spans_from(start):
            if length <= closes - opens:
                return opens + length
            length -= closes - opens
        raise AssertionError("working spans do not end")

    def unknown_years(self, first: date, last: date) -> list[int]:
        """Years between the two days that nobody has entered yet."""
        return [year for year in range(first.year, last.year + 1) if year not in self.known_years]


def build(rows: Iterable[tuple[date, bool]], hours: tuple[Span, ...]) -> WorkCalendar:
    """A calendar from (day, is_workday) rows."""
    exceptions = dict(rows)
    return WorkCalendar(exceptions, hours, frozenset(day.year for day in exceptions))
