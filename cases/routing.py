"""Where a case is answered for: pure functions over the path of grids above the place of discovery.

A path maps each level to the id of the grid there, or None where the path has none: below the place of
discovery, and at NEIGHBORHOOD for a micro-unit that answers to its area directly (R8).
"""

from collections.abc import Mapping

from cases.choices import Urgency
from grids.choices import KINDS, RANK, GridKind

Path = Mapping[str, int | None]


def level_at_or_above(path: Path, level: str) -> GridKind:
    """The lowest level of the path that is not below `level`. A path always has its COMMUNITY."""
    return next(kind for kind in reversed(KINDS[: RANK[level] + 1]) if path[kind] is not None)


def first_level(path: Path, default_level: str, urgency: str) -> GridKind:
    """Who answers first: the category's level, or the street at once for 突发事件 (R47, R50)."""
    if urgency == Urgency.EMERGENCY:
        return GridKind.COMMUNITY
    return level_at_or_above(path, default_level)


def level_above(path: Path, level: str) -> GridKind | None:
    """One level up, passing over a level that the path lacks; None above the street."""
    rank = RANK[level]
    return None if rank == 0 else level_at_or_above(path, KINDS[rank - 1])


def levels_below(path: Path, level: str) -> list[GridKind]:
    """The levels from `level` (excluded) down to the place of discovery."""
    return [kind for kind in KINDS[RANK[level] + 1 :] if path[kind] is not None]


def highest(one: str, other: str) -> str:
    """The level nearer to the street of two."""
    return min(one, other, key=lambda level: RANK[level])
