"""Units and buildings while somebody types: by name, initials or address, in the subtrees where they may file.

Two statements beside the user's postings, whatever the size of the address book: each of the ranges that a text
may mean is read from one index for each subtree, at most a dozen keys of it, and only what is shown is fetched.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Q

from grids.models import Grid
from grids.scoping import NOTHING, scope_of
from liangcheng.common.text import normalize
from members.addresses import parse_address
from members.choices import UnitKind
from members.models import Building, ResidentUnit, SearchKey
from members.models.buildings import written_address
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
_SHOWN = (
    "pk", "alias", "unit_id", "building_id", "building__road", "building__lane", "building__number",
    *(f"{name}__short_name" for name in _ABOVE), "unit__name", "unit__kind", "unit__address",
    "unit__grid__short_name", "unit__second_grid__short_name", *(f"unit__{name}__short_name" for name in _ABOVE),
    *(f"unit__{name}_id" for name in ("community", *_ABOVE)),
)  # fmt: skip
_NUMBERS = re.compile(rb"(\d+)")


@dataclass(frozen=True)
class Suggestion:
    """A unit or a building as the case form offers it. `value` is what the form sends back (see Choice)."""

    value: str
    title: str
    detail: str
    path: str
    # A unit on the border of two grids, as a matter of both.
    both: bool = False


@dataclass(frozen=True)
class Picked(Suggestion):
    """The one that was chosen, with its rows. `beside`: the other grid of a unit on the border of two."""

    grid: Grid = field(kw_only=True)
    unit: ResidentUnit = field(kw_only=True)
    building: Building | None = field(default=None, kw_only=True)
    beside: Grid | None = field(default=None, kw_only=True)


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

    @property
    def value(self) -> str:
        return f"{self.kind}{self.pk}{'+' if self.both else ''}"


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
    shown = _spread(_hits(user, ranges(text)))
    found = {row["pk"]: row for row in _rows(user, [hit.pk for hit in shown])}
    offered = [each for hit in shown if hit.pk in found for each in _offers(user, found[hit.pk])]
    return offered[:MOST_SHOWN]


def meant(user: "User | AnonymousUser", text: str) -> Picked | None:
    """The one unit or building whose name or address is just what was typed; None where that is not one."""
    house = str(replace(parse_address(text), room=""))
    same = [each for each in suggest(user, text) if not each.both and each.title in {normalize(text), house}]
    return chosen(user, same[0].value) if len(same) == 1 else None


def chosen(user: "User | AnonymousUser", value: str) -> Picked | None:
    """The unit or building that a form names, if it is in use and lies where the user may file. One statement."""
    choice = Choice.read(value)
    if choice is None:
        return None
    return _building(user, choice) if choice.kind == "b" else _unit(user, choice)


def _building(user: "User | AnonymousUser", choice: Choice) -> Picked | None:
    houses = Building.objects.active().select_related("unit", "grid", *_ABOVE)
    house = houses.filter(pk=choice.pk).order_by().first()
    if house is None or not scope_of(user).may_anchor_at(house):
        return None
    path = _path(getattr(house, name) for name in _ABOVE)
    return Picked(
        f"b{house.pk}", house.address, house.unit.name, path, grid=house.grid, unit=house.unit, building=house
    )


def _unit(user: "User | AnonymousUser", choice: Choice) -> Picked | None:
    """On the user's side of the border; as a matter of both sides only where there are two."""
    units = ResidentUnit.objects.active().select_related("grid", "second_grid", *_ABOVE)
    unit = units.filter(pk=choice.pk).order_by().first()
    if unit is None or (choice.both and unit.second_grid is None):
        return None
    scope, own, beside = scope_of(user), unit.grid, unit.second_grid
    path = _path(getattr(unit, name) for name in _ABOVE)
    if not scope.may_anchor_at(unit):
        if beside is None or not scope.may_anchor_at(beside):
            return None
        own, beside, path = beside, own, beside.short_name
    if choice.both and beside:
        path = _two(own.short_name, beside.short_name)
    title, detail = unit.name, _kind(unit.kind, unit.address)
    return Picked(choice.value, title, detail, path, choice.both, grid=own, unit=unit, beside=beside)


def _hits(user: "User | AnonymousUser", wanted: list[Range]) -> list[_Hit]:
    """The first keys of every range in every subtree of the user, the likeliest first."""
    hits = [
        _Hit(_order_of(place, bytes(key), wanted), _natural(bytes(key)), pk, building_id or 0, unit_id, place)
        for pk, key, place, building_id, unit_id in first_keys(user, wanted)
    ]
    return sorted(hits)


def first_keys(user: "User | AnonymousUser", wanted: list[Range]) -> Any:
    """One statement, in it one look into an index for every range and subtree: (id, key, place, building, unit)."""
    scope = scope_of(user)
    subtrees: list[dict[str, Any]] = [{f"{column}_id": grid_id} for column, grid_id in scope.subtrees[:_MOST_SUBTREES]]
    parts = [_keys(subtree, each) for subtree in ([{}] if scope.everything else subtrees) for each in wanted]
    if not parts:
        return SearchKey.objects.none().values_list("pk", "key", "place", "building_id", "unit_id")
    return parts[0].union(*parts[1:], all=True)


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


def _rows(user: "User | AnonymousUser", pks: list[int]) -> Any:
    """What is shown of them. Keys that are behind their rows until the next night show nothing that is out of use,
    and nothing out of scope."""
    unit = Q(building=None, unit__is_active=True) & (_where(user, "unit__") | _where(user, "unit__second_grid__"))
    house = Q(building__is_active=True) & _where(user, "building__")
    return SearchKey.objects.filter(unit | house, pk__in=pks).order_by().values(*_SHOWN)


def _where(user: "User | AnonymousUser", prefix: str) -> Q:
    """Condition on path columns: where the user may file."""
    scope = scope_of(user)
    if scope.everything:
        return Q(**{f"{prefix}community_id__isnull": False})
    condition = NOTHING
    for column, grid_id in scope.subtrees:
        condition |= Q(**{f"{prefix}{column}_id": grid_id})
    return condition


def _offers(user: "User | AnonymousUser", row: dict[str, Any]) -> list[Suggestion]:
    """A building; or a unit, on the border of two grids once in the user's own and once as a matter of both."""
    if row["building_id"]:
        title = written_address(*(row[f"building__{name}"] for name in ("road", "lane", "number")))
        detail = f"{row['unit__name']}，又作 {row['alias']}" if row["alias"] else row["unit__name"]
        path = _named(row[f"{name}__short_name"] for name in _ABOVE)
        return [Suggestion(f"b{row['building_id']}", title, detail, path)]
    title, detail = row["unit__name"], _kind(row["unit__kind"], row["unit__address"])
    own, beside = row["unit__grid__short_name"], row["unit__second_grid__short_name"]
    path = _named(row[f"unit__{name}__short_name"] for name in _ABOVE) or own
    scope = scope_of(user)
    if not scope.everything and all(row[f"unit__{column}_id"] != grid_id for column, grid_id in scope.subtrees):
        own, beside, path = beside, own, beside
    alone = Suggestion(f"u{row['unit_id']}", title, detail, path)
    return [alone, replace(alone, value=f"{alone.value}+", path=_two(own, beside), both=True)] if beside else [alone]


def _kind(kind: str, address: str) -> str:
    return "，".join(filter(None, (UnitKind(kind).label, address)))


def _two(own: str, beside: str) -> str:
    return f"{own} 和 {beside}"


def _path(grids: Iterable[Grid | None]) -> str:
    return _named(grid.short_name for grid in grids if grid is not None)


def _named(names: Iterable[str | None]) -> str:
    """第三片区 › 文苑一 › 文苑一微1."""
    return " › ".join(name for name in names if name)
