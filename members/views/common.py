"""What the detail pages of the registers share."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, QuerySet, Value
from django.db.models.functions import Length
from django.http import Http404

from grids.models import Grid
from grids.scoping import scope_of
from liangcheng.accounts.models import User

# Rows of other registers on a detail page; the rest is one tap away in their own list.
SHOWN = 50
# 9弄 before 10弄: numbers are text, so the shorter first.
BUILDING_ORDER = ("road", Length("lane"), "lane", Length("number"), "number", "pk")
_PATH = ("grid", "community", "area", "neighborhood", "micro_unit")
_LAST_ID = 2**63 - 1


def visible(user: User, model: Any, *related: str, **lookup: Any) -> Any:
    """The one row that the user may see, with its path of grids. Raises Http404."""
    if lookup.get("pk", 0) > _LAST_ID:
        raise Http404
    row = model.objects.visible_to(user).select_related(*_PATH, *related).filter(**lookup).order_by().first()
    if row is None:
        raise Http404
    return row


def sees(user: User, row: Any) -> bool:
    """Whether a row that another one names may become a link: its page would be 404 outside the user's scope."""
    scope = scope_of(user)
    return row is not None and (scope.everything or any(post.covers(row) for post in scope.territorial))


def path_of(row: Any) -> list[Grid]:
    """The grids from the street down to the row's own."""
    return [grid for grid in (row.community, row.area, row.neighborhood, row.micro_unit) if grid]


def first(rows: "QuerySet[Any]") -> tuple[list[Any], bool]:
    """The first SHOWN rows, and whether there are more."""
    found = list(rows[: SHOWN + 1])
    return found[:SHOWN], len(found) > SHOWN


def by_kind(rows: "QuerySet[Any]", choices: Iterable[tuple[str, str]]) -> list[tuple[str, str, int]]:
    """(kind, label, number) of the rows, kinds without any included: one statement."""
    groups = rows.order_by().values("kind").annotate(number=Count(Value(1)))
    counts = {group["kind"]: group["number"] for group in groups}
    return [(kind, label, counts.get(kind, 0)) for kind, label in choices]
