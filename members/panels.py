"""What is anchored to a grid, for its page (一格一档)."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from grids.panels import Panel
from grids.scoping import scope_of
from members.choices import NominationState
from members.coverage.figures import figures_of, sees_whole, whole_grids
from members.coverage.overview import GridRow, lines_of
from members.figures import by_kind, numbers
from members.models import ChairTerm, Nomination, PartyOrganization, Team, Venue

if TYPE_CHECKING:
    from grids.models import Grid
    from liangcheng.accounts.models import User

PANEL_ROWS = 5


def registers_panel(user: "User", grid: "Grid") -> Panel | None:
    """Numbers of everything in the subtree, its party organizations, venues and teams, and which unit has the chair
    or gives the 网格长: six statements.

    None where the user sees the grid only as the way to their own: the numbers would look like the whole.
    """
    if not sees_whole(scope_of(user), grid):
        return None
    found = numbers(user, grid)
    context = {
        "grid": grid,
        "numbers": found,
        "units_by_kind": by_kind(found, "unit"),
        "members_by_kind": by_kind(found, "member"),
        "buildings": found["building"],
        "contacts": found["contact"],
        "teams": found["team"],
        "venues": found["venue"],
        "organizations": _first(PartyOrganization, user, grid, "grid__level", "grid__code", "name", "pk"),
        "more_organizations": found["organization"] > PANEL_ROWS,
        "venue_rows": _first(Venue, user, grid, "-is_main", "grid__level", "grid__code", "name", "pk"),
        "more_venues": found["venue"] > PANEL_ROWS,
        "team_rows": _first(Team, user, grid, "grid__level", "grid__code", "name", "pk"),
        "more_teams": found["team"] > PANEL_ROWS,
        "chair": ChairTerm.objects.visible_to(user).current().filter(grid=grid).select_related("unit").first(),
        "head_unit": _head_unit(user, grid),
    }
    return Panel("网格底册", "members/_grid_panel.html", context)


def _first(model: Any, user: "User", grid: "Grid", *order: str) -> list[Any]:
    rows: QuerySet[Any] = model.objects.visible_to(user).within(grid).active().select_related("grid")
    return list(rows.order_by(*order)[:PANEL_ROWS])


def coverage_panel(user: "User", grid: "Grid") -> Panel | None:
    """What is lacking in the subtree (覆盖情况): five statements. What only a street is asked, its own page says."""
    if not sees_whole(scope_of(user), grid):
        return None
    grids = whole_grids(user, grid)
    figures = figures_of(user, grids, grid, gaps_only=True)
    here = next((row for row in grids if row.pk == grid.pk), grid)
    lines = lines_of(user, GridRow(here, figures.get(grid.pk, Counter())))
    context = {"grid": grid, "lacking": [line for line in lines if line.number]}
    return Panel("覆盖情况", "members/_coverage_panel.html", context)


def _head_unit(user: "User", grid: "Grid") -> Nomination | None:
    """The unit whose nomination for 网格长 of this very grid was accepted last."""
    accepted = Nomination.objects.visible_to(user).filter(grid=grid, state=NominationState.ACCEPTED)
    return accepted.select_related("unit").order_by("-decided_at", "-pk").first()
