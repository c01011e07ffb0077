"""A table held against the register, without writing anything: what would be new, changed, and what is wrong."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import ForeignKey

from liangcheng.common.pinyin import initials
from liangcheng.common.sheets.cells import BadCell, plain
from liangcheng.common.sheets.reading import Line, Table
from members.sheets.base import ID_HEADER, Draft, RegisterSheet, Unique, values_of
from members.sheets.desk import Desk

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

_CHUNK = 900
_MERGED = "{} 是合并单元格：请取消合并，每一格都填上。"
_CHANGED = "检查之后这一行被别人改动过，没有导入。请核对最新内容后重新上传。"
_TAKEN = "检查之后这一行已被别人登记，没有导入。请核对后重新上传。"


@dataclass
class Plan:
    """What an import would do. `problems`: line → (header, words)."""

    new: list[Draft] = field(default_factory=list)
    changed: list[Draft] = field(default_factory=list)
    unchanged: int = 0
    problems: dict[int, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    notes: list[str] = field(default_factory=list)
    seen: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def wrong(self) -> int:
        return sum(map(len, self.problems.values()))


def check(
    user: "User",
    sheet: RegisterSheet,
    table: Table,
    *,
    seen: Mapping[str, list[Any]] | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Plan:
    """Read every line and say all that is wrong with it; reads only.

    `seen`: what an earlier check has seen (Plan.seen); rows that were written since are problems.
    """
    checking = _Checking(user, sheet, table)
    plan = Plan()
    for index, line in enumerate(table.lines):
        checking.add(line)
        progress(index + 1)
    checking.together()
    for number, place, written in table.merged:
        header = table.headers[place] if place < len(table.headers) else ""
        plan.problems[number].append((header, _MERGED.format(written)))
    for draft in checking.drafts:
        if seen is not None and seen.get(str(draft.line), []) != draft.seen:
            draft.problems.insert(0, (ID_HEADER, _CHANGED if seen.get(str(draft.line)) else _TAKEN))
        _sort(plan, draft, checking.changed(draft))
    plan.notes = [*checking.notes(), *plan.notes]
    return plan


def _sort(plan: Plan, draft: Draft, changed: bool) -> None:
    plan.seen[str(draft.line)] = draft.seen
    plan.notes += [f"第 {draft.line} 行：{words}" for words in draft.warnings]
    if draft.problems:
        plan.problems[draft.line] += draft.problems
    elif not draft.existing:
        plan.new.append(draft)
    elif changed:
        plan.changed.append(draft)
    else:
        plan.unchanged += 1


class _Checking:
    def __init__(self, user: "User", sheet: RegisterSheet, table: Table) -> None:
        self.user, self.sheet, self.table = user, sheet, table
        self.desk = Desk(user, sheet)
        self.place = {header: index for index, header in enumerate(table.headers) if header}
        # The grid first: in whose street the others are looked up.
        columns = [column for column in sheet.columns if column.header in self.place and column.attribute != "pk"]
        self.columns = sorted(columns, key=lambda column: column.attribute != "grid")
        self.excluded = {f.name for f in sheet.model._meta.concrete_fields if isinstance(f, ForeignKey)}
        self.drafts: list[Draft] = []
        self.lines: dict[int, int] = {}
        self.by_id, self.by_key = self._existing()

    # -- which row a line means

    def _text(self, line: Line, header: str) -> str:
        column = next((column for column in self.sheet.columns if column.header == header), None)
        if header not in self.place or column is None:
            return ""
        try:
            return str(column.cell.read(line.values[self.place[header]]) or "")
        except BadCell:
            return ""

    def _key(self, line: Line) -> tuple[Any, ...] | None:
        """The natural key of a line, as far as its grid is one that the user sees."""
        headers = {column.attribute: column.header for column in self.sheet.columns}
        grid = self.desk.visible.get(self._text(line, "网格编码"))
        key: list[Any] = []
        for name in self.sheet.natural:
            if name in ("grid_id", "community_id"):
                key.append(grid and (grid.pk if name == "grid_id" else grid.community_id))
            else:
                key.append(self._text(line, headers[name]))
        return tuple(key) if key and key[0] and key[-1] else None

    def _existing(self) -> tuple[dict[int, Any], dict[tuple[Any, ...], list[Any]]]:
        """The rows that the lines mean, by id and by natural key; in scope, so that others look like unknown ones."""
        ids = {int(text) for text in (self._text(line, ID_HEADER) for line in self.table.lines) if _is_id(text)}
        rows = self.sheet.importable(self.user)
        by_id = {row.pk: row for chunk in _chunks(ids) for row in rows.filter(pk__in=chunk)}
        by_key: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
        lead = next((name for name in self.sheet.natural if not name.endswith("_id")), None)
        if lead:
            at = self.sheet.natural.index(lead)
            keys = {key for key in map(self._key, self.table.lines) if key}
            for chunk in _chunks({key[at] for key in keys}):
                for row in rows.filter(**{f"{lead}__in": chunk}).order_by("pk"):
                    known = by_id.get(row.pk, row)
                    by_key[tuple(getattr(known, name) for name in self.sheet.natural)].append(known)
        return by_id, by_key

    def _draft(self, line: Line) -> Draft:
        number, row, words = self._text(line, ID_HEADER), None, ""
        if number:
            row = self.by_id.get(int(number)) if _is_id(number) else None
            words = "" if row else f"没有找到编号“{number[:20]}”，或不在您的网格范围内。新登记的请把编号空着。"
        else:
            key = self._key(line)
            found = self.by_key.get(key, []) if key else []
            row = found[0] if found else None
            words = f"有 {len(found)} 条相同的登记，请填编号。" if len(found) > 1 else ""
        if row is not None and row.pk in self.lines:
            words, row = f"与第 {self.lines[row.pk]} 行是同一条登记。", None
        if row is None:
            draft = Draft(line.number, self.sheet.model(), self.desk)
        else:
            self.lines[row.pk] = line.number
            writable = self.sheet.may_write(self.user, row)
            draft = Draft(line.number, row, self.desk, existing=True, writable=writable, before=values_of(row))
        if words:
            draft.wrong(ID_HEADER, words)
        return draft

    # -- one line

    def add(self, line: Line) -> None:
        draft = self._draft(line)
        self.drafts.append(draft)
        if draft.problems:
            return
        row = draft.row
        shown = {c.header: c.text(row, self.desk.reader) for c in self.columns} if draft.existing else {}
        for column in self.columns:
            try:
                self._take(draft, column, line.values[self.place[column.header]], shown.get(column.header, ""))
            except BadCell as error:
                draft.wrong(column.header, str(error))
        self.sheet.finish(draft)
        self._validate(draft)

    def _take(self, draft: Draft, column: Any, raw: Any, shown: str) -> None:
        """Put a cell into the row. One that says what an export would say (masked, perhaps) changes nothing."""
        value = column.cell.read(raw)
        text = column.cell.show(value)
        draft.texts[column.header] = plain(text)
        if text == shown and (draft.existing or column.virtual):
            return
        if column.required and value in ("", None):
            raise BadCell("必填。")
        draft.touched.add(column.header)
        if column.virtual:
            return
        if "*" in text and column.attribute.endswith(("name", "phone")):
            raise BadCell("带“*”的不是完整内容，请填完整；没有改动的请保留导出的内容。")
        if column.find:
            value = column.find(value, draft)
        setattr(draft.row, column.attribute, value)
        if column.attribute == "grid":
            for name, grid_id in value.path_ids().items():
                setattr(draft.row, name, grid_id)

    def _validate(self, draft: Draft) -> None:
        """What the form would check of the row itself, under the headers of the sheet."""
        row = draft.row
        if not draft.existing or draft.before["name"] != row.name:
            row.name_pinyin = initials(row.name)
        told = {header for header, _ in draft.problems}
        try:
            row.clean_fields(exclude={*self.excluded, "name_pinyin"})
            # Which facts a row may have hangs on its kind.
            if "类别" not in told:
                row.clean()
        except ValidationError as error:
            headers = {column.attribute: column.header for column in self.sheet.columns}
            for name, messages in _by_field(error).items():
                header = headers.get(name, "")
                if header not in told:
                    draft.wrong(header, " ".join(messages))
        if draft.existing and not draft.writable and self.changed(draft):
            draft.wrong("", "这一行已有登记，您的岗位不能修改它。")

    def changed(self, draft: Draft) -> bool:
        return bool(draft.changes or draft.extras)

    # -- all lines

    def together(self) -> None:
        sound = [draft for draft in self.drafts if draft.row.grid_id is not None]
        for unique in self.sheet.uniques:
            _once(self.sheet, unique, sound)
        self.sheet.look_around(sound, self.desk)

    def notes(self) -> list[str]:
        unknown = self.table.unknown(self.sheet.headers)
        return [f"这些列不认识，没有读取：{'、'.join(unknown)[:200]}。"] if unknown else []


def _once(sheet: RegisterSheet, unique: Unique, drafts: Sequence[Draft]) -> None:
    """Two lines, or a line and a row that no line changes, that would be the same."""
    keys = [(draft, key) for draft in drafts if (key := _unique_key(unique, draft)) is not None]
    first: dict[tuple[Any, ...], Draft] = {}
    for draft, key in keys:
        other = first.setdefault(key, draft)
        if other is not draft:
            draft.wrong(unique.header, f"与第 {other.line} 行重复。")
    new = [(draft, key) for draft, key in keys if _is_new_key(unique, draft, key)]
    own = {draft.row.pk for draft in drafts if draft.existing}
    taken: dict[tuple[Any, ...], int] = {}
    for chunk in _chunks({key[-1] for _, key in new}):
        rows = sheet.model._default_manager.filter(unique.condition, **{f"{unique.fields[-1]}__in": chunk})
        taken.update({tuple(values[1:]): values[0] for values in rows.values_list("pk", *unique.fields)})
    for draft, key in new:
        if key in taken and taken[key] not in own:
            draft.wrong(unique.header, unique.words)


def _unique_key(unique: Unique, draft: Draft) -> tuple[Any, ...] | None:
    key = tuple(getattr(draft.row, name) for name in unique.fields)
    return None if None in key or "" in (key[-1], key[0]) or not unique.when(draft.row) else key


def _is_new_key(unique: Unique, draft: Draft, key: tuple[Any, ...]) -> bool:
    return not draft.existing or bool(unique.condition) or tuple(draft.before[name] for name in unique.fields) != key


def _by_field(error: ValidationError) -> dict[str, list[str]]:
    return error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _chunks(values: Iterable[Any]) -> Iterator[list[Any]]:
    found = sorted(values)
    for start in range(0, len(found), _CHUNK):
        yield found[start : start + _CHUNK]
