"""阵地: kept by the desks of their grids; one 主阵地 per 居民区 (R40)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction

from grids.authority import runs_desk
from grids.models import Grid
from liangcheng.common.exceptions import DomainError, NotPermitted, NotVisible, StaleObject
from members.keeping import keep, locked
from members.models import Venue

if TYPE_CHECKING:
    from liangcheng.accounts.models import User


def save_venue(
    *, actor: "User", venue_id: int | None = None, values: Mapping[str, Any], seen: str | None = None
) -> Venue:
    """Enter a venue, or change one; whether it is the main one, `set_main_venue` says.

    One that goes out of use, or to another 居民区, is the main one no longer. Refusals: members.keeping.keep.
    """
    values = {name: value for name, value in values.items() if name != "is_main"}
    with transaction.atomic():
        before = Venue.objects.visible_to(actor).filter(pk=venue_id or 0, is_main=True).order_by().first()
        grid: Grid | None = values.get("grid")
        leaves = grid is not None and before is not None and grid.neighborhood_id != before.neighborhood_id
        if leaves or values.get("is_active") is False:
            values["is_main"] = False
        return keep(Venue, actor=actor, row_id=venue_id, values=values, seen=seen)


def main_venue(neighborhood_id: int | None) -> Venue | None:
    """The 主阵地 of a 居民区."""
    if neighborhood_id is None:
        return None
    return Venue.objects.active().filter(neighborhood_id=neighborhood_id, is_main=True).order_by().first()


def set_main_venue(*, actor: "User", venue_id: int, replaces: int | None = None) -> Venue:
    """Make a venue the 主阵地 of its 居民区, in the place of the one with the id `replaces`, if there is one.

    By the desk of the 居民区 or above. Refusals: not_found, not_permitted, no_neighborhood, venue_retired,
    main_taken (somebody else has named one, or nobody said that it is to be replaced), stale_version.
    """
    with transaction.atomic():
        seen = Venue.objects.visible_to(actor).filter(pk=venue_id).order_by().first()
        if seen is None:
            raise NotVisible
        neighborhood = _held(seen.neighborhood_id)
        if not runs_desk(actor, neighborhood):
            raise NotPermitted("not_permitted", "主阵地由居民区或上级网格的网格长、联络员、派遣员设定。")
        venue = locked(Venue, actor, venue_id)
        if venue.neighborhood_id != neighborhood.pk:
            raise StaleObject
        if not venue.is_active:
            raise DomainError("venue_retired", "这处阵地已停用，不能设为主阵地。")
        _make_room(neighborhood, venue, replaces)
        if not venue.is_main:
            venue.is_main = True
            venue.save(update_fields=["is_main", "updated_at"])
        return venue


def unset_main_venue(*, actor: "User", venue_id: int) -> Venue:
    """Let a venue be an ordinary one again. Refusals: not_found, not_permitted."""
    with transaction.atomic():
        venue = locked(Venue, actor, venue_id, "neighborhood")
        if not runs_desk(actor, venue.neighborhood or venue):
            raise NotPermitted("not_permitted", "主阵地由居民区或上级网格的网格长、联络员、派遣员设定。")
        if venue.is_main:
            venue.is_main = False
            venue.save(update_fields=["is_main", "updated_at"])
        return venue


def _held(neighborhood_id: int | None) -> Grid:
    """The 居民区, held until the end: two who name its main venue at once queue here. Before any venue's own lock."""
    if neighborhood_id is None:
        raise DomainError("no_neighborhood", "主阵地按居民区设，请先把这处阵地挂到居民区或它的微单元网格。")
    return Grid.objects.select_for_update(no_key=True, of=("self",)).order_by().get(pk=neighborhood_id)


def _make_room(neighborhood: Grid, venue: Venue, replaces: int | None) -> None:
    old = (
        Venue.objects.active()
        .select_for_update(no_key=True)
        .filter(neighborhood=neighborhood, is_main=True)
        .exclude(pk=venue.pk)
        .order_by()
        .first()
    )
    if old is None:
        return
    if old.pk != replaces:
        message = f"{neighborhood.short_name}现在的主阵地是“{old}”，请核对后确认是否替换。"
        raise DomainError("main_taken", message)
    old.is_main = False
    old.save(update_fields=["is_main", "updated_at"])
