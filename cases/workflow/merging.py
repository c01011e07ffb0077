"""并案: the same matter reported several times becomes one case (ADR 0011); and taking that back."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F, Sum

from cases import assignment, timekeeping
from cases.choices import Act, Status
from cases.models import Case
from cases.refusals import need_text, optional_text
from cases.workflow.checking import rise_to_grid_in_use
from cases.workflow.core import Step, act, beside
from liangcheng.common.exceptions import InvalidInput
from liangcheng.common.text import normalize

if TYPE_CHECKING:
    from liangcheng.accounts.models import User


def _lock_for_merge(actor: "User | None", case_id: int, inputs: dict[str, Any]) -> None:
    """Both cases, the one that the main case went into, and what went into the first."""
    number = _number(inputs.get("main_number", ""))
    street = Case.objects.filter(pk=case_id).order_by().values_list("community_id", flat=True).first()
    wanted = Case.objects.none() if actor is None else Case.objects.visible_to(actor)
    wanted = wanted.filter(community_id=street, number=number).order_by()

    def party() -> set[int]:
        main = wanted.values_list("pk", "merged_into_id").first() or ()
        along = Case.objects.filter(merged_into=case_id).order_by().values_list("pk", flat=True)
        return {case_id, *filter(None, main), *along}

    _lock(party)


def _number(written: str) -> str:
    """As it stands on the case: people type it in full width or in small letters."""
    return normalize(str(written)).upper()


def _lock_for_unmerge(actor: "User | None", case_id: int, inputs: dict[str, Any]) -> None:
    def party() -> set[int]:
        into = Case.objects.filter(pk=case_id).order_by().values_list("merged_into_id", flat=True).first()
        return {case_id, into or case_id}

    _lock(party)


def _lock(party: Callable[[], set[int]]) -> None:
    """Lock all that belong to it in one order, so that two that merge crosswise do not block each other.

    What belongs to it may change while others are waited for: the locks are then given back and taken anew, since a
    row that is locked late would be locked out of order.
    """
    wanted = party()
    while True:
        point = transaction.savepoint()
        list(Case.objects.filter(pk__in=wanted).order_by("pk").select_for_update().values_list("pk", flat=True))
        now_wanted = party()
        if now_wanted <= wanted:
            transaction.savepoint_commit(point)
            return
        transaction.savepoint_rollback(point)
        wanted = now_wanted


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
        along.update(merged_into=main, version=F("version") + 1, updated_at=step.at)
    beside(main, step, Act.ABSORB, {"number": case.number, "heat": main.heat})


def _main(step: Step, number: str) -> Case:
    """The open case that is to carry on, locked; of one that was merged itself, the case that it went into."""
    case = step.case
    rows = Case.objects.visible_to(step.person).filter(community_id=case.community_id, number=_number(number))
    wanted = rows.order_by().first()
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


def _still_served(case: Case) -> bool:
    """Whether somebody has it on their plate who still serves there."""
    if case.assignee_id:
        return assignment.assignable_users(case).filter(pk=case.assignee_id).exists()
    return bool(case.assigned_department_id and case.assigned_department and case.assigned_department.is_active)


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
    _warm(main, step, -case.heat)
    beside(main, step, Act.ABSORB, {"number": case.number, "heat": main.heat, "undone": True})
    back = case.merged_from or Status.PENDING
    if not case.handling_grid.is_active:
        rise_to_grid_in_use(step)
    if not _still_served(case):
        assignment.clear(case)
        back = Status.PENDING if back in {Status.DISPATCHED, Status.HANDLING} else back
    step.goes_to(back)
    case.merged_into, case.merged_from, case.closed_at = None, "", None
    # As after a pause: the grace before the clock lifts it begins anew.
    case.arrived_at = step.at
    # The calendar may have changed while the case did not count as open.
    timekeeping.set_moments(case, timekeeping.history(case), step.office)
