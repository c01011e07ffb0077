"""A table of grids, read cell by cell: known headers, typed values, and for every error its row and column."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from grids.choices import SHORT_LEVEL, Grade, GridKind
from grids.models import Grid
from liangcheng.common.exceptions import InvalidInput
from liangcheng.common.spreadsheets import Row, Table

# Field → headers that mean it; the first Chinese one names the column in messages.
HEADERS: dict[str, tuple[str, ...]] = {
    "code": ("网格编码", "编码", "code"),
    "parent_code": ("上级编码", "上级网格编码", "parent_code"),
    "kind": ("层级", "网格层级", "kind"),
    "name": ("名称", "网格名称", "name"),
    "short_name": ("简称", "short_name"),
    "brand": ("特色品牌", "品牌", "brand"),
    "valid_from": ("启用日期", "valid_from"),
    "valid_to": ("停用日期", "valid_to"),
    "successor_code": ("并入网格编码", "并入编码", "successor_code"),
    "grade": ("管理等级", "等级", "grade"),
    "assumed": ("示例划分", "assumed"),
    "location": ("位置", "location"),
    "facts": ("报道数据", "facts"),
    "note": ("备注", "note"),
}
REQUIRED = ("code", "parent_code", "kind", "name")
_FIELD_OF = {header: field for field, headers in HEADERS.items() for header in headers}
_KIND_OF = {
    **{kind.value: kind.value for kind in GridKind},
    **{kind.label: kind.value for kind in GridKind},
    **{short: kind for kind, short in SHORT_LEVEL.items()},
}
# An empty cell is the rule.
_GRADE_OF = {
    "": Grade.A.value,
    **{grade.value: grade.value for grade in Grade},
    **{grade.label: grade.value for grade in Grade},
}
_YES, _NO = {"1", "是", "TRUE", "true", "√"}, {"", "0", "否", "FALSE", "false"}
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_FACT = re.compile("[;\uff1b\n]")


@dataclass(frozen=True, order=True)
class Problem:
    """An error of a table. `line` 0: the table as a whole."""

    line: int
    column: str
    message: str

    def __str__(self) -> str:
        place = f"第 {self.line} 行" if self.line else ""
        column = f"“{self.column}”" if self.column else ""
        return f"{place}{column}：{self.message}" if place or column else self.message


@dataclass(frozen=True)
class GridRow:
    """A line of the table. `values` holds the optional columns that the table has, by field."""

    line: int
    code: str
    parent_code: str
    kind: str
    name: str
    values: dict[str, Any]

    @property
    def active(self) -> bool:
        return self.values.get("valid_to") is None

    @property
    def successor_code(self) -> str:
        found: str = self.values.get("successor_code", "")
        return found


def column_name(field: str | None) -> str:
    """The Chinese header of a field; of `parent`, which rules speak of, the column that names it."""
    names = {"parent": "parent_code", "successor": "successor_code"}
    return HEADERS.get(names.get(field or "", field or ""), ("",))[0]


def read_rows(table: Table) -> tuple[list[GridRow], list[Problem]]:
    """Rows without an error in a cell of their own, and all errors of headers and cells."""
    problems = _header_problems(table.headers)
    if problems:
        return [], problems
    rows: list[GridRow] = []
    for raw in table.rows:
        values, wrong = _read_cells(raw)
        problems += wrong
        if not wrong:
            required = {field: values.pop(field) for field in REQUIRED}
            rows.append(GridRow(raw.line, values=_completed(values, required["name"]), **required))
    if not table.rows:
        problems.append(Problem(0, "", "表格里没有数据行。"))
    return rows, problems


def _header_problems(headers: tuple[str, ...]) -> list[Problem]:
    known = [_FIELD_OF.get(header) for header in headers if header]
    problems = [
        Problem(1, header, "无法识别这个表头，请对照模板修改或删去这一列。")
        for header in headers
        if header and header not in _FIELD_OF
    ]
    problems += [Problem(1, column_name(field), "缺少这一列。") for field in REQUIRED if field not in known]
    twice = {field for field in known if field and known.count(field) > 1}
    problems += [Problem(1, column_name(field), "有两列都是这个意思，请只留一列。") for field in sorted(twice)]
    return problems


def _completed(values: dict[str, Any], name: str) -> dict[str, Any]:
    """A table that does not speak of examples is the street's own: what it says is confirmed."""
    values.setdefault("assumed", False)
    if "short_name" in values:
        values["short_name"] = values["short_name"] or name[: _max_length("short_name")]
    return values


def _read_cells(raw: Row) -> tuple[dict[str, Any], list[Problem]]:
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for header, text in raw.cells.items():
        field = _FIELD_OF[header]
        try:
            values[field] = _READERS.get(field, _text_reader(field))(text)
        except InvalidInput as error:
            problems.append(Problem(raw.line, column_name(field), error.message))
    return values, problems


def _code(text: str) -> str:
    if re.search(r"[eE]\+|\.", text):
        raise InvalidInput("code_format", f"编码“{text}”被表格软件改成了小数或科学计数法，请把该列设为文本后重新填写。")
    return text


def _own_code(text: str) -> str:
    if not text:
        raise InvalidInput("missing_code", "请填网格编码。")
    return _code(text)


def _kind(text: str) -> str:
    if text not in _KIND_OF:
        raise InvalidInput("unknown_kind", f"没有“{text}”这个层级，请填街道、片区、居民区或微单元。")
    return _KIND_OF[text]


def _name(text: str) -> str:
    if not text:
        raise InvalidInput("missing_name", "请填网格名称。")
    return _text_reader("name")(text)


def _day(text: str) -> date | None:
    if not text:
        return None
    # A day cell of xlsx may carry midnight behind it.
    found = _DAY.fullmatch(text.removesuffix(" 00:00:00"))
    try:
        return date(*map(int, found.groups())) if found else _no_day(text)
    except ValueError:
        return _no_day(text)


def _no_day(text: str) -> date:
    raise InvalidInput("bad_date", f"“{text[:20]}”不是有效日期，请写成 2020-01-01。")


def _yes(text: str) -> bool:
    if text not in _YES | _NO:
        raise InvalidInput("bad_choice", "请填 1 或 0（是或否）。")
    return text in _YES


def _grade(text: str) -> str:
    if text.upper() not in _GRADE_OF:
        raise InvalidInput("unknown_grade", f"没有“{text[:20]}”这个管理等级，请填一级、二级或三级。")
    return _GRADE_OF[text.upper()]


def _facts(text: str) -> dict[str, str]:
    """JSON as exported, or as people write it: 党员:1800余；小区:17."""
    if text.startswith("{"):
        try:
            found = json.loads(text)
        except ValueError as error:
            raise InvalidInput("bad_facts", "不是有效的 JSON。") from error
        return {str(key): str(value) for key, value in found.items()}
    facts: dict[str, str] = {}
    for part in filter(None, map(str.strip, _FACT.split(text))):
        key, colon, value = part.replace("\uff1a", ":").partition(":")
        if not (key.strip() and colon and value.strip()):
            raise InvalidInput("bad_facts", f"“{part[:20]}”请写成“项目：数据”，多项用分号隔开。")
        facts[key.strip()] = value.strip()
    return facts


def _max_length(field: str) -> int:
    return getattr(Grid._meta.get_field(field), "max_length", None) or 0


def _text_reader(field: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        most = _max_length(field)
        if len(text) > most:
            raise InvalidInput("too_long", f"太长，最多 {most} 个字。")
        return text

    return read


_READERS: dict[str, Callable[[str], Any]] = {
    "code": _own_code,
    "parent_code": _code,
    "successor_code": _code,
    "kind": _kind,
    "name": _name,
    "valid_from": _day,
    "valid_to": _day,
    "grade": _grade,
    "assumed": _yes,
    "facts": _facts,
}
