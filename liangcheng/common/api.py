"""What every endpoint of /api/v1/ stands on: views, parsers, conditional and repeatable requests."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, cast

from django.conf import settings
from django.db.models import F, QuerySet
from django.utils import timezone
from django_filters import FilterSet
from django_filters.rest_framework import DjangoFilterBackend
from django_filters.utils import translate_validation
from rest_framework import generics, mixins, serializers
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response

from liangcheng.common.api_paging import PARAMETERS, KeysetPagination
from liangcheng.common.problems import ContentTooLarge, problem_handler
from liangcheng.common.text import normalize

__all__ = ["problem_handler"]

# One photo and its form around it.
_MULTIPART_MOST = settings.PHOTO_MAX_BYTES + 1024 * 1024
_JSON_MOST = 1024 * 1024
_KEY = re.compile(r"[\x21-\x7e]{1,100}")
_TAG = re.compile(r'(?:W/)?"([^"]*)"|(\*)')


class ObjectParser(JSONParser):
    """JSON whose body is an object; whatever else arrives is a 400 in plain words."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            data = super().parse(stream, media_type, parser_context)
        except (RecursionError, LookupError):
            # Nested a thousand deep; a charset that does not exist.
            raise ParseError from None
        if not isinstance(data, dict):
            raise ValidationError('请求体须为 JSON 对象，如 {"text": "…"}。', code="not_an_object")
        return data


class ApiView(generics.GenericAPIView[Any]):
    """Bounds the body before it is read."""

    parser_classes: Sequence[Any] = [ObjectParser]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        most = _MULTIPART_MOST if _is_multipart(request) else _JSON_MOST
        if _content_length(request) > most:
            raise ContentTooLarge
        super().initial(request, *args, **kwargs)

    def checked(self, shape: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
        """The body in `shape`. Raises ValidationError by field, also for fields that do not exist."""
        serializer = shape(data=request.data, context={"request": request})
        unknown = sorted(set(request.data) - set(serializer.fields) - {"csrfmiddlewaretoken"})
        if unknown:
            raise ValidationError({name: ["没有这个字段，请对照接口文档。"] for name in unknown}, code="unknown_field")
        serializer.is_valid(raise_exception=True)
        return cast(dict[str, Any], serializer.validated_data)


def _is_multipart(request: Request) -> bool:
    return (request.content_type or "").startswith("multipart/form-data")


def _content_length(request: Request) -> int:
    given = request.META.get("CONTENT_LENGTH") or "0"
    return int(given) if str(given).isdigit() else 0


class AnyAccept(BaseContentNegotiation):
    """For what comes in one form only (a picture, the docs page); errors stay problem JSON."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        return parsers[0] if parsers else None

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class TextField(serializers.CharField):
    """Text in one form (full-width digits become plain); what no database keeps is refused here, not dropped."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if any(character == "\x00" or "\ud800" <= character <= "\udfff" for character in text):
            raise ValidationError("不能含有空字符（NUL）或残缺的编码。", code="bad_characters")
        return normalize(text)


class StrictFilterBackend(DjangoFilterBackend):
    """The view's FilterSet; a parameter that does not exist is an error, since ignoring it would show everything."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        given = set(request.query_params) - PARAMETERS - {"format"}
        if not given:
            # Building the form of twenty filters costs as much as the page's own query.
            return queryset
        filterset = self.get_filterset(request, queryset, view)
        unknown = sorted(given - (_parameters(filterset) if filterset else set()))
        if unknown:
            raise ValidationError({name: ["没有这个查询参数。"] for name in unknown}, code="unknown_parameter")
        if filterset is None:
            return queryset
        if not filterset.is_valid():
            raise translate_validation(filterset.errors)
        return filterset.qs


def _parameters(filterset: FilterSet) -> set[str]:
    names: set[str] = set()
    for name, field in filterset.form.fields.items():
        # Public in Django, unknown to its stubs.
        suffixes = getattr(field.widget, "widgets_names", [""])
        names |= {f"{name}{suffix}" for suffix in suffixes}
    return names


class RowListView(mixins.ListModelMixin, ApiView):
    """GET: a page of flat rows, read by `.values()` as the serializer's fields and sources say.

    A serializer of rows is a declaration: its fields name the columns (`source="grid.code"`), those in its
    `computed` are added by `finish`. At 50 rows this is four times cheaper than serializing (SCALE 5).
    """

    filter_backends = [StrictFilterBackend]
    pagination_class = KeysetPagination
    keyset: ClassVar[Sequence[str]] = ("-id",)

    def rows_for(self, user: Any) -> "QuerySet[Any]":
        """What the list shows to `user`, before its filters. Each list says it."""
        raise NotImplementedError

    def get_queryset(self) -> "QuerySet[Any]":
        if getattr(self, "swagger_fake_view", False):
            # The schema is made without a request.
            return cast("QuerySet[Any]", type(self).__dict__["queryset"])
        return self.rows_for(self.request.user)

    def get_keyset(self) -> Sequence[str]:
        return self.keyset

    def as_rows(self, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        return as_rows(queryset, self.get_serializer_class())

    def finish(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [local_times(row) for row in rows]

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.finish(cast(list[dict[str, Any]], page)))

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)


def sources(shape: type[serializers.BaseSerializer[Any]]) -> dict[str, str]:
    """Field → ORM path, of the fields that are read and not computed."""
    computed: frozenset[str] = getattr(shape, "computed", frozenset())
    fields: Mapping[str, Any] = shape._declared_fields  # type: ignore[attr-defined]
    return {name: (field.source or name).replace(".", "__") for name, field in fields.items() if name not in computed}


def as_rows(queryset: "QuerySet[Any]", shape: type[serializers.BaseSerializer[Any]]) -> "QuerySet[Any]":
    """The queryset as dicts in the shape of a serializer."""
    paths = sources(shape)
    plain = [name for name, path in paths.items() if path == name]
    return queryset.values(*plain, **{name: F(path) for name, path in paths.items() if path != name})


def row_of(instance: Any, shape: type[serializers.BaseSerializer[Any]]) -> dict[str, Any]:
    """One object in the same shape; a relation that is empty gives None."""
    row = {}
    for name, path in sources(shape).items():
        value = instance
        for step in path.split("__"):
            value = getattr(value, step, None)
        row[name] = value
    return row


def local_times(row: dict[str, Any]) -> dict[str, Any]:
    """Moments in the office's own time zone: 2026-11-18T10:00:00+08:00."""
    return {name: timezone.localtime(value) if isinstance(value, datetime) else value for name, value in row.items()}


def idempotency_key(request: Request) -> str:
    """The caller's Idempotency-Key, or "". Raises ValidationError for one that cannot be kept."""
    key: str = request.headers.get("Idempotency-Key", "").strip()
    if key and not _KEY.fullmatch(key):
        raise ValidationError("Idempotency-Key 须为 1 至 100 个可见的 ASCII 字符。", code="bad_idempotency_key")
    return key


def fingerprint(request: Request, content: Sequence[str] | None = None) -> str:
    """SHA-256 of what is asked for: method, path and body; for uploads `content` instead of the body, whose
    boundary differs at each attempt."""
    body = request._request.body if content is None else json.dumps(content).encode()
    return hashlib.sha256(f"{request.method}\n{request.path}\n".encode() + body).hexdigest()


def etag(version: int) -> str:
    """Weak: the same version may be shown with another remaining time."""
    return f'W/"{version}"'


def if_match(request: Request, current: int) -> int | None:
    """The version that If-Match demands, None where it demands nothing; weak and strong tags alike.

    Of several tags the one of `current` counts; a tag that no version has matches nothing (-1).
    """
    given = request.headers.get("If-Match", "").strip()
    if not given:
        return None
    tags = [tag or star for tag, star in _TAG.findall(given)]
    if "*" in tags:
        return None
    versions = [int(tag) for tag in tags if tag.isascii() and tag.isdigit() and len(tag) < 10]
    if current in versions:
        return current
    return versions[0] if versions else -1
