"""指标: ratios of two measures, as the standards and the article define them. Data; the manual explains them."""

from dataclasses import dataclass

from cases.figures.measures import MEASURES, Measure


@dataclass(frozen=True)
class Kpi:
    """`numerator` ÷ `denominator`. `good`: whether more of it is better, less of it, or neither (None)."""

    key: str
    name: str
    numerator: Measure
    denominator: Measure
    good: bool | None = None

    @property
    def formula(self) -> str:
        """ "已结案 ÷ 应结案"."""
        return f"{self.numerator.name} ÷ {self.denominator.name}"


def _kpi(key: str, name: str, numerator: str, denominator: str, good: bool | None = None) -> Kpi:
    return Kpi(key, name, MEASURES[numerator], MEASURES[denominator], good)


# The article's motto: solved at this level, of all that was solved.
MOTTO = (
    _kpi("in_grid", "小事不出网格率", "solved_in_grid", "solved"),
    _kpi("in_area", "难事不出片区率", "solved_in_area", "solved"),
    _kpi("in_community", "大事不出街道率", "solved_in_community", "solved"),
)
# The trade's, in the order of the work.
TRADE = (
    _kpi("self_found", "自行发现率", "self_found", "reported", good=True),
    _kpi("repeated", "重复率", "repeated", "reported", good=False),
    _kpi("contact", "先行联系率", "contacted", "contact_due", good=True),
    _kpi("returned", "退单率", "returned", "dispatched", good=False),
    _kpi("in_time", "按时处置率", "due_in_time", "due", good=True),
    _kpi("overdue", "超期率", "due_overdue", "due", good=False),
    _kpi("extended", "延期率", "due_extended", "due", good=False),
    _kpi("suspended", "挂账率", "due_suspended", "due_or_suspended", good=False),
    _kpi("reworked", "返工率", "reworked", "solved", good=False),
    _kpi("closed", "结案率", "due_closed", "due", good=True),
    _kpi("closed_in_time", "按期结案率", "due_closed_in_time", "due", good=True),
    _kpi("closed_as_promised", "按原时限结案率", "promised_in_time", "promised", good=True),
    _kpi("really_solved", "实际解决率", "really_solved", "asked", good=True),
    _kpi("satisfied", "满意率", "satisfied", "visited", good=True),
)
KPIS: dict[str, Kpi] = {kpi.key: kpi for kpi in (*MOTTO, *TRADE)}


@dataclass(frozen=True)
class Rate:
    """How many of how many; "–" where the base is empty, never 0 % or 100 %."""

    part: int
    whole: int

    @property
    def percent(self) -> float | None:
        """0 to 100; None where the base is empty."""
        return self.part * 100 / self.whole if self.whole else None

    @property
    def text(self) -> str:
        """ "93.7%". Rounded, but all and none are said only where it is all and none."""
        if not self.whole:
            return "–"
        # Half up in whole numbers: floats would round 0.25 % down.
        tenths = (self.part * 2000 + self.whole) // (2 * self.whole)
        if 0 < self.part < self.whole:
            tenths = min(max(tenths, 1), 999)
        return f"{tenths // 10}.{tenths % 10}%"

    def points_over(self, other: "Rate") -> float | None:
        """Percentage points above (below: negative) `other`; None where either has no base."""
        if self.percent is None or other.percent is None:
            return None
        return self.percent - other.percent
