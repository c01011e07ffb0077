"""The empty sheet of a register: headers, hints, an example, drop-downs, and a second sheet to look things up."""

from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any

from liangcheng.common.sheets.reading import EXAMPLE, HINT
from members.sheets.base import ROWS_MOST, Column, RegisterSheet
from members.sheets.desk import Desk

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

_LISTS = {
    "grids": ("网格编码", "网格"),
    "organizations": ("党组织", ""),
    "units": ("单位编号", "单位"),
    "skills": ("特长", ""),
}
_REFERENCE = "参考"


def template(user: "User", sheet: RegisterSheet) -> bytes:
    """An xlsx to fill in; the lists hold what this user may name."""
    from openpyxl import Workbook  # heavy; only sheets need it

    book = Workbook()
    page = book.active
    page.title = sheet.title
    desk = Desk(user, sheet)
    ranges = _reference(book, sheet, desk)
    for place, column in enumerate(sheet.columns, start=1):
        _column(page, place, column)
        _offer(page, place, column, ranges)
    page.freeze_panes = "A4"
    page.row_dimensions[2].height = 48
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _column(page: Any, place: int, column: Column) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill

    header = page.cell(1, place, f"{column.header} *" if column.required else column.header)
    header.font = Font(bold=True, color="FF9D1C20" if column.required else None)
    header.fill = PatternFill("solid", fgColor="FFF1EFEA")
    hint = f"{'必填。' if column.required else ''}{column.hint}"
    mark = (HINT, EXAMPLE) if place == 1 else ("", "")
    for line, words in ((2, f"{mark[0]}{hint}"), (3, f"{mark[1]}{column.example}")):
        cell = page.cell(line, place, words or None)
        cell.number_format = "@"
        cell.font = Font(italic=True, color="FF777777")
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    dimension = page.column_dimensions[header.column_letter]
    dimension.width = column.width + 2
    # Text, or Excel would drop zeros and write long codes as powers of ten.
    dimension.number_format = "@"


def _offer(page: Any, place: int, column: Column, ranges: Mapping[str, str]) -> None:
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    source = f'"{",".join(column.cell.options)}"' if column.cell.options else ranges.get(column.offers, "")
    if not source or column.virtual:
        return
    rule = DataValidation("list", formula1=source, allow_blank=True, showErrorMessage=True)
    rule.errorTitle, rule.error = column.header, "请从下拉列表里选，或照“参考”表填写。"
    letter = get_column_letter(place)
    rule.add(f"{letter}4:{letter}{ROWS_MOST + 3}")
    page.add_data_validation(rule)


def _reference(book: Any, sheet: RegisterSheet, desk: Desk) -> dict[str, str]:
    """A second sheet with what may be named; returns list → the range that drop-downs use."""
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    wanted = list(dict.fromkeys(column.offers for column in sheet.columns if column.offers))
    page = book.create_sheet(_REFERENCE)
    ranges: dict[str, str] = {}
    place = 1
    for name in wanted:
        rows = desk.lists(name)
        for offset, header in enumerate(each for each in _LISTS[name] if each):
            page.cell(1, place + offset, header).font = Font(bold=True)
            for line, values in enumerate(rows, start=2):
                cell = page.cell(line, place + offset, values[offset])
                cell.number_format = "@"
                cell.data_type = "s"
            page.column_dimensions[get_column_letter(place + offset)].width = 24
        letter = get_column_letter(place)
        if rows:
            ranges[name] = f"{_REFERENCE}!${letter}$2:${letter}${len(rows) + 1}"
        place += 3
    return ranges
