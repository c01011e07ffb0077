"""Filing beside what is there already: similar cases are proposed, 我也遇到 joins one, a follow-up names one."""

from collections.abc import Mapping

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from cases import duplicates
from cases.choices import Act, LinkKind, PhotoKind
from cases.events import already_done
from cases.filing import ReportForm
from cases.forms import read_photos
from cases.models import Case
from cases.places import address_in, located_id
from cases.views.common import idempotency
from cases.workflow import Idempotency, join, link, may_discover
from liangcheng.accounts.current import signed_in
from liangcheng.accounts.models import User
from liangcheng.common.exceptions import DomainError
from liangcheng.common.text import normalize
from members.suggestions import chosen

_LONGEST = 2000
# What 我也遇到 takes from the form; whatever else is wrong there does not matter to it.
_JOINED = {"description", "photos", "reporter_name", "reporter_phone", "reporter_anonymous", "wants_reply", "key"}


@login_required
@require_POST
def similar(request: HttpRequest) -> HttpResponse:
    """What may be the same matter: a fragment for the form, while it is written. By POST, so that no log keeps it."""
    user = signed_in(request)
    return render(request, "cases/_similar.html", {"similar": alike(user, request.POST), "days": duplicates.DAYS})


def alike(user: User, data: Mapping[str, str]) -> list[Case]:
    """The cases to propose for what the form says so far; none for what is confidential or settled already."""
    if not may_discover(user) or data.get("confidential") or data.get("resolved_on_spot"):
        return []
    names = ("category_code", "grid_code", "chosen", "spot", "road", "lane", "number")
    said = {name: normalize(str(data.get(name) or ""))[:60] for name in names}
    picked = chosen(user, said["chosen"])
    address = address_in(said, picked)
    return duplicates.alike(
        user,
        grid_code=said["grid_code"],
        grid_id=picked.grid.pk if picked else located_id(user, address),
        building_id=picked.building.pk if picked and picked.building else None,
        address=address,
        category_code=said["category_code"],
        text=normalize(str(data.get("description", ""))[:_LONGEST]),
    )


def to_show_first(form: ReportForm, key: Idempotency | None) -> list[Case]:
    """Similar cases that the user has not had before their eyes; none on the second tap of what is filed already."""
    found = alike(form.user, form.cleaned_data)
    shown = set(form.cleaned_data["shown"].split(","))
    if all(case.number in shown for case in found):
        return []
    try:
        return [] if already_done(form.user, Act.DISCOVER, key) else found
    except DomainError:
        # The key stands for something else: `discover` says so.
        return []


def join_instead(request: HttpRequest, form: ReportForm) -> Case | None:
    """我也遇到 with what the form holds; None when it was refused, with the reason in the form."""
    form.is_valid()
    for name in set(form.errors) - _JOINED:
        del form.errors[name]
    if not form.cleaned_data.get("description"):
        # To join, nothing need be said.
        form.errors.pop("description", None)
    if form.errors:
        return None
    number = normalize(request.POST["join"])[:20]
    case = Case.objects.visible_to(form.user).filter(number=number).order_by("-pk").first()
    if case is None:
        form.add_error(None, "没有找到这个案件，可能刚刚有变化，请重新选择。")
        return None
    return _join(request, form, case)


def _join(request: HttpRequest, form: ReportForm, case: Case) -> Case | None:
    data = form.cleaned_data
    contact = {} if data["reporter_anonymous"] else {name: data[name] for name in ("reporter_name", "reporter_phone")}
    address = form.whole_address()
    where = f"地点：{address}" if address else ""
    files = [file for name in request.FILES for file in request.FILES.getlist(name)]
    try:
        return join(
            case_id=case.pk,
            actor=form.user,
            text="\n".join(filter(None, (data.get("description", ""), where))),
            wants_reply=data["wants_reply"],
            photos=read_photos(data["photos"], PhotoKind.BEFORE),
            idempotency=idempotency(data["key"], request.POST, files),
            **contact,
        )
    except DomainError as error:
        form.refuse(error)
        return None


def followed(user: User, number: str) -> Case | None:
    """The case that a new one is to follow up, among those the user may see."""
    number = normalize(number)[:20]
    return Case.objects.visible_to(user).filter(number=number).order_by("-pk").first() if number else None


def link_to_followed(request: HttpRequest, case: Case, user: User, number: str) -> None:
    """Make `case` the follow-up of `number`; that it cannot be is told, the case is filed all the same."""
    if not number:
        return
    try:
        link(case_id=case.pk, actor=user, number=number, kind=LinkKind.FOLLOW_UP)
    except DomainError as error:
        if error.code != "already_linked":
            messages.warning(request, f"案件已上报，但没有关联到 {number}：{error.message}")
