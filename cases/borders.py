"""Border cases (R53): a second grid that the matter touches, and the grid above both, which answers."""

from grids.choices import KINDS, GridKind
from grids.models import Grid
from liangcheng.common.exceptions import InvalidInput


def neighbour(grid: Grid, code: str) -> Grid:
    """The second grid of a border case, by its code. Raises InvalidInput (field `second_grid_code`)."""
    second = Grid.objects.active().filter(code=code, community=grid.community_id).first()
    if second is None or second.pk == grid.pk or grid.contains(second) or second.contains(grid):
        raise InvalidInput("unknown_second_grid", "请选择另一个在用的网格。", field="second_grid_code")
    return second


def common_level(grid: Grid, second: Grid) -> GridKind:
    """The lowest level at which one grid has both below it. Pure; both lie in one street."""
    shared = [kind for kind in KINDS if grid.grid_id_at(kind) and grid.grid_id_at(kind) == second.grid_id_at(kind)]
    return shared[-1]
