"""网格覆盖 (每栋楼栋有人管、每项事务有人抓; R14, R40): what is registered per grid, and what is lacking there."""

from members.coverage.checks import Missing, StreetCheck, register_check
from members.coverage.figures import FIGURES, figures_within
from members.coverage.gaps import GAPS, Gap
from members.coverage.overview import GridRow, Line, Overview, lines_of, overview

__all__ = [
    "FIGURES",
    "GAPS",
    "Gap",
    "GridRow",
    "Line",
    "Missing",
    "Overview",
    "StreetCheck",
    "figures_within",
    "lines_of",
    "overview",
    "register_check",
]
