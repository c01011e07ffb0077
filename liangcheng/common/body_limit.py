"""Requests that are larger than anything the pages send are refused before they are read."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from liangcheng.common.errors import too_large


class BodyLimitMiddleware:
    """413 by the announced length; a request that announces none has no body for Django."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        announced = request.META.get("CONTENT_LENGTH") or "0"
        # The API says it as a problem, with a lower limit of its own.
        is_page = not request.path.startswith("/api/")
        if is_page and announced.isdigit() and int(announced) > _most(request.path):
            return too_large(request)
        return self.get_response(request)


def _most(path: str) -> int:
    """Bytes that a page takes; little where nobody has to sign in."""
    limits = (most for start, most in settings.OPEN_REQUEST_MAX_BYTES.items() if path.startswith(start))
    return next(limits, settings.REQUEST_MAX_BYTES)
