"""The acts on a case: the only way its state changes, whatever door they come through (ADR 0002).

Every act takes, by keyword: `case_id`; `actor` (None: the clock); optionally `expected_version`, the version that
the actor had before their eyes; optionally `idempotency`; and its own inputs. It returns the case as it then stands.
One transaction each: lock the row among those the actor may see, compare versions, ask the table, check the inputs,
change that object, save what changed, write the event and whom to tell.

Raises NotVisible, StaleObject, IllegalTransition, NotPermitted, InvalidInput (cases and fields: DESIGN in docs/).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from cases import assignment, attachments, deadlines, routing
from cases.choices import (
    OPEN_STATUSES,
    Act,
    LimitUnit,
    PhotoKind,
    RejectReason,
    ReturnReason,
    Satisfaction,
    Status,
    Urgency,
)
from cases.deadlines import REWORK_DAYS, Limit
from cases.discovery import Report, discover, path_of, put_at
from cases.events import Before, Idempotency, already_done, record
from cases.models import Case, CoHandler
from cases.photos import Photo
from cases.refusals import available_actions, need_choice, need_text, optional_text, permit, refusal
from cases.scoping import may_discover, parties_of
from cases.transitions import Edge, Party
from grids.choices import GridKind
from grids.models import Grid
from liangcheng.common.clock import now
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted, NotVisible, StaleObject
from liangcheng.common.office_time import office_calendar

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

ACTS: dict[Act, Callable[..., Case]] = {}


@dataclass
class Step:
    """One act under way: the locked case, who acts, and what the event will say."""

    case: Case
    act: Act
    actor: "User | None"
    edge: Edge
    at: datetime
    before: Before
    text: str = ""
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def parties(self) -> frozenset[Party]:
        return parties_of(self.case, self.actor)


def _act(act: Act) -> Callable[[Callable[..., None]], Callable[..., Case]]:
    """Make an act out of what is particular to it: a function that changes `step.case` and fills the event."""

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
            known = already_done(actor, act, idempotency, case_id)
            if known is not None:
                if act is Act.REVEAL:
                    # The answer is personal data: who has lost the right does not get it by asking again.
                    permit(known, act, actor)
                return known
            try:
                with transaction.atomic():
                    step = _begin(act, case_id, actor, expected_version)
                    kept = _values(step.case)
                    change(step, **inputs)
                    _finish(step, kept, idempotency)
            except (DomainError, IntegrityError):
                # The same key at the same instant: what the other one has done stands for this one too.
                known = already_done(actor, act, idempotency, case_id)
                if known is None:
                    raise
                return known
            return step.case

        ACTS[act] = perform
        return perform

    return decorate


def _begin(act: Act, case_id: int, actor: "User | None", expected_version: int | None) -> Step:
    visible = Case.objects.all() if actor is None else Case.objects.visible_to(actor)
    case = (
        visible.select_for_update(of=("self",))
        .select_related("category", "grid", "handling_grid")
        .filter(pk=case_id)
        .order_by()
        .first()
    )
    if case is None:
        raise NotVisible
    if expected_version is not None and case.version != expected_version:
        raise StaleObject
    return Step(case, act, actor, permit(case, act, actor), now(), Before(case.status, case.handling_grid_id))


def _values(case: Case) -> dict[str, Any]:
    return {f.attname: getattr(case, f.attname) for f in case._meta.concrete_fields}


def _finish(step: Step, kept: dict[str, Any], idempotency: Idempotency | None) -> None:
    case = step.case
    if step.edge.target is not None and case.status == step.before.status:
        case.status = step.edge.target
    case.is_open = case.status in OPEN_STATUSES
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


@_act(Act.REJECT)
def reject(step: Step, *, reason: str, text: str) -> None:
    """不予受理: with a reason code, and words that the reporter may be told."""
    step.case.reject_reason = need_choice(reason, RejectReason, "reason", "请选择不予受理的原因。")
    step.text = need_text(text, "text", "请写明给反映人的说明。")
    step.data = {"reason": reason}
    step.case.closed_at = step.at


@_act(Act.DISPATCH)
def dispatch(
    step: Step,
    *,
    assignee_id: int | None = None,
    department_id: int | None = None,
    co_department_ids: Iterable[int] = (),
    binding: bool = False,
    text: str = "",
) -> None:
    """派遣: to a person of the handling grid's subtree or a department that serves it. 签派 cannot be returned."""
    case = step.case
    if (assignee_id is None) == (department_id is None):
        raise InvalidInput("missing_assignee", "请选择处置人或处置部门（二者选一）。", field="assignee_id")
    if binding and Party.DISPATCHER not in step.parties:
        raise NotPermitted("binding_not_permitted", "签派由街道派遣员办理。", field="binding")
    step.data = assignment.assign(case, assignee_id, department_id)
    case.binding = binding
    helpers = assignment.departments(case, co_department_ids, field="co_department_ids")
    CoHandler.objects.bulk_create(
        [CoHandler(case=case, department=helper, created_at=step.at) for helper in helpers], ignore_conflicts=True
    )
    step.data |= {"binding": binding, "co_handlers": [helper.short_name for helper in helpers]}
    step.text = optional_text(text)


@_act(Act.ACCEPT)
def accept(step: Step, *, text: str = "") -> None:
    """接单: the assignee takes it on. A department's case stays the department's, whoever of its staff accepts."""
    step.text = optional_text(text)


@_act(Act.RETURN)
def return_(step: Step, *, reason: str, text: str) -> None:
    """退单: back to the desk with a reason; the deadline runs on. Not after 签派."""
    step.data = {"reason": need_choice(reason, ReturnReason, "reason", "请选择退单原因。")}
    step.text = need_text(text, "text", "请写明退单理由。")
    step.case.return_count += 1
    assignment.clear(step.case)


@_act(Act.RESOLVE)
def resolve(step: Step, *, text: str, photos: Sequence[Photo] = ()) -> None:
    """处置完成: the result in words, and a photo where the category demands one. Meets or misses the deadline here."""
    case = step.case
    step.text = case.result = need_text(text, "text", "请写明处置结果。")
    attachments.require_result_photo(case, photos)
    attachments.store(case, photos, actor=step.actor, at=step.at)
    case.resolved_by = step.actor
    case.resolved_at = step.at
    case.resolved_level = case.handling_level
    case.on_time = None if case.due_at is None else step.at <= case.due_at
    step.data = {"photos": len(photos), "on_time": case.on_time}


@_act(Act.VERIFY)
def verify(step: Step, *, text: str = "") -> None:
    """核查通过, by somebody else than the resolver. Where nobody is to be asked, the case closes with it."""
    step.text = optional_text(text)
    if not _somebody_to_ask(step.case):
        step.case.status = Status.CLOSED
        step.case.closed_at = step.at


def _somebody_to_ask(case: Case) -> bool:
    return case.wants_reply or bool(case.reporter_phone) or bool(case.external_id)


@_act(Act.REWORK)
def rework(step: Step, *, text: str) -> None:
    """返工: back to the same handler, three working days; counted. Without an assignee, whoever resolved it."""
    case = step.case
    step.text = need_text(text, "text", "请写明返工原因和要求。")
    if case.assignee_id is None and case.assigned_department_id is None:
        if case.resolved_by is None or case.resolved_by.is_service:
            # Another system cannot go there again: the desk finds somebody.
            case.status = Status.PENDING
        else:
            case.assignee_id = case.resolved_by_id
    case.rework_count += 1
    _take_back(case, step)


def _take_back(case: Case, step: Step) -> None:
    """The result no longer stands: a new limit of three working days; the original promise stays on the case."""
    limit = Limit(REWORK_DAYS, LimitUnit.WORKING_DAY)
    case.due_at = deadlines.due(step.at, limit, office_calendar(*deadlines.horizon(step.at, limit)))
    case.result, case.resolved_level, case.satisfaction = "", "", ""
    case.resolved_by, case.resolved_at, case.on_time, case.closed_at = None, None, None, None
    step.data["due_at"] = case.due_at.isoformat() if case.due_at else None


@_act(Act.CLOSE)
def close(step: Step, *, satisfaction: str, text: str = "") -> None:
    """结案 after asking the reporter; 未联系上 is recorded as such and never counts as satisfied."""
    step.case.satisfaction = need_choice(satisfaction, Satisfaction, "satisfaction", "请选择回访结果。")
    if satisfaction == Satisfaction.DISSATISFIED:
        step.text = need_text(text, "text", "反映人不满意的，请写明原因。")
    step.text = optional_text(text)
    step.data = {"satisfaction": satisfaction}
    step.case.closed_at = step.at


@_act(Act.REOPEN)
def reopen(step: Step, *, text: str) -> None:
    """重新处置 within REOPEN_DAYS: by the head, or by any checker after a dissatisfied evaluation."""
    case = step.case
    step.text = need_text(text, "text", "请写明重新处置的原因。")
    step.data = {"satisfaction": case.satisfaction}
    case.reopen_count += 1
    _take_back(case, step)
    assignment.clear(case)
    if not case.handling_grid.is_active:
        _rise_to_grid_in_use(case)


def _rise_to_grid_in_use(case: Case) -> None:
    """The grid that answered has ended since: the next one above it that is in use answers."""
    in_use = set(Grid.objects.active().filter(pk__in=case.handling_path()).order_by().values_list("pk", flat=True))
    path, level = path_of(case), GridKind(case.handling_level)
    while path[level] not in in_use and (above := routing.level_above(path, level)):
        level = above
    put_at(case, level)
    case.highest_level = routing.highest(case.highest_level, level)


@_act(Act.ESCALATE)
def escalate(step: Step, *, text: str, tried: str, to_level: str = "") -> None:
    """上报上级, one level: why, and what was tried. Only emergencies may skip a level. The deadline runs on."""
    case = step.case
    step.text = need_text(text, "text", "请写明上报原因。")
    step.data = {"tried": need_text(tried, "tried", "请写明已经采取的措施。")}
    path = path_of(case)
    # At the street there is no level above; `permit` has refused that already.
    target = routing.level_above(path, case.handling_level) or GridKind.COMMUNITY
    if to_level and to_level != target:
        if case.urgency != Urgency.EMERGENCY:
            raise InvalidInput("level_skipped", "只有突发事件可以越级上报。", field="to_level")
        target = need_choice(to_level, GridKind, "to_level", "请选择上报到的层级。")
        higher = target != case.handling_level and routing.highest(target, case.handling_level) == target
        if not higher or path[target] is None:
            raise InvalidInput("unknown_to_level", "请选择更高的层级。", field="to_level")
    put_at(case, target)
    case.highest_level = routing.highest(case.highest_level, target)
    assignment.clear(case)


@_act(Act.HAND_DOWN)
def hand_down(step: Step, *, grid_code: str, text: str) -> None:
    """交办下派: to a grid below, on the way to where the case was discovered, with an instruction."""
    step.text = need_text(text, "text", "请写明交办要求。")
    target = next((grid for grid in hand_down_targets(step.case) if grid.code == grid_code), None)
    if target is None:
        raise InvalidInput("unknown_grid", "请选择案件所在的下级网格。", field="grid_code")
    put_at(step.case, target.kind)
    step.data = {"grid": target.short_name}
    assignment.clear(step.case)


@_act(Act.WITHDRAW)
def withdraw(step: Step, *, text: str) -> None:
    """撤案, by who reported it or the desk; kept for ever, like every case."""
    step.text = need_text(text, "text", "请写明撤案原因。")
    step.case.closed_at = step.at


@_act(Act.NOTE)
def note(step: Step, *, text: str, photos: Sequence[Photo] = ()) -> None:
    """补充说明: into the timeline, without changing the state."""
    step.text = need_text(text, "text", "请写明要补充的内容。")
    attachments.store(step.case, photos, actor=step.actor, at=step.at)
    step.data = {"photos": len(photos)}


@_act(Act.ATTACH)
def attach(step: Step, *, kind: str = PhotoKind.BEFORE, photos: Sequence[Photo]) -> None:
    """上传照片."""
    need_choice(kind, PhotoKind, "kind", "请选择照片类型。")
    if not photos:
        raise InvalidInput("missing_photos", "请选择要上传的照片。", field="photos")
    attachments.store(step.case, photos, actor=step.actor, at=step.at)
    step.data = {"photos": len(photos), "kind": kind}


@_act(Act.REVEAL)
def reveal(step: Step, *, text: str) -> None:
    """查看联系方式: written down with its reason before anything is shown (个人信息保护法)."""
    step.text = need_text(text, "text", "请写明查看原因。")


def hand_down_targets(case: Case) -> list[Grid]:
    """The grids below the handling grid on the case's own path."""
    path = path_of(case)
    ids = [path[level] for level in routing.levels_below(path, case.handling_level)]
    return list(Grid.objects.filter(pk__in=ids, is_active=True).in_tree_order())


def assignable_users(case: Case) -> "QuerySet[User]":
    """Whom the case may be dispatched to by name."""
    return assignment.assignable_users(case)


def assignable_departments(case: Case) -> "QuerySet[Any]":
    """The departments that serve the handling grid."""
    return assignment.assignable_departments(case)


__all__ = [
    "ACTS",
    "Idempotency",
    "Report",
    "available_actions",
    "discover",
    "may_discover",
    "refusal",
]
