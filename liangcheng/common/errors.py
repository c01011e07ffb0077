"""Error pages in the office's words. They show no data of the request."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def _page(request: HttpRequest, status: int, title: str, advice: str) -> HttpResponse:
    return render(request, "error.html", {"title": title, "advice": advice, "status": status}, status=status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """An expired page: what was typed is still in the browser (and in its saved draft)."""
    return _page(
        request, 403, "页面已过期", "请返回上一页,刷新后再提交;刚才填写的内容会自动恢复。"
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 400, "请求有误", "请返回上一页检查后再试。")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 403, "没有权限", str(exception) or "您的岗位不能进行这项操作。")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 404, "没有找到", "可能已被移走,或不在您的网格范围内。")


def server_error(request: HttpRequest) -> HttpResponse:
    return _page(request, 500, "系统出错", "已记录下来。请稍后再试;仍不行请把下面的编号告诉管理员。")
