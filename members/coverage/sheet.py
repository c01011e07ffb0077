"""The table of the coverage page as xlsx: every grid in sight from the opened one down, with its gaps. Counts only."""

from collections import Counter
from io import BytesIO
from typing import Any

from grids.choices import SHORT_LEVEL
from liangcheng.common.admin_sheets import TextCell
from members.coverage.figures import FIGURES
from members.coverage.gaps import GAPS
from members.coverage.overview import GridRow, Overview

_WIDTHS = {"A": 18, "B": 10, "C": 26}


def workbook(shown: Overview) -> bytes:
    """Digits of codes stay text, and no cell is calculated (TextCell)."""
    from openpyxl import Workbook  # heavy; only sheets need it

    book = Workbook(write_only=True)
    sheet = book.create_sheet("网格覆盖")
    sheet.freeze_panes = "D2"
    for letter, width in _WIDTHS.items():
        sheet.column_dimensions[letter].width = width
    sheet.append(["网格编码", "层级", "网格", *(label for label, _ in FIGURES.values()), *(gap.label for gap in GAPS)])
    for row in (shown.node, *shown.below):
        if row.figures is not None:
            sheet.append(_cells(row))
    if shown.comparisons:
        _report(book, shown)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def _cells(row: GridRow) -> list[Any]:
    figures = row.figures if row.figures is not None else Counter[str]()
    gaps = [figures[gap.key] if gap.concerns(row.grid.kind) else None for gap in GAPS]
    return [row.grid.code, SHORT_LEVEL[row.grid.kind], _text(row.grid.name), *(figures[key] for key in FIGURES), *gaps]


def _report(book: Any, shown: Overview) -> None:
    sheet = book.create_sheet("与报道对照")
    sheet.append(["网格", "项目", "已登记", "2020年报道", "占报道的百分比"])
    for each in shown.comparisons:
        sheet.append([_text(each.grid.name), each.item, each.registered, _text(each.reported), each.percent])


def _text(value: str) -> str:
    return TextCell().render(value)
