"""The tree as its page shows it: what a user may see, with the figures of each subtree. Four statements at any size."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet, Subquery, Value

from grids.choices import KINDS, PATH_FIELD, GridKind
from grids.models import Grid
from grids.panels import own_counts
from grids.querysets import matching
from grids.scoping import Scope, scope_of
from grids.statistics import roll_up

if TYPE_CHECKING:
    from liangcheng.accounts.models import User


@dataclass
class Node:
    """A grid on the page. `figures` is None where only a part of its subtree is in sight."""

    grid: Grid
    figures: Counter[str] | None
    hit: bool = False
    expanded: bool = False
    children: list["Node"] = field(default_factory=list)


@dataclass(frozen=True)
class Outline:
    """`streets` are all roots that the user may see; `nodes` the top of the tree shown."""

    streets: list[Grid]
    nodes: list[Node]
    hits: int = 0
    hidden_hits: int = 0
    assumed: bool = False


def outline(user: "User", *, words: str = "", street: str = "", retired: bool = False) -> Outline:
    """The tree of one street (the first, or that with the code `street`), or with `words` what matches anywhere.

    Matches keep their ancestors and what is below them.
    Grids out of use are left out unless `retired`; matches among them are counted.
    """
    rows = list(_rows(user, words, street))
    streets = [grid for grid in rows if grid.kind == GridKind.COMMUNITY]
    hits = {grid.pk for grid in rows if getattr(grid, "hit", False)}
    shown = [grid for grid in rows if retired or grid.is_active]
    if not words and (chosen := next((grid for grid in rows if grid.level > 0), None)):
        shown = [grid for grid in shown if grid.community_id == chosen.community_id]
    scope = scope_of(user)
    totals = roll_up(rows, own_counts(user, streets[0] if len(streets) == 1 else None))
    nodes = _nest(shown, scope, totals, hits)
    visible_hits = len(hits & {grid.pk for grid in shown})
    return Outline(streets, nodes, visible_hits, len(hits) - visible_hits, any(grid.assumed for grid in shown))


def figures_of(user: "User", grid: Grid) -> dict[int, Counter[str]]:
    """Figures of the subtrees of `grid` and of every grid below it, by id. One statement per source and one more."""
    own = own_counts(user, grid)
    return roll_up(Grid.objects.filter(pk__in=own.keys()).order_by(), own)


def _rows(user: "User", words: str, street: str) -> "QuerySet[Grid]":
    visible: QuerySet[Grid] = Grid.objects.visible_to(user).in_tree_order()
    if words:
        found = visible.filter(matching(words)).order_by()
        wanted = Q()
        for kind in KINDS:
            wanted |= Q(pk__in=found.values(PATH_FIELD[kind])) | Q(**{f"{PATH_FIELD[kind]}__in": found.values("pk")})
        return visible.filter(wanted).annotate(hit=ExpressionWrapper(matching(words), output_field=BooleanField()))
    roots = visible.filter(kind=GridKind.COMMUNITY)
    chosen = roots.filter(code=street) if street else roots
    tree = Q(community_id=Subquery(chosen.values("pk")[:1]))
    return visible.filter(tree | Q(kind=GridKind.COMMUNITY)).annotate(hit=Value(False))


def _nest(grids: list[Grid], scope: Scope, totals: dict[int, Counter[str]], hits: set[int]) -> list[Node]:
    """Nodes under their nearest shown ancestor; `grids` come in the order of the tree."""
    own = {post.grid_id for post in scope.posts}
    nodes: dict[int, Node] = {}
    top: list[Node] = []
    for grid in grids:
        whole = scope.may_anchor_at(grid) and (not hits or not hits.isdisjoint(grid.path_ids().values()))
        figures = totals.get(grid.pk, Counter()) if whole else None
        nodes[grid.pk] = node = Node(grid, figures, grid.pk in hits)
        above = nodes.get(grid.parent_id or 0)
        (above.children if above else top).append(node)
        node.expanded = grid.kind in (GridKind.COMMUNITY, GridKind.AREA) or grid.pk in own
        if node.hit or grid.pk in own:
            for ancestor in _ancestors(grid, nodes):
                ancestor.expanded = True
    return top


def _ancestors(grid: Grid, nodes: dict[int, Node]) -> Iterator[Node]:
    for grid_id in grid.path_ids().values():
        if grid_id in nodes and grid_id != grid.pk:
            yield nodes[grid_id]
