"""What is anchored to a grid, for its page (一格一档)."""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db.models import Count, QuerySet, Value

from grids.panels import Panel
from grids.scoping import scope_of
from members.choices import MemberKind, UnitKind
from members.coverage.figures import figures_of, sees_whole, whole_grids
from members.coverage.overview import GridRow, lines_of
from members.models import Building, PartyMember, PartyOrganization, ResidentUnit

if TYPE_CHECKING:
    from grids.models import Grid
    from liangcheng.accounts.models import User

PANEL_ROWS = 5


def registers_panel(user: "User", grid: "Grid") -> Panel | None:
    """Numbers of units, buildings and members in the subtree, and its party organizations: four statements.

    None where the user sees the grid only as the way to their own: the numbers would look like the whole.
    """
    if not sees_whole(scope_of(user), grid):
        return None
    found = _here(PartyOrganization, user, grid).order_by("grid__level", "grid__code", "name", "pk")
    organizations = list(found[: PANEL_ROWS + 1])
    context = {
        "grid": grid,
        "units_by_kind": _by_kind(_here(ResidentUnit, user, grid), UnitKind.choices),
        "members_by_kind": _by_kind(PartyMember.objects.countable_by(user).within(grid).active(), MemberKind.choices),
        "buildings": _here(Building, user, grid).order_by().count(),
        "organizations": organizations[:PANEL_ROWS],
        "more_organizations": len(organizations) > PANEL_ROWS,
    }
    return Panel("网格底册", "members/_grid_panel.html", context)


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


def _here(model: Any, user: "User", grid: "Grid") -> "QuerySet[Any]":
    rows: QuerySet[Any] = model.objects.visible_to(user).within(grid).active()
    return rows


def _by_kind(rows: "QuerySet[Any]", choices: Iterable[tuple[str, str]]) -> list[tuple[str, str, int]]:
    groups = rows.order_by().values("kind").annotate(number=Count(Value(1)))
    numbers = {group["kind"]: group["number"] for group in groups}
    return [(kind, label, numbers.get(kind, 0)) for kind, label in choices]
