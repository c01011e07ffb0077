"""Pages of a list by id, newest first (the API's cursors are in api_paging.py). The address holds the whole state.

`?before=<id>` shows what is older than that row, `?after=<id>` what is newer: at any depth the same price.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict

# Counting further would cost more than the page itself.
TOTAL_CAP = 10_000
_PLACES = ("before", "after")


@dataclass(frozen=True)
class Page:
    """Rows of one page, addresses of its neighbours ("" where there is none), and the total, capped."""

    rows: list[Any]
    newer: str
    older: str
    total: int

    @property
    def total_text(self) -> str:
        return f"{TOTAL_CAP}+" if self.total > TOTAL_CAP else str(self.total)


def page_of(queryset: "QuerySet[Any]", params: QueryDict, size: int) -> Page:
    """The page of `queryset` that the address asks for: two statements. A place that is no number is the first page."""
    total = queryset.order_by().values("pk")[: TOTAL_CAP + 1].count()
    before, after = (_id(params, place) for place in _PLACES)
    if after:
        rows = list(queryset.filter(pk__gt=after).order_by("pk")[: size + 1])
        more_newer, more_older = len(rows) > size, True
        rows = rows[:size][::-1]
    else:
        found = queryset.filter(pk__lt=before) if before else queryset
        rows = list(found.order_by("-pk")[: size + 1])
        more_newer, more_older = bool(before), len(rows) > size
        rows = rows[:size]
    newer = with_params(params, after=rows[0].pk) if rows and more_newer else ""
    older = with_params(params, before=rows[-1].pk) if rows and more_older else ""
    return Page(rows, newer, older, total)


def _id(params: Mapping[str, Any], name: str) -> int | None:
    value = str(params.get(name, ""))
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None


def with_params(params: QueryDict, **changes: object) -> str:
    """The address's own query on its first page, with `changes`: "?status=PENDING&before=12"."""
    kept = params.copy()
    for place in _PLACES:
        kept.pop(place, None)
    for name in [name for name, values in kept.lists() if not any(values)]:
        kept.pop(name)
    for name, value in changes.items():
        kept[name] = str(value)
    return f"?{kept.urlencode()}"
