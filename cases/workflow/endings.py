"""Endings other than closing: reject, withdraw, transfer; and merging, which can be undone."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import F, Q, Sum

from cases.choices import Act, RejectReason, Status
from cases.events import Before, record
from cases.models import Case
from cases.refusals import need_choice, need_line, need_text, optional_text
from cases.workflow.core import Step, act
from liangcheng.common.exceptions import InvalidInput

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

_LIKELY_DAYS, _MOST_LIKELY = 30, 5


@act(Act.REJECT)
def reject(step: Step, *, reason: str, text: str) -> None:
    """不予受理: with a reason code, and words that the reporter may be told."""
    step.case.reject_reason = need_choice(reason, RejectReason, "reason", "请选择不予受理的原因。")
    step.text = need_text(text, "text", "请写明给反映人的说明。")
    step.data = {"reason": reason}
    step.case.closed_at = step.at


@act(Act.WITHDRAW)
def withdraw(step: Step, *, text: str) -> None:
    """撤案, by who reported it or the desk; kept for ever, like every case."""
    step.text = need_text(text, "text", "请写明撤案原因。")
    step.case.closed_at = step.at


@act(Act.TRANSFER)
def transfer(step: Step, *, body: str, number: str = "", text: str) -> None:
    """移送 beyond the street: to which body, under which number there."""
    case = step.case
    case.transfer_body = need_line(body, "body", "请填写接收单位。", most=60)
    case.transfer_number = optional_text(number, "number", most=60)
    step.text = need_text(text, "text", "请写明移送原因和给反映人的说明。")
    step.data = {"body": case.transfer_body, "number": case.transfer_number}
    case.closed_at = step.at


def _lock_for_merge(actor: "User | None", case_id: int, inputs: dict[str, Any]) -> None:
    """Both cases, and what is merged into the first, locked in one order: two that merge crosswise do not block."""
    wanted = Case.objects.none()
    if actor is not None:
        number = str(inputs.get("main_number", "")).strip()
        wanted = Case.objects.visible_to(actor).filter(number=number)
    ids = {case_id}
    for pk, into in wanted.order_by().values_list("pk", "merged_into_id")[:5]:
        ids |= {pk, into or pk}
    _lock(Q(pk__in=ids) | Q(merged_into=case_id))


def _lock_for_unmerge(actor: "User | None", case_id: int, inputs: dict[str, Any]) -> None:
    _lock(Q(pk=case_id) | Q(pk__in=Case.objects.filter(pk=case_id).values("merged_into")))


def _lock(which: Q) -> None:
    list(Case.objects.filter(which).order_by("pk").select_for_update().values_list("pk", flat=True))


@act(Act.MERGE, lock_first=_lock_for_merge)
def merge(step: Step, *, main_number: str, text: str = "") -> None:
    """并案: the same matter as another open case. Its reporters are answered with that one; it closes with it, once.

    What had been merged into this one goes along. The heat of the main case counts every report.
    """
    case = step.case
    main = _main(step, main_number)
    step.text = optional_text(text)
    step.data = {"main": main.number}
    case.merged_into, case.merged_from = main, case.status
    case.closed_at = step.at
    _warm(main, step, case.heat)
    if case.heat > 1:
        along = Case.objects.filter(merged_into=case)
        # Each keeps the reports that are its own, so that any of them can be taken out again.
        case.heat -= along.aggregate(heat=Sum("heat"))["heat"] or 0
        along.update(merged_into=main)
    record(
        main,
        Act.ABSORB,
        actor=step.actor,
        before=Before(main.status, main.handling_grid_id),
        at=step.at,
        data={"number": case.number, "heat": main.heat},
    )


def _main(step: Step, number: str) -> Case:
    """The open case that is to carry on, locked; of one that was merged itself, the case that it went into."""
    case = step.case
    wanted = Case.objects.visible_to(step.person).filter(community_id=case.community_id, number=number.strip()).first()
    if wanted is None:
        raise InvalidInput("unknown_main", "没有找到主案件，请核对编号。", field="main_number")
    wanted_id = wanted.merged_into_id or wanted.pk
    if wanted_id == case.pk:
        raise InvalidInput("merged_into_itself", "案件不能并入自己，或并入已经并给它的案件。", field="main_number")
    main = Case.objects.select_for_update(of=("self",)).select_related("handling_grid").get(pk=wanted_id)
    if not main.is_open:
        raise InvalidInput("main_not_open", f"主案件{main.get_status_display()}，不能再并入。", field="main_number")
    if main.confidential != case.confidential:
        raise InvalidInput("main_confidential", "保密件只能与保密件并案。", field="main_number")
    return main


def likely_mains(case: Case, user: "User") -> list[Case]:
    """Open cases that may well be the same matter: same category, same building or grid, of the last days.

    The oldest first, since it carries on. One statement.
    """
    place = Q(grid=case.grid_id)
    if case.building_id:
        place |= Q(building=case.building_id)
    since = case.reported_at - timedelta(days=_LIKELY_DAYS)
    found = Case.objects.visible_to(user).filter(
        place, is_open=True, category=case.category_id, reported_at__gte=since, confidential=case.confidential
    )
    return list(found.filter(community=case.community_id).exclude(pk=case.pk).order_by("pk")[:_MOST_LIKELY])


def _warm(main: Case, step: Step, by: int) -> None:
    """Count reports on the main case; beside whoever has it open, hence no new version."""
    Case.objects.filter(pk=main.pk).update(heat=F("heat") + by, updated_at=step.at)
    main.heat += by


@act(Act.UNMERGE, lock_first=_lock_for_unmerge)
def unmerge(step: Step, *, text: str) -> None:
    """取消并案: back to where it was, on the plate it was on. The deadline has run on meanwhile."""
    case = step.case
    step.text = need_text(text, "text", "请写明取消并案的原因。")
    main = case.merged_into
    if main is None:
        raise AssertionError("a merged case has its main case")
    step.data = {"main": main.number}
    Case.objects.filter(pk=main.pk).update(heat=F("heat") - case.heat, updated_at=step.at)
    back = case.merged_from or Status.PENDING
    if back in {Status.DISPATCHED, Status.HANDLING} and not (case.assignee_id or case.assigned_department_id):
        back = Status.PENDING
    step.goes_to(back)
    case.merged_into, case.merged_from, case.closed_at = None, "", None
