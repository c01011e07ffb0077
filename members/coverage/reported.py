"""What the newspaper of 2020 reported (Grid.facts) beside what is registered. Pure: words and numbers as text."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

_EXACT = re.compile(r"[1-9][0-9]{0,8}")
# The report's words → the figures that count the same. 党员 are 在册 and 在职 together: the article does not part them.
_COMPARED: dict[str, tuple[str, ...]] = {
    "片区网格": ("grids_AREA",),
    "居民区网格": ("grids_NEIGHBORHOOD",),
    "微单元网格": ("grids_MICRO_UNIT",),
    "党员": ("members_REGISTERED", "members_IN_SERVICE"),
    "小区": ("units_ESTATE",),
    "驻区单位": ("units_INSTITUTION",),
    "党建阵地": ("venues",),
    "主阵地": ("main_venues",),
}
# Who serves at the grid itself: no roll-up.
_PEOPLE = {"网格负责人": "heads", "联络员": "liaisons"}


@dataclass(frozen=True)
class Comparison:
    """已登记 120，报道 2156. `percent` is None unless the report gives an exact number ("1800余" does not)."""

    grid: Any
    item: str
    registered: int
    reported: str
    percent: int | None

    @property
    def text(self) -> str:
        share = "" if self.percent is None else f"（{self.percent}%）"
        return f"已登记 {self.registered}，报道 {self.reported}{share}"


def comparisons(grid: Any, figures: Counter[str]) -> list[Comparison]:
    """What can be compared of one grid, in the order of the report. `grid` is one of figures.grids_with_duties."""
    found = []
    for item, value in grid.facts.items():
        if item in _COMPARED:
            registered = sum(figures[key] for key in _COMPARED[item])
        elif item in _PEOPLE:
            registered = getattr(grid, _PEOPLE[item])
        else:
            continue
        reported = str(value)
        percent = round(registered * 100 / int(reported)) if _EXACT.fullmatch(reported) else None
        found.append(Comparison(grid, item, registered, reported, percent))
    return found
