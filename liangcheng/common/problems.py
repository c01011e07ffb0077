"""Errors of the API: RFC 9457 problem JSON with a stable `code` and a Chinese sentence that says what to do."""

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.core.signals import got_request_exception
from django.db import OperationalError
from django.http import Http404, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from liangcheng.common.exceptions import DomainError
from liangcheng.common.request_id import current_request_id
from liangcheng.common.text import whole

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
TITLES = {
    400: "请求有误",
    401: "未认证",
    403: "没有权限",
    404: "没有找到",
    405: "不支持的方法",
    406: "不支持的返回格式",
    409: "与当前状态冲突",
    412: "版本已变化",
    413: "内容过大",
    415: "不支持的提交格式",
    422: "无法处理",
    429: "请求过于频繁",
    500: "系统出错",
    503: "系统繁忙",
}
# What REST framework raises, in the words of this office: code and sentence.
_STANDARD: tuple[tuple[type[Exception], str, str], ...] = (
    (
        exceptions.ParseError,
        "parse_error",
        "请求体读不懂：须为 UTF-8 编码的 JSON 对象，上传照片用 multipart/form-data。",
    ),
    (exceptions.NotAuthenticated, "not_authenticated", "请先登录，或在 Authorization 请求头中提供令牌。"),
    (exceptions.AuthenticationFailed, "invalid_token", "令牌无效或已过期，请向街道管理员申请新的令牌。"),
    (exceptions.NotFound, "not_found", "没有找到，或不在您的网格范围内。"),
    (exceptions.NotAcceptable, "not_acceptable", "本接口只返回 application/json，请检查 Accept 请求头。"),
    (
        exceptions.UnsupportedMediaType,
        "unsupported_media_type",
        "请用 application/json 提交；上传照片用 multipart/form-data。",
    ),
    (exceptions.PermissionDenied, "not_permitted", "您的岗位或令牌不能进行这项操作。"),
)
_TOO_BIG = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)
# A key used for something else is no fault of the body: 422 (draft-ietf-httpapi-idempotency-key-header).
_STATUS_OF_CODE = {"idempotency_key_reused": 422}


class ContentTooLarge(exceptions.APIException):
    status_code = 413
    default_detail = "提交的内容过大，请减小后再试。"
    default_code = "content_too_large"


class PreconditionFailed(exceptions.APIException):
    """If-Match names a version that is gone."""

    status_code = 412
    default_detail = "这条记录刚刚被别人更新过，请先看一下最新情况再操作。"
    default_code = "stale_version"


class Conflict(exceptions.APIException):
    status_code = 409
    default_code = "conflict"


def problem(status: int, code: str, detail: str, errors: Mapping[str, list[str]] | None = None) -> dict[str, Any]:
    """The body of a problem. `errors`: what is wrong, by input field."""
    body: dict[str, Any] = {
        "type": f"urn:liangcheng:problem:{code}",
        "title": TITLES.get(status, "请求未完成"),
        "status": status,
        "code": code,
        "detail": whole(detail),
        "request_id": current_request_id(),
    }
    if errors:
        body["errors"] = {whole(name): [whole(text) for text in texts] for name, texts in errors.items()}
    return body


def problem_json(status: int, code: str, detail: str) -> JsonResponse:
    """A problem from outside REST framework's views (middleware)."""
    return JsonResponse(problem(status, code, detail), status=status, content_type=CONTENT_TYPE)


def problem_handler(exc: Exception, context: Mapping[str, Any]) -> Response:
    """REST framework's EXCEPTION_HANDLER: every error becomes a problem; what nobody foresaw is logged and a 500."""
    set_rollback()
    body = _of_domain(exc) or _of_framework(exc)
    if body is None:
        body = _unforeseen(exc, context)
    response = Response(body, status=body["status"], content_type=CONTENT_TYPE)
    for name, value in _headers(exc).items():
        response[name] = value
    return response


def _headers(exc: Exception) -> dict[str, str]:
    headers = {}
    if getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = str(exc.auth_header)  # type: ignore[attr-defined]
    if getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(exc.wait))  # type: ignore[attr-defined]
    if isinstance(exc, OperationalError):
        headers["Retry-After"] = "2"
    return headers


def _of_domain(exc: Exception) -> dict[str, Any] | None:
    if not isinstance(exc, DomainError):
        return None
    errors = {exc.field: [exc.message]} if exc.field else None
    return problem(_STATUS_OF_CODE.get(exc.code, exc.status), exc.code, exc.message, errors)


def _of_framework(exc: Exception) -> dict[str, Any] | None:
    exc = _as_api_exception(exc)
    if not isinstance(exc, exceptions.APIException):
        return None
    if isinstance(exc, exceptions.ValidationError):
        return _of_validation(exc)
    if isinstance(exc, exceptions.MethodNotAllowed):
        return problem(405, "method_not_allowed", "这个地址不支持该方法，请看响应头 Allow。")
    if isinstance(exc, exceptions.Throttled):
        return problem(429, "throttled", f"请求过于频繁，请 {int(getattr(exc, 'wait', None) or 1)} 秒后再试。")
    if isinstance(exc, exceptions.PermissionDenied) and str(exc.detail).startswith("CSRF"):
        return problem(403, "csrf_failed", "页面已过期，请刷新后再试；系统之间对接请用令牌。")
    for kind, code, detail in _STANDARD:
        if isinstance(exc, kind):
            return problem(exc.status_code, code, detail)
    return problem(exc.status_code, str(exc.get_codes()), str(exc.detail))


def _as_api_exception(exc: Exception) -> Exception:
    if isinstance(exc, Http404):
        return exceptions.NotFound()
    if isinstance(exc, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(exc, _TOO_BIG):
        return ContentTooLarge()
    if isinstance(exc, SuspiciousOperation):
        return exceptions.ParseError()
    return exc


def _of_validation(exc: exceptions.ValidationError) -> dict[str, Any]:
    errors: dict[str, list[str]] = {}
    codes: list[tuple[str, str]] = []
    _flatten("", exc.detail, errors, codes)
    field, code = codes[0] if codes else ("", "invalid")
    general = errors.pop("", []) + errors.pop("non_field_errors", [])
    if not errors:
        return problem(400, code, "".join(general))
    if len(codes) == 1:
        return problem(400, _code_of(field, code), errors[field][0], errors)
    return problem(400, "invalid", f"有 {len(errors)} 项填写有误，请按 errors 逐项更正。", errors)


def _code_of(field: str, code: str) -> str:
    """The same words that the rules use for the same fault."""
    if code in {"required", "blank", "null", "empty"}:
        return f"missing_{field}"
    if code == "invalid_choice":
        return f"unknown_{field}"
    return {"max_length": "too_long"}.get(code, code)


def _flatten(path: str, detail: Any, errors: dict[str, list[str]], codes: list[tuple[str, str]]) -> None:
    """Nested details by dotted field: {"co_department_ids": {0: […]}} → co_department_ids.0."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            _flatten(f"{path}.{name}" if path else str(name), inner, errors, codes)
    elif isinstance(detail, list | tuple):
        for inner in detail:
            _flatten(path, inner, errors, codes)
    else:
        errors.setdefault(path, []).append(str(detail))
        codes.append((path, getattr(detail, "code", None) or "invalid"))


def _unforeseen(exc: Exception, context: Mapping[str, Any]) -> dict[str, Any]:
    logger.exception("api request failed", exc_info=exc)
    if isinstance(exc, OperationalError):
        return problem(503, "busy", "系统繁忙，请稍后再试。")
    # Django's own signal of a server error: error reporters and the test client listen to it.
    got_request_exception.send(sender=problem_handler, request=context.get("request"))
    return problem(500, "server_error", "系统出错，已记录下来。请稍后再试；仍不行请把 request_id 告诉街道管理员。")
