"""Sheets written row by row, whatever their size; text only, so that digits stay and nothing calculates."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from tempfile import TemporaryFile
from typing import IO, Any

from liangcheng.common.sheets.cells import safe
from liangcheng.common.sheets.reading import ERRORS, NoValue, Table

TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def write_rows(title: str, columns: Sequence[tuple[str, int]], rows: Iterable[Sequence[str]]) -> IO[bytes]:
    """A temporary file, open at its beginning: headers (with widths) and rows of text that `safe` has seen."""
    book, sheet = _fresh(title, [width for _, width in columns])
    sheet.append([_header(sheet, header) for header, _ in columns])
    for row in rows:
        sheet.append(row)
    return _saved(book)


def write_errors(table: Table, problems: Mapping[int, Sequence[tuple[int | None, str]]]) -> IO[bytes]:
    """The uploaded rows at their own numbers, beside them what is wrong; wrong cells are coloured.

    `problems`: line → (place of the column or None, words).
    """
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import PatternFill

    red = PatternFill("solid", fgColor="FFFFC7CE")
    book, sheet = _fresh(table.title[:31] or "导入", [48, *[16] * len(table.headers)])
    for _ in range(1, table.header_line):
        sheet.append([])
    sheet.append([_header(sheet, header) for header in (ERRORS, *table.headers)])
    written = table.header_line
    for line in table.lines:
        for _ in range(written + 1, line.number):
            sheet.append([])
        found = problems.get(line.number, ())
        wrong = {place for place, _ in found}
        cells: list[Any] = [safe("\n".join(words for _, words in found)) or None]
        for place, value in enumerate(line.values):
            cells.append(safe(_as_seen(value)) or None)
            if place in wrong:
                cells[-1] = WriteOnlyCell(sheet, cells[-1])
                cells[-1].fill = red
        sheet.append(cells)
        written = line.number
    return _saved(book)


def _as_seen(value: Any) -> str:
    if isinstance(value, datetime) and not (value.hour or value.minute or value.second):
        value = value.date()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, NoValue):
        return f"（{value.text}）"
    if isinstance(value, float) and value.is_integer() and abs(value) < 10**15:
        return str(int(value))
    return "" if value is None else str(value)


def _fresh(title: str, widths: Sequence[int]) -> tuple[Any, Any]:
    from openpyxl import Workbook  # heavy; only sheets need it
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    for place, width in enumerate(widths, start=1):
        column = sheet.column_dimensions[get_column_letter(place)]
        column.width = width
        # What is typed into an exported sheet stays text as well.
        column.number_format = "@"
    sheet.freeze_panes = "A2"
    return book, sheet


def _header(sheet: Any, words: str) -> Any:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    cell = WriteOnlyCell(sheet, safe(words))
    cell.font = Font(bold=True)
    return cell


def _saved(book: Any) -> IO[bytes]:
    file = TemporaryFile()  # noqa: SIM115 -- handed on; the answer closes it
    book.save(file)
    file.seek(0)
    return file
