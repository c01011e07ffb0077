"""Grids that become one, and one that becomes several (锦一、锦二、锦三 → 锦苑). History stays where it happened."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Q, UniqueConstraint
from django.utils import timezone

from grids.models import Department, Grid, GridAnchored, Posting
from grids.paths import anchored_models, reanchor
from grids.tree import (
    check_in_use,
    create_grid,
    end,
    fresh,
    locked,
    next_day,
    place_below,
    writing,
)
from liangcheng.common.exceptions import DomainError, InvalidInput


@dataclass(frozen=True, kw_only=True)
class NewPart:
    """One of the grids that a split makes; `child_codes` are the sub-grids that it takes over."""

    code: str
    name: str
    short_name: str = ""
    child_codes: Sequence[str] = field(default=())


def merge_grids(*, source_ids: Sequence[int], target_id: int, on: date) -> Grid:
    """Let `target_id` take over the sources, whose last day is `on`. Returns the target.

    Sub-grids, anchored rows, departments and current postings go over; ended postings, event logs and external
    codes stay with the source. Refusals: merge_nothing, merge_itself, merge_kind, grid_retired,
    merge_clash, future_date.
    """
    with writing("并入后会有重复的登记，没有合并。请先改名或停用重复的一条。"):
        # Written twice in the list is written once; the target's lock comes with the sources'.
        target, *sources = locked(target_id, *dict.fromkeys(source_ids))
        _check_mergeable(sources, target)
        for source in sources:
            _take_over_children(source, target)
        reanchor(sources, target)
        for source in sources:
            _take_over_departments(source, target)
            _take_over_postings(source, target, on)
            end(locked(source.pk)[0], on, fresh(target))
        return fresh(target)


def record_successor(*, grid_id: int, successor_id: int) -> Grid:
    """Note on a grid that is out of use which one took over. For history that is entered afterwards."""
    with writing():
        grid, successor = locked(grid_id, successor_id)
        if grid.is_active:
            raise DomainError("grid_active", f"“{grid}”还在用，请用“合并”。", field="successor")
        _check_pair(grid, successor)
        if grid.successor_id != successor.pk:
            grid.successor = successor
            grid.version += 1
            grid.save()
        return fresh(grid)


def split_grid(*, grid_id: int, parts: Sequence[NewPart], on: date) -> list[Grid]:
    """Make new grids beside `grid_id` from the day after `on`; each takes over the sub-grids that it names.

    The old grid stays in use with what is left on it; retire it when nothing is. Returns the new grids.
    Refusals: split_nothing, grid_retired, future_date, not_a_child, and those of create_grid.
    """
    if not parts:
        raise InvalidInput("split_nothing", "请至少写出一个新网格。")
    with writing():
        grid = locked(grid_id)[0]
        check_in_use(grid)
        made = [_make_part(grid, part, on) for part in parts]
        return [fresh(part) for part in made]


def _make_part(grid: Grid, part: NewPart, on: date) -> Grid:
    made = create_grid(
        parent_id=grid.parent_id,
        kind=grid.kind,
        code=part.code,
        name=part.name,
        short_name=part.short_name,
        valid_from=next_day(on),
        note=f"由{grid.short_name}拆分而来",
    )
    for code in part.child_codes:
        child = Grid.objects.filter(code=code, parent_id=grid.pk).first()
        if child is None:
            raise InvalidInput("not_a_child", f"编码 {code} 不是“{grid}”的下级网格。")
        place_below(*locked(child.pk, made.pk))
    return made


def _check_mergeable(sources: Sequence[Grid], target: Grid) -> None:
    if not sources:
        raise InvalidInput("merge_nothing", "请选择要并入的网格。")
    check_in_use(target)
    for source in sources:
        check_in_use(source)
        _check_pair(source, target)
    if clashes := _clashes(sources, target):
        raise DomainError("merge_clash", f"并入后会重复：{'、'.join(clashes[:5])}。请先改名或停用其中一条。")


def _check_pair(source: Grid, target: Grid) -> None:
    if source.pk == target.pk:
        raise DomainError("merge_itself", f"“{source}”不能并入它自己。")
    if source.kind != target.kind:
        raise DomainError("merge_kind", f"“{source}”和“{target}”层级不同，不能合并。")


def _clashes(sources: Sequence[Grid], target: Grid) -> list[str]:
    """Anchored rows and departments that may exist once per grid and would exist twice."""
    grids = [target, *sources]
    found: list[str] = []
    models: list[type[GridAnchored] | type[Department]] = [*anchored_models(), Department]
    for model in models:
        for constraint in model._meta.constraints:
            if isinstance(constraint, UniqueConstraint) and "grid" in constraint.fields and not constraint.condition:
                found += _repeated(model, [name for name in constraint.fields if name != "grid"], grids)
    return found


def _repeated(model: type[Any], names: list[str], grids: Sequence[Grid]) -> list[str]:
    seen: set[tuple[Any, ...]] = set()
    repeated: list[str] = []
    for row in model._default_manager.filter(grid__in=grids).order_by("pk"):
        key = tuple(getattr(row, model._meta.get_field(name).attname) for name in names)
        if key in seen:
            repeated.append(f"{model._meta.verbose_name}“{row}”")
        seen.add(key)
    return repeated


def _take_over_children(source: Grid, target: Grid) -> None:
    """All of them: who serves the target also needs the old cases below a sub-grid that ended earlier."""
    for child_id in list(Grid.objects.filter(parent_id=source.pk).order_by("code").values_list("pk", flat=True)):
        place_below(*locked(child_id, target.pk))


def _take_over_departments(source: Grid, target: Grid) -> None:
    for department in Department.objects.filter(grid=source):
        department.grid = target
        department.save()


def _take_over_postings(source: Grid, target: Grid, on: date) -> None:
    """Everybody in force at the source serves at the target from the next day; the old posting ends, as history."""
    ended = Q(valid_to__lt=timezone.localdate())
    for old in Posting.objects.filter(~ended | Q(valid_to__isnull=True), grid=source).order_by("pk"):
        same = {"user_id": old.user_id, "grid_id": target.pk, "role": old.role, "department_id": old.department_id}
        there = Posting.objects.filter(**same).first()
        if there is None:
            Posting.objects.create(**same, valid_from=_start(old, on), valid_to=old.valid_to)
        elif there.valid_to and (old.valid_to is None or there.valid_to < old.valid_to):
            there.valid_to = old.valid_to
            there.save()
        old.valid_to = max(on, old.valid_from) if old.valid_from else on
        old.save()


def _start(old: Posting, on: date) -> date:
    return max(next_day(on), old.valid_from) if old.valid_from else next_day(on)
