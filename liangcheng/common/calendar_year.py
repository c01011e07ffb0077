"""A year of the office's calendar as a page shows it, and what a notice would change in it. Pure."""

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from liangcheng.common.holiday_notice import Notice, spoken, weekday

FIRST_YEAR, LAST_YEAR = 2000, 2100
# Day → (is it worked, note).
Days = Mapping[date, tuple[bool, str]]


@dataclass(frozen=True)
class Cell:
    """One day. `sign` is 休 or 班 where the office has decided, else empty."""

    day: date
    works: bool
    sign: str
    words: str

    @property
    def kind(self) -> str:
        """The class that colours it: decided days by their sign, others by the week."""
        return {"休": "day-off", "班": "day-worked"}.get(self.sign, "day-usual" if self.works else "day-weekend")


@dataclass(frozen=True)
class Month:
    number: int
    weeks: list[list[Cell | None]]
    # Sign and words, such as ("休", "1—7日 国庆节").
    legend: list[tuple[str, str]]


@dataclass(frozen=True)
class Year:
    """`off`: weekdays that are free; `extra`: weekend days that are worked; `entered`: has anybody entered a day."""

    number: int
    months: list[Month]
    off: int
    extra: int
    workdays: int
    entered: bool


def state_words(stated: tuple[bool, str] | None, day: date) -> str:
    """休息：国庆节 | 平常（上班）."""
    if stated is None:
        return f"平常（{'上班' if day.weekday() < 5 else '休息'}）"
    works, note = stated
    return ("上班" if works else "休息") + (f"：{note}" if note else "")


def year_of(number: int, known: Days) -> Year:
    """The year with what is decided of its days."""
    months = [_month(number, month, known) for month in range(1, 13)]
    cells = [cell for month in months for week in month.weeks for cell in week if cell is not None]
    return Year(
        number=number,
        months=months,
        off=sum(cell.day.weekday() < 5 and not cell.works for cell in cells),
        extra=sum(cell.day.weekday() >= 5 and cell.works for cell in cells),
        workdays=sum(cell.works for cell in cells),
        entered=bool(known),
    )


def _month(year: int, month: int, known: Days) -> Month:
    weeks = [
        [_cell(date(year, month, number), known) if number else None for number in week]
        for week in calendar.monthcalendar(year, month)
    ]
    groups: dict[tuple[bool, str], list[date]] = {}
    for day in sorted(known):
        if (day.year, day.month) == (year, month):
            groups.setdefault(known[day], []).append(day)
    legend = [(_sign(works), f"{_runs(days)}日 {note}".strip()) for (works, note), days in groups.items()]
    return Month(month, weeks, legend)


def _sign(works: bool) -> str:
    return "班" if works else "休"


def _cell(day: date, known: Days) -> Cell:
    stated = known.get(day)
    works = day.weekday() < 5 if stated is None else stated[0]
    words = f"{spoken(day)} {weekday(day)} {state_words(stated, day)}"
    return Cell(day, works, "" if stated is None else _sign(works), words)


def _runs(days: Iterable[date]) -> str:
    """1、2、3、7 → 1—3、7."""
    runs: list[list[date]] = []
    for day in days:
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    return "、".join(str(run[0].day) if len(run) == 1 else f"{run[0].day}—{run[-1].day}" for run in runs)


@dataclass(frozen=True)
class Step:
    """One day that changes, before and after in words."""

    day: date
    before: str
    after: str

    @property
    def name(self) -> str:
        return f"{spoken(self.day)}（{weekday(self.day)}）"


@dataclass
class Plan:
    """What taking over a notice would do. `kept`: entered days that the notice does not mention and that stay."""

    new: list[Step] = field(default_factory=list)
    changed: list[Step] = field(default_factory=list)
    removed: list[Step] = field(default_factory=list)
    kept: list[Step] = field(default_factory=list)
    changes: dict[date, tuple[bool, str] | None] = field(default_factory=dict)


def plan_of(notice: Notice, known: Days, *, replace: bool) -> Plan:
    """Compare a notice with what is entered of its year; `replace` takes out what the notice does not mention."""
    plan = Plan()
    for day in sorted({*known, *notice.days}):
        before, after = known.get(day), notice.days.get(day)
        step = Step(day, state_words(before, day), state_words(after, day))
        if after is None:
            # A free weekend day of a holiday may stand in the calendar, but it must not be worked.
            free_anyway = day in notice.weekends and before is not None and not before[0]
            if free_anyway or (day not in notice.weekends and not replace):
                plan.kept += [] if free_anyway else [step]
                continue
        if before == after:
            continue
        found = plan.removed if after is None else plan.new if before is None else plan.changed
        found.append(step)
        plan.changes[day] = after
    return plan
