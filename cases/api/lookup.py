"""Finding the case that an address names, among those that the caller may see."""

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from cases.models import Case
from liangcheng.common.problems import Conflict

if TYPE_CHECKING:
    from django.db.models import QuerySet

NUMBER = OpenApiParameter("number", str, "path", required=True, description="案件编号，如 LC202611180001。")
COMMUNITY = OpenApiParameter(
    "community", str, "query", description="街道编码；只有能看到几个街道、编号又相同时才需要。"
)
IF_MATCH = OpenApiParameter(
    "If-Match", str, "header", description='您看到的版本，取自 ETag，如 W/"3"；已变化时答复 412。'
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key", str, "header", description="最多 100 个字符；同一键重复提交只办理一次，答复相同。"
)


def visible_cases(request: Request, number: str) -> "QuerySet[Any]":
    cases = Case.objects.visible_to(request.user).filter(number=number).order_by("id")
    community = request.query_params.get("community", "")
    return cases.filter(community__code=community) if community.isascii() and community.isalnum() else cases


def the_one(cases: "QuerySet[Any]") -> Any:
    """The only row of `cases`. Numbers are unique within a street: who sees several streets may have to say which.

    Raises NotFound, Conflict.
    """
    found = list(cases[:2])
    if not found:
        raise NotFound
    if len(found) > 1:
        raise Conflict("几个街道都有这个编号，请加上 community=街道编码。", code="ambiguous_number")
    return found[0]


def case_id(request: Request, number: str) -> int:
    pk: int = the_one(visible_cases(request, number).values_list("pk", flat=True))
    return pk
