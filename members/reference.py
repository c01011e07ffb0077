"""Units and buildings, the address book, out of fixtures/units.csv and fixtures/buildings.csv."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from django.db import transaction
from simple_history.utils import bulk_create_with_history

from grids.models import Grid
from liangcheng.common.db import share_locked
from liangcheng.common.pinyin import initials
from liangcheng.common.reference import Loaded, overwritten, rows_of
from members import addressbook
from members.models import Building, Register, ResidentUnit


def load_units(path: Path, *, overwrite: bool = False) -> Loaded:
    """Add the units that are missing. One whose grid is out of use or unknown is left out."""
    lines, loaded = rows_of(path), Loaded("成员单位")
    known = {row.code: row for row in ResidentUnit.objects.filter(code__in=[cells["code"] for cells in lines])}
    missing: list[tuple[str, ResidentUnit]] = []
    for cells in lines:
        values = {
            "name": cells["name"],
            "kind": cells["kind"],
            "address": cells["address"],
            "households": int(cells["households"] or 0),
            "assumed": cells["assumed"] == "1",
        }
        row = known.get(cells["code"])
        if row is None:
            missing.append((cells["grid_code"], ResidentUnit(code=cells["code"], **values)))
        elif overwrite and overwritten(row, values):
            loaded.changed += 1
        else:
            loaded.unchanged += 1
    loaded.new = _anchor_and_create(ResidentUnit, missing, addressbook.index_units)
    addressbook.fill_if_empty()
    return loaded


def load_buildings(path: Path, *, overwrite: bool = False) -> Loaded:
    """Add the buildings that are missing; they are known by their address within a street."""
    lines, loaded = rows_of(path), Loaded("楼栋")
    units = {row.code: row for row in ResidentUnit.objects.filter(code__in={cells["unit_code"] for cells in lines})}
    streets = {unit.community_id for unit in units.values()}
    known = {
        (row.road, row.lane, row.number): row
        for row in Building.objects.filter(community_id__in=streets, road__in={cells["road"] for cells in lines})
    }
    missing: list[tuple[str, Building]] = []
    for cells in lines:
        unit, row = units.get(cells["unit_code"]), known.get((cells["road"], cells["lane"], cells["number"]))
        values = {"stairs": int(cells["stairs"]), "households": int(cells["households"])}
        if row is not None and overwrite and overwritten(row, values):
            loaded.changed += 1
        elif row is not None:
            loaded.unchanged += 1
        elif unit is not None:
            address = {name: cells[name] for name in ("road", "lane", "number")}
            missing.append((cells["grid_code"], Building(unit=unit, **address, **values)))
    for _, building in missing:
        building.name = building.address
    loaded.new = _anchor_and_create(Building, missing, addressbook.index_buildings)
    return loaded


def _anchor_and_create(
    model: type[Register], rows: Sequence[tuple[str, Any]], index: Callable[[Iterable[Any]], None]
) -> int:
    """Hang the rows on their grids, which are held against moving meanwhile, and write them with their history.

    What Register.save() does for one row; a few hundred would cost a second each start otherwise.
    """
    if not rows:
        return 0
    with transaction.atomic():
        grids = _grids({code for code, _ in rows})
        anchored = [_anchored(row, grids[code]) for code, row in rows if code in grids]
        index(bulk_create_with_history(anchored, model))
    return len(anchored)


def _grids(codes: Iterable[str]) -> dict[str, Grid]:
    held = share_locked(Grid.objects.filter(code__in=sorted(codes), is_active=True).order_by("pk"))
    return {grid.code: grid for grid in held}


def _anchored(row: Any, grid: Grid) -> Any:
    row.grid = grid
    for column, value in grid.path_ids().items():
        setattr(row, column, value)
    row.name_pinyin = initials(row.name)
    return row
