"""Border cases (R53): a second grid that the matter touches, and the grid above both, which answers."""

from collections.abc import Iterable

from django.db.models import Q

from grids.choices import KINDS, GridKind
from grids.models import Grid
from liangcheng.common.exceptions import InvalidInput


def neighbour(grid: Grid, code: str) -> Grid:
    """The second grid of a border case, by its code. Raises InvalidInput (field `second_grid_code`)."""
    second = Grid.objects.active().filter(code=code, community=grid.community_id).first()
    if second is None or second.pk == grid.pk or grid.contains(second) or second.contains(grid):
        raise InvalidInput("unknown_second_grid", "请选择另一个在用的网格。", field="second_grid_code")
    return second


def neighbours(street_ids: Iterable[int | None], near: Iterable[Grid]) -> list[tuple[str, str]]:
    """Code and short name of what may be offered as the other side: the 居民区, the micro-units that answer to an area
    directly, and those beside the micro-units among `near`. One statement."""
    beside = {grid.neighborhood_id for grid in near if grid.kind == GridKind.MICRO_UNIT and grid.neighborhood_id}
    other_side = Q(kind=GridKind.NEIGHBORHOOD) | Q(kind=GridKind.MICRO_UNIT, neighborhood__isnull=True)
    if len(beside) == 1:
        # Who serves several 居民区 would get hundreds; they name the 居民区.
        other_side |= Q(kind=GridKind.MICRO_UNIT, neighborhood__in=beside)
    rows = Grid.objects.active().filter(other_side, community__in=list(street_ids)).order_by("code")
    return list(rows.values_list("code", "short_name"))


def common_level(grid: Grid, second: Grid) -> GridKind:
    """The lowest level at which one grid has both below it. Pure; both lie in one street."""
    shared = [kind for kind in KINDS if grid.grid_id_at(kind) and grid.grid_id_at(kind) == second.grid_id_at(kind)]
    return shared[-1]
