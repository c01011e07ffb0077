"""The frame of every act: lock, check, change, write down, tell; one transaction (ADR 0002).

The acts themselves are in the modules beside this one, by what they are about.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction

from cases import timekeeping
from cases.choices import OPEN_STATUSES, Act, Tick
from cases.deadlines import REWORK_LIMIT, ClockMark
from cases.events import Before, Idempotency, already_done, record
from cases.models import Case
from cases.refusals import permit
from cases.scoping import parties_of
from cases.timekeeping import Office
from cases.transitions import Edge, Party
from liangcheng.common.clock import now
from liangcheng.common.exceptions import DomainError, NotVisible, StaleObject

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

ACTS: dict[Act, Callable[..., Case]] = {}
# What is particular to each act, for the clock, which has locked its cases already.
_CHANGES: dict[Act, Callable[..., None]] = {}
LockFirst = Callable[["User | None", int, dict[str, Any]], None]


# What acts read of a case besides its own columns.
LOADED = ("category", "grid", "handling_grid", "second_grid", "assignee", "assigned_department")


@dataclass
class Step:
    """One act under way: the locked case, who acts, and what the event will say."""

    case: Case
    act: Act
    actor: "User | None"
    edge: Edge
    at: datetime
    before: Before
    office: Office
    text: str = ""
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def parties(self) -> frozenset[Party]:
        return parties_of(self.case, self.actor)

    @property
    def person(self) -> "User":
        """Who acts, for acts that are never the clock's."""
        if self.actor is None:
            raise AssertionError("the clock does not do this")
        return self.actor

    def goes_to(self, status: str) -> None:
        """The state that the table alone cannot name."""
        self.case.status = status


def act(kind: Act, lock_first: LockFirst | None = None) -> Callable[[Callable[..., None]], Callable[..., Case]]:
    """Make an act out of what is particular to it: a function that changes `step.case` and fills the event.

    `lock_first` locks several cases in one order, for acts that touch more than one.
    """

    def decorate(change: Callable[..., None]) -> Callable[..., Case]:
        @wraps(change)
        def perform(
            *,
            case_id: int,
            actor: "User | None",
            expected_version: int | None = None,
            idempotency: Idempotency | None = None,
            **inputs: Any,
        ) -> Case:
            known = already_done(actor, kind, idempotency, case_id)
            if known is not None:
                if kind is Act.REVEAL:
                    # The answer is personal data: who has lost the right does not get it by asking again.
                    permit(known, kind, actor)
                return known
            try:
                with transaction.atomic():
                    if lock_first:
                        lock_first(actor, case_id, inputs)
                    step = _begin(kind, case_id, actor, expected_version)
                    kept = _values(step.case)
                    change(step, **inputs)
                    _finish(step, kept, idempotency)
            except (DomainError, IntegrityError):
                # The same key at the same instant: what the other one has done stands for this one too.
                known = already_done(actor, kind, idempotency, case_id)
                if known is None:
                    raise
                return known
            return step.case

        ACTS[kind] = perform
        _CHANGES[kind] = change
        return perform

    return decorate


def by_clock(kind: Act, case: Case, office: Office, **inputs: Any) -> None:
    """An act of the clock on a case that the caller has locked, read with LOADED, inside the caller's transaction."""
    step = Step(case, kind, None, permit(case, kind, None), now(), Before(case.status, case.handling_grid_id), office)
    kept = _values(case)
    _CHANGES[kind](step, **inputs)
    _finish(step, kept, None)


def _begin(kind: Act, case_id: int, actor: "User | None", expected_version: int | None) -> Step:
    visible = Case.objects.all() if actor is None else Case.objects.visible_to(actor)
    case = (
        visible.select_for_update(of=("self",))
        .select_related(*LOADED)
        # The office's mark with the row: what is locked now is recomputed by whoever changes the calendar later.
        .with_mark()
        .filter(pk=case_id)
        .order_by()
        .first()
    )
    if case is None:
        raise NotVisible
    if expected_version is not None and case.version != expected_version:
        raise StaleObject
    office = timekeeping.office(getattr(case, "office_mark", None) or "")
    before = Before(case.status, case.handling_grid_id)
    return Step(case, kind, actor, permit(case, kind, actor), now(), before, office)


def _values(case: Case) -> dict[str, Any]:
    return {f.attname: getattr(case, f.attname) for f in case._meta.concrete_fields}


def _finish(step: Step, kept: dict[str, Any], idempotency: Idempotency | None) -> None:
    case = step.case
    if step.edge.target is not None and case.status == step.before.status:
        case.status = step.edge.target
    if case.status != step.before.status:
        case.status_since = step.at
        case.is_open = case.status in OPEN_STATUSES
    timekeeping.plan(case, step.office)
    case.version += 1
    case.updated_at = step.at
    case.save(update_fields=[name for name, value in _values(case).items() if value != kept[name]])
    record(
        case,
        step.act,
        actor=step.actor,
        before=step.before,
        at=step.at,
        text=step.text,
        data=step.data,
        idempotency=idempotency,
    )


def beside(other: Case, step: Step, kind: Act, data: dict[str, Any]) -> None:
    """Write into another case's history what this act means for it; its state and version stay."""
    before = Before(other.status, other.handling_grid_id)
    record(other, kind, actor=step.actor, before=before, at=step.at, data=data)


def move_clock(step: Step) -> None:
    """Let the act that is under way move the case's clock: its history, and this act as the last mark of it."""
    mark: ClockMark = timekeeping.mark_of(step.act, step.at, step.data)
    timekeeping.set_moments(step.case, [*timekeeping.history(step.case), mark], step.office)
    step.data["due_at"] = timekeeping.iso(step.case.due_at)


def renew_clock(step: Step) -> None:
    """The result no longer stands: a limit of three working days of its own; the promise stays on the case."""
    step.data["limit"] = timekeeping.as_data(REWORK_LIMIT)
    move_clock(step)
    timekeeping.forget(step.case, Tick.WARN, Tick.OVERDUE)


def take_back_result(case: Case) -> None:
    """What was resolved is to be done again."""
    case.result, case.resolved_level, case.satisfaction = "", "", ""
    case.resolved_by, case.resolved_at, case.closed_at = None, None, None
    case.on_time, case.on_time_original, case.solved = None, None, None
