"""Whether the tree is sound: every invariant that the pages, the scope and the figures stand on, and its repair."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from grids.choices import ALLOWED_PARENTS, KINDS, PATH_FIELD
from grids.models import Grid, GridAnchored
from grids.paths import anchored_models
from grids.tree import tree_write_lock

_COLUMNS = tuple(f"{PATH_FIELD[kind]}_id" for kind in KINDS)
_LEVELS = {"COMMUNITY": (0,), "AREA": (1,), "NEIGHBORHOOD": (2,), "MICRO_UNIT": (2, 3)}
# More broken rows than this of one register are not named one by one.
MOST_ROWS = 100
_TREE_FIELDS = ("tree_id", "lft", "rght", "level")


@dataclass(frozen=True)
class Fault:
    """One broken invariant. `code` is stable; what repair cannot mend needs a person."""

    code: str
    message: str
    repairable: bool = True


@dataclass(frozen=True)
class Place:
    """Where a grid belongs by its parent and code alone."""

    tree_id: int
    lft: int
    rght: int
    level: int
    path: tuple[int | None, ...]


def check_tree() -> list[Fault]:
    """Every fault of the grids and of what is anchored to them. Reads only; two statements and two per model."""
    grids = list(Grid.objects.order_by("tree_id", "lft", "pk"))
    places = right_places(grids)
    return [
        *_structure_faults(grids, places),
        *_interval_faults(grids, places),
        *_path_faults(grids, places),
        *_anchored_faults(),
    ]


def repair_tree() -> int:
    """Put intervals, levels and paths right by parent and kind. Returns the number of rows changed."""
    with transaction.atomic():
        tree_write_lock()
        grids = list(Grid.objects.order_by("tree_id", "lft", "pk").select_for_update(no_key=True))
        places = right_places(grids)
        changed = sum(_put_right(grid, places[grid.pk]) for grid in grids if grid.pk in places)
        return changed + _repair_anchored()


def _put_right(grid: Grid, place: Place) -> int:
    """Write what differs; a level that the kind does not allow is left for a person (and for the constraint)."""
    if place.level not in _LEVELS[grid.kind]:
        return 0
    values: dict[str, int | None] = {name: getattr(place, name) for name in _TREE_FIELDS}
    values.update(zip(_COLUMNS, place.path, strict=True))
    if all(getattr(grid, name) == value for name, value in values.items()):
        return 0
    return int(Grid.objects.filter(pk=grid.pk).order_by().update(**values))


def right_places(grids: Iterable[Grid]) -> dict[int, Place]:
    """The place of every grid that hangs on a root: siblings by code, trees in the order they have. Pure.

    Grids in a ring of parents, or below one that does not exist, have no place and are left out.
    """
    children: dict[int | None, list[Grid]] = defaultdict(list)
    for grid in sorted(grids, key=lambda grid: grid.code):
        children[grid.parent_id].append(grid)
    roots = sorted(children[None], key=lambda grid: (grid.tree_id, grid.code))
    places: dict[int, Place] = {}
    taken = 0
    for root in roots:
        taken = max(taken + 1, root.tree_id)
        _number(root, children, places, taken)
    return places


def _number(root: Grid, children: dict[int | None, list[Grid]], places: dict[int, Place], tree_id: int) -> None:
    """Walk one tree; depth is at most the longest chain of parents, which a root ends."""

    def walk(grid: Grid, left: int, level: int, above: dict[str, int | None]) -> int:
        path = {**above, f"{PATH_FIELD[grid.kind]}_id": grid.pk}
        right = left + 1
        for child in children[grid.pk]:
            right = walk(child, right, level + 1, path) + 1
        places[grid.pk] = Place(tree_id, left, right, level, tuple(path[column] for column in _COLUMNS))
        return right

    walk(root, 1, 0, dict.fromkeys(_COLUMNS))


def _structure_faults(grids: list[Grid], places: dict[int, Place]) -> Iterator[Fault]:
    """Kinds and parents; what only a person can put right."""
    by_id = {grid.pk: grid for grid in grids}
    for grid in grids:
        parent = by_id.get(grid.parent_id or 0)
        if grid.pk not in places:
            yield Fault("unreachable", f"{_name(grid)}的上级关系成环或断开。", repairable=False)
        elif (parent.kind if parent else None) not in ALLOWED_PARENTS[grid.kind]:
            yield Fault("wrong_level", f"{_name(grid)}（{grid.get_kind_display()}）的上级层级不对。", repairable=False)
        if parent and grid.is_active and not parent.is_active:
            yield Fault("retired_parent", f"{_name(grid)}在用，而上级{_name(parent)}已停用。", repairable=False)
        if grid.is_active and grid.successor_id:
            yield Fault("active_successor", f"{_name(grid)}在用，却记有并入网格。", repairable=False)
    for code, number in Counter(grid.code for grid in grids).items():
        if number > 1:
            yield Fault("duplicate_code", f"编码 {code} 出现 {number} 次。", repairable=False)


def _interval_faults(grids: list[Grid], places: dict[int, Place]) -> Iterator[Fault]:
    """Left, right, level and tree numbers against those that parents and codes give."""
    edges: Counter[tuple[int, int]] = Counter()
    for grid in grids:
        edges.update([(grid.tree_id, grid.lft), (grid.tree_id, grid.rght)])
    for (tree_id, edge), number in edges.items():
        if number > 1:
            yield Fault("duplicate_edge", f"树 {tree_id} 的序号 {edge} 出现 {number} 次。")
    for grid in grids:
        place = places.get(grid.pk)
        if place is None:
            continue
        if grid.level != place.level:
            yield Fault("level", f"{_name(grid)}的层数是 {grid.level}，应为 {place.level}。")
        if (grid.tree_id, grid.lft, grid.rght) != (place.tree_id, place.lft, place.rght):
            yield Fault("interval", f"{_name(grid)}在树中的序号不对。")


def _path_faults(grids: list[Grid], places: dict[int, Place]) -> Iterator[Fault]:
    for grid in grids:
        if grid.pk in places and tuple(grid.path_ids().values()) != places[grid.pk].path:
            yield Fault("path", f"{_name(grid)}的路径列与上级不符。")


def _anchored_faults() -> Iterator[Fault]:
    """Anchored rows whose path is not their grid's; the grids' own paths are checked by themselves."""
    for model in anchored_models():
        for pk in _off_path(model).order_by("pk").values_list("pk", flat=True)[:MOST_ROWS]:
            yield Fault("anchored_path", f"{model._meta.verbose_name}（id {pk}）的路径列与所在网格不符。")


def _repair_anchored() -> int:
    repaired = 0
    for model in anchored_models():
        for grid in Grid.objects.filter(pk__in=_off_path(model).order_by().values("grid_id")):
            ids = list(_off_path(model).filter(grid=grid).order_by("pk").values_list("pk", flat=True))
            rows = model._default_manager.filter(pk__in=ids).order_by()
            repaired += rows.update(**grid.path_ids())
            model.after_regrid(rows)
    return repaired


def _off_path(model: type[GridAnchored]) -> "QuerySet[Any]":
    """Rows of which one path column differs from their grid's; NULL counts as a value."""
    condition = Q()
    own: dict[str, Coalesce] = {}
    for column in _COLUMNS:
        own[f"own_{column}"] = Coalesce(F(column), 0)
        condition |= ~Q(**{f"own_{column}": Coalesce(F(f"grid__{column}"), 0)})
    rows: QuerySet[Any] = model._default_manager.alias(**own).filter(condition)
    return rows


def _name(grid: Grid) -> str:
    return f"“{grid}”（{grid.code}）"
