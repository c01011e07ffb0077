"""What a locked-out user is told (axes locks name and address together for 15 minutes)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def locked_out(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
    context = {
        "title": "登录已暂停",
        "advice": "密码连续输错多次，请 15 分钟后再试，或请管理员重置密码。",
        "status": 429,
    }
    return render(request, "error.html", context, status=429)
