"""Keyset paging: a page begins after the last row of the one before, at any depth at the same price (SCALE 3)."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import F, Q, QuerySet
from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

DEFAULT_SIZE = 50
MOST = 200
# Counting further would cost more than the page itself.
TOTAL_CAP = 10_000
PARAMETERS = frozenset({"cursor", "page_size"})
_LAST_ID = 2**63 - 1
_BAD_CURSOR = ValidationError({"cursor": ["翻页位置无效，请从第一页重新读取。"]}, code="bad_cursor")


class KeysetPagination(BasePagination):
    """Pages a queryset of dicts by the view's `keyset`: one or two columns, the last one unique, each with "-" or
    none of them. The client follows `next` until it is null."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        keyset: Sequence[str] = view.get_keyset()
        size = _page_size(request)
        self.total = queryset.order_by().values("pk")[: TOTAL_CAP + 1].count()
        columns = [name.removeprefix("-") for name in keyset]
        keys = {f"key{place}_": F(column) for place, column in enumerate(columns)}
        cursor = request.query_params.get("cursor")
        if cursor:
            queryset = _behind(queryset, keyset, _decode(cursor, len(columns)))
        found = list(view.as_rows(queryset).annotate(**keys).order_by(*keyset)[: size + 1])
        places = [[row.pop(name) for name in keys] for row in found]
        more = len(found) > size
        self.next = _next_url(request, places[size - 1]) if more else None
        return found[:size]

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {
                "total": min(self.total, TOTAL_CAP),
                "total_capped": self.total > TOTAL_CAP,
                "next": self.next,
                "results": data,
            }
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["total", "total_capped", "next", "results"],
            "properties": {
                "total": {"type": "integer", "description": f"符合条件的总数，最多数到 {TOTAL_CAP}。"},
                "total_capped": {"type": "boolean", "description": "为 true 时实际总数超过 total。"},
                "next": {
                    "type": "string",
                    "format": "uri",
                    "nullable": True,
                    "description": "下一页；为 null 时已到末页。",
                },
                "results": {"description": "本页的条目。", **schema},
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "翻页位置，取自上一页的 next，不要自行拼写。",
                "schema": {"type": "string", "maxLength": 300},
            },
            {
                "name": "page_size",
                "in": "query",
                "required": False,
                "description": f"每页条数，默认 {DEFAULT_SIZE}，最多 {MOST}。",
                "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT_SIZE},
            },
        ]


def _page_size(request: Request) -> int:
    given = request.query_params.get("page_size", "") or str(DEFAULT_SIZE)
    if not (given.isascii() and given.isdigit() and len(given) < 6 and 1 <= int(given) <= MOST):
        raise ValidationError({"page_size": [f"每页条数须为 1 至 {MOST} 的整数。"]}, code="bad_page_size")
    return int(given)


def _behind(queryset: "QuerySet[Any]", keyset: Sequence[str], place: list[Any]) -> "QuerySet[Any]":
    try:
        return queryset.filter(_after(keyset, place))
    except (ValueError, TypeError, DjangoValidationError):
        # A cursor of another list: its values do not fit these columns.
        raise _BAD_CURSOR from None


def _after(keyset: Sequence[str], place: list[Any]) -> Q:
    """Condition for the rows behind `place`; for two columns `a >= x AND (a > x OR b > y)`: an index serves it."""
    beyond = "lt" if keyset[0].startswith("-") else "gt"
    first, *rest = (name.removeprefix("-") for name in keyset)
    if not rest:
        return Q(**{f"{first}__{beyond}": place[0]})
    inner = Q(**{f"{first}__{beyond}": place[0]}) | Q(**{f"{rest[0]}__{beyond}": place[1]})
    return Q(**{f"{first}__{beyond}e": place[0]}) & inner


def _next_url(request: Request, place: list[Any]) -> str:
    parameters = request.query_params.copy()
    parameters["cursor"] = _encode(place)
    return request.build_absolute_uri(f"{request.path}?{parameters.urlencode()}")


def _encode(place: list[Any]) -> str:
    plain = [{"t": value.isoformat()} if isinstance(value, datetime) else value for value in place]
    return base64.urlsafe_b64encode(json.dumps(plain, separators=(",", ":")).encode()).decode().rstrip("=")


def _decode(cursor: str, length: int) -> list[Any]:
    """What `_encode` wrote. Raises ValidationError for anything else: cursors come from outside."""
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        raise _BAD_CURSOR from None
    if not isinstance(place, list) or len(place) != length:
        raise _BAD_CURSOR
    return [_value(item) for item in place]


def _value(item: Any) -> Any:
    if isinstance(item, dict):
        return _moment(item.get("t"))
    if isinstance(item, str) and item.isprintable():
        return item
    if isinstance(item, int) and not isinstance(item, bool) and 0 <= item <= _LAST_ID:
        return item
    raise _BAD_CURSOR


def _moment(text: Any) -> datetime:
    try:
        moment = parse_datetime(text) if isinstance(text, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not 2000 <= moment.year <= 2100:
        raise _BAD_CURSOR
    return moment
