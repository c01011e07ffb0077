"""What has changed in a register's row, in the words of the screens instead of stored values."""

from collections.abc import Iterator
from typing import Any

_SHOWN = 200


def changes_of(row: Any, secret: frozenset[str] = frozenset()) -> Iterator[dict[str, Any]]:
    """What happened to a register's row, newest first: when, who, what, and each changed field in its labels."""
    kinds = {"+": "新建", "~": "修改", "-": "删除"}
    records = list(row.history.select_related("history_user").order_by("-history_date", "-history_id")[:_SHOWN])
    for place, record in enumerate(records):
        older = records[place + 1] if place + 1 < len(records) else None
        yield {
            "at": record.history_date,
            "who": record.history_user or "系统",
            "what": kinds[record.history_type],
            "changes": list(_differences(record, older, secret)) if older else [],
        }


def _differences(record: Any, older: Any, secret: frozenset[str]) -> Iterator[dict[str, str]]:
    for change in record.diff_against(older, foreign_keys_are_objs=True).changes:
        field = record.instance_type._meta.get_field(change.field)
        hidden = change.field in secret
        yield {
            "field": str(field.verbose_name),
            "old": "（不显示）" if hidden else in_words(field, change.old),
            "new": "（不显示）" if hidden else in_words(field, change.new),
        }


def in_words(field: Any, value: Any) -> str:
    """A stored value as the screens say it: labels of choices, 是/否, names of related rows."""
    if value is None or value == "":
        return "空"
    if isinstance(value, bool):
        return "是" if value else "否"
    if getattr(field, "flatchoices", None):
        return str(dict(field.flatchoices).get(value, value))
    if value.__class__.__name__ == "DeletedObject":
        return "（已删除）"
    return str(value)
