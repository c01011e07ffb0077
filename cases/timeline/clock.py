"""The story of a case's deadlines: what was promised, what was granted, what moved them. Pure over rows already read.

What is told is what was on record at the time: each event says where it put the deadline, and 期限重算 explains
where the calendar has changed since.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cases.choices import Act
from cases.deadlines import Limit
from cases.models import Case, CaseEvent
from cases.timekeeping import MARKS
from cases.timeline import words

_MOVERS = {*MARKS, Act.RECALCULATE} - {Act.DISCOVER}


@dataclass(frozen=True)
class Shift:
    """One event of the clock: who moved the granted deadline, from where to where, and why."""

    act: str
    what: str
    who: str
    at: datetime
    before: datetime | None
    after: datetime | None
    reason: str

    @property
    def moved(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True)
class ClockStory:
    """`limit`: what was promised, "5 个工作日". `kept`: (by which deadline, in words, in time?) once resolved."""

    limit: str
    promised: datetime | None
    granted: datetime | None
    shifts: list[Shift]
    paused: str
    kept: list[tuple[str, str, bool]]

    @property
    def differs(self) -> bool:
        return self.promised != self.granted


def clock_story(case: Case, events: Iterable[CaseEvent], now: datetime) -> ClockStory:
    """From the case's history, oldest first."""
    marked = [event for event in events if event.act in _MOVERS or event.act == Act.DISCOVER]
    limit = next((event.data.get("limit") for event in marked if event.act == Act.DISCOVER), None)
    return ClockStory(
        limit=Limit(limit["value"], limit["unit"]).text if limit else "",
        promised=case.original_due_at,
        granted=case.due_at,
        shifts=_shifts(marked),
        paused=_paused(case, marked, now),
        kept=_kept(case),
    )


def _shifts(events: Iterable[CaseEvent]) -> list[Shift]:
    found: list[Shift] = []
    stands: datetime | None = None
    for event in events:
        before = _moment(event.data["before"]) if "before" in event.data else stands
        after = _moment(event.data["due_at"]) if "due_at" in event.data else before
        if event.act in _MOVERS:
            found.append(
                Shift(
                    act=event.act,
                    what=_what(event),
                    who=words.name(event.actor),
                    at=event.created_at,
                    before=before,
                    after=after,
                    reason=event.text,
                )
            )
        stands = after
    return found


def _moment(value: object) -> datetime | None:
    return datetime.fromisoformat(str(value)) if value else None


def _what(event: CaseEvent) -> str:
    """ "延期 5 个工作日", "返工，另计 3 个工作日"."""
    label = Act(event.act).label
    if event.act == Act.GRANT_EXTENSION:
        return f"延期 {event.data.get('days')} 个工作日"
    if event.act == Act.SUSPEND:
        return f"挂账，停止计时，{event.data.get('review_on')} 复核"
    if event.act == Act.RESUME:
        return "恢复办理，接着计时"
    limit = event.data.get("limit")
    if limit:
        return f"{label}，另计 {Limit(limit['value'], limit['unit']).text}"
    return label


def _paused(case: Case, events: Iterable[CaseEvent], now: datetime) -> str:
    """How often and how long the case was 挂账, in clock time."""
    total, times, since = timedelta(), 0, None
    for event in events:
        if event.act == Act.SUSPEND:
            since, times = event.created_at, times + 1
        elif event.act == Act.RESUME and since:
            total, since = total + (event.created_at - since), None
    if since:
        total += (now if case.is_open else case.closed_at or now) - since
    return f"{times} 次，共 {words.elapsed(total)}" if times else ""


def _kept(case: Case) -> list[tuple[str, str, bool]]:
    if case.resolved_at is None or case.on_time is None:
        return []
    granted, promised = case.on_time, case.on_time_original
    if promised is None or case.original_due_at == case.due_at:
        return [("处置", _word(granted), granted)]
    return [("按现时限", _word(granted), granted), ("按原时限", _word(promised), promised)]


def _word(in_time: bool) -> str:
    return "按时" if in_time else "超期"
