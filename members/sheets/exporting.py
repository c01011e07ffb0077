"""Registers taken away as Excel: text cells, nothing that calculates, people masked, and every taking logged."""

from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from liangcheng.common.exceptions import InvalidInput, NotPermitted
from liangcheng.common.sheets.writing import write_rows
from members.access import log_list
from members.choices import AccessKind
from members.sheets.base import Reader, RegisterSheet

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

# What is written within a request; more is taken grid by grid.
EXPORT_MOST = 20_000
_CHUNK = 1_000


def export(user: "User", sheet: RegisterSheet, rows: "QuerySet[Any]") -> tuple[IO[bytes], str]:
    """`rows` (in the user's scope) as an open file, and its name. Raises NotPermitted, InvalidInput (too_many)."""
    if not sheet.may_export(user):
        raise NotPermitted("no_export", f"您的岗位不能导出{sheet.title}。")
    count = rows.count()
    if count > EXPORT_MOST:
        raise InvalidInput("too_many", f"共 {count} 条，一次最多导出 {EXPORT_MOST} 条。请先按网格或类别筛选。")
    _log(user, sheet, rows, count)
    columns = [(column.header, column.width + 2) for column in sheet.columns]
    file = write_rows(sheet.title, columns, _lines(user, sheet, rows))
    return file, f"{sheet.title}-{timezone.localdate():%Y%m%d}.xlsx"


def _lines(user: "User", sheet: RegisterSheet, rows: "QuerySet[Any]") -> Iterator[list[str]]:
    reader = Reader(user)
    for row in sheet.loaded(rows).iterator(chunk_size=_CHUNK):
        yield [column.text(row, reader) for column in sheet.columns]


def _log(user: "User", sheet: RegisterSheet, rows: "QuerySet[Any]", count: int) -> None:
    """In the log of personal data and in the admin's, before anything is shown."""
    words = f"导出{sheet.title} {count} 条"
    with transaction.atomic():
        log_list(user, AccessKind.EXPORTED, sheet.model, count)
        for people in sheet.names_people(user, rows.order_by().values("pk")):
            if named := people.order_by().count():
                log_list(user, AccessKind.EXPORTED, people.model, named, reason=words)
        LogEntry.objects.create(
            user_id=user.pk,
            content_type=ContentType.objects.get_for_model(sheet.model),
            object_repr=words,
            action_flag=CHANGE,
            change_message=words,
        )
