"""Load the street's offices, centres and stations (条线) from a table; repeatable without change."""

from pathlib import Path

from django.db import transaction

from grids.choices import DepartmentKind
from grids.models import Department, Grid
from liangcheng.common.exceptions import InvalidInput
from liangcheng.common.spreadsheets import Row, read_table

COLUMNS = ("code", "name", "short_name", "kind")


def load_departments(path: Path, grid: Grid, *, overwrite: bool = True) -> tuple[int, int]:
    """Create or update the departments that serve `grid`. Returns (created, changed).

    Departments that the table does not name stay; without `overwrite` so do those that are there already.
    Raises InvalidInput with row and column; then nothing is written.
    """
    table = read_table(path)
    if lacking := [column for column in COLUMNS if column not in table.headers]:
        raise InvalidInput("missing_column", f"缺少列：{'、'.join(lacking)}。")
    created = changed = 0
    with transaction.atomic():
        for row in table.rows:
            _check(row)
            values = {column: row.cells[column] for column in COLUMNS[1:]}
            department, is_new = Department.objects.get_or_create(grid=grid, code=row.cells["code"], defaults=values)
            created += is_new
            if overwrite and not is_new and any(getattr(department, name) != value for name, value in values.items()):
                for name, value in values.items():
                    setattr(department, name, value)
                department.save()
                changed += 1
    return created, changed


def _check(row: Row) -> None:
    for column in COLUMNS:
        most: int = getattr(Department._meta.get_field(column), "max_length", 0)
        if not 0 < len(row.cells[column]) <= most:
            raise InvalidInput("bad_cell", f"第 {row.line} 行“{column}”：请填 1 到 {most} 个字。", field=column)
    if row.cells["kind"] not in DepartmentKind.values:
        raise InvalidInput("bad_cell", f"第 {row.line} 行“kind”：没有“{row.cells['kind']}”这个类型。", field="kind")
