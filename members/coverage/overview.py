"""The coverage page of one grid: what is lacking there, the grids below it in numbers, and the report of 2020."""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q
from django.urls import reverse
from django.utils.http import urlencode

from grids.choices import KINDS, PATH_FIELD, GridKind
from grids.models import Grid
from grids.scoping import Scope, scope_of
from liangcheng.common.exceptions import NotVisible
from members.coverage.checks import StreetCheck, checks_for
from members.coverage.figures import figures_of, grids_with_duties, sees_whole
from members.coverage.gaps import GAPS, Gap
from members.coverage.reported import Comparison, comparisons

if TYPE_CHECKING:
    from liangcheng.accounts.models import User


@dataclass(frozen=True)
class Line:
    """One kind of gap with its number. `link` is the list of exactly these rows; "" where the user may not read it."""

    key: str
    label: str
    measure: str
    number: int
    mended_by: str
    link: str


@dataclass(frozen=True)
class GridRow:
    """A grid of the table. `figures` is None where the user sees it only as the way to their own."""

    grid: Grid
    figures: Counter[str] | None

    @property
    def gaps(self) -> int:
        """All that is lacking in its subtree."""
        return sum((self.figures or Counter())[gap.key] for gap in GAPS)


@dataclass(frozen=True)
class Overview:
    """`below` are all grids of the subtree in use that are in sight, in the order of the tree; `children` the next
    level of them. `lines` is empty where `node.figures` is None."""

    streets: list[Grid]
    path: list[Grid]
    node: GridRow
    children: list[GridRow]
    below: list[GridRow]
    lines: list[Line]
    comparisons: list[Comparison]
    checks: list[StreetCheck]

    @property
    def lacking(self) -> list[Line]:
        return [line for line in self.lines if line.number]

    @property
    def covered(self) -> list[Line]:
        return [line for line in self.lines if not line.number]

    @property
    def gaps(self) -> int:
        return sum(line.number for line in self.lines)


def overview(user: "User", code: str = "") -> Overview:
    """The page of the grid with that code; without one, of the highest grid that the user serves.

    A fixed number of statements. Raises NotVisible for a grid outside the user's scope, or where there is none at all.
    """
    scope = scope_of(user)
    streets, grid = _find(user, scope, code)
    seen = list(grids_with_duties(Grid.objects.visible_to(user).within(grid)).in_tree_order())
    whole = {row.pk for row in seen if sees_whole(scope, row)}
    figures = figures_of(user, [row for row in seen if row.pk in whole], grid)
    rows = {row.pk: GridRow(row, figures.get(row.pk, Counter()) if row.pk in whole else None) for row in seen}
    node = rows[grid.pk]
    below = [row for row in rows.values() if row.grid.is_active and row.grid.pk != grid.pk]
    children = [row for row in below if row.grid.parent_id == grid.pk]
    checks = checks_for(user, grid) if grid.kind == GridKind.COMMUNITY and node.figures is not None else []
    return Overview(
        streets=streets,
        path=[step for kind in KINDS if (step := getattr(grid, PATH_FIELD[kind])) and step.pk != grid.pk],
        node=node,
        children=children,
        below=below,
        lines=lines_of(user, node) + [_checked(user, grid, check) for check in checks],
        comparisons=[
            found
            for row in (node, *children)
            if row.figures is not None
            for found in comparisons(row.grid, row.figures)
        ],
        checks=checks,
    )


def lines_of(user: "User", node: GridRow) -> list[Line]:
    """The lines of what hangs on a grid and below it; none where only a part of it is in sight."""
    if node.figures is None:
        return []
    return [
        Line(gap.key, gap.label, gap.measure, node.figures[gap.key], gap.mended_by, _link(user, gap, node.grid))
        for gap in GAPS
        if gap.concerns(node.grid.kind)
    ]


def _find(user: "User", scope: Scope, code: str) -> tuple[list[Grid], Grid]:
    """The streets in sight, and the grid asked for with its path: one statement."""
    own = {post.grid_id for post in scope.territorial}
    wanted = Q(code=code) if code else Q(pk__in=own)
    found = list(
        Grid.objects.visible_to(user)
        .filter(wanted | Q(kind=GridKind.COMMUNITY))
        .select_related(*(PATH_FIELD[kind] for kind in KINDS))
        .in_tree_order()
    )
    streets = [grid for grid in found if grid.kind == GridKind.COMMUNITY]
    asked = [grid for grid in found if (grid.code == code if code else grid.pk in own)]
    # Parents come before their children: with one grid of one's own, or one above all others, that one.
    if not code and (not asked or not all(one.grid_id_at(asked[0].kind) == asked[0].pk for one in asked)):
        asked = streets
    if not asked:
        raise NotVisible("没有这个网格，或不在您的网格范围内。")
    return streets, asked[0]


def _link(user: "User", gap: Gap, grid: Grid) -> str:
    if not gap.register:
        return f"{reverse('members:coverage')}?{urlencode({'grid': grid.code, 'gap': gap.key})}"
    if gap.register == "member" and not _reads_members(user, grid):
        return ""
    address = reverse(f"members:{gap.register}_list")
    return f"{address}?{urlencode({'grid': grid.code, 'lacking': gap.lacking})}"


def _reads_members(user: "User", grid: Grid) -> bool:
    """The list of members shows them all only to whoever may read those of the whole grid."""
    return sees_whole(scope_of(user).with_party, grid)


def _checked(user: "User", street: Grid, check: StreetCheck) -> Line:
    link = f"{reverse('members:coverage')}?{urlencode({'grid': street.code, 'gap': check.key})}"
    number = check.rows(user, street).order_by().count()
    return Line(check.key, check.label, check.measure, number, check.mended_by, link)
