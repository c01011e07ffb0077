"""Emptying rows of what says who somebody is: the row, its history, and what Django's own log wrote down of it."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone

from liangcheng.common.admin_history import in_words
from liangcheng.common.clock import now

ERASED = "已删除"
# What says how things stand today; the history keeps how they stood then, since figures look back.
_NOW_ONLY = {"is_active", "erased_at"}


def personal_columns(model: type[models.Model]) -> dict[str, Any]:
    """Column → what it holds after an erasure, for a register of people: all free text, and days that are optional.

    Read from the model, so that a column added later is not forgotten. Closed lists, grids, organizations and
    timestamps stay: figures are made of them.
    """
    emptied: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if isinstance(field, models.CharField | models.TextField) and not field.choices:
            emptied[field.name] = ""
        elif isinstance(field, models.DateField) and not isinstance(field, models.DateTimeField) and field.null:
            emptied[field.name] = None
    return emptied | {"name": ERASED, "user": None}


def mark_changed(model: type[models.Model]) -> dict[str, Any]:
    """What an update must write besides, so that a form or an import that has read the row before is told so."""
    names = {field.name for field in model._meta.concrete_fields}
    marks = {"updated_at": now(), "version": models.F("version") + 1}
    return {name: value for name, value in marks.items() if name in names}


def scrub(row: Any, values: dict[str, Any]) -> None:
    """Write `values` over the row and all of its history, and past Django's log of it.

    By update: saving would keep the old values as one more step of the history.
    """
    type(row)._base_manager.filter(pk=row.pk).update(**values, **mark_changed(type(row)))
    for name, value in values.items():
        setattr(row, name, value)
    past = row.history.all()
    columns = {field.name for field in past.model._meta.concrete_fields}
    past.update(**{name: value for name, value in values.items() if name in columns and name not in _NOW_ONLY})
    past.update(history_change_reason=None)
    scrub_log(row)


def scrub_log(row: Any) -> None:
    """Django's log keeps a row as it called itself then."""
    kind = ContentType.objects.get_for_model(type(row))
    LogEntry.objects.filter(content_type=kind, object_id=str(row.pk)).update(object_repr=ERASED)


def facts_of(row: Any, *, without: Iterable[str] = ()) -> Iterator[tuple[str, str]]:
    """(label, value) of every column that holds something, in the words of the screens; grids only by the lowest."""
    hidden = {*without, "id", "name_pinyin", "community", "area", "neighborhood", "micro_unit", "merged_into"}
    for field in row._meta.concrete_fields:
        value = getattr(row, field.name)
        if field.name not in hidden and value not in ("", None):
            if isinstance(value, datetime):
                value = f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
            yield str(field.verbose_name), in_words(field, value)
