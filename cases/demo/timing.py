"""When the steps of a plan happen: in working time, so that the clock's limits are kept as often as in real life."""

from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from cases import deadlines
from cases.choices import Status
from liangcheng.common.calendar import SHANGHAI, WorkCalendar

if TYPE_CHECKING:
    from cases.demo.plans import Plan

HOUR = timedelta(hours=1)
# Step → least and most working hours after the one before. What is missing comes soon.
_GAPS: dict[str, tuple[float, float]] = {
    "settle": (0, 0),
    "dispatch": (0.1, 2.2),
    "accept": (0.2, 3.3),
    "return": (0.3, 3.3),
    "note": (0.5, 6),
    "resolve": (2, 12),
    "verify": (0.8, 9),
    "rework": (0.8, 9),
    "close": (0.8, 14),
    "dissatisfied": (1, 12),
    "reopen": (0.5, 8),
    "escalate": (0.5, 5),
    "suspend": (3, 14),
    "resume": (60, 120),
    "reject": (0.5, 8),
    "withdraw": (1, 10),
    "transfer": (1, 8),
    "merge": (0.5, 3),
    "unmerge": (2, 6),
}
_SOON = (0.3, 3.0)
# What happened so recently that the clock has not undone it: target → step pinned to the last so many working hours.
_PINNED = {Status.DISPATCHED: 3.2, Status.AWAITING_FEEDBACK: 13.0}
_SHORT_OF_NOW = timedelta(minutes=3)


class Timing:
    """Moments by the office's calendar, none of them after `now`."""

    def __init__(self, calendar: WorkCalendar, now: datetime) -> None:
        self.calendar = calendar
        self.now = now

    def after(self, moment: datetime, hours: float) -> datetime:
        """So many working hours later."""
        return self.calendar.after(moment, hours * HOUR)

    def hours(self, start: datetime, end: datetime) -> float:
        """Working hours between."""
        return self.calendar.length(start, end) / HOUR

    def recent(self, rng: Random, hours: float) -> datetime:
        """Some moment at work, at most so many working hours ago; over a long holiday, the last minutes."""
        for _ in range(400):
            moment = self.now - _SHORT_OF_NOW - rng.random() * timedelta(days=12) * rng.random() ** 2
            at_work = self.calendar.length(moment, moment + HOUR / 60)
            if at_work and self.hours(moment, self.now) <= hours:
                return moment
        return self.now - rng.uniform(3, 25) * HOUR / 60

    def moments(self, plan: "Plan") -> list[datetime]:
        """When the steps of a plan happen: rising, before `now`, the first result as late or early as planned."""
        if not plan.steps:
            return []
        offsets, pinned = self._offsets(plan), _PINNED.get(plan.target)
        latest = max(self.recent(plan.rng, pinned or 6.0), plan.start + timedelta(minutes=1))
        latest = min(latest, self.now - timedelta(minutes=1))
        swift = plan.due is None or plan.is_emergency
        if swift:
            return _rising(plan.start, [min(plan.start + hours * HOUR / 4, latest) for hours in offsets])
        room = self.hours(plan.start, latest)
        if offsets[-1] > room:
            offsets = [hours * room / offsets[-1] for hours in offsets]
        elif pinned:
            offsets[-1] = room
        if room < 0.1:
            share = (latest - plan.start) / (len(offsets) + 1)
            return _rising(plan.start, [plan.start + share * (n + 1) for n in range(len(offsets))])
        return _rising(plan.start, [self.after(plan.start, hours) for hours in offsets])

    def _offsets(self, plan: "Plan") -> list[float]:
        """Working hours from the start to each step."""
        hours: list[float] = []
        for step in plan.steps:
            low, high = (4.3, 6.5) if plan.lapses and step == "accept" else _GAPS.get(step, _SOON)
            hours.append((hours[-1] if hours else 0.0) + plan.rng.uniform(low, high))
        first = next((place for place, step in enumerate(plan.steps) if step == "resolve"), None)
        if first is None or "suspend" in plan.steps:
            return hours
        wanted, planned = self._result_after(plan), hours[first]
        scale = min(wanted / planned, 1.0)
        early = [hour * scale for hour in hours[:first]]
        return [*early, *(hour + wanted - planned for hour in hours[first:])]

    def _result_after(self, plan: "Plan") -> float:
        """Working hours to the first result."""
        rng = plan.rng
        if plan.due is None:
            return rng.uniform(2, 14)
        allowed = max(self.hours(plan.start, plan.due), 1.0)
        if plan.extended or plan.refused:
            return allowed + rng.uniform(1, 12 if plan.extended else 6)
        if plan.late:
            # Mostly within the grace; sometimes the clock has lifted the case by then.
            return allowed + (rng.uniform(0.5, 5) if rng.random() < 0.6 else rng.uniform(8, 18))
        return allowed * rng.uniform(0.3, 0.9)


def _rising(start: datetime, wanted: list[datetime]) -> list[datetime]:
    done: list[datetime] = []
    for moment in wanted:
        before = done[-1] if done else start
        done.append(max(moment, before + timedelta(seconds=20)))
    return done


def office_hours(moment: datetime, rng: Random, now: datetime) -> datetime:
    """The same day between 8 and 18 o'clock, or as it was where that lies ahead of `now`."""
    local = deadlines.local_day(moment)
    hour = moment.astimezone(SHANGHAI).hour
    if 8 <= hour < 18:
        return moment
    shifted = moment + (rng.uniform(9, 17) - hour) * HOUR
    return shifted if deadlines.local_day(shifted) == local and shifted < now else moment
