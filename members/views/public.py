"""报到页: /r/<token>/, for anybody who has the link or scans the poster. The only page without signing in (ADR 0015).

It shows the grid's name and nothing else of the registry, and answers the same whether somebody is known or not.
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from liangcheng.common.client_address import client_address
from liangcheng.common.exceptions import DomainError, NotVisible
from liangcheng.common.web import add_refusal
from members import reporting
from members.choices import RegistrationKind, RegistrationSource
from members.flood import TooMany
from members.links import open_link
from members.models import RegistrationLink
from members.reporting_forms import PublicForm

_RECEIPT = "receipt"
_RECEIPT_SECONDS = 30 * 60


@never_cache
@sensitive_post_parameters()
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest, token: str) -> HttpResponse:
    """The form; sent, the way to the receipt."""
    link = open_link(token)
    if link is None:
        return _gone(request)
    form = PublicForm(request.POST if request.method == "POST" else None, kind=link.kind)
    if request.method != "POST" or not form.is_valid():
        return _show(request, link, form)
    try:
        number = _take(request, link, form)
    except NotVisible:
        return _gone(request)
    except DomainError as error:
        add_refusal(form, error)
        return _show(request, link, form, status=429 if isinstance(error, TooMany) else 200)
    response = redirect("members:register_done", token)
    # Not in the address, and no session: a receipt is shown to this browser for half an hour.
    response.set_signed_cookie(
        _RECEIPT, number, max_age=_RECEIPT_SECONDS, path=f"/r/{token}/", httponly=True, samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip
    return _plain(response)


def _take(request: HttpRequest, link: RegistrationLink, form: PublicForm) -> str:
    address = client_address(request)
    if form.cleaned_data["homepage"]:
        return reporting.swallow(token=link.token, address=address)
    registration = reporting.submit(
        token=link.token,
        given=form.given(),
        source=RegistrationSource.QR if "qr" in request.GET else RegistrationSource.LINK,
        address=address,
        nonce=form.cleaned_data["nonce"],
    )
    return registration.number


@never_cache
@require_safe
def register_done(request: HttpRequest, token: str) -> HttpResponse:
    """Thanks, and the receipt number; later only the thanks."""
    link = open_link(token)
    if link is None:
        return _gone(request)
    number = request.get_signed_cookie(_RECEIPT, default="", max_age=_RECEIPT_SECONDS)
    return _plain(render(request, "members/register_done.html", {"link": link, "number": number}))


def _show(request: HttpRequest, link: RegistrationLink, form: PublicForm, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        "link": link,
        "form": form,
        "is_unit": link.kind == RegistrationKind.UNIT,
        "keep_days": settings.REGISTRATION_KEEP_DAYS,
    }
    return _plain(render(request, "members/register.html", context, status=status))


def _gone(request: HttpRequest) -> HttpResponse:
    """Unknown, stopped and expired links look the same."""
    return _plain(render(request, "members/register_gone.html", status=404))


def _plain(response: HttpResponse) -> HttpResponse:
    # Not no-referrer: browsers then send "Origin: null", and Django's check against forged forms refuses it.
    response["Referrer-Policy"] = "same-origin"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


register.csrf_advice = (  # type: ignore[attr-defined]
    "页面打开太久，或浏览器没有保存必要的信息（Cookie）。请返回上一页刷新后重新提交；在微信里反复不成功的，请用手机浏览器打开。"
)
