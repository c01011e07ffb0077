"""What the clock does by itself: remind, escalate, take back, close. Run by the worker every minute, and as a command.

Reads one range of one index (`Case.clock_at`), locks what it takes and skips what others have locked: any number of
workers may sweep at once. What is due is asked of `cases.agenda` after the lock, so a second sweep finds nothing to do.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from cases import timekeeping, workflow
from cases.agenda import Item, agenda
from cases.choices import Act, Satisfaction, Tick
from cases.models import Case
from cases.notifications import remembering
from cases.timekeeping import Office
from grids.choices import SHORT_LEVEL
from liangcheng.common import office_time
from liangcheng.common.clock import now
from liangcheng.common.outbox import place_of

logger = logging.getLogger(__name__)
BATCH = 50
# A worker has other things to do as well: what is left after so many seconds is done in the next minute.
PATIENCE = 20.0
# A case that fails is looked at again later; meanwhile the others go on.
RETRY = timedelta(hours=1)


def sweep(patience: float | None = None) -> Counter[str]:
    """Handle every case whose moment has come; returns how often each tick happened ("failed": that did not work).

    `patience`: stop after so many seconds.
    """
    began, done = time.monotonic(), Counter[str]()
    with remembering():
        while patience is None or time.monotonic() - began < patience:
            try:
                handled = _batch(_tick_off)
            except Exception as error:  # noqa: BLE001 -- one of them does not work: find out which, the others must go on
                logger.warning("sweep_batch_failed error=%s", place_of(error))
                handled = _batch(_carefully)
            if handled is None:
                break
            done.update(handled)
    return done


def run() -> int:
    """The worker's minutely job."""
    done = sweep(PATIENCE)
    if done:
        logger.info("sweep %s", " ".join(f"{name}={number}" for name, number in sorted(done.items())))
    return done.total()


def due_cases() -> Any:
    """The cases whose moment has come, the longest waiting first: one range of the index case_clock."""
    return Case.objects.filter(clock_at__lte=now()).order_by("clock_at")


def _batch(handle: Callable[[Case, Office], list[str]]) -> Counter[str] | None:
    """Up to BATCH due cases in one transaction; None when there is none that nobody else has."""
    if not due_cases().exists():
        # Without this, an idle worker would ask SQLite for its one write lock every minute.
        return None
    skip = connection.features.has_select_for_update_skip_locked
    with transaction.atomic():
        office = timekeeping.office(office_time.held())
        locked = due_cases().select_for_update(skip_locked=skip, of=("self",)).select_related(*workflow.LOADED)[:BATCH]
        cases = list(locked)
        done = Counter(tick for case in cases for tick in handle(case, office))
    return done if cases else None


def _carefully(case: Case, office: Office) -> list[str]:
    """The same, each case in a savepoint of its own: one that fails is put off and does not hold up the others."""
    try:
        with transaction.atomic():
            return _tick_off(case, office)
    except Exception as error:  # noqa: BLE001 -- whatever it is, the other cases must be handled
        logger.error("sweep_failed case=%s error=%s", case.pk, place_of(error))
        Case.objects.filter(pk=case.pk).update(clock_at=now() + RETRY)
        return ["failed"]


def _tick_off(case: Case, office: Office) -> list[str]:
    """All that is due with one locked case; the names of what was done."""
    moment, done = now(), list[str]()
    while item := _due(case, office, moment):
        done.append(item.tick.value)
        _TICKS[item.tick](case, office)
    if not done:
        # Nothing is due after all: the rules have changed, or the case is from before the clock.
        _replan(case, office)
    return done


def _due(case: Case, office: Office, moment: datetime) -> Item | None:
    rules = office.thresholds(case.handling_level, case.urgency)
    items = [item for item in agenda(case, rules, office.calendar) if item.at <= moment] if case.is_open else []
    if any(item.tick == Tick.OVERDUE for item in items):
        # Too late for the yellow light.
        items = [item for item in items if item.tick != Tick.WARN]
    return items[0] if items else None


def _replan(case: Case, office: Office) -> None:
    """Compute the moments anew and look again when the next one comes. No event: nothing has happened."""
    if case.is_open:
        timekeeping.set_moments(case, timekeeping.history(case), office)
    timekeeping.plan(case, office)
    case.save(update_fields=[*timekeeping.MOMENTS, "clock_at", "told"])


def _escalate(case: Case, office: Office) -> None:
    rules = office.thresholds(case.handling_level, case.urgency)
    waited = f"超过处置时限 {rules.grace.text}仍未办结，由系统自动上报。"
    workflow.by_clock(Act.ESCALATE, case, office, text=waited, tried=_tried(case))


def _tried(case: Case) -> str:
    """What stands on the case of what its level has done."""
    whose = case.assignee or case.assigned_department
    parts = [
        f"{SHORT_LEVEL[case.handling_level]}已派给{whose}" if whose else f"{SHORT_LEVEL[case.handling_level]}尚未派遣",
        f"退单 {case.return_count} 次" if case.return_count else "",
        f"返工 {case.rework_count} 次" if case.rework_count else "",
        f"催办 {case.urge_count} 次" if case.urge_count else "",
    ]
    return "，".join(filter(None, parts)) + "。"


def _close(case: Case, office: Office) -> None:
    text = "回访期限已过，没有联系上反映人，由系统自动结案。"
    workflow.by_clock(Act.CLOSE, case, office, satisfaction=Satisfaction.NO_ANSWER, text=text)


def _act(act: Act, **inputs: Any) -> Callable[[Case, Office], None]:
    return lambda case, office: workflow.by_clock(act, case, office, **inputs)


_TICKS: dict[Tick, Callable[[Case, Office], None]] = {
    Tick.WARN: _act(Act.WARN),
    Tick.OVERDUE: _act(Act.OVERDUE),
    Tick.ESCALATE: _escalate,
    Tick.LAPSE: _act(Act.LAPSE),
    Tick.CLOSE: _close,
    **{tick: _act(Act.REMIND, tick=tick) for tick in (Tick.CONTACT, Tick.REVIEW, Tick.INSTRUCTION)},
}
