"""What happens next with a case: what the clock will do and when, and what somebody must do. Pure over rows read.

The clock's part is cases.agenda's, the same that the sweep acts by.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cases import agenda as clock
from cases import borders, routing
from cases.choices import RUNNING_STATUSES, HelperRole, Status, Tick
from cases.deadlines import local_day
from cases.discovery import path_of
from cases.models import Case, CoHandler, Coordination, Instruction
from cases.timekeeping import Office
from cases.timeline import words
from grids.choices import PATH_FIELD, SHORT_LEVEL, GridKind
from liangcheng.common.calendar import WorkCalendar

if TYPE_CHECKING:
    from grids.models import Grid


@dataclass(frozen=True)
class Ahead:
    """One thing that the clock will do: "11-27 17:30" and "到期…". `due`: its moment has passed."""

    at: datetime
    when: str
    text: str
    due: bool


@dataclass(frozen=True)
class Facts:
    """What of a case's company the words need."""

    instructions: Sequence[Instruction] = ()
    meetings: Sequence[Coordination] = ()
    helpers: Sequence[CoHandler] = ()


def ahead(case: Case, office: Office, now: datetime) -> list[Ahead]:
    """Everything the clock has still to do, the earliest first."""
    if not case.is_open:
        return []
    rules = office.thresholds(case.handling_level, case.urgency)
    return [_told(case, item, office.calendar, now) for item in clock.agenda(case, rules, office.calendar)]


def _told(case: Case, item: clock.Item, calendar: WorkCalendar, now: datetime) -> Ahead:
    passed = item.at <= now
    if item.tick == Tick.REVIEW:
        when = words.day(local_day(item.at), now)
    else:
        when = words.moment(item.at, now)
    return Ahead(item.at, when, _TEXTS[item.tick](case), passed)


def _told_of(case: Case, with_whom: str = "") -> str:
    """Whom the clock tells: the handler and the desk, where there is no handler the desk alone."""
    grid = case.handling_grid.short_name
    if not (case.assignee or case.assigned_department):
        return grid
    return f"{_handler(case)}和{with_whom or grid}"


def _escalates(case: Case) -> str:
    above = grid_above(case)
    return f"仍未处置完成的，自动上报{SHORT_LEVEL[above.kind]}（{above.short_name}）" if above else "自动上报上级"


_TEXTS: dict[Tick, Callable[[Case], str]] = {
    Tick.WARN: lambda case: f"亮黄灯，提醒{_told_of(case)}",
    Tick.OVERDUE: lambda case: f"处置到期，仍未完成的亮红灯，提醒{_told_of(case, '网格长')}",
    Tick.ESCALATE: _escalates,
    Tick.LAPSE: lambda case: f"仍未接单的，自动收回到{case.handling_grid.short_name}",
    Tick.CLOSE: lambda case: "仍未回访的，自动按“未联系上”结案",
    Tick.CONTACT: lambda case: f"仍未先行联系的，提醒{_told_of(case)}",
    Tick.REVIEW: lambda case: "复核挂账，提醒片区和街道网格长",
    Tick.INSTRUCTION: lambda case: f"仍未答复批示督办的，提醒{_told_of(case)}",
}


def grid_above(case: Case) -> "Grid | None":
    """Where the case goes from here: the next grid above; of a border case the one above both sides."""
    level = routing.level_above(path_of(case), case.handling_level)
    if level is None:
        return None
    if case.second_grid is not None:
        level = GridKind(routing.highest(level, borders.common_level(case.grid, case.second_grid)))
    above: Grid | None = getattr(case, PATH_FIELD[level])
    return above


def _next_above(case: Case) -> "Grid | None":
    """Who dispatches after too many 退单: the next grid above, whether or not it is a border case."""
    level = routing.level_above(path_of(case), case.handling_level)
    above: Grid | None = getattr(case, PATH_FIELD[level]) if level else None
    return above


def _handler(case: Case) -> str:
    """Whose move it is: the handler by name, else the grid that answers."""
    if case.assignee:
        return words.name(case.assignee)
    return case.assigned_department.short_name if case.assigned_department else case.handling_grid.short_name


def waiting(case: Case, facts: Facts, now: datetime) -> list[str]:
    """What somebody must do for the case to get on, the most pressing first."""
    if case.status == Status.MERGED:
        return ["随主案件一并办理、答复和结案"]
    if not case.is_open:
        return []
    return [*_answers(facts.instructions, now), _step(case, now), *_beside(case, facts, now)]


def _answers(instructions: Iterable[Instruction], now: datetime) -> Iterator[str]:
    for row in instructions:
        if row.answered_at is None:
            who, until = words.name(row.given_by), words.moment(row.due_at, now)
            yield f"等待答复{who}的{row.get_kind_display()}，期限 {until}"


def _step(case: Case, now: datetime) -> str:
    here = case.handling_grid.short_name
    match case.status:
        case Status.PENDING:
            return _at_the_desk(case)
        case Status.DISPATCHED:
            return f"等待{_handler(case)}接单"
        case Status.HANDLING:
            return f"等待{_handler(case)}处置"
        case Status.RESOLVED:
            return f"等待{here}核查处置结果"
        case Status.AWAITING_FEEDBACK:
            return f"等待{here}回访反映人"
    if case.review_on is None:
        return "挂账中"
    day = words.day(case.review_on, now)
    return f"等待复核挂账，{day}到期" if case.review_on <= local_day(now) else f"挂账中，{day} 复核"


def _at_the_desk(case: Case) -> str:
    above = _next_above(case)
    if case.bounced:
        return f"等待{(above or case.handling_grid).short_name}签派"
    if case.handling_level == GridKind.MICRO_UNIT and above:
        return f"等待{case.handling_grid.short_name}处置，或由{above.short_name}派遣"
    return f"等待{case.handling_grid.short_name}派遣"


def _beside(case: Case, facts: Facts, now: datetime) -> Iterator[str]:
    if case.extension_days:
        yield f"等待网格长审批延期 {case.extension_days} 个工作日"
    unfinished = [row for row in facts.helpers if row.role == HelperRole.HELPER and row.done_at is None]
    before_result = case.status in {*RUNNING_STATUSES, Status.SUSPENDED}
    if unfinished and before_result:
        yield f"等待{'、'.join(row.department.short_name for row in unfinished)}完成协办"
    if case.first_contact_due_at and case.first_contact_at is None and before_result:
        late = case.first_contact_due_at < now
        until = words.moment(case.first_contact_due_at, now)
        yield f"等待先行联系反映人{f'，已超过期限（{until}）' if late else f'，期限 {until}'}"
    for row in facts.meetings:
        if row.concluded_at is None:
            yield f"{words.moment(row.meets_at, now)} 在{row.place}协调，会后登记结果"
