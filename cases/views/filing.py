"""上报: file a case, in under a minute."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from cases.choices import PhotoKind
from cases.filing import ReportForm
from cases.forms import read_photos
from cases.models import Case
from cases.photos import Photo
from cases.places import located, path_text
from cases.views.common import idempotency
from cases.workflow import discover, may_discover
from liangcheng.accounts.current import signed_in
from liangcheng.accounts.models import User
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted
from liangcheng.common.text import normalize
from liangcheng.common.web import refuse
from members.addresses import Address, parse_address


@login_required
def new_case(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    if not may_discover(user):
        return refuse(request, NotPermitted("not_permitted", "您目前没有可上报案件的岗位，请联系街道管理员。"))
    if request.method != "POST":
        # A grid's page offers to file there.
        return _show(request, ReportForm(user=user, initial={"grid_code": request.GET.get("grid", "")}))
    form = ReportForm(request.POST, request.FILES, user=user)
    case = _file(request, form, user) if form.is_valid() else None
    if case is None:
        return _show(request, form)
    messages.success(request, f"已上报，案件编号 {case.number}，现在由“{case.handling_grid.short_name}”办理。")
    return redirect(f"{reverse('cases:detail', args=[case.number])}?done=new")


def _file(request: HttpRequest, form: ReportForm, user: User) -> Case | None:
    """The filed case; None when it was refused, with the reason in the form."""
    try:
        photos = _photos(form)
        files = [file for name in request.FILES for file in request.FILES.getlist(name)]
        key = idempotency(form.cleaned_data["key"], request.POST, files)
        return discover(actor=user, report=form.report(), photos=photos, idempotency=key)
    except DomainError as error:
        if form.errors:
            return None
        if error.code == "idempotency_key_reused":
            form.data = request.POST.copy()
            form.data["key"] = ""
            form.add_error(None, "这张表刚才已经提交成功，请先在“我上报的”里查看。确实要再报一件的，请再点一次“上报”。")
            return None
        form.refuse(error, "result_photos" if error.code == "missing_photo" else "photos")
        return None


def _photos(form: ReportForm) -> list[Photo]:
    """Both kinds, read; a picture that is none is told at its own field. Raises InvalidInput."""
    photos = read_photos(form.cleaned_data["photos"], PhotoKind.BEFORE)
    if not form.cleaned_data["resolved_on_spot"]:
        return photos
    try:
        return photos + read_photos(form.cleaned_data["result_photos"], PhotoKind.AFTER)
    except InvalidInput as error:
        form.refuse(error, "result_photos")
        raise


def _show(request: HttpRequest, form: ReportForm) -> HttpResponse:
    context = {
        "form": form,
        "roads": form.roads(),
        "photos_lost": form.is_bound and bool(request.FILES),
        "photo_count": sum(len(request.FILES.getlist(name)) for name in request.FILES),
    }
    return render(request, "cases/new.html", context)


@login_required
def locate(request: HttpRequest) -> HttpResponse:
    """Which grid an address belongs to: a fragment for the form, while it is typed."""
    road, lane, number = (normalize(request.GET.get(name, ""))[:60] for name in ("road", "lane", "number"))
    address = Address(road, lane.rstrip("弄"), number.rstrip("号")) if lane or number else parse_address(road)
    grid = located(signed_in(request), address)
    chosen = request.GET.get("grid_code", "")
    context = {
        "address": str(address) if address.lane or address.number else "",
        "grid": grid,
        "path": path_text(grid) if grid else "",
        "elsewhere": bool(grid and chosen and chosen not in _codes_above(grid)),
    }
    return render(request, "cases/_located.html", context)


def _codes_above(grid: "object") -> set[str]:
    """Codes of the grid and of all above it."""
    above = (getattr(grid, name) for name in ("community", "area", "neighborhood", "micro_unit"))
    return {each.code for each in above if each is not None}
