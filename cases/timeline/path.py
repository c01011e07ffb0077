"""The way through the levels, and the time spent at each. Pure over rows already read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cases.choices import Act
from cases.models import Case, CaseEvent
from cases.timeline import words
from grids.choices import KINDS, PATH_FIELD, RANK, SHORT_LEVEL
from liangcheng.common.calendar import WorkCalendar

if TYPE_CHECKING:
    from grids.models import Grid


@dataclass(frozen=True)
class Step:
    """One level of the case's path, lowest first. `spent`: all stays there together, in words."""

    level: str
    name: str
    code: str
    current: bool
    visited: bool
    found_here: bool
    spent: str


@dataclass(frozen=True)
class Stay:
    """The case rested with one grid. `left_at` None: it still does. `start`: where it came from, "" for the first."""

    grid_id: int
    name: str
    level: str
    act: str
    upwards: bool
    start: str
    arrived_at: datetime
    left_at: datetime | None
    length: timedelta
    spent: str


def steps(case: Case, stayed: Sequence[Stay], calendar: WorkCalendar) -> list[Step]:
    """The levels of the case's path that exist, lowest first."""
    grids = [getattr(case, PATH_FIELD[kind]) for kind in reversed(KINDS)]
    return [_step(case, grid, stayed, calendar) for grid in grids if grid is not None]


def _step(case: Case, grid: "Grid", stayed: Sequence[Stay], calendar: WorkCalendar) -> Step:
    here = [stay.length for stay in stayed if stay.grid_id == grid.pk]
    return Step(
        level=SHORT_LEVEL[grid.kind],
        name=grid.short_name,
        code=grid.code,
        current=grid.pk == case.handling_grid_id,
        visited=bool(here),
        found_here=grid.pk == case.grid_id,
        spent=words.working(sum(here, timedelta()), calendar) if here else "",
    )


def stays(case: Case, events: Iterable[CaseEvent], calendar: WorkCalendar, now: datetime) -> list[Stay]:
    """Where the case rested and for how long, oldest first; the last one until the case ended, or now."""
    found: list[Stay] = []
    for event in events:
        if found and event.to_grid_id == found[-1].grid_id:
            continue
        if found:
            found[-1] = _ended(found[-1], event.created_at, calendar)
        found.append(_arrival(event))
    if found and case.is_open:
        found[-1] = replace(_ended(found[-1], now, calendar), left_at=None)
    elif found:
        found[-1] = _ended(found[-1], case.closed_at or now, calendar)
    return found


def _arrival(event: CaseEvent) -> Stay:
    came_from = event.from_grid if event.from_grid_id != event.to_grid_id else None
    return Stay(
        grid_id=event.to_grid_id,
        name=event.to_grid.short_name,
        level=SHORT_LEVEL[event.to_grid.kind],
        act=Act(event.act).label,
        upwards=came_from is not None and RANK[event.to_grid.kind] < RANK[came_from.kind],
        start=came_from.short_name if came_from else "",
        arrived_at=event.created_at,
        left_at=None,
        length=timedelta(),
        spent="",
    )


def _ended(stay: Stay, at: datetime, calendar: WorkCalendar) -> Stay:
    length = words.worked(stay.arrived_at, at, calendar)
    return replace(stay, left_at=at, length=length, spent=words.working(length, calendar))
