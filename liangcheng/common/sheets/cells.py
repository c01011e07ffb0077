"""Cells of a sheet: what office programs make of digits, days and choices, brought back to what was meant."""

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from liangcheng.common.sheets.reading import NoValue
from liangcheng.common.text import MOBILE, is_phone, normalize

_CALCULATED = ("=", "+", "-", "@", "\t", "\r")
# Beyond 15 digits Excel keeps zeros instead of what was typed.
_EXACT = 10**15
_POWER = re.compile(r"\d(\.\d+)?E\+?\d+", re.IGNORECASE)
_DASHES = re.compile(r"[‐-―−－ー~～]")
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]+0{1,2}:00(?::00)?)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")
_FIRST_DAY = date(1899, 12, 30)
_LIST = re.compile(r"[、，,;；\n]+")


class BadCell(Exception):
    """What is wrong with a cell, in words for the office."""


def safe(value: Any) -> str:
    """Text for a cell; a leading sign that Excel would calculate gets a quote before it, taken off on import."""
    text = "" if value is None else _CONTROL.sub("", str(value))
    return f"'{text}" if text[:1] in _CALCULATED else text


def plain(value: Any) -> str:
    """A cell as text; numbers without “.0”. Raises BadCell where the office program has lost what was typed."""
    if value is None:
        return ""
    if isinstance(value, NoValue):
        raise BadCell("这一格是没有结果的公式，请“复制 → 选择性粘贴 → 数值”后再上传。")
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, int | float):
        return _digits(value)
    if isinstance(value, datetime | date | time | timedelta):
        raise BadCell("Excel 把这一格变成了日期或时间，请把这一列设为“文本”格式后重填。")
    text = normalize(str(value))
    if _POWER.fullmatch(text):
        raise BadCell("数字被 Excel 变成了科学计数法，请把这一列设为“文本”格式后重填。")
    return text[1:] if text[:1] == "'" and text[1:2] in _CALCULATED else text


def _digits(value: int | float) -> str:
    if abs(value) >= _EXACT:
        raise BadCell("数字超过 15 位，Excel 已丢掉末尾几位，请把这一列设为“文本”格式后重填。")
    return str(int(value)) if float(value).is_integer() else repr(value)


def parts(text: str) -> list[str]:
    """Several values in one cell, between list commas or on lines of their own."""
    return [part.strip() for part in _LIST.split(text) if part.strip()]


class Text:
    """Text in one line."""

    options: tuple[str, ...] = ()

    def read(self, value: Any) -> Any:
        return plain(value)

    def show(self, value: Any) -> str:
        return safe(value)


class Phone(Text):
    """138 0013 8000, 138-0013-8000, +86 138…, 13800138000.0 → 13800138000; (021) 6555 1234 → 021-65551234."""

    def read(self, value: Any) -> str:
        text = _DASHES.sub("-", plain(value)).replace("(", "").replace(")", "-").replace("（", "").replace("）", "-")
        digits = re.sub(r"[\s-]", "", text)
        mobile = digits.removeprefix("+").removeprefix("86")
        if MOBILE.fullmatch(mobile):
            return mobile
        if is_phone(text):
            return text
        area, dash, rest = text.replace(" ", "-", 1).partition("-")
        local = rest.replace(" ", "").replace("-", "")
        # The dash after the area code, and the extension's, stay; the others only made it easier to read.
        for written in (f"{area}-{rest.replace(' ', '')}", f"{area}-{local}"):
            if dash and is_phone(written):
                return written
        return text.replace(" ", "")


class Numbered(Text):
    """A house or lane number; what follows it in writing (弄, 号) is taken off."""

    def __init__(self, suffix: str) -> None:
        self.suffix = suffix

    def read(self, value: Any) -> str:
        return plain(value).removesuffix(self.suffix).strip()


class Number(Text):
    """A whole number, or nothing."""

    def read(self, value: Any) -> int | None:
        text = plain(value)
        if not text:
            return None
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            raise BadCell(f"“{text[:20]}”不是整数。")
        return int(text)


class Day(Text):
    """A day up to today, as a date cell, as Excel's serial number, or written in one of the usual ways."""

    def read(self, value: Any) -> date | None:
        if isinstance(value, datetime):
            day: date | None = value.date()
        elif isinstance(value, date):
            day = value
        else:
            day = self._written(plain(value))
        if day is not None and not date(1900, 1, 1) <= day <= timezone.localdate():
            raise BadCell(f"日期 {day} 不对：应在 1900 年以后，且不晚于今天。")
        return day

    def _written(self, text: str) -> date | None:
        if not text:
            return None
        if text.isascii() and text.isdigit() and len(text) == 5:
            return _FIRST_DAY + timedelta(days=int(text))
        found = _DATE.fullmatch(text) or _COMPACT.fullmatch(text)
        try:
            return date(*map(int, found.groups())) if found else _no_day(text)
        except ValueError:
            return _no_day(text)

    def show(self, value: Any) -> str:
        return value.isoformat() if value else ""


def _no_day(text: str) -> date:
    raise BadCell(f"“{text[:20]}”不是日期，请写成 2026-01-31。")


class Choice(Text):
    """The label of a choice, as the screens say it."""

    def __init__(self, choices: Iterable[tuple[Any, Any]], *, empty: Any = "") -> None:
        self.labels = {value: str(label) for value, label in choices if value not in ("", None)}
        self.values = {label: value for value, label in self.labels.items()}
        self.options = tuple(self.values)
        self.empty = empty

    def read(self, value: Any) -> Any:
        text = plain(value)
        if not text:
            return self.empty
        if text not in self.values:
            raise BadCell(f"“{text[:20]}”不在可选范围内：{'、'.join(self.options)}。")
        return self.values[text]

    def show(self, value: Any) -> str:
        return self.labels.get(value, "")


class Truth(Choice):
    """是 or 否; an empty cell means `empty`."""

    def __init__(self, *, empty: bool = False) -> None:
        super().__init__([(True, "是"), (False, "否")], empty=empty)
