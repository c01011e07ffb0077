"""Error pages in the office's words. They show no data of the request but its number."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from liangcheng.common.request_id import current_request_id


def _page(status: int, title: str, advice: str, **more: str) -> HttpResponse:
    # Without the request: its context processors read session and user, and the database may be what is broken.
    context = {"title": title, "advice": advice, "status": status, "request_id": current_request_id(), **more}
    return HttpResponse(render_to_string("error.html", context), status=status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """An expired page: what was typed is still in the browser (its back button, and its saved draft).

    A view that keeps no drafts says by `csrf_advice` what to do instead.
    """
    advice = "页面打开太久，或在别处重新登录过。请重新打开这个页面再提交，刚才填写的文字会自动恢复，照片需要重新选择。"
    advice = getattr(getattr(request.resolver_match, "func", None), "csrf_advice", advice)
    return _page(403, "页面已过期", advice, retry=request.get_full_path())


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(400, "请求有误", "请返回上一页检查后再试。")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(403, "没有权限", str(exception) or "您的岗位不能进行这项操作。")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(404, "没有找到", "可能已被移走，或不在您的网格范围内。")


def server_error(request: HttpRequest) -> HttpResponse:
    return _page(500, "系统出错", "已记录下来。请稍后再试；仍不行请把下面的编号告诉管理员。")


def too_large(request: HttpRequest) -> HttpResponse:
    return _page(413, "内容过大", "一次上传的照片太多或太大。请返回上一页，少选几张再提交，其余的稍后补传。")
