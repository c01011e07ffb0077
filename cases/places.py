"""Where a case is filed: the grids a user may choose, and what the address book says of a written address."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from grids.choices import KINDS, PATH_FIELD, GridKind
from grids.models import Grid
from grids.scoping import scope_of
from members import registry
from members.addresses import Address, parse_address
from members.suggestions import Picked

if TYPE_CHECKING:
    from liangcheng.accounts.models import User


def grids_to_file_at(user: "User") -> list[Grid]:
    """Grids in use where the user may file, in tree order; one statement."""
    scope = scope_of(user)
    visible = Grid.objects.visible_to(user).active().in_tree_order()
    return [grid for grid in visible if scope.may_anchor_at(grid)]


def default_grid_id(user: "User") -> int | None:
    """The grid of the user's lowest posting, their own before a lent one: who serves a micro-unit mostly files there.

    None at the street: nothing is found "in the whole street", there the address finds the grid.
    """
    posts = sorted(scope_of(user).territorial, key=lambda post: (post.for_user_id == user.pk, post.rank))
    return posts[-1].grid_id if posts and posts[-1].kind != GridKind.COMMUNITY else None


def written(road: str, lane: str, number: str, room: str = "") -> Address:
    """The address out of its fields; a whole one pasted into the road's field counts as well."""
    if lane or number:
        return Address(road, lane.rstrip("弄"), number.rstrip("号"), room.rstrip("室"))
    parsed = parse_address(road)
    if not (parsed.number or parsed.lane):
        return Address(road=road, room=room.rstrip("室"))
    return replace(parsed, room=room.rstrip("室") or parsed.room)


def house_of(picked: Picked) -> Address:
    """The address of the building that was picked; empty for a unit."""
    house = picked.building
    return Address(house.road, house.lane, house.number) if house else Address()


def address_in(data: Mapping[str, str], picked: Picked | None) -> Address:
    """The address in a form's fields: of the building that was picked, else what its own fields say, else the text
    that was searched with."""
    road, lane, number, room = (str(data.get(name) or "") for name in ("road", "lane", "number", "room"))
    if picked and picked.building:
        return replace(house_of(picked), room=room.rstrip("室") or parse_address(str(data.get("spot") or "")).room)
    if road or lane or number or picked:
        return written(road, lane, number, room)
    return written(str(data.get("spot") or ""), "", "", room)


def located_id(user: "User", address: Address) -> int | None:
    """The id of the address's grid in the user's streets, by the address book. At most one statement."""
    if not (address.lane or address.number):
        return None
    scope = scope_of(user)
    streets = None if scope.everything else sorted({post.path[0] for post in scope.posts if post.path[0]})
    return registry.find_grid(address=str(address), community_ids=streets)


def located(user: "User", address: Address) -> Grid | None:
    """The grid of the address, by the address book; None when unknown or not the user's to file at."""
    grid_id = located_id(user, address)
    if grid_id is None:
        return None
    scope = scope_of(user)
    path = [PATH_FIELD[kind] for kind in KINDS]
    grid: Grid | None = Grid.objects.active().select_related(*path).filter(pk=grid_id).order_by().first()
    return grid if grid and scope.may_anchor_at(grid) else None


def path_text(grid: Grid) -> str:
    """第三片区 › 文苑一 › 文苑一微1; without the street, which goes without saying."""
    above = [getattr(grid, PATH_FIELD[kind]) for kind in KINDS[1:]]
    names = [each.short_name for each in above if each is not None]
    return " › ".join(names) or grid.short_name
