"""Figures up the tree. Pure: no query, whatever the size (one grouped query and this walk beat a join per node)."""

from collections import Counter
from collections.abc import Iterable, Mapping

from grids.models import PathColumns


def roll_up(rows: Iterable[PathColumns], own: Mapping[int, Mapping[str, int]]) -> dict[int, Counter[str]]:
    """Totals of each grid's subtree, by grid id.

    `rows` are grids, each with its path columns; `own` the figures of each grid itself. Figures of a grid that is
    not among `rows` are left out: they belong to what the caller does not show.
    """
    totals: dict[int, Counter[str]] = {}
    for row in rows:
        figures = own.get(row.pk)
        if not figures:
            continue
        for grid_id in row.path_ids().values():
            if grid_id is not None:
                totals.setdefault(grid_id, Counter()).update(figures)
    return totals
