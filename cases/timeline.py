"""A case's history in words: the way through the levels, and what happened when. Pure over rows already read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cases.choices import Act, RejectReason, ReturnReason, Satisfaction
from cases.models import Case, CaseEvent
from grids.choices import KINDS, PATH_FIELD, RANK, SHORT_LEVEL

_REASONS = {Act.REJECT: RejectReason, Act.RETURN: ReturnReason}


@dataclass(frozen=True)
class Step:
    """One level of the case's path, from the place of discovery up to the street."""

    level: str
    name: str
    code: str
    current: bool
    visited: bool
    found_here: bool


@dataclass(frozen=True)
class Move:
    """The case changed its handling grid."""

    at: datetime
    act: str
    upwards: bool
    start: str
    end: str


@dataclass(frozen=True)
class Entry:
    """One event, as the timeline shows it."""

    act: str
    label: str
    who: str
    at: datetime
    change: str
    move: str
    text: str
    details: list[tuple[str, str]]


def steps(case: Case, events: Iterable[CaseEvent]) -> list[Step]:
    """The levels of the case's path that exist, lowest first."""
    visited = {event.to_grid_id for event in events}
    grids = [getattr(case, PATH_FIELD[kind]) for kind in reversed(KINDS)]
    return [
        Step(
            level=SHORT_LEVEL[grid.kind],
            name=grid.short_name,
            code=grid.code,
            current=grid.pk == case.handling_grid_id,
            visited=grid.pk in visited,
            found_here=grid.pk == case.grid_id,
        )
        for grid in grids
        if grid is not None
    ]


def moves(events: Iterable[CaseEvent]) -> list[Move]:
    """Every change of the handling grid, oldest first."""
    return [
        Move(
            at=event.created_at,
            act=event.get_act_display(),
            upwards=RANK[event.to_grid.kind] < RANK[event.from_grid.kind],
            start=event.from_grid.short_name,
            end=event.to_grid.short_name,
        )
        for event in events
        if event.from_grid is not None and event.from_grid_id != event.to_grid_id
    ]


def entries(events: Iterable[CaseEvent]) -> list[Entry]:
    """The events as the timeline shows them, newest first."""
    return [_entry(event) for event in events][::-1]


def _entry(event: CaseEvent) -> Entry:
    changed = event.from_status and event.from_status != event.to_status
    moved = event.from_grid is not None and event.from_grid_id != event.to_grid_id
    return Entry(
        act=event.act,
        label=event.get_act_display(),
        who=event.actor.full_name or event.actor.username if event.actor else "系统",
        at=event.created_at,
        change=f"{event.get_from_status_display()} → {event.get_to_status_display()}"
        if changed
        else ("" if event.from_status else event.get_to_status_display()),
        move=f"{event.from_grid.short_name} → {event.to_grid.short_name}" if moved and event.from_grid else "",
        text=event.text,
        details=list(_details(event)),
    )


def _details(event: CaseEvent) -> Iterable[tuple[str, str]]:
    data: Mapping[str, Any] = event.data
    yield from _plates(event.act, data)
    if data.get("co_handlers"):
        yield "协办", "、".join(data["co_handlers"])
    if data.get("reason") and event.act in _REASONS:
        yield "原因", _label(_REASONS[Act(event.act)], data["reason"])
    if data.get("satisfaction"):
        yield "回访结果", _label(Satisfaction, data["satisfaction"])
    if data.get("tried"):
        yield "已采取措施", str(data["tried"])
    if data.get("photos"):
        yield "照片", f"{data['photos']} 张"
    if data.get("due_at") and event.act in {Act.REWORK, Act.REOPEN}:
        yield "新时限", datetime.fromisoformat(data["due_at"]).astimezone().strftime("%Y-%m-%d %H:%M")


def _plates(act: str, data: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Whose plate the case left and whose it came to."""
    if act == Act.HAND_OVER and data.get("from"):
        yield "原处置人", str(data["from"])
    if data.get("assignee") or data.get("department"):
        yield "派给", f"{data.get('assignee') or data['department']}{'（签派）' if data.get('binding') else ''}"


def _label(choices: Any, value: str) -> str:
    return str(dict(choices.choices).get(value, value))
