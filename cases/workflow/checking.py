"""After the result: verify, rework, close, reopen."""

from django.db.models import Q

from cases import assignment, routing
from cases.choices import Act, Satisfaction, Status
from cases.discovery import path_of, put_at
from cases.models import Case
from cases.refusals import need_choice, need_text, optional_text
from cases.workflow.core import Step, act, renew_clock, take_back_result
from grids.choices import GridKind
from grids.models import Grid


@act(Act.VERIFY)
def verify(step: Step, *, text: str = "") -> None:
    """核查通过, by somebody else than the resolver. Where nobody is to be asked, the case closes with it."""
    step.text = optional_text(text)
    if not _somebody_to_ask(step.case):
        step.goes_to(Status.CLOSED)
        step.case.closed_at = step.at


def _somebody_to_ask(case: Case) -> bool:
    """A reporter of the case, of one merged into it, or of 我也遇到. No statement for a case that stands alone."""
    if case.has_reporter or case.heat == 1:
        return case.has_reporter
    reached = Q(wants_reply=True) | ~Q(reporter_phone="")
    return (
        case.joint_reports.filter(reached).exists() or case.merged_cases.filter(reached | ~Q(external_id="")).exists()
    )


@act(Act.REWORK)
def rework(step: Step, *, text: str) -> None:
    """返工: back to the same handler, three working days; counted. Without an assignee, whoever resolved it."""
    case = step.case
    step.text = need_text(text, "text", "请写明返工原因和要求。")
    if case.assigned_department_id is None:
        again = case.assignee_id or case.resolved_by_id
        if again and assignment.assignable_users(case).filter(pk=again).exists():
            case.assignee_id = again
        else:
            # Another system, or somebody who serves there no more, cannot go again: the desk finds somebody.
            assignment.clear(case)
            step.goes_to(Status.PENDING)
    case.rework_count += 1
    take_back_result(case)
    renew_clock(step)


@act(Act.CLOSE)
def close(step: Step, *, satisfaction: str, solved: bool | None = None, text: str = "") -> None:
    """结案 after asking the reporter; 未联系上 is recorded as such and never counts as satisfied.

    `solved`: whether the reporter says that the matter is solved; None where they were not asked or not reached.
    """
    step.case.satisfaction = need_choice(satisfaction, Satisfaction, "satisfaction", "请选择回访结果。")
    if satisfaction == Satisfaction.DISSATISFIED:
        step.text = need_text(text, "text", "反映人不满意的，请写明原因。")
    step.text = optional_text(text)
    step.case.solved = None if satisfaction == Satisfaction.NO_ANSWER else solved
    step.data = {"satisfaction": satisfaction, "solved": step.case.solved}
    step.case.closed_at = step.at


@act(Act.REOPEN)
def reopen(step: Step, *, text: str) -> None:
    """重新处置 within REOPEN_DAYS: by the head, or by any checker after a dissatisfied evaluation."""
    case = step.case
    step.text = need_text(text, "text", "请写明重新处置的原因。")
    step.data = {"satisfaction": case.satisfaction}
    case.reopen_count += 1
    take_back_result(case)
    renew_clock(step)
    assignment.clear(case)
    case.bounced = False
    if not case.handling_grid.is_active:
        rise_to_grid_in_use(step)


def rise_to_grid_in_use(step: Step) -> None:
    """The grid that answered has ended since: the next one above it that is in use answers."""
    case = step.case
    in_use = set(Grid.objects.active().filter(pk__in=case.handling_path()).order_by().values_list("pk", flat=True))
    path, level = path_of(case), GridKind(case.handling_level)
    while path[level] not in in_use and (above := routing.level_above(path, level)):
        level = above
    put_at(case, level, step.at)
    case.highest_level = routing.highest(case.highest_level, level)
