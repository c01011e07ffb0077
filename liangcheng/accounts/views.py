"""Sign-in, password and "who am I"."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import views
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy

from liangcheng.accounts.forms import ChangePasswordForm, SignInForm
from liangcheng.common.context import SITE_NAME


class SignInView(views.LoginView):
    template_name = "accounts/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True
    # Django would put the host's name there.
    extra_context = {"site_name": SITE_NAME}


class ChangePasswordView(views.PasswordChangeView):
    template_name = "accounts/password_change.html"
    form_class = ChangePasswordForm
    success_url = reverse_lazy("accounts:me")

    def form_valid(self, form: ChangePasswordForm) -> HttpResponse:  # type: ignore[override]
        messages.success(self.request, "密码已修改。")
        return super().form_valid(form)


@login_required
def me(request: HttpRequest) -> HttpResponse:
    """我的: account, current postings, stand-ins both ways, password, sign-out."""
    # By the reverse names: accounts stands below grids and must not import it.
    user: Any = request.user
    postings = user.postings.current().select_related("grid", "department").order_by("grid__level", "pk")
    context = {
        "postings": postings,
        "stand_ins": user.stand_ins.upcoming().select_related("stand_in"),
        "stands_in_for": user.stands_in_for.upcoming().select_related("user"),
    }
    return render(request, "accounts/me.html", context)
