"""The list of categories with their limits, out of fixtures/categories.csv."""

from pathlib import Path
from typing import Any

from django.db import transaction

from cases.choices import LimitUnit, Urgency
from cases.models import Category, ClockRule, TimeLimit
from grids.models import Department, Grid
from liangcheng.common.reference import Loaded, overwritten, rows_of

_TEXTS = (
    "major_code",
    "major_name",
    "name",
    "synonyms",
    "default_level",
    "urgency",
    "close_condition",
    "basis",
    "confidence",
)


def load_categories(path: Path, street: Grid, *, overwrite: bool = False) -> Loaded:
    """Add the categories that are missing, each with its limit; departments are those of `street`.

    A category that is there keeps what the office made of it and of its limits, unless `overwrite`.
    """
    lines, loaded = rows_of(path), Loaded("案件类别和时限")
    desks = {department.name: department for department in Department.objects.filter(grid=street)}
    known = {row.code: row for row in Category.objects.filter(code__in=[cells["code"] for cells in lines])}
    with transaction.atomic():
        for cells in lines:
            row = known.get(cells["code"])
            if row is None:
                _create(cells, desks)
                loaded.new += 1
            elif overwrite and _overwrite(row, cells, desks):
                loaded.changed += 1
            else:
                loaded.unchanged += 1
    return loaded


def _create(cells: dict[str, str], desks: dict[str, Department]) -> None:
    row = Category.objects.create(code=cells["code"], **_fields(cells, desks))
    row.co_departments.set(_helpers(cells, desks))
    TimeLimit.objects.create(category=row, **_limit(cells))


def _overwrite(row: Category, cells: dict[str, str], desks: dict[str, Department]) -> bool:
    """Category, helpers and the limit without a first day; limits with dates are the office's own."""
    changed = overwritten(row, _fields(cells, desks))
    helpers = _helpers(cells, desks)
    if {helper.pk for helper in helpers} != set(row.co_departments.values_list("pk", flat=True)):
        row.co_departments.set(helpers)
        changed = True
    limit, is_new = TimeLimit.objects.get_or_create(category=row, grade="A", valid_from=None, defaults=_limit(cells))
    return (is_new or overwritten(limit, _limit(cells))) or changed


def _fields(cells: dict[str, str], desks: dict[str, Department]) -> dict[str, Any]:
    return {name: cells[name] for name in _TEXTS} | {
        # No department: the 居民区 itself answers (fixtures/README.md).
        "responsible_department_id": _pk(desks.get(cells["responsible_department"])),
        "photo_required": cells["photo_required"] == "1",
    }


def _pk(department: Department | None) -> int | None:
    return department.pk if department else None


def _helpers(cells: dict[str, str], desks: dict[str, Department]) -> list[Department]:
    """Those of the helpers that have a desk in the registry; 业委会, 志愿者 and the like have none."""
    return [desks[name] for name in cells["co_departments"].split("|") if name in desks]


def _limit(cells: dict[str, str]) -> dict[str, Any]:
    """Empty: 按预案, no figure; 0: at once."""
    limit: dict[str, Any] = {}
    for which in ("first_contact", "resolve"):
        value = cells[f"{which}_value"]
        limit[f"{which}_value"] = int(value) if value else None
        limit[f"{which}_unit"] = cells[f"{which}_unit"]
    return limit


def load_clock_rules() -> Loaded:
    """The rules of the clock, once: one for everything, and a quick one for 突发事件. Later they are the office's."""
    loaded = Loaded("提醒和自动处理规则")
    if ClockRule.objects.exists():
        loaded.unchanged = ClockRule.objects.count()
        return loaded
    hours = LimitUnit.CLOCK_HOUR
    ClockRule.objects.create()
    ClockRule.objects.create(
        urgency=Urgency.EMERGENCY, accept_value=1, accept_unit=hours, grace_value=2, grace_unit=hours
    )
    loaded.new = 2
    return loaded
