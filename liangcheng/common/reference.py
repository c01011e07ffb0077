"""Loading the tables of fixtures/: what is there stays as the office keeps it, what is missing is added."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.db import models

from liangcheng.common import office_time
from liangcheng.common.models import CalendarDay
from liangcheng.common.spreadsheets import read_table


@dataclass
class Loaded:
    """What loading one table did."""

    name: str
    new: int = 0
    changed: int = 0
    unchanged: int = 0

    def __str__(self) -> str:
        return f"{self.name}：新增 {self.new}，更新 {self.changed}，不变 {self.unchanged}"


def rows_of(path: Path) -> list[dict[str, str]]:
    """The lines of a table, every cell as text. Raises InvalidInput."""
    return [row.cells for row in read_table(path).rows]


def overwritten(row: models.Model, values: Mapping[str, Any]) -> bool:
    """Bring a row to `values`; whether that changed anything. Saved only then."""
    differing = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in differing.items():
        setattr(row, name, value)
    if differing:
        row.save()
    return bool(differing)


def load_calendar(path: Path, *, overwrite: bool = False) -> Loaded:
    """Days of years that nobody has entered. A year that has any day is the office's: it may have taken one out."""
    lines = rows_of(path)
    loaded = Loaded("工作日历")
    known = {row.day: row for row in CalendarDay.objects.all()}
    kept_years = {day.year for day in known}
    missing: list[CalendarDay] = []
    for cells in lines:
        day = date.fromisoformat(cells["day"])
        values = {"is_workday": cells["is_workday"] == "1", "note": cells["note"]}
        if day in known and overwrite and overwritten(known[day], values):
            loaded.changed += 1
        elif day in known or (day.year in kept_years and not overwrite):
            loaded.unchanged += 1
        else:
            missing.append(CalendarDay(day=day, **values))
    loaded.new = len(_created(missing))
    return loaded


def _created(days: list[CalendarDay]) -> list[CalendarDay]:
    if not days:
        return days
    with office_time.changing():
        return CalendarDay.objects.bulk_create(days)
