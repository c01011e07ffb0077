"""报到链接 for the desk: made, printed as a poster with a QR code, stopped."""

from datetime import timedelta
from io import BytesIO

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from grids.authority import desk_condition, runs_desk
from liangcheng.accounts.current import signed_in
from liangcheng.common.exceptions import DomainError, NotPermitted
from liangcheng.common.web import add_refusal, refuse
from members import links
from members.choices import RegistrationKind
from members.models import RegistrationLink
from members.reporting_forms import LinkForm
from members.views.common import first


@login_required
@never_cache
def link_list(request: HttpRequest) -> HttpResponse:
    """The links of the desk's grids, and the form for a new one."""
    user = signed_in(request)
    if not runs_desk(user):
        return refuse(request, NotPermitted("not_permitted", "报到链接由网格长、联络员或派遣员管理。"))
    usual = timezone.localdate() + timedelta(days=links.USUAL_DAYS)
    form = LinkForm(request.POST if request.method == "POST" else None, user=user, initial={"expires_on": usual})
    if request.method == "POST" and form.is_valid():
        try:
            made = links.create_link(actor=user, **form.inputs())
        except DomainError as error:
            add_refusal(form, error)
        else:
            messages.success(request, "链接已建立，可以打印海报或复制地址发给单位。")
            return redirect("members:link_poster", made.pk)
    rows = RegistrationLink.objects.visible_to(user).filter(desk_condition(user)).select_related("grid", "created_by")
    found, more = first(rows.order_by("-pk"))
    today = timezone.localdate()
    context = {"form": form, "links": [(link, _state(link, today)) for link in found], "more": more}
    return render(request, "members/link_list.html", context)


def _state(link: RegistrationLink, today: object) -> str:
    if link.revoked_at:
        return "已停用"
    return "已到期" if link.expires_on < today else ""  # type: ignore[operator]


@login_required
@require_POST
def link_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        links.revoke_link(actor=signed_in(request), link_id=pk)
    except DomainError as error:
        return refuse(request, error)
    messages.success(request, "链接已停用，扫码的人会看到“链接已失效”。海报请及时取下。")
    return redirect("members:link_list")


@login_required
@never_cache
@require_safe
def link_poster(request: HttpRequest, pk: int) -> HttpResponse:
    """An A4 page to hang up."""
    try:
        link = links.own_link(signed_in(request), pk)
    except DomainError as error:
        return refuse(request, error)
    context = {
        "link": link,
        "address": address_of(request, link),
        "state": _state(link, timezone.localdate()),
        "is_unit": link.kind == RegistrationKind.UNIT,
    }
    return render(request, "members/link_poster.html", context)


@login_required
@never_cache
@require_safe
def link_qr(request: HttpRequest, pk: int) -> HttpResponse:
    """The QR code as a picture of its own: inline it would need styles that the CSP refuses."""
    import segno  # only posters need it

    try:
        link = links.own_link(signed_in(request), pk)
    except DomainError as error:
        return refuse(request, error)
    picture = BytesIO()
    code = segno.make(f"{address_of(request, link)}?qr", error="m", micro=False)
    code.save(picture, kind="svg", scale=8, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None)
    return HttpResponse(picture.getvalue(), content_type="image/svg+xml")


def address_of(request: HttpRequest, link: RegistrationLink) -> str:
    """The address that people open: under SITE_URL, where the office has one outside; else as this page was asked."""
    path = reverse("members:register", args=[link.token])
    return f"{settings.SITE_URL.rstrip('/')}{path}" if settings.SITE_URL else request.build_absolute_uri(path)
