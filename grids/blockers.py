"""What keeps a grid from being retired. Upper apps add their reasons in AppConfig.ready()."""

from collections.abc import Callable

from grids.models import Grid, Posting
from grids.querysets import within

# Gets a grid, says what on it is unfinished ("未办结案件 3 件"), or "".
Blocker = Callable[[Grid], str]
_blockers: list[Blocker] = []


def register_blocker(blocker: Blocker) -> Blocker:
    """Add a reason; asking twice with the same function adds it once."""
    if blocker not in _blockers:
        _blockers.append(blocker)
    return blocker


def blocking(grid: Grid) -> list[str]:
    """All reasons why `grid` cannot be retired now, as an officer would name them."""
    return [reason for blocker in _blockers if (reason := blocker(grid))]


@register_blocker
def active_children(grid: Grid) -> str:
    names = list(
        Grid.objects.active().filter(within(grid)).exclude(pk=grid.pk).order_by("code").values_list("short_name")
    )
    return f"在用的下级网格 {len(names)} 个（{_some([name for (name,) in names])}）" if names else ""


@register_blocker
def current_postings(grid: Grid) -> str:
    holders = [str(posting.user) for posting in Posting.objects.current(grid=grid).select_related("user")]
    return f"在任岗位 {len(holders)} 个（{_some(sorted(set(holders)))}）" if holders else ""


@register_blocker
def departments_in_use(grid: Grid) -> str:
    names = list(grid.departments.filter(is_active=True).values_list("short_name", flat=True))
    return f"在用的条线部门 {len(names)} 个（{_some(names)}）" if names else ""


def _some(names: list[str], shown: int = 3) -> str:
    return "、".join(names[:shown]) + ("等" if len(names) > shown else "")
