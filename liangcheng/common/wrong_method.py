"""A button's address opened as a page: after signing in anew, or from a bookmark. Django would answer with nothing."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from liangcheng.common.exceptions import DomainError
from liangcheng.common.web import refuse


class _WrongMethod(DomainError):
    status = 405


class WrongMethodMiddleware:
    """For people's pages; the API has problem JSON of its own, which is not empty."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.get_response(request)
        if answer.status_code != 405 or request.method != "GET" or answer.content:
            return answer
        said = refuse(request, _WrongMethod("wrong_method", "上一步没有办成，请回到原来的页面，再点一次按钮。"))
        said["Allow"] = answer["Allow"]
        return said
