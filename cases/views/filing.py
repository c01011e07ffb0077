"""上报: file a case, in under a minute."""

from collections.abc import Sequence

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from cases.choices import PhotoKind
from cases.duplicates import DAYS
from cases.filing import ReportForm
from cases.forms import read_photos
from cases.models import Case
from cases.photos import Photo
from cases.places import address_in, located, path_text
from cases.views.common import idempotency
from cases.views.similar import alike, followed, join_instead, link_to_followed, to_show_first
from cases.workflow import Idempotency, discover, may_discover
from liangcheng.accounts.current import signed_in
from liangcheng.accounts.models import User
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted
from liangcheng.common.text import normalize
from liangcheng.common.web import refuse
from members.suggestions import Suggestion, chosen, suggest


@login_required
def new_case(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    if not may_discover(user):
        return refuse(request, NotPermitted("not_permitted", "您目前没有可上报案件的岗位，请联系街道管理员。"))
    if request.method != "POST":
        return _show(request, ReportForm(user=user, initial=_initial(request, user)))
    if "find" in request.POST:
        return _search(request, user)
    form = ReportForm(request.POST, request.FILES, user=user)
    if "join" in request.POST:
        return _joined(request, form)
    if not form.is_valid():
        return _show(request, form)
    found = to_show_first(form, _key(request, form))
    case = None if found else _file(request, form, user)
    if case is None:
        return _show(request, form, found)
    link_to_followed(request, case, user, form.cleaned_data["follows"])
    messages.success(request, f"已上报，案件编号 {case.number}，{_where(case)}。")
    return redirect(f"{reverse('cases:detail', args=[case.number])}?done=new")


def _search(request: HttpRequest, user: User) -> HttpResponse:
    """查找, for browsers without the script: the form as it was typed, with what it found to choose from."""
    form = ReportForm(user=user, initial=request.POST.dict())
    # An empty grid has a meaning here: let the address find it.
    if request.POST.get("grid_code") == "":
        form.initial["grid_code"] = ""
    spot = normalize(request.POST.get("spot", ""))
    return _show(request, form, offers=suggest(user, spot), searched=True)


def _initial(request: HttpRequest, user: User) -> dict[str, str]:
    """A grid's page offers to file there, the page of a case that has ended to follow it up."""
    initial = {"grid_code": request.GET.get("grid", "")}
    if number := request.GET.get("follows", ""):
        earlier = followed(user, number)
        if earlier is None:
            messages.warning(request, "没有找到要跟进的案件，将按新案件上报。")
        else:
            initial["follows"] = earlier.number
    return initial


def _where(case: Case) -> str:
    if case.second_grid is None or case.handling_level == case.grid.kind:
        return f"现在由“{case.handling_grid.short_name}”办理"
    sides = f"“{case.grid.short_name}”和“{case.second_grid.short_name}”"
    return f"涉及{sides}，由两边共同的上级“{case.handling_grid.short_name}”办理，两边都能看到"


def _joined(request: HttpRequest, form: ReportForm) -> HttpResponse:
    """我也遇到 instead of a case of one's own. The case page then clears the draft, as after filing."""
    case = join_instead(request, form)
    if case is None:
        return _show(request, form, alike(form.user, request.POST))
    messages.success(request, f"已登记到 {case.number}，没有另立案件：共反映 {case.heat} 次，办结后一并答复。")
    return redirect(f"{reverse('cases:detail', args=[case.number])}?done=new")


def _key(request: HttpRequest, form: ReportForm) -> Idempotency | None:
    files = [file for name in request.FILES for file in request.FILES.getlist(name)]
    return idempotency(form.cleaned_data["key"], request.POST, files)


def _file(request: HttpRequest, form: ReportForm, user: User) -> Case | None:
    """The filed case; None when it was refused, with the reason in the form."""
    try:
        return discover(actor=user, report=form.report(), photos=_photos(form), idempotency=_key(request, form))
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


def _show(
    request: HttpRequest,
    form: ReportForm,
    found: Sequence[Case] = (),
    offers: Sequence[Suggestion] = (),
    searched: bool = False,
) -> HttpResponse:
    """The form; `found`: with these similar cases on top; `offers`: with these units and buildings to choose from."""
    answered = form.is_bound or searched
    context = {
        "form": form,
        "similar": found,
        "days": DAYS,
        "follows": followed(form.user, form["follows"].value() or ""),
        "roads": form.roads(),
        "offers": offers or ([form.picked] if form.picked else []),
        "searched": searched,
        "picked": form.picked.value if form.picked else form["chosen"].value() or "",
        "answered": answered,
        "photos_lost": answered and bool(request.FILES),
        "photo_count": sum(len(request.FILES.getlist(name)) for name in request.FILES),
    }
    return render(request, "cases/new.html", context)


@login_required
def locate(request: HttpRequest) -> HttpResponse:
    """Which grid an address belongs to: a fragment for the form, while it is typed."""
    user = signed_in(request)
    said = {name: normalize(request.GET.get(name, ""))[:60] for name in ("chosen", "spot", "road", "lane", "number")}
    picked = chosen(user, said["chosen"])
    address = address_in(said, picked)
    grid = picked.grid if picked else located(user, address)
    grid_code = request.GET.get("grid_code", "")
    context = {
        "picked": picked,
        "address": str(address) if address.lane or address.number else "",
        "grid": grid,
        "path": picked.path if picked else path_text(grid) if grid else "",
        "elsewhere": bool(grid and grid_code and grid_code not in _codes_above(grid)),
    }
    return render(request, "cases/_located.html", context)


def _codes_above(grid: "object") -> set[str]:
    """Codes of the grid and of all above it."""
    above = (getattr(grid, name) for name in ("community", "area", "neighborhood", "micro_unit"))
    return {each.code for each in above if each is not None}
