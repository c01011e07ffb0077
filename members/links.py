"""报到链接: made, stopped and opened. Made by the desk of the grid that the registrations are for."""

import secrets
from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from grids.authority import desk_condition, runs_desk
from grids.choices import GridKind
from grids.models import Grid
from liangcheng.common.clock import now
from liangcheng.common.exceptions import InvalidInput, NotPermitted, NotVisible
from liangcheng.common.text import normalize
from members.choices import RegistrationKind
from members.models import RegistrationLink

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

USUAL_DAYS = 180
MOST_DAYS = 366
_MOST_LABEL = 40
_WHERE = {
    RegistrationKind.UNIT: "单位党组织向居民区报到（直属片区的微单元也可以），请选择居民区网格。",
    RegistrationKind.MEMBER: "在职党员向居民区或微单元报到，请选择居民区或微单元网格。",
}


def takes(grid: Grid, kind: str) -> bool:
    """Whether registrations of that kind are handed in at the grid: members also at the 居民区, whose desk then
    chooses the micro-unit; units at the 居民区, or at a micro-unit that answers to its area (R8, R22)."""
    if not grid.is_active:
        return False
    if grid.kind == GridKind.NEIGHBORHOOD:
        return True
    return grid.kind == GridKind.MICRO_UNIT and (kind == RegistrationKind.MEMBER or grid.neighborhood_id is None)


def desk_grids(user: "User") -> "QuerySet[Grid]":
    """居民区 and micro-units whose desk the user runs, in tree order: where they may register somebody."""
    grids: QuerySet[Grid] = (
        Grid.objects.filter(desk_condition(user), kind__in=(GridKind.NEIGHBORHOOD, GridKind.MICRO_UNIT))
        .active()
        .in_tree_order()
    )
    return grids


def place(actor: "User", grid_code: str, kind: str) -> Grid:
    """The grid to register at. Raises InvalidInput (unknown_grid, wrong_grid), NotPermitted."""
    grid = Grid.objects.visible_to(actor).filter(code=normalize(grid_code)[:15]).order_by().first()
    if grid is None:
        raise InvalidInput("unknown_grid", "没有这个网格，或不在您的网格范围内。", field="grid")
    if not runs_desk(actor, grid):
        raise NotPermitted("not_permitted", "报到由所在网格的网格长、联络员或派遣员办理。")
    if not takes(grid, kind):
        raise InvalidInput("wrong_grid", _WHERE[RegistrationKind(kind)], field="grid")
    return grid


def create_link(
    *, actor: "User", grid_code: str, kind: str, label: str = "", expires_on: date | None = None
) -> RegistrationLink:
    """A new link with an unguessable address.

    Refusals: unknown_grid, wrong_grid, not_permitted, too_long, bad_expiry.
    """
    today = timezone.localdate()
    grid = place(actor, grid_code, kind)
    label = normalize(label)
    if len(label) > _MOST_LABEL:
        raise InvalidInput("too_long", f"最多 {_MOST_LABEL} 个字。", field="label")
    expires_on = expires_on or today + timedelta(days=USUAL_DAYS)
    if not today <= expires_on <= today + timedelta(days=MOST_DAYS):
        raise InvalidInput("bad_expiry", f"有效期请填今天起 {MOST_DAYS} 天以内的日期。", field="expires_on")
    return RegistrationLink.objects.create(
        grid=grid,
        kind=kind,
        label=label,
        token=secrets.token_urlsafe(24),
        expires_on=expires_on,
        created_by=actor,
    )


def own_link(actor: "User", link_id: int) -> RegistrationLink:
    """A link that the actor's desk keeps. Raises NotVisible, NotPermitted."""
    rows = RegistrationLink.objects.visible_to(actor).select_related("grid", "community", "created_by")
    link = rows.filter(pk=link_id).order_by().first()
    if link is None:
        raise NotVisible
    if not runs_desk(actor, link):
        raise NotPermitted("not_permitted", "报到链接由所在网格的网格长、联络员或派遣员管理。")
    return link


def revoke_link(*, actor: "User", link_id: int) -> RegistrationLink:
    """Take no more registrations through it; stopped twice, it stays stopped the first time."""
    with transaction.atomic():
        own_link(actor, link_id)
        link = RegistrationLink.objects.select_for_update(no_key=True).get(pk=link_id)
        if link.revoked_at is None:
            link.revoked_at, link.revoked_by = now(), actor
            link.save(update_fields=["revoked_at", "revoked_by", "updated_at"])
        return link


def open_link(token: str) -> RegistrationLink | None:
    """The link behind an address, if it takes registrations today. Unknown, stopped and expired look the same: None."""
    rows = RegistrationLink.objects.open().select_related("grid", "community")
    return rows.filter(token=token).order_by().first()
