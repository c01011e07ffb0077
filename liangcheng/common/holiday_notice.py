"""The yearly holiday notice, pure: pasted text and a year in, days of the calendar out, or what to mend line by line.

Read are small tables (name, days off, worked days; columns parted by tab, comma or blank) and the sentences of the
State Council's notice (国务院办公厅关于…年部分节假日安排的通知). Days off that fall on a weekend need no row.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from liangcheng.common.text import normalize

MAX_LINES = 200
LONGEST_HOLIDAY = 31
LONGEST_NAME = 20
_WEEK = "一二三四五六日"
_TOKEN = re.compile(
    r"""(?P<full>\d{4}\s*[年/.\-]\s*\d{1,2}\s*[月/.\-]\s*\d{1,2}(?!\d)\s*[日号]?(?:\s+0?0:00(?::00)?)?)
    |(?P<short>\d{1,2}\s*[月/.]\s*\d{1,2}(?!\d)\s*[日号]?)
    |(?P<joined_to_weekend>连休\D{0,3}\d{1,2}\s*天)
    |(?P<count>\d{1,2}\s*天)
    |(?P<bare>\d{1,2}\s*[日号])
    |(?P<next_year>次年|翌年|来年)
    |(?P<until>至|到|~+|～+|—+|–+|－+|-+)
    |(?P<weekday>(?:周|星期|礼拜)[一二三四五六日天])
    |(?P<off>(?:放假|补休|休假|休息)(?!\s*[：:日时]))
    |(?P<work>(?:上班|补班)(?!\s*[：:日时]))
    |(?P<also>[、和及])
    |(?P<odd>\d+)""",
    re.VERBOSE,
)
_NUMBERING = re.compile(r"(?:[（(]?[一二三四五六七八九十]{1,3}[）)、.．]|\d{1,2}[、.．)）\s]+(?=\D))\s*")
_NEXT_ITEM = re.compile(r"(?<=[。；;])\s*(?=[一二三四五六七八九十]{1,2}、)")
_TITLE_YEAR = re.compile(r"(\d{4})\s*年(?!\s*\d)")
_SIGNATURE = re.compile(r"\d{4}\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日|.*〔\d{4}〕\s*\d+\s*号.*")
_SPELT_OUT = re.compile(r"[一二三四五六七八九十]+月[一二三四五六七八九十]+[日号]")
_HOLIDAY = re.compile(r"元旦|春节|清明|劳动|五一|端午|中秋|国庆")
_NAME_TAIL = re.compile(r"(?:放假|休假|假期|调休|时间|日期|安排|为|于|从|自|是|[\s，,：:；;|（(])+$")


@dataclass(frozen=True)
class Problem:
    """What is wrong in a line (counted from 1; 0 is the whole text), and what to do."""

    line: int
    words: str

    def __str__(self) -> str:
        return f"第 {self.line} 行：{self.words}" if self.line else self.words


@dataclass
class Notice:
    """`days`: day → (is it worked, note). `weekends`: days off that need no row. `unused`: lines about nothing.

    With problems there are no days.
    """

    days: dict[date, tuple[bool, str]] = field(default_factory=dict)
    weekends: frozenset[date] = frozenset()
    unused: list[tuple[int, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


class _Unreadable(Exception):
    """Why a line cannot be taken, in words for the office."""


def spoken(day: date) -> str:
    return f"{day.month}月{day.day}日"


def weekday(day: date) -> str:
    return f"周{_WEEK[day.weekday()]}"


def read_notice(text: str, year: int) -> Notice:
    """Days of `year` out of a pasted notice; never raises."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > MAX_LINES:
        return Notice(problems=[Problem(0, f"内容超过 {MAX_LINES} 行，请只粘贴放假安排。")])
    collected = _Collected(year)
    for number, line in enumerate(lines, 1):
        for item in _NEXT_ITEM.split(normalize(line)):
            try:
                collected.take(number, item)
            except _Unreadable as error:
                collected.problems.append(Problem(number, str(error)))
    return collected.notice()


@dataclass
class _Stated:
    """What the text says of a day."""

    works: bool
    names: list[str]
    line: int

    def note(self) -> str:
        named = "、".join(self.names)
        return f"调休上班（{named}）" if self.works else named


class _Collected:
    """The days of all lines."""

    def __init__(self, year: int) -> None:
        self.year = year
        self.name = ""
        self.stated: dict[date, _Stated] = {}
        self.unused: list[tuple[int, str]] = []
        self.problems: list[Problem] = []

    def take(self, number: int, item: str) -> None:
        """One holiday. Raises _Unreadable."""
        if not item:
            return
        if self._is_about_nothing(item):
            self.unused.append((number, item))
            return
        item = _TITLE_YEAR.sub("", _NUMBERING.sub("", item, count=1) if _NUMBERING.match(item) else item)
        self.name = _name(item) or self.name
        if not self.name:
            raise _Unreadable("没有节日名称，请写在日期前面，如：元旦 1月1日至3日 放假。")
        off, work = _Line(self.year).read(item)
        for days, works in ((off, False), (work, True)):
            for day in days:
                self._state(number, day, works)

    def _is_about_nothing(self, item: str) -> bool:
        """Titles, greetings and signatures around the holidays. Raises _Unreadable where a date was surely meant."""
        if _SIGNATURE.fullmatch(item):
            return True
        for year in _TITLE_YEAR.findall(item):
            if int(year) != self.year:
                raise _Unreadable(f"这里写的是 {year} 年，正在录入的是 {self.year} 年，请核对是不是这一年的通知。")
        if any(character.isdigit() for character in _TITLE_YEAR.sub("", item)):
            return False
        if _SPELT_OUT.search(item):
            raise _Unreadable("日期请用数字写，如：1月1日至3日。")
        if len(item) <= LONGEST_NAME and _HOLIDAY.match(_NUMBERING.sub("", item, count=1)):
            raise _Unreadable("没有读出日期，请写成：1月1日至3日。")
        return True

    def _state(self, number: int, day: date, works: bool) -> None:
        known = self.stated.setdefault(day, _Stated(works, [], number))
        if known.works != works:
            before, now = ("上班", "放假") if known.works else ("放假", "上班")
            where = "这一行前面" if known.line == number else f"第 {known.line} 行"
            raise _Unreadable(f"{spoken(day)}在{where}写的是{before}，这里写的是{now}，请改成一种。")
        if works and day.weekday() < 5:
            raise _Unreadable(f"{spoken(day)}是{weekday(day)}，平常就上班，调休上班日请核对。")
        if self.name not in known.names:
            known.names.append(self.name)

    def notice(self) -> Notice:
        if not self.stated and not self.problems:
            self.problems.append(
                Problem(0, "没有读出放假安排，请每个节日写一行，如：元旦 1月1日至3日 放假，1月4日上班。")
            )
        too_long = {stated.line for stated in self.stated.values() if len(stated.note()) > 50}
        self.problems += [Problem(line, "同一天的节日名称合起来太长，请缩短。") for line in sorted(too_long)]
        if self.problems:
            return Notice(unused=self.unused, problems=sorted(self.problems, key=lambda problem: problem.line))
        needed = {d: (s.works, s.note()) for d, s in sorted(self.stated.items()) if s.works or d.weekday() < 5}
        return Notice(needed, frozenset(self.stated) - frozenset(needed), self.unused)


def _name(item: str) -> str:
    """What stands before the first date. Raises _Unreadable."""
    head = re.split(r"\d", item, maxsplit=1)[0]
    name = re.sub(r"[\s，,；;|/]+", "、", _NAME_TAIL.sub("", head).strip(" \t，,：:；;|、"))
    if len(name) > LONGEST_NAME:
        raise _Unreadable(f"节日名称“{name[:LONGEST_NAME]}…”太长，请只写名称，如：国庆节、中秋节。")
    return name


class _Line:
    """One holiday, read from left to right: groups of days wait for the word that says what they are."""

    def __init__(self, year: int) -> None:
        self.year = year
        self.off: list[date] = []
        self.work: list[date] = []
        self.waiting: list[list[date]] = []
        self.last: date | None = None
        self.counts: list[int] = []
        self.open = self.also = False

    def read(self, item: str) -> tuple[list[date], list[date]]:
        """Days off, worked days. Raises _Unreadable."""
        advice_left_out = "。".join(sentence for sentence in item.split("。") if "鼓励" not in sentence)
        for found in _TOKEN.finditer(advice_left_out):
            getattr(self, f"_{found.lastgroup}", self._ignore)(found.group())
        if self.last is None:
            raise _Unreadable("没有读出日期，请写成：1月1日至3日。")
        self._no_word_left()
        total = len(set(self.off))
        for count in self.counts:
            if total and count != total:
                raise _Unreadable(f"写的是共 {count} 天，按日期算是 {total} 天，请核对起止日期。")
        return self.off, self.work

    def _ignore(self, text: str) -> None:
        pass

    # -- dates

    def _full(self, text: str) -> None:
        year, month, day = re.findall(r"\d+", text)[:3]
        if int(year) != self.year:
            raise _Unreadable(self._other_year(text))
        self._date(text, int(month), int(day))

    def _short(self, text: str) -> None:
        month, day = re.findall(r"\d+", text)
        self._date(text, int(month), int(day))

    def _bare(self, text: str) -> None:
        if self.last is None:
            raise _Unreadable(f"“{text}”没有写月份，请写成：1月{text}。")
        self._date(f"{self.last.month}月{text}", self.last.month, int(re.findall(r"\d+", text)[0]))

    def _odd(self, text: str) -> None:
        if self.open and len(text) <= 2:
            return self._bare(f"{text}日")
        raise _Unreadable(f"“{text[:20]}”看不懂。日期请写成 1月1日 或 2026-01-01，与放假无关的内容请删去。")

    def _next_year(self, text: str) -> None:
        raise _Unreadable(self._other_year(text))

    def _other_year(self, text: str) -> str:
        return f"“{text}”不在 {self.year} 年。跨年的假期请分两年录入，这里只写 {self.year} 年的日子，也不写“共几天”。"

    def _date(self, text: str, month: int, day: int) -> None:
        try:
            found = date(self.year, month, day)
        except ValueError:
            raise _Unreadable(f"没有“{text}”这一天，请改正。") from None
        if self.open and self.last is not None:
            self.waiting[-1] += self._between(self.last, found)
        elif self.also and self.waiting:
            self.waiting[-1].append(found)
        else:
            self.waiting.append([found])
        self.last, self.open, self.also = found, False, False

    def _between(self, first: date, last: date) -> Iterator[date]:
        """The days after `first` up to `last`."""
        if first.month == 12 and last.month == 1:
            raise _Unreadable(self._other_year(f"{spoken(first)}至{spoken(last)}"))
        if last <= first:
            raise _Unreadable(f"“{spoken(first)}至{spoken(last)}”前后颠倒，请改正；跨月的请写明月份。")
        length = (last - first).days
        if length >= LONGEST_HOLIDAY:
            raise _Unreadable(f"“{spoken(first)}至{spoken(last)}”有 {length + 1} 天，请核对起止日期。")
        return (first + timedelta(days=step) for step in range(1, length + 1))

    def _until(self, text: str) -> None:
        self.open = self.last is not None and bool(self.waiting)

    def _also(self, text: str) -> None:
        self.also = True

    def _weekday(self, text: str) -> None:
        stated = text[-1].replace("天", "日")
        if self.last is not None and weekday(self.last) != f"周{stated}":
            raise _Unreadable(
                f"{self.year} 年{spoken(self.last)}是{weekday(self.last)}，这里写的是周{stated}，请核对日期和年份。"
            )

    def _count(self, text: str) -> None:
        self.counts.append(int(re.findall(r"\d+", text)[0]))

    # -- words

    def _off(self, text: str) -> None:
        self.off += [day for group in self.waiting for day in group]
        self._settle()

    def _work(self, text: str) -> None:
        if not self.off and len(self.waiting) > 1:
            self.off += self.waiting.pop(0)
        self.work += [day for group in self.waiting for day in group]
        self._settle()

    def _settle(self) -> None:
        self.waiting, self.open, self.also = [], False, False

    def _no_word_left(self) -> None:
        """Columns without words: first the days off, then the worked days."""
        if self.waiting and not self.off:
            self.off += self.waiting.pop(0)
        self._work("")
