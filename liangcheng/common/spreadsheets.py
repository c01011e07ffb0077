"""Tables out of files: CSV as Excel or WPS save it, and xlsx. Every cell becomes text, with its row and column.

What office programs do to codes is undone where that is safe (310109016011.0) and left standing where digits are lost
(3.10109E+11), so that the reader can refuse it by name.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from liangcheng.common.exceptions import InvalidInput
from liangcheng.common.text import normalize

MAX_ROWS = 20_000
MAX_BYTES = 10 * 1024 * 1024
# Beyond 15 digits Excel keeps zeros instead of what was typed.
_EXACT = 10**15


@dataclass(frozen=True)
class Row:
    """One line of a table; `line` counts as the office program shows it, the header being 1."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Table:
    headers: tuple[str, ...]
    rows: tuple[Row, ...]


def read_table(path: Path) -> Table:
    """The first sheet of an xlsx file, or a CSV file in UTF-8 or GB18030. Empty rows are left out.

    Raises InvalidInput (bad_file, file_too_large, too_many_rows, missing_header, duplicate_header).
    """
    if path.stat().st_size > MAX_BYTES:
        raise InvalidInput("file_too_large", f"文件超过 {MAX_BYTES // 1024 // 1024} MB，请分开导入。")
    lines = _xlsx_lines(path) if path.suffix.lower() == ".xlsx" else _csv_lines(path)
    return _table(lines)


def _table(lines: Iterable[tuple[int, Sequence[Any]]]) -> Table:
    waiting = iter(lines)
    headers = tuple(cell_text(cell) for cell in next(waiting, (1, ()))[1])
    while headers and not headers[-1]:
        headers = headers[:-1]
    if not headers:
        raise InvalidInput("missing_header", "第 1 行应为表头，现在是空的。")
    if repeated := {header for header in headers if header and headers.count(header) > 1}:
        raise InvalidInput("duplicate_header", f"表头重复：{'、'.join(sorted(repeated))}。")
    rows: list[Row] = []
    for line, cells in waiting:
        texts = [cell_text(cell) for cell in cells]
        if any(texts):
            texts += [""] * (len(headers) - len(texts))
            rows.append(Row(line, {header: text for header, text in zip(headers, texts, strict=False) if header}))
        if len(rows) > MAX_ROWS:
            raise InvalidInput("too_many_rows", f"超过 {MAX_ROWS} 行，请分开导入。")
    return Table(headers, tuple(rows))


def cell_text(value: Any) -> str:
    """A cell as text: whole numbers without “.0”, days as 2020-01-01, 是/否 as 1/0."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return normalize(str(value))


def _csv_lines(path: Path) -> Iterator[tuple[int, Sequence[str]]]:
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError as error:
            raise InvalidInput("bad_file", "文件编码无法识别，请另存为 UTF-8 的 CSV，或直接用 xlsx。") from error
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        yield from ((number, cells) for number, cells in enumerate(reader, start=1))
    except csv.Error as error:
        raise InvalidInput("bad_file", "不是有效的 CSV 文件。") from error


def _xlsx_lines(path: Path) -> Iterator[tuple[int, Sequence[Any]]]:
    from openpyxl import load_workbook  # heavy; only imports need it
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise InvalidInput("bad_file", "不是有效的 xlsx 文件，请用 Excel 或 WPS 另存后再试。") from error
    try:
        sheet = book.worksheets[0]
        yield from enumerate(sheet.iter_rows(values_only=True), start=1)
    finally:
        book.close()
