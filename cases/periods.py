"""Periods of days that figures are asked for: a day, a week, a month, a quarter, a year, or any days. Pure."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from django.db.models import TextChoices
from django.utils import timezone

from liangcheng.common.exceptions import InvalidInput

_FIRST_YEAR, _LAST_YEAR = 2000, 2100


class PeriodKind(TextChoices):
    DAY = "day", "日"
    WEEK = "week", "周"
    MONTH = "month", "月"
    QUARTER = "quarter", "季"
    YEAR = "year", "年"
    FREE = "free", "自定"


@dataclass(frozen=True)
class Period:
    """From one day to another, both included, in the office's time."""

    first: date
    last: date
    kind: PeriodKind = PeriodKind.FREE

    @property
    def start(self) -> datetime:
        return midnight(self.first)

    @property
    def end(self) -> datetime:
        """The first moment that is no longer in it."""
        return midnight(self.last + timedelta(days=1))

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def name(self) -> str:
        """ "2026年11月", "2026年第3季度", "2026年第48周（11月23日至11月29日）"; free ones by their days."""
        first = self.first
        match self.kind:
            case PeriodKind.DAY:
                return f"{first.year}年{first.month}月{first.day}日"
            case PeriodKind.WEEK:
                year, week, _ = first.isocalendar()
                return f"{year}年第{week}周（{_short(first)}至{_short(self.last)}）"
            case PeriodKind.MONTH:
                return f"{first.year}年{first.month}月"
            case PeriodKind.QUARTER:
                return f"{first.year}年第{(first.month + 2) // 3}季度"
            case PeriodKind.YEAR:
                return f"{first.year}年"
        return f"{first:%Y-%m-%d} 至 {self.last:%Y-%m-%d}"

    def goes_on(self, today: date) -> bool:
        """Whether it has begun and does not end before tomorrow."""
        return self.first <= today < self.last

    def before(self) -> "Period":
        """The one of the same kind right before it; of free days as many days before."""
        if self.kind is PeriodKind.FREE:
            return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))
        return period_of(self.kind, self.first - timedelta(days=1))

    def after(self) -> "Period":
        """The one of the same kind right after it."""
        if self.kind is PeriodKind.FREE:
            return Period(self.last + timedelta(days=1), self.last + timedelta(days=self.days))
        return period_of(self.kind, self.last + timedelta(days=1))

    def year_earlier(self) -> "Period":
        """The same days of the year before; of a week the one 52 weeks before, so that weekdays face weekdays."""
        if self.kind is PeriodKind.WEEK:
            return replace(self, first=self.first - timedelta(weeks=52), last=self.last - timedelta(weeks=52))
        first = _a_year_before(self.first)
        if self.kind in {PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR}:
            return period_of(self.kind, first)
        return replace(self, first=first, last=max(first, _a_year_before(self.last)))

    def as_far_as(self, whole: "Period", today: date) -> "Period":
        """Of this earlier period as many days as have passed of `whole`, while that one goes on: like with like."""
        if not whole.goes_on(today):
            return self
        last = min(self.last, self.first + (today - whole.first))
        return self if last == self.last else Period(self.first, last)


def _a_year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _short(day: date) -> str:
    return f"{day.month}月{day.day}日"


def period_of(kind: PeriodKind, day: date) -> Period:
    """The whole period of that kind in which `day` lies; weeks begin on Monday."""
    match kind:
        case PeriodKind.WEEK:
            first = day - timedelta(days=day.weekday())
            return Period(first, first + timedelta(days=6), kind)
        case PeriodKind.MONTH:
            return replace(month_of(day), kind=kind)
        case PeriodKind.QUARTER:
            return replace(quarter_of(day), kind=kind)
        case PeriodKind.YEAR:
            return Period(date(day.year, 1, 1), date(day.year, 12, 31), kind)
    return Period(day, day, kind)


def last_days(days: int) -> Period:
    """The last `days` days, today included."""
    today = timezone.localdate()
    return Period(today - timedelta(days=days - 1), today)


def month_of(day: date) -> Period:
    """The whole month in which `day` lies."""
    first = day.replace(day=1)
    return Period(first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1))


def quarter_of(day: date) -> Period:
    """The whole quarter in which `day` lies."""
    first = date(day.year, day.month - (day.month - 1) % 3, 1)
    return Period(first, month_of(first + timedelta(days=70)).last)


def between(first: date, last: date) -> Period:
    """Any days. Raises InvalidInput where they are in the wrong order, or years that no calendar of ours holds."""
    for name, day in (("from", first), ("to", last)):
        if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
            raise InvalidInput("bad_date", f"请填写 {_FIRST_YEAR} 年到 {_LAST_YEAR} 年之间的日期。", field=name)
    if last < first:
        raise InvalidInput("dates_order", "结束日期不能早于开始日期。", field="to")
    return Period(first, last)


def midnight(day: date) -> datetime:
    """The office's midnight at the beginning of `day`."""
    return datetime.combine(day, time.min, tzinfo=timezone.get_default_timezone())
