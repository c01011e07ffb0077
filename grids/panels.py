"""What upper apps show on the pages of the tree. They register in AppConfig.ready(); grids never imports them."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grids.models import Grid
    from liangcheng.accounts.models import User

# A grid's own figures by name: {"open": 3, "due_soon": 1, "overdue": 0}.
Figures = Mapping[str, int]


@dataclass(frozen=True)
class Panel:
    """A section of a grid's page: its heading, and a template of the app that offers it."""

    title: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)


# (user, grid or None) → own figures by grid id, of what the user may see in the subtree (None: everywhere).
CountsProvider = Callable[["User", "Grid | None"], Mapping[int, Figures]]
PanelProvider = Callable[["User", "Grid"], Panel | None]

_counts: list[CountsProvider] = []
_panels: list[PanelProvider] = []


def register_counts(provider: CountsProvider) -> None:
    """Add a source of figures; asking twice with the same function adds it once."""
    if provider not in _counts:
        _counts.append(provider)


def register_panel(provider: PanelProvider) -> None:
    """Add a section to the page of every grid; the order of registering is the order on the page."""
    if provider not in _panels:
        _panels.append(provider)


def own_counts(user: "User", within: "Grid | None" = None) -> dict[int, Figures]:
    """Figures of each grid itself, all sources together. One statement per source."""
    found: dict[int, Counter[str]] = {}
    for provider in _counts:
        for grid_id, figures in provider(user, within).items():
            found.setdefault(grid_id, Counter()).update(figures)
    return dict(found)


def panels(user: "User", grid: "Grid") -> list[Panel]:
    """The sections that upper apps show for `grid` to `user`."""
    return [panel for provider in _panels if (panel := provider(user, grid)) is not None]
