"""Up and down the grid tree: 小事不出网格，难事不出片区，大事不出街道 (R47)."""

from cases import assignment, borders, routing
from cases.choices import Act, Urgency
from cases.discovery import path_of, put_at
from cases.models import Case
from cases.refusals import need_choice, need_text
from cases.workflow.core import Step, act
from grids.choices import GridKind
from grids.models import Grid
from liangcheng.common.exceptions import InvalidInput


@act(Act.ESCALATE)
def escalate(step: Step, *, text: str, tried: str, to_level: str = "", second_grid_code: str = "") -> None:
    """上报上级, one level: why, and what was tried. The deadline runs on.

    Only emergencies may skip a level, and border cases (R53): with a second grid the case rises to the grid above both.
    """
    case = step.case
    step.text = need_text(text, "text", "请写明上报原因。")
    step.data = {"tried": need_text(tried, "tried", "请写明已经采取的措施。"), **assignment.plate(case)}
    if second_grid_code and case.second_grid is not None:
        raise InvalidInput("second_grid_set", "已登记过相邻网格，不能再改。", field="second_grid_code")
    if second_grid_code:
        case.second_grid = borders.neighbour(case.grid, second_grid_code)
        step.data["second_grid"] = case.second_grid.short_name
    put_at(case, _target(case, to_level), step.at)
    case.highest_level = routing.highest(case.highest_level, case.handling_level)
    assignment.clear(case)


def _target(case: Case, to_level: str) -> str:
    path = path_of(case)
    # At the street there is no level above; `permit` has refused that already.
    next_above = routing.level_above(path, case.handling_level) or GridKind.COMMUNITY
    if case.second_grid is not None:
        next_above = GridKind(routing.highest(next_above, borders.common_level(case.grid, case.second_grid)))
    if not to_level or to_level == next_above:
        return next_above
    if case.urgency != Urgency.EMERGENCY:
        raise InvalidInput("level_skipped", "只有突发事件可以越级上报。", field="to_level")
    wanted = need_choice(to_level, GridKind, "to_level", "请选择上报到的层级。")
    higher = wanted != case.handling_level and routing.highest(wanted, case.handling_level) == wanted
    if not higher or path[wanted] is None:
        raise InvalidInput("unknown_to_level", "请选择更高的层级。", field="to_level")
    return wanted


@act(Act.HAND_DOWN)
def hand_down(step: Step, *, grid_code: str, text: str) -> None:
    """交办下派: to a grid below, on the way to where the case was discovered, with an instruction."""
    step.text = need_text(text, "text", "请写明交办要求。")
    target = next((grid for grid in hand_down_targets(step.case) if grid.code == grid_code), None)
    if target is None:
        raise InvalidInput("unknown_grid", "请选择案件所在的下级网格。", field="grid_code")
    put_at(step.case, target.kind, step.at)
    step.data = {"grid": target.short_name}
    assignment.clear(step.case)


def hand_down_targets(case: Case) -> list[Grid]:
    """The grids below the handling grid on the case's own path."""
    path = path_of(case)
    ids = [path[level] for level in routing.levels_below(path, case.handling_level)]
    return list(Grid.objects.filter(pk__in=ids, is_active=True).in_tree_order())
