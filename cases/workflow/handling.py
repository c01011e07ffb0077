"""From the desk to the result: dispatch, accept, return, resolve; and what moves a case from one plate to another."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from django.db.models import DateTimeField, Subquery, Value
from django.db.models.functions import Coalesce

from cases import assignment, attachments
from cases.choices import Act, HelperRole, ReturnReason, Status
from cases.models import Case, CaseReturn, CoHandler
from cases.photos import Photo
from cases.refusals import need_choice, need_text, optional_text
from cases.transitions import Party
from cases.workflow.core import Step, act
from liangcheng.common.exceptions import InvalidInput, NotPermitted


@act(Act.DISPATCH)
def dispatch(
    step: Step,
    *,
    assignee_id: int | None = None,
    department_id: int | None = None,
    co_department_ids: Iterable[int] = (),
    binding: bool = False,
    text: str = "",
) -> None:
    """派遣: to a person of the handling grid's subtree or a department that serves it. 签派 cannot be returned.

    After too many 退单 the grid above dispatches, always bindingly (`permit` has seen to who).
    """
    case = step.case
    if (assignee_id is None) == (department_id is None):
        raise InvalidInput("missing_assignee", "请选择处置人或处置部门（二者选一）。", field="assignee_id")
    if binding and not case.bounced and Party.DISPATCHER not in step.parties:
        raise NotPermitted("binding_not_permitted", "签派由街道派遣员办理。", field="binding")
    binding = binding or case.bounced
    step.data = assignment.assign(case, assignee_id, department_id)
    case.binding = binding
    case.dispatch_count += 1
    # Dispatched anew is waiting anew, even where the state is the same.
    case.status_since = step.at
    step.data |= {"binding": binding, "co_handlers": add_helpers(step, co_department_ids)}
    step.text = optional_text(text)


def add_helpers(step: Step, department_ids: Iterable[int]) -> list[str]:
    """Let departments help. One that was only invited becomes a helper. Returns their names."""
    helpers = assignment.departments(step.case, department_ids, field="co_department_ids")
    rows = [CoHandler(case=step.case, department=helper, created_at=step.at) for helper in helpers]
    CoHandler.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["case", "department"], update_fields=["role"]
    )
    return [helper.short_name for helper in helpers]


@act(Act.CO_HANDLE)
def co_handle(step: Step, *, co_department_ids: Iterable[int], text: str) -> None:
    """请协办: departments that help; the case stays with its assignee (一个主办，多个协办)."""
    step.text = need_text(text, "text", "请写明需要协办什么。")
    if not co_department_ids:
        raise InvalidInput("missing_co_department_ids", "请选择协办部门。", field="co_department_ids")
    step.data = {"co_handlers": add_helpers(step, co_department_ids)}


@act(Act.CO_FINISH)
def co_finish(step: Step, *, text: str) -> None:
    """协办完成: a helping department marks its own part as done. The case itself only its assignee resolves."""
    step.text = need_text(text, "text", "请写明协办情况。")
    from grids.scoping import scope_of

    mine = list(
        step.case.co_handlers.filter(
            role=HelperRole.HELPER, done_at__isnull=True, department_id__in=scope_of(step.person).department_ids
        ).select_related("department")
    )
    for row in mine:
        row.done_at, row.done_by, row.result = step.at, step.actor, step.text
        row.save(update_fields=["done_at", "done_by", "result"])
    step.data = {"helper": "、".join(row.department.short_name for row in mine)}


@act(Act.ACCEPT)
def accept(step: Step, *, text: str = "") -> None:
    """接单: the assignee takes it on. A department's case stays the department's, whoever of its staff accepts."""
    step.text = optional_text(text)


@act(Act.LAPSE)
def lapse(step: Step) -> None:
    """超时收回: not accepted within its limit, the case goes back to the desk. The deadline runs on."""
    case = step.case
    step.data = assignment.plate(case)
    step.text = "超过接单时限没有接单，自动收回。"
    # Who lets a 签派 lapse has not undone it: the grid above decides again.
    case.bounced = case.bounced or case.binding
    assignment.clear(case)


@act(Act.RETURN)
def return_(step: Step, *, reason: str, text: str) -> None:
    """退单: back to the desk with a reason; the deadline runs on. Not after 签派.

    Who refused and why is kept for the figures. After too many only the grid above dispatches.
    """
    case = step.case
    chosen = need_choice(reason, ReturnReason, "reason", "请选择退单原因。")
    step.text = need_text(text, "text", "请写明退单理由。")
    step.data = {"reason": chosen.value, **assignment.plate(case)}
    CaseReturn.objects.create(
        community_id=cast(int, case.community_id),
        case=case,
        person_id=case.assignee_id,
        department_id=case.assigned_department_id,
        actor=step.person,
        reason=chosen,
        created_at=step.at,
    )
    case.return_count += 1
    most = step.office.thresholds(case.handling_level, case.urgency).returns
    case.bounced = case.return_count >= most and _returns_here(case) >= most
    step.data["bounced"] = case.bounced
    assignment.clear(case)


def _returns_here(case: Case) -> int:
    """退单 since the case came to this grid or was taken up again: what it bounced on before is past. One statement."""
    reopened = case.events.filter(act=Act.REOPEN).order_by("-pk").values("created_at")[:1]
    since = Coalesce(Subquery(reopened), Value(case.arrived_at, output_field=DateTimeField()))
    return case.returns.filter(created_at__gte=case.arrived_at).filter(created_at__gte=since).count()


@act(Act.RESOLVE)
def resolve(step: Step, *, text: str, photos: Sequence[Photo] = ()) -> None:
    """处置完成: the result in words, and a photo where the category demands one.

    Meets or misses the granted deadline and the promise here; both are kept.
    """
    case = step.case
    step.text = case.result = need_text(text, "text", "请写明处置结果。")
    attachments.require_result_photo(case, photos)
    attachments.store(case, photos, actor=step.actor, at=step.at)
    case.resolved_by = step.actor
    case.resolved_at = step.at
    case.resolved_level = case.handling_level
    case.on_time = None if case.due_at is None else step.at <= case.due_at
    case.on_time_original = None if case.original_due_at is None else step.at <= case.original_due_at
    case.extension_days = None
    step.data = {"photos": len(photos), "on_time": case.on_time, "on_time_original": case.on_time_original}


@act(Act.HAND_OVER)
def hand_over(step: Step, *, to_user_id: int | None, text: str, batch: Mapping[str, Any] | None = None) -> None:
    """工作交接: an open case of somebody who leaves, to their successor; back to the desk without one.

    The state stays where it is and the deadline runs on. See cases.handover for all cases of a person at once; `batch`
    is what it says of the whole on each event. A pending 延期 is from now on the successor's: nobody grants their own.
    """
    case = step.case
    step.text = need_text(text, "text", "请写明交接原因。")
    step.data = {"from": case.assignee.full_name if case.assignee else "", "from_id": case.assignee_id}
    if batch:
        step.data["batch"] = dict(batch)
    asked_by_them = case.extension_asked_by_id is not None and case.extension_asked_by_id == case.assignee_id
    binding = case.binding
    if to_user_id is not None and to_user_id == case.assignee_id:
        raise InvalidInput("same_assignee", "案件已在这个人手里，请另选接手的人。", field="assignee_id")
    asked = (case.extension_days, case.extension_asked_by)
    if to_user_id is None:
        case.bounced = case.bounced or case.binding
        assignment.clear(case)
        if case.status in {Status.DISPATCHED, Status.HANDLING}:
            step.goes_to(Status.PENDING)
        elif case.status == Status.SUSPENDED:
            case.suspended_from = Status.PENDING
        return
    step.data |= assignment.assign(case, to_user_id, None)
    case.binding = binding
    case.extension_days, case.extension_asked_by = asked
    if asked_by_them:
        case.extension_asked_by = case.assignee
    if case.status == Status.DISPATCHED:
        case.status_since = step.at
