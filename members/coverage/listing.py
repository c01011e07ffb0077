"""The rows behind a number that no register lists: grids that lack somebody, and what the street's checks find."""

from typing import TYPE_CHECKING, Any

from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode

from grids.authority import runs_desk, runs_street
from grids.choices import Role
from grids.models import Grid
from members.coverage.checks import Missing
from members.coverage.figures import own_of_grid
from members.coverage.overview import Overview

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

# Where a row is entered; the first address that the installation has. The admin's is for staff only.
_FORMS = {
    "neighborhoods_without_venue": ("members:venue_add", "admin:members_venue_add"),
    "neighborhoods_without_team": ("members:team_add", "admin:members_team_add"),
}
_PRESET = {
    "neighborhoods_without_venue": {},
    "neighborhoods_without_team": {"kind": "MANAGEMENT"},
    "micro_units_without_officer": {"role": Role.OFFICER.value},
    "grids_without_head": {"role": Role.HEAD.value},
    "areas_without_two_leads": {"role": Role.HEAD.value},
}


def missing_rows(user: "User", shown: Overview, key: str) -> list[Missing] | None:
    """The rows behind the line `key` of a page, one for each that its number counts; None: it has no such list."""
    if key not in {line.key for line in shown.lines}:
        return None
    check = next((check for check in shown.checks if check.key == key), None)
    if check is not None:
        return check.show(user, shown.node.grid, check.rows(user, shown.node.grid))
    if key not in _PRESET:
        return None
    grids = [row.grid for row in (shown.node, *shown.below)]
    return [Missing(grid.name, _detail(grid, key), _form(user, grid, key)) for grid in grids if own_of_grid(grid)[key]]


def _detail(grid: Grid, key: str) -> str:
    if key == "areas_without_two_leads":
        return f"现有 {grid.heads} 位"  # type: ignore[attr-defined]
    return f"编码 {grid.code}"


def _form(user: "User", grid: Grid, key: str) -> str:
    """The address of a form that already names the grid; "" for who may not enter anything there."""
    # The admin's form takes the grid's id, a page's its code.
    if key not in _FORMS:
        allowed = user.is_staff and runs_street(user, grid)
        return _with("admin:grids_posting_add", {"grid": grid.pk, **_PRESET[key]}) if allowed else ""
    if not runs_desk(user, grid):
        return ""
    for name in _FORMS[key]:
        is_admin = name.startswith("admin:")
        if is_admin and not user.is_staff:
            continue
        address = _with(name, {"grid": grid.pk if is_admin else grid.code, **_PRESET[key]})
        if address:
            return address
    return ""


def _with(name: str, params: dict[str, Any]) -> str:
    try:
        return f"{reverse(name)}?{urlencode(params)}"
    except NoReverseMatch:
        return ""
