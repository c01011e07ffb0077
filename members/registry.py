"""The address book: which grid a unit, a building, or a written address belongs to."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Value

from liangcheng.common.exceptions import InvalidInput
from members.addresses import Address, parse_address
from members.models import Building, BuildingAlias, ResidentUnit

# A road's name has at least this many characters when it is looked for at the end of a longer text.
_SHORTEST_ROAD = 3
# Kinds of addresses: a building's own, and its others.
_OWN, _ALIAS = 0, 1


def find_grid(
    *,
    unit_id: int | None = None,
    building_id: int | None = None,
    address: str = "",
    community_ids: Iterable[int] | None = None,
) -> int | None:
    """The id of the grid of the most exact of the three: building, then unit, then address; None if unknown.

    A building decides for itself, whatever its unit's grid; an address by the building's own address, then by an
    alias, then by the lane. At most one query. `community_ids` limits it to these streets. Raises InvalidInput
    (unknown_building, unknown_unit) for an id that is not there.
    """
    streets = None if community_ids is None else list(community_ids)
    if building_id is not None:
        return _grid_of_building(building_id, unit_id, streets)
    if unit_id is not None:
        return _grid_of_unit(unit_id, streets)
    return _grid_at(parse_address(address), streets)


def _grid_of_building(building_id: int, unit_id: int | None, streets: list[int] | None) -> int:
    conditions: dict[str, object] = {"pk": building_id}
    if unit_id is not None:
        conditions["unit_id"] = unit_id
    if streets is not None:
        conditions["community_id__in"] = streets
    grid_id = Building.objects.active().filter(**conditions).order_by().values_list("grid_id", flat=True).first()
    if grid_id is None:
        raise InvalidInput("unknown_building", "没有这幢楼，或不属于所选的单位，请重新选择。", field="building_id")
    return int(grid_id)


def _grid_of_unit(unit_id: int, streets: list[int] | None) -> int:
    conditions: dict[str, object] = {"pk": unit_id}
    if streets is not None:
        conditions["community_id__in"] = streets
    grid_id = ResidentUnit.objects.active().filter(**conditions).order_by().values_list("grid_id", flat=True).first()
    if grid_id is None:
        raise InvalidInput("unknown_unit", "没有这个单位，请重新选择。", field="unit_id")
    return int(grid_id)


def _grid_at(address: Address, streets: list[int] | None) -> int | None:
    if not (address.lane or address.number) or len(address.road) < 2:
        return None
    rows = _at(Building.objects.active(), address, streets, "grid_id", _OWN)
    aliases = BuildingAlias.objects.filter(building__is_active=True)
    return _best(list(rows.union(_at(aliases, address, streets, "building__grid_id", _ALIAS))), address)


def _at(rows: Any, address: Address, streets: list[int] | None, grid: str, kind: int) -> Any:
    """(road, lane, number, grid, kind) of what lies at the address or in its lane."""
    rows = rows.filter(road__in=_roads(address.road), lane__in=_lanes(address.lane))
    if not address.lane:
        rows = rows.filter(number=address.number)
    if streets is not None:
        rows = rows.filter(community_id__in=streets)
    return rows.order_by().values_list("road", "lane", "number", grid, Value(kind))


def _roads(road: str) -> list[str]:
    """The road as written, and its ends: "我家在凉城路" also means 凉城路. At most a dozen."""
    shortest = min(_SHORTEST_ROAD, len(road))
    return [road[start:] for start in range(max(0, len(road) - 12), len(road) - shortest + 1)]


def _lanes(lane: str) -> list[str]:
    """The lane; for a 支弄 that the book does not know, the lane it branches off."""
    return [lane, lane.partition("-")[0]] if "-" in lane else [lane]


def _best(found: list[tuple[str, str, str, int, int]], address: Address) -> int | None:
    """The grid of the house with that own address; else with that alias; else of the lane, if all of it is in one."""
    for exactness in (
        lambda row: row[1] == address.lane and row[2] == address.number and row[4] == _OWN,
        lambda row: row[1] == address.lane and row[2] == address.number,
        lambda row: row[1] == address.lane,
        lambda row: True,
    ):
        rows = [row for row in found if exactness(row)]
        if rows:
            longest = max(len(row[0]) for row in rows)
            grids = {row[3] for row in rows if len(row[0]) == longest}
            return grids.pop() if len(grids) == 1 else None
    return None
