"""Keeps the search keys of units and buildings (SearchKey) in step with their rows.

A single save does it by itself (signals, connected in apps.py); whoever writes in bulk calls `index_units` or
`index_buildings` in the same transaction; trees that move carry the keys along as they carry every anchored row.
Every night `heal` holds all keys against the rows and says in the log what was wrong.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Q

from liangcheng.common.pinyin import initials
from members.addresses import parse_address
from members.models import Building, BuildingAlias, ResidentUnit, SearchKey
from members.searchwords import Key, address_keys, name_keys, plain

logger = logging.getLogger(__name__)
_BATCH = 500
_MOST_SOUNDS = 3
# Changes of other fields leave the keys as they are.
_UNIT_FIELDS = frozenset({"name", "address", "grid", "grid_id", "second_grid", "second_grid_id", "is_active"})
_BUILDING_FIELDS = frozenset({"road", "lane", "number", "unit", "unit_id", "grid", "grid_id", "is_active"})


class Healed(NamedTuple):
    """What was looked at and what was wrong with it."""

    rows: int
    missing: int
    surplus: int

    @property
    def sound(self) -> bool:
        return not (self.missing or self.surplus)


class _Entry(NamedTuple):
    """A key as it is stored, without its id."""

    unit_id: int
    building_id: int | None
    place: int
    key: bytes
    alias: str
    grid_id: int
    path: tuple[int | None, ...]


def index_units(units: Iterable[ResidentUnit]) -> None:
    """Bring the keys of these units and of their buildings in step. After a bulk write, in its transaction."""
    for ids in _batches([unit.pk for unit in units]):
        _settle(ids, write=True)
        for buildings in _batches(_buildings_of(ids)):
            _settle([], buildings, write=True)


def index_buildings(buildings: Iterable[Building]) -> None:
    """Bring the keys of these buildings in step. After a bulk write, in its transaction."""
    for ids in _batches([building.pk for building in buildings]):
        _settle([], ids, write=True)


def heal(*, write: bool = True) -> Healed:
    """Hold every key against its row; with `write` put right what differs. Batch by batch, each in its transaction."""
    rows = missing = surplus = 0
    units = list(ResidentUnit.objects.order_by("pk").values_list("pk", flat=True))
    houses = list(Building.objects.order_by("pk").values_list("pk", flat=True))
    work = [(ids, ()) for ids in _batches(units)] + [((), ids) for ids in _batches(houses)]
    for unit_ids, building_ids in work:
        added, dropped = _settle(unit_ids, building_ids, write=write)
        rows, missing, surplus = rows + len(unit_ids) + len(building_ids), missing + added, surplus + dropped
    return Healed(rows, missing, surplus)


def heal_nightly() -> None:
    """Every night. A difference means that somebody wrote past this module: it is mended, and logged."""
    found = heal()
    if not found.sound:
        logger.error("search_keys_differed rows=%s missing=%s surplus=%s", *found)


def fill_if_empty() -> None:
    """After an upgrade: rows that are older than the keys get theirs."""
    if not SearchKey.objects.exists() and Building.objects.exists():
        heal()


def follow_unit(sender: Any, instance: ResidentUnit, update_fields: Any = None, raw: bool = False, **rest: Any) -> None:
    if not raw and (update_fields is None or _UNIT_FIELDS & set(update_fields)):
        index_units([instance])


def follow_building(sender: Any, instance: Building, update_fields: Any = None, raw: bool = False, **rest: Any) -> None:
    if not raw and (update_fields is None or _BUILDING_FIELDS & set(update_fields)):
        index_buildings([instance])


def follow_alias(sender: Any, instance: BuildingAlias, raw: bool = False, **rest: Any) -> None:
    if not raw:
        for ids in _batches(Building.objects.filter(pk=instance.building_id).values_list("pk", flat=True)):
            _settle([], ids, write=True)


def _buildings_of(unit_ids: Sequence[int]) -> list[int]:
    return list(Building.objects.filter(unit__in=unit_ids).order_by("pk").values_list("pk", flat=True))


def _batches(ids: Iterable[int]) -> Iterator[list[int]]:
    found = sorted(ids)
    for start in range(0, len(found), _BATCH):
        yield found[start : start + _BATCH]


def _settle(unit_ids: Sequence[int], building_ids: Sequence[int] = (), *, write: bool) -> tuple[int, int]:
    """Compare, and with `write` store: (keys that were missing, keys that were too many).

    The rows are read behind their lock: a tree that moves waits, or has moved them before they are read.
    """
    with transaction.atomic():
        wanted = set(_entries_of_units(unit_ids, write)) | set(_entries_of_buildings(building_ids, write))
        mine = Q(unit__in=unit_ids, building=None) if unit_ids else Q(building__in=building_ids)
        stored: dict[_Entry, int] = {}
        surplus = []
        for row in SearchKey.objects.filter(mine).order_by("pk"):
            entry = _entry(row)
            if entry in wanted and entry not in stored:
                stored[entry] = row.pk
            else:
                surplus.append(row.pk)
        missing = sorted(wanted - stored.keys(), key=repr)
        if write:
            SearchKey.objects.filter(pk__in=surplus).delete()
            SearchKey.objects.bulk_create([_row(entry) for entry in missing], batch_size=_BATCH)
    return len(missing), len(surplus)


def _held(rows: Any, write: bool) -> Any:
    return rows.select_for_update(of=("self",), no_key=True) if write else rows


def _entries_of_units(ids: Sequence[int], write: bool) -> Iterator[_Entry]:
    if not ids:
        return
    rows = _held(ResidentUnit.objects.filter(pk__in=ids).order_by("pk"), write).select_related("second_grid")
    for unit in rows:
        if not unit.is_active:
            continue
        anchors = [(unit.grid_id, tuple(unit.path_ids().values()))]
        if unit.second_grid is not None:
            anchors.append((unit.second_grid.pk, tuple(unit.second_grid.path_ids().values())))
        for key in name_keys(unit.name, unit.name_pinyin) | _written(unit.address):
            for grid_id, path in anchors:
                yield _Entry(unit.pk, None, key.place, key.text, "", grid_id, path)


def _entries_of_buildings(ids: Sequence[int], write: bool) -> Iterator[_Entry]:
    if not ids:
        return
    rows = _held(Building.objects.filter(pk__in=ids).order_by("pk"), write).select_related("unit")
    others: dict[int, list[BuildingAlias]] = {}
    for alias in BuildingAlias.objects.filter(building__in=ids).order_by("pk"):
        others.setdefault(alias.building_id, []).append(alias)
    for building in rows:
        if not building.is_active:
            continue
        path = tuple(building.path_ids().values())
        if write and any(alias.community_id != building.community_id for alias in others.get(building.pk, ())):
            BuildingAlias.objects.filter(building=building).update(community_id=building.community_id)
        seen: set[Key] = set()
        for other, keys in _addresses(building, others.get(building.pk, ())):
            for key in keys - seen:
                yield _Entry(building.unit_id, building.pk, key.place, key.text, other, building.grid_id, path)
            seen |= keys


def _addresses(building: Building, others: Iterable[BuildingAlias]) -> Iterator[tuple[str, set[Key]]]:
    """(other address or "", its keys), the building's own first."""
    estate = (plain(building.unit.name), *building.unit.name_pinyin.split()[:_MOST_SOUNDS])
    own = address_keys(_road_heads(building.road), building.lane, building.number)
    yield "", own | address_keys(estate, "", building.number)
    for alias in others:
        yield str(alias), address_keys(_road_heads(alias.road), alias.lane, alias.number)


@lru_cache(maxsize=2048)
def _road_heads(road: str) -> tuple[str, ...]:
    """What is typed before lane and number: nothing, the road, its initials in every likely reading.

    A street has some fifty roads, so their initials are kept.
    """
    return ("", plain(road), *initials(road, _MOST_SOUNDS).split())


def _written(address: str) -> set[Key]:
    """The keys of a unit's address, where it has a number."""
    found = parse_address(address)
    if not (found.road and (found.lane or found.number)):
        return set()
    return address_keys(_road_heads(found.road), found.lane, found.number)


def _entry(row: SearchKey) -> _Entry:
    path = tuple(row.path_ids().values())
    return _Entry(row.unit_id, row.building_id, row.place, bytes(row.key), row.alias, row.grid_id, path)


def _row(entry: _Entry) -> SearchKey:
    community, area, neighborhood, micro_unit = entry.path
    return SearchKey(
        unit_id=entry.unit_id,
        building_id=entry.building_id,
        place=entry.place,
        key=entry.key,
        alias=entry.alias,
        grid_id=entry.grid_id,
        community_id=community,
        area_id=area,
        neighborhood_id=neighborhood,
        micro_unit_id=micro_unit,
    )
