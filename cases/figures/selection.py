"""Of which cases and days figures are asked for; the same words in the address of a page, the API and a list."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse

from cases.choices import Nature, Source
from cases.figures.measures import Measure
from cases.models import Case, Category
from cases.periods import Period, PeriodKind

if TYPE_CHECKING:
    from grids.models import Grid
    from liangcheng.accounts.models import User


@dataclass(frozen=True)
class Selection:
    """`grid` None: everything that the user sees. The rest narrows; empty means all."""

    period: Period
    grid: "Grid | None" = None
    category: Category | None = None
    major: str = ""
    source: str = ""
    nature: str = ""

    def cases(self, user: "User") -> "QuerySet[Case]":
        """What the user sees of it, of all times; a measure brings the days."""
        rows = Case.objects.visible_to(user).filter(**self._kinds()).order_by()
        return rows if self.grid is None else rows.within(self.grid)

    def _kinds(self) -> dict[str, Any]:
        given = {
            "category": self.category,
            "category__major_code": self.major,
            "source": self.source,
            "nature": self.nature,
        }
        return {name: value for name, value in given.items() if value}

    def narrowed(self) -> dict[str, str]:
        """Parameter → value of what narrows it beside the days, as the lists' filters have them."""
        given = {
            "grid": self.grid.code if self.grid else "",
            "category": self.category.code if self.category else "",
            "major": self.major,
            "source": self.source,
            "nature": self.nature,
        }
        return {name: value for name, value in given.items() if value}

    def days(self) -> dict[str, str]:
        """Parameter → value of the period: `period` and `on`, or the two days of a free one."""
        if self.period.kind is PeriodKind.FREE:
            return {"period": "free", "from": self.period.first.isoformat(), "to": self.period.last.isoformat()}
        return {"period": self.period.kind.value, "on": self.period.first.isoformat()}

    def query(self, **changes: str) -> str:
        """The address's query for the same figures, with `changes`; an empty value leaves a parameter out."""
        values = self.days() | self.narrowed() | changes
        return urlencode({name: value for name, value in values.items() if value})

    def list_query(self, measure: Measure) -> str:
        """The query of the list that shows exactly what `measure` counts here."""
        days = {"period_from": self.period.first.isoformat(), "period_to": self.period.last.isoformat()}
        return urlencode({"figure": measure.key} | days | self.narrowed())

    def list_url(self, measure: Measure) -> str:
        return f"{reverse('cases:list')}?{self.list_query(measure)}"

    def over(self, period: Period) -> "Selection":
        return replace(self, period=period)

    def at(self, grid: "Grid | None") -> "Selection":
        return replace(self, grid=grid)

    @property
    def kinds_in_words(self) -> list[str]:
        """ "来源：12345热线": what narrows it beside grid and days."""
        said = []
        if self.category:
            said.append(f"类别：{self.category.name}")
        if self.major:
            said.append(f"大类：{self.major}")
        if self.source:
            said.append(f"来源：{Source(self.source).label}")
        if self.nature:
            said.append(f"性质：{Nature(self.nature).label}")
        return said
