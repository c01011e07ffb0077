"""Read-only figures. A figure counts exactly what the list it links to shows: both use the same conditions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Count, Q, Value

from cases.lights import light, light_text
from cases.models import Case
from cases.querysets import due_soon, overdue
from grids.panels import Panel
from liangcheng.common.clock import now

if TYPE_CHECKING:
    from grids.models import Grid
    from liangcheng.accounts.models import User

PANEL_ROWS = 8
ON_TIME_DAYS = 90


def grid_counts(user: "User", within: "Grid | None" = None) -> Mapping[int, dict[str, int]]:
    """Open, due-soon and overdue cases that the user sees, by the grid they were discovered in: one statement.

    Each grid's own counts; grids.statistics rolls them up. `within` narrows to one subtree.
    """
    moment = now()
    cases = Case.objects.visible_to(user).open()
    if within is not None:
        cases = cases.within(within)
    # Count(Value(1)) keeps the scan on the index; Count("pk") would read the rows (SCALE 3).
    rows = (
        cases.order_by()
        .values("grid_id")
        .annotate(
            open=Count(Value(1)),
            due_soon=Count(Value(1), filter=due_soon(moment)),
            overdue=Count(Value(1), filter=overdue(moment)),
        )
    )
    return {
        row["grid_id"]: {"open": row["open"], "due_soon": row["due_soon"], "overdue": row["overdue"]} for row in rows
    }


def open_cases_of(user_id: int) -> str:
    """未办结案件 3 件, on the plate of somebody whose account ends; empty if there are none."""
    number = Case.objects.open().filter(assignee_id=user_id).count()
    return f"未办结案件 {number} 件" if number else ""


def open_cases_panel(user: "User", grid: "Grid") -> Panel:
    """The newest open cases of a grid's subtree, for its page."""
    cases = list(
        Case.objects.visible_to(user)
        .within(grid)
        .open()
        .select_related("category", "handling_grid")
        .newest_first()[: PANEL_ROWS + 1]
    )
    moment = now()
    rows = [{"case": case, "light": light(case, moment), "text": light_text(case, moment)} for case in cases]
    return Panel(
        "未办结案件",
        "cases/_grid_panel.html",
        {"rows": rows[:PANEL_ROWS], "more": len(cases) > PANEL_ROWS, "grid": grid},
    )


@dataclass(frozen=True)
class OnTime:
    """Of the cases resolved in a period that had a deadline: how many kept the promise, how many the granted one."""

    resolved: int
    by_promise: int
    by_granted: int

    @property
    def rates(self) -> tuple[str, str]:
        """Both in percent, rounded to whole ones; "–" where nothing had a deadline, never 0 % or 100 %."""
        if not self.resolved:
            return "–", "–"
        return tuple(f"{round(part * 100 / self.resolved)}%" for part in (self.by_promise, self.by_granted))  # type: ignore[return-value]


def on_time(user: "User", grid: "Grid") -> OnTime:
    """按时处置 by 原时限 and by 现时限, of what the user sees in the subtree, resolved in the last ON_TIME_DAYS."""
    since = now() - timedelta(days=ON_TIME_DAYS)
    rows = (
        Case.objects.visible_to(user)
        .within(grid)
        .filter(resolved_at__gte=since, on_time_original__isnull=False)
        .order_by()
    )
    found = rows.aggregate(
        resolved=Count(Value(1)),
        by_promise=Count(Value(1), filter=Q(on_time_original=True)),
        by_granted=Count(Value(1), filter=Q(on_time=True)),
    )
    return OnTime(**found)


def on_time_panel(user: "User", grid: "Grid") -> Panel | None:
    """The figures of `on_time` on a grid's page; nothing where nothing was resolved."""
    figures = on_time(user, grid)
    if not figures.resolved:
        return None
    context = {"figures": figures, "days": ON_TIME_DAYS}
    return Panel("按时处置", "cases/_grid_on_time.html", context)


def open_cases_at(grid: "Grid") -> str:
    """What keeps a grid from being retired: open cases found in it or below it."""
    number = Case.objects.open().within(grid).count()
    return f"未办结案件 {number} 件" if number else ""
