"""Units and buildings while somebody types: by name, initials or address, in the subtrees where they may file.

Two statements beside the user's postings, whatever the size of the address book: each of the ranges that a text
may mean is read from one index for each subtree, at most a dozen keys of it, and only what is shown is fetched.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from grids.models import Grid
from grids.scoping import scope_of
from liangcheng.common.text import normalize
from members.addresses import parse_address
from members.choices import UnitKind
from members.models import Building, ResidentUnit, SearchKey
from members.searchwords import Place, Range, ranges

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from liangcheng.accounts.models import User

MOST_SHOWN = 12
# Of each kind of hit, before the next kind comes; what remains free is filled up.
_FIRST_OF_A_KIND = {Place.UNIT: 6, Place.ADDRESS: 8, Place.INSIDE: 4}
_READ = 24
_ABOVE = ("area", "neighborhood", "micro_unit")
# Each is a look into the index of its own; nobody serves in as many places.
_MOST_SUBTREES = 60
_NUMBERS = re.compile(rb"(\d+)")


@dataclass(frozen=True)
class Suggestion:
    """A unit or a building as the case form offers it. `value` is what the form sends back (see Choice)."""

    value: str
    title: str
    detail: str
    path: str
    grid: Grid
    unit: ResidentUnit
    building: Building | None = None
    # The other grid of a unit on the border of two; `both`: the case is to touch both.
    beside: Grid | None = None
    both: bool = False

    @property
    def address(self) -> str:
        return self.building.address if self.building else self.unit.address


class Choice(NamedTuple):
    """What a form sends for a suggestion: b7 is building 7, u7 unit 7, u7+ unit 7 with both of its grids."""

    kind: str
    pk: int
    both: bool

    @classmethod
    def read(cls, value: str) -> "Choice | None":
        """None for anything that no form sends."""
        kind, number, both = value[:1], value[1:].removesuffix("+"), value.endswith("+")
        if kind not in {"b", "u"} or not (number.isascii() and number.isdigit() and len(number) < 19):
            return None
        return cls(kind, int(number), both and kind == "u")


class _Hit(NamedTuple):
    order: int
    key: list[Any]
    pk: int
    # 0: the unit itself.
    building_id: int
    unit_id: int
    place: int


def suggest(user: "User | AnonymousUser", text: str) -> list[Suggestion]:
    """At most a dozen, the exactest beginnings first, then beginnings, then what holds the text further inside."""
    hits = _hits(user, ranges(text))
    chosen = _spread(hits)
    rows = SearchKey.objects.filter(pk__in=[hit.pk for hit in chosen]).select_related(
        "unit__grid", "unit__second_grid", *(f"unit__{name}" for name in _ABOVE), "building", "grid", *_ABOVE
    )
    found = {row.pk: row for row in rows.order_by()}
    shown: list[Suggestion] = []
    for hit in chosen:
        row = found.get(hit.pk)
        if row is not None:
            shown += _shown(user, row)
    return shown[:MOST_SHOWN]


def meant(user: "User | AnonymousUser", text: str) -> Suggestion | None:
    """The one unit or building whose name or address is just what was typed; None where that is not one."""
    written = parse_address(text)
    house = str(replace(written, room=""))
    same = [each for each in suggest(user, text) if not each.both and each.title in {normalize(text), house}]
    return same[0] if len(same) == 1 else None


def chosen(user: "User | AnonymousUser", value: str) -> Suggestion | None:
    """The unit or building that a form names, if it is in use and lies where the user may file. One statement."""
    choice = Choice.read(value)
    if choice is None:
        return None
    if choice.kind == "b":
        return _building(user, choice.pk)
    units = ResidentUnit.objects.active().select_related("grid", "second_grid", *_ABOVE)
    unit = units.filter(pk=choice.pk).order_by().first()
    offered = _of_unit(user, unit) if unit else ()
    return next((each for each in offered if each.both == choice.both), None)


def _building(user: "User | AnonymousUser", pk: int) -> Suggestion | None:
    houses = Building.objects.active().select_related("unit", "grid", *_ABOVE)
    building = houses.filter(pk=pk).order_by().first()
    if building is None or not scope_of(user).may_anchor_at(building):
        return None
    return _of_building(building, building.unit, building.grid, _path(building))


def _hits(user: "User | AnonymousUser", wanted: list[Range]) -> list[_Hit]:
    """The first keys of every range in every subtree of the user: one statement, one look into an index for each."""
    scope = scope_of(user)
    subtrees: list[dict[str, Any]] = [{}] if scope.everything else [
        {f"{column}_id": grid_id} for column, grid_id in scope.subtrees[:_MOST_SUBTREES]
    ]  # fmt: skip
    parts = [_keys(subtree, each) for subtree in subtrees for each in wanted]
    if not parts:
        return []
    rows = parts[0] if len(parts) == 1 else parts[0].union(*parts[1:], all=True)
    hits = [
        _Hit(_order_of(place, bytes(key), wanted), _natural(bytes(key)), pk, building_id or 0, unit_id, place)
        for pk, key, place, building_id, unit_id in rows
    ]
    return sorted(hits)


def _natural(key: bytes) -> list[Any]:
    """9号 before 10号: text and numbers in turns."""
    return [int(part) if part.isdigit() else part for part in _NUMBERS.split(key)]


def _keys(subtree: dict[str, Any], wanted: Range) -> Any:
    """The first keys of a range. A part of a union must not be cut itself (SQLite), so its ids are."""
    rows = SearchKey.objects.filter(**subtree, place=wanted.place, key__gte=wanted.first, key__lt=wanted.last)
    first = rows.order_by("key").values("pk")[:_READ]
    return SearchKey.objects.filter(pk__in=first).order_by().values_list("pk", "key", "place", "building_id", "unit_id")


def _order_of(place: int, key: bytes, wanted: list[Range]) -> int:
    """Where the range stands that the key was found by."""
    return next(i for i, each in enumerate(wanted) if each.place == place and key.startswith(each.first))


def _spread(hits: Iterable[_Hit]) -> list[_Hit]:
    """A dozen, each unit and building once, no kind crowding out the others while these have something to show."""
    once: dict[tuple[int, int], _Hit] = {}
    for hit in hits:
        once.setdefault((hit.unit_id, hit.building_id), hit)
    seen: dict[int, int] = {}
    first: list[_Hit] = []
    later: list[_Hit] = []
    for hit in once.values():
        seen[hit.place] = seen.get(hit.place, 0) + 1
        (first if seen[hit.place] <= _FIRST_OF_A_KIND[Place(hit.place)] else later).append(hit)
    return sorted([*first, *later][:MOST_SHOWN])


def _shown(user: "User | AnonymousUser", row: SearchKey) -> Iterator[Suggestion]:
    """Keys that are behind their rows until the next night offer nothing that is out of use or out of scope."""
    if row.building is None:
        yield from _of_unit(user, row.unit) if row.unit.is_active else ()
    elif row.building.is_active and scope_of(user).may_anchor_at(row.building):
        yield _of_building(row.building, row.unit, row.grid, _path(row), row.alias)


def _of_building(building: Building, unit: ResidentUnit, grid: Grid, path: str, alias: str = "") -> Suggestion:
    detail = f"{unit.name}，又作 {alias}" if alias else unit.name
    return Suggestion(f"b{building.pk}", building.address, detail, path, grid, unit, building)


def _of_unit(user: "User | AnonymousUser", unit: ResidentUnit) -> Iterator[Suggestion]:
    """A unit; on the border of two grids in the user's own first, then as a matter of both."""
    scope = scope_of(user)
    detail = "，".join(filter(None, (UnitKind(unit.kind).label, unit.address)))
    home, second = unit.grid, unit.second_grid
    if scope.may_anchor_at(home):
        own, other, path = home, second, _path(unit)
    elif second is not None and scope.may_anchor_at(second):
        own, other, path = second, home, second.short_name
    else:
        return
    yield Suggestion(f"u{unit.pk}", unit.name, detail, path, own, unit, beside=other)
    if other is not None:
        sides = f"{own.short_name} 和 {other.short_name}"
        yield Suggestion(f"u{unit.pk}+", unit.name, detail, sides, own, unit, beside=other, both=True)


def _path(row: Any) -> str:
    """第三片区 › 文苑一 › 文苑一微1, by the row's own path columns."""
    return " › ".join(grid.short_name for grid in (getattr(row, name) for name in _ABOVE) if grid is not None)
