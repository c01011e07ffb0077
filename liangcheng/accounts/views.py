"""Sign-in, password and "who am I"."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import views
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.decorators.http import require_POST

from liangcheng.accounts.current import signed_in
from liangcheng.accounts.forms import ChangePasswordForm, ChannelsForm, SignInForm
from liangcheng.common.channels import for_people
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
    """我的: account, current postings, stand-ins both ways, where messages go, password, sign-out."""
    postings = _postings(request)
    return _me(request, postings, _channels_form(request, postings))


@login_required
@require_POST
def channels(request: HttpRequest) -> HttpResponse:
    """Keep what the person wants to get through which channel; a wrong value comes back with the page."""
    postings = _postings(request)
    form = _channels_form(request, postings, request.POST)
    if not form.is_valid():
        return _me(request, postings, form)
    form.save()
    messages.success(request, "接收方式已保存。")
    return redirect("accounts:me")


def _postings(request: HttpRequest) -> list[Any]:
    # By the reverse name: accounts stands below grids and must not import it.
    user: Any = request.user
    return list(user.postings.current().select_related("grid", "department").order_by("grid__level", "pk"))


def _channels_form(request: HttpRequest, postings: list[Any], data: Any = None) -> ChannelsForm:
    user = signed_in(request)
    communities = None if user.is_superuser else {posting.grid.community_id for posting in postings}
    return ChannelsForm(user, for_people(communities), data)


def _me(request: HttpRequest, postings: list[Any], form: ChannelsForm) -> HttpResponse:
    # By the reverse names, as the postings.
    user: Any = request.user
    context = {
        "postings": postings,
        "stand_ins": user.stand_ins.upcoming().select_related("stand_in"),
        "stands_in_for": user.stands_in_for.upcoming().select_related("user"),
        "channels": form,
    }
    return render(request, "accounts/me.html", context)
