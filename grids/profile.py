"""一格一档: all that the page of one grid shows. Read-only; a fixed number of statements."""

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Q

from grids.choices import KINDS, PATH_FIELD, GridKind, Role
from grids.models import Department, Grid, GridExternalCode, Posting
from grids.outline import figures_of
from grids.panels import Panel, panels
from grids.scoping import scope_of
from liangcheng.common.exceptions import NotVisible

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

# The key that fixtures/grids.csv uses for the full name of the 居委会; everything else in `facts` is as reported.
OFFICIAL_NAME = "official_name"
REPORT = "2020年报道"
_SHOWN_ROLES = (Role.HEAD, Role.LIAISON, Role.DISPATCHER, Role.INSPECTOR, Role.OFFICER)


@dataclass(frozen=True)
class Child:
    grid: Grid
    figures: Counter[str] | None


@dataclass(frozen=True)
class Duty:
    """Those who hold one role here; two heads of an area stand in for each other."""

    title: str
    postings: list[Posting] = field(default_factory=list)


@dataclass(frozen=True)
class Profile:
    grid: Grid
    path: list[Grid]
    figures: Counter[str] | None
    duties: list[Duty]
    children: list[Child]
    retired_children: list[Grid]
    predecessors: list[Grid]
    departments: list[Department]
    external_codes: list[GridExternalCode]
    official_name: str
    facts: dict[str, str]
    facts_source: str
    panels: list[Panel]


def profile(user: "User", code: str) -> Profile:
    """The page of the grid with that code. Raises NotVisible outside the user's scope."""
    above = (PATH_FIELD[kind] for kind in KINDS)
    grid = (
        Grid.objects.visible_to(user)
        .select_related("successor", "lead_organization", *above)
        .order_by()
        .filter(code=code)
        .first()
    )
    if grid is None:
        raise NotVisible("没有这个网格，或不在您的网格范围内。")
    scope = scope_of(user)
    below = list(Grid.objects.visible_to(user).filter(parent=grid).in_tree_order())
    figures = figures_of(user, grid)

    def seen(node: Grid) -> Counter[str] | None:
        return figures.get(node.pk, Counter()) if scope.may_anchor_at(node) else None

    facts = {str(key): str(value) for key, value in grid.facts.items() if key != OFFICIAL_NAME}
    return Profile(
        grid=grid,
        path=[step for kind in KINDS if (step := getattr(grid, PATH_FIELD[kind])) and step.pk != grid.pk],
        figures=seen(grid),
        duties=_duties(grid),
        children=[Child(child, seen(child)) for child in below if child.is_active],
        retired_children=[child for child in below if not child.is_active],
        predecessors=list(grid.predecessors.order_by("code")),
        departments=_departments(grid),
        external_codes=list(grid.external_codes.order_by("scheme")),
        official_name=str(grid.facts.get(OFFICIAL_NAME, "")),
        facts=facts,
        facts_source=REPORT if grid.note.startswith(REPORT) else "",
        panels=panels(user, grid),
    )


def _duties(grid: Grid) -> list[Duty]:
    """Who serves at this very grid, by role; departments' staff and service accounts are no part of it."""
    postings = Posting.objects.current(grid=grid, department__isnull=True).select_related("user").order_by("user__pk")
    by_role: dict[str, list[Posting]] = {}
    for posting in postings:
        by_role.setdefault(posting.role, []).append(posting)
    return [Duty(_title(grid, role), by_role[role]) for role in _SHOWN_ROLES if role in by_role]


def _title(grid: Grid, role: Role) -> str:
    """Areas and the street have 负责人, the grids below them 网格长 (article)."""
    if role == Role.HEAD and grid.kind in (GridKind.COMMUNITY, GridKind.AREA):
        return "负责人"
    return str(role.label)


def _departments(grid: Grid) -> list[Department]:
    """条线 that serve this grid: their own grid is this one or above it."""
    ids = [grid_id for grid_id in grid.path_ids().values() if grid_id]
    return list(Department.objects.filter(Q(grid__in=ids), is_active=True).order_by("kind", "code"))
