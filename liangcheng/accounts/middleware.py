"""What an account's state demands before any page: ended accounts leave, first passwords are changed."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from liangcheng.common.problems import problem_json

# Pages that must stay reachable with a password that has to be changed.
_ALLOWED = ("accounts:password_change", "accounts:password_change_done", "accounts:logout", "accounts:login")
# Programs read a problem, not a page to sign in.
_API = "/api/"


class AccountStateMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> HttpResponse | None:
        user = request.user
        if not user.is_authenticated:
            return None
        if user.is_service or (user.valid_until and user.valid_until < timezone.localdate()):
            logout(request)
            if request.path.startswith(_API):
                return problem_json(401, "not_authenticated", "账号已到期，请联系管理员。")
            messages.error(request, "账号已到期，请联系管理员。")
            return redirect("accounts:login")
        match = request.resolver_match
        if user.must_change_password and match and match.view_name not in _ALLOWED:
            if request.path.startswith(_API):
                return problem_json(403, "password_change_required", "首次登录请先在网页上修改密码。")
            return redirect("accounts:password_change")
        return None
