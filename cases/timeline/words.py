"""Time and names in words. Pure."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from liangcheng.common.calendar import SHANGHAI, WorkCalendar

if TYPE_CHECKING:
    from liangcheng.accounts.models import User


def worked(start: datetime, end: datetime, calendar: WorkCalendar) -> timedelta:
    """Working time between two moments, to the minute."""
    return timedelta(minutes=calendar.length(start, end) // timedelta(minutes=1))


def working(length: timedelta, calendar: WorkCalendar) -> str:
    """Working time: "2 个工作日 3 小时", "3 小时 20 分钟"; "不到 1 分钟" where next to none of it was worked."""
    days, rest = divmod(length, _working_day(calendar))
    return _span(days, "个工作日", rest)


def elapsed(length: timedelta) -> str:
    """Clock time: "12 天 3 小时", "3 小时 20 分钟"."""
    days, rest = divmod(length, timedelta(days=1))
    return _span(days, "天", rest)


def _working_day(calendar: WorkCalendar) -> timedelta:
    day = date(2000, 1, 1)
    spans = (datetime.combine(day, end) - datetime.combine(day, begin) for begin, end in calendar.hours)
    return sum(spans, timedelta())


def _span(days: int, unit: str, rest: timedelta) -> str:
    hours, minutes = divmod(int(rest.total_seconds() // 60), 60)
    told = [f"{days} {unit}"] if days else []
    told += [f"{hours} 小时"] if hours else []
    # Beside days, minutes are noise.
    told += [f"{minutes} 分钟"] if minutes and not days else []
    return " ".join(told) or "不到 1 分钟"


def moment(at: datetime, now: datetime) -> str:
    """ "今天 15:00", "明天 09:00", "11-27 17:30", "2027-01-05 17:30": in the office's time."""
    local = at.astimezone(SHANGHAI)
    return f"{_day(local.date(), now)} {local:%H:%M}"


def day(at: date, now: datetime) -> str:
    """ "今天", "明天", "11-27", "2027-01-05"."""
    return _day(at, now)


def _day(at: date, now: datetime) -> str:
    today = now.astimezone(SHANGHAI).date()
    near = {0: "今天", 1: "明天", -1: "昨天"}.get((at - today).days)
    return near or at.strftime("%m-%d" if at.year == today.year else "%Y-%m-%d")


def stamp(value: object) -> str:
    """An ISO moment from an event's data as "2026-11-27 17:30"; empty for none."""
    return datetime.fromisoformat(str(value)).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if value else ""


def name(person: "User | None") -> str:
    """Who it was; the clock is 系统."""
    return (person.full_name or person.username) if person else "系统"
