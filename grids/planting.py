"""A whole new street in one go: intervals and paths are computed, rows written in bulk, one statement per level.

201 grids take a tenth of a second; one by one, mptt renumbers the tree for each (SCALE 1). Used by imports only, for
files of whose grids none exists yet.
"""

from collections.abc import Mapping, Sequence

from django.db.models import F, Max

from grids.checks import Place, right_places
from grids.choices import KINDS, PATH_FIELD, RANK
from grids.models import Grid


def plant(grids: Sequence[Grid], parent_codes: Mapping[str, str], successor_codes: Mapping[str, str]) -> None:
    """Write new grids, all of whose parents are among them. Needs the tree lock; the caller has checked every rule.

    `parent_codes` and `successor_codes` tell by code where a grid hangs and which one took over.
    """
    places = _places(grids, parent_codes)
    saved: dict[str, Grid] = {}
    for kind in KINDS:
        level = [grid for grid in grids if grid.kind == kind]
        for grid in level:
            _settle(grid, saved.get(parent_codes.get(grid.code, "")), places[grid.code])
        Grid.objects.bulk_create(level)
        codes = [grid.code for grid in level]
        Grid.objects.filter(code__in=codes).order_by().update(**{f"{PATH_FIELD[kind]}_id": F("pk")})
        saved.update(Grid.objects.filter(code__in=codes).in_bulk(field_name="code"))
    for code, successor in successor_codes.items():
        Grid.objects.filter(code=code).order_by().update(successor=saved[successor])
    Grid.history.bulk_history_create(list(Grid.objects.filter(code__in=saved)))


def _places(grids: Sequence[Grid], parent_codes: Mapping[str, str]) -> dict[str, Place]:
    """Places by code. The grids have no ids yet, so they lend themselves numbers for the walk."""
    last = Grid.objects.aggregate(last=Max("tree_id"))["last"] or 0
    numbers = {grid.code: number for number, grid in enumerate(grids, start=1)}
    for grid in grids:
        grid.pk, grid.parent_id = numbers[grid.code], numbers.get(parent_codes.get(grid.code, ""))
        grid.tree_id = last + 1
    places = right_places(grids)
    found = {grid.code: places[grid.pk] for grid in grids}
    for grid in grids:
        grid.pk = None
    return found


def _settle(grid: Grid, parent: Grid | None, place: Place) -> None:
    grid.parent_id = parent.pk if parent else None
    grid.tree_id, grid.lft, grid.rght, grid.level = place.tree_id, place.lft, place.rght, place.level
    for kind in KINDS[: RANK[grid.kind]]:
        setattr(grid, f"{PATH_FIELD[kind]}_id", parent.grid_id_at(kind) if parent else None)
