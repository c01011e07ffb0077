"""What waits for whom. One condition per to-do: the tile that counts and the list behind it both use it.

Plate: assigned by name to the user or to somebody they stand in for today, or to a department they work for.
Desk: what their own grid answers for (officer, liaison, head, dispatcher), and for liaisons and heads also the
micro-units directly below, which have no desk of their own. A grid further down has its own people: its cases are
seen, counted in the grid's figures, but are nobody else's to-do.
Check: what waits for a check at their desk; an inspector checks the whole subtree. Never one's own resolution.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Count, Q, TextChoices

from cases.choices import Status
from cases.deadlines import local_day
from cases.models import Case
from cases.querysets import (
    BOUNCED,
    EXTENSION_ASKED,
    INSTRUCTED,
    RUNNING,
    contact_late,
    due_soon,
    help_owed_by,
    on_plate,
    overdue,
    review_due,
)
from grids.choices import DESK_ROLES, KINDS, PATH_FIELD, GridKind, Role
from grids.querysets import within
from grids.scoping import NOTHING, Post, Scope, scope_of
from liangcheng.common.clock import now as clock_now

if TYPE_CHECKING:
    from grids.models import Grid
    from liangcheng.accounts.models import User


class Todo(TextChoices):
    """In the order of the tiles; the value is the word in addresses (`?todo=pending`)."""

    PENDING = "pending", "待派遣"
    DISPATCHED = "dispatched", "待接单"
    HANDLING = "handling", "处置中"
    RESOLVED = "resolved", "待核查"
    FEEDBACK = "feedback", "待回访"
    RETURNED = "returned", "退回"
    DUE_SOON = "due_soon", "即将超期"
    OVERDUE = "overdue", "已超期"
    INSTRUCTED = "instructed", "待答复批示"
    EXTENSION = "extension", "延期待审批"
    BOUNCED = "bounced", "退单待签派"
    REVIEW = "review", "挂账待复核"
    CO_HANDLING = "co_handling", "协办待完成"
    CONTACT_LATE = "contact_late", "先行联系超时"


# Those that most people never have: shown where there is something to do.
RARE = (Todo.INSTRUCTED, Todo.EXTENSION, Todo.BOUNCED, Todo.REVIEW, Todo.CO_HANDLING, Todo.CONTACT_LATE)


def conditions(scope: Scope, now: datetime) -> dict[Todo, Q]:
    """To-do → condition on Case, for one user. Pure. To be applied to what the user may see."""
    plate, desk, check = on_plate(scope), _desk(scope), _check(scope)
    return {
        Todo.PENDING: _is(Status.PENDING) & desk & ~_BEYOND_THE_DESK,
        Todo.DISPATCHED: _is(Status.DISPATCHED) & plate,
        Todo.HANDLING: _is(Status.HANDLING) & plate,
        Todo.RESOLVED: _is(Status.RESOLVED) & check & _not_resolved_by(scope.user_id),
        Todo.FEEDBACK: _is(Status.AWAITING_FEEDBACK) & check,
        # 退单 lies on the desk again, 返工 on the handler's plate again.
        Todo.RETURNED: (_is(Status.PENDING) & Q(return_count__gt=0) & desk)
        | (_is(Status.HANDLING) & Q(rework_count__gt=0) & plate),
        Todo.DUE_SOON: due_soon(now) & (plate | desk),
        Todo.OVERDUE: overdue(now) & (plate | desk),
        Todo.INSTRUCTED: INSTRUCTED & (plate | desk),
        Todo.EXTENSION: EXTENSION_ASKED & _decides(scope) & _not_asked_by(scope.user_id),
        Todo.BOUNCED: _BEYOND_THE_DESK & _next_above(scope),
        Todo.REVIEW: review_due(local_day(now)) & _senior(scope),
        Todo.CO_HANDLING: help_owed_by(scope.department_ids),
        Todo.CONTACT_LATE: contact_late(now) & (plate | desk),
    }


# 退单 once too often: only the grid above dispatches, so it waits there (the handling desk keeps it under 退回).
# Above the street there is nobody; its own dispatcher and head decide.
_BEYOND_THE_DESK = BOUNCED & ~Q(handling_level=GridKind.COMMUNITY)


def running(scope: Scope) -> Q:
    """All that runs against a deadline on the user's plate or desk."""
    return RUNNING & (on_plate(scope) | _desk(scope))


@dataclass(frozen=True)
class GridFigures:
    """Of the cases in a grid's subtree that the user sees."""

    grid: "Grid"
    open: int
    due_soon: int
    overdue: int


def count(user: "User", grids: Sequence["Grid"] = ()) -> tuple[Mapping[Todo, int], list[GridFigures]]:
    """The user's to-dos, and the figures of `grids`, in one statement."""
    moment = clock_now()
    wanted = {todo.value: Count("pk", filter=q) for todo, q in conditions(scope_of(user), moment).items()}
    for grid in grids:
        here = within(grid)
        wanted[f"open_{grid.pk}"] = Count("pk", filter=here)
        wanted[f"due_soon_{grid.pk}"] = Count("pk", filter=here & due_soon(moment))
        wanted[f"overdue_{grid.pk}"] = Count("pk", filter=here & overdue(moment))
    found = Case.objects.visible_to(user).open().order_by().aggregate(**wanted)
    figures = [
        GridFigures(grid, *(found[f"{name}_{grid.pk}"] for name in ("open", "due_soon", "overdue"))) for grid in grids
    ]
    return {todo: found[todo.value] for todo in Todo}, figures


def may_check(scope: Scope) -> bool:
    """Whether checking results and asking reporters can be this user's to-do at all."""
    return any(post.role == Role.INSPECTOR or post.role in DESK_ROLES for post in scope.territorial)


def _is(status: Status) -> Q:
    return Q(is_open=True, status=status)


def _not_resolved_by(user_id: int) -> Q:
    return Q(resolved_by__isnull=True) | ~Q(resolved_by_id=user_id)


def _not_asked_by(user_id: int) -> Q:
    return Q(extension_asked_by__isnull=True) | ~Q(extension_asked_by_id=user_id)


def _decides(scope: Scope) -> Q:
    """延期 is decided by the heads of the handling grid; of a micro-unit without a desk by those directly above."""
    condition = NOTHING
    for post in scope.territorial:
        if post.role in {Role.HEAD, Role.DISPATCHER}:
            condition |= Q(handling_grid_id=post.grid_id) | _micro_units_below(post)
    return condition


def _next_above(scope: Scope) -> Q:
    """Handled directly below a grid whose desk the user serves at."""
    condition = NOTHING
    for post in scope.territorial:
        if post.role not in DESK_ROLES:
            continue
        here = Q(**{f"{PATH_FIELD[post.kind]}_id": post.grid_id})
        for level in KINDS[post.rank + 1 :]:
            condition |= here & Q(handling_level=level)
            # What lies below a level that the path has is that level's.
            here &= Q(**{f"{PATH_FIELD[level]}__isnull": True})
    return condition


def _senior(scope: Scope) -> Q:
    """挂账 is looked at again by the heads of the area and of the street."""
    condition = NOTHING
    for post in scope.territorial:
        if post.role == Role.HEAD and post.kind == GridKind.COMMUNITY:
            condition |= Q(community_id=post.grid_id)
        elif post.role == Role.HEAD and post.kind == GridKind.AREA:
            # What the street answers for is the street's.
            condition |= Q(area_id=post.grid_id) & ~Q(handling_level=GridKind.COMMUNITY)
    return condition


def _desk(scope: Scope) -> Q:
    condition = NOTHING
    for post in scope.territorial:
        if post.role == Role.OFFICER or post.role in DESK_ROLES:
            condition |= Q(handling_grid_id=post.grid_id)
        if post.role in DESK_ROLES:
            condition |= _micro_units_below(post)
    return condition


def _micro_units_below(post: Post) -> Q:
    """Micro-units that answer to the posting's grid directly: of a 居民区, or of an area without one between (R8)."""
    here = Q(handling_level=GridKind.MICRO_UNIT) & Q(**{f"{PATH_FIELD[post.kind]}_id": post.grid_id})
    if post.kind == GridKind.NEIGHBORHOOD:
        return here
    return here & Q(neighborhood__isnull=True) if post.kind == GridKind.AREA else NOTHING


def _check(scope: Scope) -> Q:
    condition = NOTHING
    for post in scope.territorial:
        if post.role == Role.INSPECTOR:
            condition |= Q(**{f"{PATH_FIELD[post.kind]}_id": post.grid_id})
        elif post.role in DESK_ROLES:
            condition |= Q(handling_grid_id=post.grid_id) | _micro_units_below(post)
    return condition
