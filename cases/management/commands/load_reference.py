"""manage.py load_reference [--overwrite]: the real tables of the street out of fixtures/; repeatable."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from cases.reference import load_categories, load_clock_rules
from grids.choices import GridKind
from grids.departments import load_departments
from grids.imports import import_table
from grids.models import Grid
from liangcheng.common.exceptions import DomainError
from liangcheng.common.reference import Loaded, load_calendar, rows_of
from liangcheng.common.spreadsheets import Table, read_table
from members import climbing
from members.models import ClimbItem
from members.reference import load_buildings, load_units


class Command(BaseCommand):
    help = "载入网格、条线部门、案件类别、工作日历和地址簿。可重复运行：已有的保持不变。"
    # ./run has them run by `migrate`; here they would cost more than the work.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--overwrite", action="store_true", help="把已有的改回表中的内容（会覆盖后台的修改）")
        parser.add_argument("--folder", type=Path, default=settings.FIXTURES_DIR, help="表格所在文件夹")

    def handle(self, *args: Any, **options: Any) -> None:
        folder, overwrite = options["folder"], options["overwrite"]
        try:
            with transaction.atomic():
                for loaded in self.tables(folder, overwrite):
                    self.stdout.write(str(loaded))
        except DomainError as error:
            raise CommandError(error.message) from error

    def tables(self, folder: Path, overwrite: bool) -> list[Loaded]:
        """In this order: each table names rows of those before it."""
        calendar = load_calendar(folder / "calendar.csv", overwrite=overwrite)
        grids = load_grids(folder / "grids.csv", overwrite=overwrite)
        street = street_of(folder / "grids.csv")
        return [
            calendar,
            grids,
            _departments(folder / "departments.csv", street, overwrite),
            load_categories(folder / "categories.csv", street, overwrite=overwrite),
            load_clock_rules(),
            load_units(folder / "units.csv", overwrite=overwrite),
            load_buildings(folder / "buildings.csv", overwrite=overwrite),
            _climb_items(street),
        ]


def load_grids(path: Path, *, overwrite: bool) -> Loaded:
    """Add the grids whose codes are missing; an existing tree stays as the street has arranged it.

    Raises DomainError where the table does not fit.
    """
    table = read_table(path)
    codes = {row.cells["code"] for row in table.rows}
    known = set(Grid.objects.filter(code__in=codes).values_list("code", flat=True))
    loaded = Loaded("网格", unchanged=len(known))
    if known == codes and not overwrite:
        return loaded
    rows = table.rows if overwrite else tuple(row for row in table.rows if row.cells["code"] not in known)
    outcome = import_table(Table(table.headers, rows), apply=True)
    if outcome.problems:
        raise DomainError("bad_grids", f"网格表有 {len(outcome.problems)} 处错误，第一处：{outcome.problems[0]}")
    loaded.new = outcome.counts.pop("新增", 0)
    loaded.changed = outcome.counts.total()
    loaded.unchanged -= loaded.changed
    return loaded


def street_of(path: Path) -> Grid:
    """The street of the table."""
    code = next(cells["code"] for cells in rows_of(path) if cells["kind"] == GridKind.COMMUNITY)
    return Grid.objects.get(code=code)


def _climb_items(street: Grid) -> Loaded:
    """The seven items of 登高计划, once; later they are the office's."""
    new = climbing.seed_items(street)
    return Loaded("登高项目", new=new, unchanged=0 if new else ClimbItem.objects.filter(community=street).count())


def _departments(path: Path, street: Grid, overwrite: bool) -> Loaded:
    new, changed = load_departments(path, street, overwrite=overwrite)
    return Loaded("条线部门", new, changed, len(rows_of(path)) - new - changed)
