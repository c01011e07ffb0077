"""The table of an uploaded workbook: found by its headers, every cell with its place, formulas never evaluated."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from liangcheng.common.exceptions import InvalidInput
from liangcheng.common.sheets.archive import LINES_MOST, look_over
from liangcheng.common.text import normalize

# A title, a line of remarks: the headers stand within the first lines.
_HEADERS_WITHIN = 10
_WIDEST = 60
# Lines that begin so explain the template; they are never data.
HINT, EXAMPLE = "【说明】", "【示例】"
# The column that the list of errors adds; read again with the corrected sheet, it says nothing.
ERRORS = "错误"
_MARKS = re.compile(r"[*＊\s]|（必填）|\(必填\)")


@dataclass(frozen=True)
class NoValue:
    """A cell without a value of its own: a formula that nobody has calculated, or one that went wrong."""

    text: str


@dataclass(frozen=True)
class Line:
    """A row as the office program numbers it, its values under the table's headers."""

    number: int
    values: tuple[Any, ...]


@dataclass
class Table:
    """`headers` as they stand in the sheet without the marks for required ones; empty where there is none."""

    title: str
    headers: tuple[str, ...]
    header_line: int
    lines: list[Line] = field(default_factory=list)
    # Merged ranges that reach below the headers: (line, column) of their first cell, and how Excel writes them.
    merged: list[tuple[int, int, str]] = field(default_factory=list)

    def unknown(self, known: Collection[str]) -> list[str]:
        return [header for header in self.headers if header and header not in known and header != ERRORS]


def read_table(
    file: BinaryIO, *, required: Sequence[str], known: Collection[str], most: int, headers_only: bool = False
) -> Table:
    """The first sheet of the workbook that has the `required` headers, without hints, examples and empty lines.

    `headers_only`: look the file over and find the sheet, which is quick. Raises InvalidInput (field `file`) with
    what is wrong with the file as a whole.
    """
    merged = look_over(file, most=most)
    book = _opened(file)
    try:
        sheet, table = _found(book, required, known)
        if headers_only:
            return table
        formulas = _fill(table, sheet, most)
        if formulas:
            _calculated(file, sheet.title, table, formulas)
        table.merged = _below_headers(merged.get(sheet._worksheet_path.lstrip("/"), []), table)
    except InvalidInput:
        raise
    except Exception as error:  # a broken file breaks the library anywhere
        raise _bad() from error
    finally:
        book.close()
    return table


def _opened(file: BinaryIO, *, values: bool = False) -> Any:
    from openpyxl import load_workbook  # heavy; only imports need it

    file.seek(0)
    try:
        book = load_workbook(file, read_only=True, data_only=values, keep_links=False)
    except Exception as error:
        raise _bad() from error
    return book


def _bad() -> InvalidInput:
    return InvalidInput("bad_file", "文件内容有误，读不出表格。请用 Excel 或 WPS 另存为 xlsx 后再上传。", field="file")


def header_of(value: Any) -> str:
    """A header as it is compared: without blanks, and without the mark for required columns."""
    return _MARKS.sub("", normalize(str(value))) if isinstance(value, str) else ""


def _found(book: Any, required: Sequence[str], known: Collection[str]) -> tuple[Any, Table]:
    best: tuple[int, str, list[str]] = (0, "", list(required))
    for sheet in book.worksheets:
        # The size that a sheet declares may be wrong: rows beyond it would be left out without a word.
        sheet.reset_dimensions()
        for number, cells in _numbered(sheet, _HEADERS_WITHIN):
            headers = tuple(header_of(cell.value) for cell in cells)
            missing = [header for header in required if header not in headers]
            hits = sum(header in known for header in headers)
            if hits and not missing:
                return sheet, Table(sheet.title, _once(headers, known), number)
            best = max(best, (hits, sheet.title, missing), key=lambda each: each[0])
    hits, title, missing = best
    if hits:
        words = f"工作表“{title[:30]}”的表头缺少：{'、'.join(missing)}。请下载模板，把内容贴到模板里再上传。"
        raise InvalidInput("missing_header", words, field="file")
    words = f"没有找到表头（应有：{'、'.join(required)}）。请下载模板，把内容贴到模板里再上传。"
    raise InvalidInput("missing_header", words, field="file")


def _once(headers: tuple[str, ...], known: Collection[str]) -> tuple[str, ...]:
    twice = sorted({header for header in headers if header in known and headers.count(header) > 1})
    if twice:
        raise InvalidInput("duplicate_header", f"表头重复：{'、'.join(twice)}。请只留一列。", field="file")
    width = max(place for place, header in enumerate(headers, start=1) if header)
    return headers[:width]


def _numbered(sheet: Any, last: int) -> Iterator[tuple[int, Any]]:
    for number, cells in enumerate(sheet.iter_rows(max_col=_WIDEST), start=1):
        if number > last:
            return
        yield number, cells


def _fill(table: Table, sheet: Any, most: int) -> set[tuple[int, int]]:
    """Take the lines below the headers; returns the places of formulas and of cells that went wrong."""
    odd: set[tuple[int, int]] = set()
    width = len(table.headers)
    too_many = InvalidInput("too_many_rows", f"一次最多导入 {most} 行，请分成几份。", field="file")
    for number, cells in _numbered(sheet, LINES_MOST + 1):
        if number <= table.header_line:
            continue
        if number > LINES_MOST:
            raise too_many
        found = [(place, cell) for place, cell in enumerate(cells[:width]) if cell.value not in (None, "")]
        if not found or str(found[0][1].value).lstrip().startswith((HINT, EXAMPLE)):
            continue
        odd.update((number, place) for place, cell in found if cell.data_type in ("f", "e"))
        table.lines.append(Line(number, tuple(cell.value for cell in cells[:width])))
        if len(table.lines) > most:
            raise too_many
    if not table.lines:
        raise InvalidInput("no_rows", f"工作表“{table.title[:30]}”里没有要导入的行。", field="file")
    return odd


def _calculated(file: BinaryIO, title: str, table: Table, places: set[tuple[int, int]]) -> None:
    """Put what the office program has calculated in the place of formulas; NoValue where it has not, or in vain."""
    book = _opened(file, values=True)
    try:
        sheet = book[title]
        sheet.reset_dimensions()
        values = {
            (number, place): NoValue(str(cell.value)) if cell.data_type == "e" else cell.value
            for number, cells in _numbered(sheet, table.lines[-1].number)
            for place, cell in enumerate(cells)
            if (number, place) in places
        }
    finally:
        book.close()
    for index, line in enumerate(table.lines):
        mended = list(line.values)
        for place in range(len(mended)):
            if (line.number, place) in places:
                value = values.get((line.number, place))
                mended[place] = NoValue("公式") if value is None else value
        table.lines[index] = Line(line.number, tuple(mended))


def _below_headers(ranges: list[str], table: Table) -> list[tuple[int, int, str]]:
    from openpyxl.utils.cell import range_boundaries

    found = []
    for written in ranges:
        left, top, _, bottom = range_boundaries(written)
        if bottom and bottom > table.header_line:
            found.append((max(int(top or 1), table.header_line + 1), int(left or 1) - 1, written))
    return found
