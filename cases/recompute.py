"""Holding the deadlines of cases against their histories: after a change of the calendar, every night, by command."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from cases import timekeeping, workflow
from cases.choices import Act
from cases.deadlines import ClockMark
from cases.models import Case, CaseEvent
from cases.timekeeping import MARKS, MOMENTS, Office
from liangcheng.common import office_time
from liangcheng.common.models import OfficeMark, OutboxMessage

BATCH = 500
# As many open cases are recomputed while the office waits; more go to the worker.
AT_ONCE = 5_000
TOPIC = "cases.recompute"


@dataclass
class Recomputed:
    """How many open cases were looked at, and whose deadline moved which way."""

    looked_at: int = 0
    earlier: int = 0
    later: int = 0

    @property
    def text(self) -> str:
        same = self.looked_at - self.earlier - self.later
        return f"未办结案件重算 {self.looked_at} 件：期限提前 {self.earlier} 件，推后 {self.later} 件，不变 {same} 件。"


@dataclass(frozen=True)
class Difference:
    """A moment on a case's row that its history does not give."""

    number: str
    field: str
    stored: datetime | None
    expected: datetime | None


def recompute_open() -> Recomputed:
    """Bring every open case to what its history says by the present calendar and rules; repeatable."""
    done, last = Recomputed(), 0
    while batch := _batch(last, done):
        last = batch
    return done


def follow_change() -> str:
    """After the office has changed the calendar or the rules of the clock; says what moved."""
    if Case.objects.open().count() <= AT_ONCE:
        return recompute_open().text
    mark = office_time.mark()
    OutboxMessage.objects.get_or_create(key=f"{TOPIC}:{mark}", defaults={"topic": TOPIC})
    return "未办结案件较多，期限正在后台重算，几分钟后生效。"


def deliver(message: OutboxMessage) -> None:
    """The worker's part of `follow_change`; each batch its own transaction, and done twice it is done once."""
    recompute_open()


def _batch(after: int, done: Recomputed) -> int:
    """Up to BATCH open cases with a larger id than `after`, in one transaction; the last id, 0 when there is none."""
    with transaction.atomic():
        office = timekeeping.office(office_time.held())
        rows = Case.objects.open().filter(pk__gt=after).order_by("pk").select_related(*workflow.LOADED)
        cases = list(rows.select_for_update(of=("self",))[:BATCH])
        marks = marks_of(cases)
        changed = [case for case in cases if _recompute(case, marks[case.pk], office, done)]
        Case.objects.bulk_update(changed, [*MOMENTS, "clock_at", "told"])
    done.looked_at += len(cases)
    return cases[-1].pk if cases else 0


def _recompute(case: Case, marks: list[ClockMark], office: Office, done: Recomputed) -> bool:
    """Recompute one locked case. A deadline that moves is an event; what else changes is only to be saved: True."""
    before = _moments(case)
    due_at, clock_at, told = case.due_at, case.clock_at, case.told
    timekeeping.set_moments(case, marks, office)
    if case.due_at != due_at:
        earlier = case.due_at is not None and (due_at is None or case.due_at < due_at)
        done.earlier += earlier
        done.later += not earlier
        for name, value in zip(MOMENTS, before, strict=True):
            setattr(case, name, value)
        case.told = told
        workflow.by_clock(Act.RECALCULATE, case, office, marks=marks)
        return False
    timekeeping.plan(case, office)
    return (before, clock_at, told) != (_moments(case), case.clock_at, case.told)


def _moments(case: Case) -> list[datetime | None]:
    return [getattr(case, name) for name in MOMENTS]


def marks_of(cases: Iterable[Case]) -> dict[int, list[ClockMark]]:
    """The clock marks of many cases, by id; one statement."""
    found: dict[int, list[ClockMark]] = defaultdict(list)
    rows = CaseEvent.objects.filter(case__in=[case.pk for case in cases], act__in=MARKS).order_by("pk")
    for case_id, act, at, data in rows.values_list("case_id", "act", "created_at", "data"):
        found[case_id].append(timekeeping.mark_of(act, at, data))
    return found


def differences(cases: "QuerySet[Case]") -> Iterator[Difference]:
    """What on the rows of `cases` does not follow from their histories, by the calendar as it is now. Writes nothing.

    The yellow light of a case that has ended is not looked at: nobody sees it any more.
    """
    office = timekeeping.office(office_time.mark())
    last = 0
    while chunk := list(cases.filter(pk__gt=last).order_by("pk")[:BATCH]):
        last = chunk[-1].pk
        marks = marks_of(chunk)
        for case in chunk:
            yield from _differences(case, marks[case.pk], office)


def _differences(case: Case, marks: list[ClockMark], office: Office) -> Iterator[Difference]:
    names = MOMENTS if case.is_open else ("due_at", "original_due_at", "first_contact_due_at")
    stored = {name: getattr(case, name) for name in (*names, "clock_at")}
    timekeeping.set_moments(case, marks, office)
    timekeeping.plan(case, office)
    for name, value in stored.items():
        expected = getattr(case, name)
        if value != expected:
            yield Difference(case.number, name, value, expected)


def ended_before_change() -> Any:
    """Condition on Case: ended before the calendar or the rules last changed, so by an older calendar perhaps."""
    renewed = OfficeMark.objects.filter(pk=1).values_list("renewed_at", flat=True).first()
    closed = Case.objects.filter(is_open=False)
    return closed.filter(closed_at__lte=renewed) if renewed else closed.none()
