"""Pages of venues: list, one venue, entering and changing by the desk, naming the 主阵地."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from grids.authority import runs_desk
from liangcheng.accounts.current import signed_in
from liangcheng.accounts.models import User
from liangcheng.common.exceptions import DomainError, NotPermitted
from liangcheng.common.web import refuse
from members.choices import VenueKind
from members.filters import VenueFilterSet
from members.models import Venue
from members.register_forms import ConfirmForm, VenueForm
from members.revealing import has_contacts, may_reveal
from members.venues import main_venue, save_venue, set_main_venue, unset_main_venue
from members.views.acting import ActPage, done, edit_page, perform, reveal_page
from members.views.common import path_of, sees, visible
from members.views.listing import RegisterPage, show_list

_VENUES = RegisterPage(
    Venue,
    VenueFilterSet,
    "members/venue_list.html",
    VenueKind,
    order=("-is_main", "grid__code", "name_pinyin", "pk"),
    selects=(("main", "主阵地", (("true", "主阵地"), ("false", "一般阵地"))),),
    add="members:venue_add",
)


@login_required
def venue_list(request: HttpRequest) -> HttpResponse:
    return show_list(request, _VENUES)


@login_required
def venue_detail(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    venue = visible(user, Venue, "unit", pk=pk)
    may_edit = runs_desk(user, venue)
    context = {
        "venue": venue,
        "path": path_of(venue),
        "sees_unit": sees(user, venue.unit),
        "may_edit": may_edit,
        "may_set_main": may_edit and venue.neighborhood is not None and runs_desk(user, venue.neighborhood),
        "may_reveal": has_contacts(venue) and may_reveal(user, venue),
    }
    return render(request, "members/venue_detail.html", context)


def _address(venue: Any) -> str:
    return reverse("members:venue_detail", args=[venue.pk])


def _save(user: Any, pk: int | None, values: dict[str, Any], seen: str | None) -> Venue:
    return save_venue(actor=user, venue_id=pk, values=values, seen=seen)


@login_required
def venue_add(request: HttpRequest) -> HttpResponse:
    page = ActPage("登记阵地", "登记", reverse("members:venue_list"), "返回阵地")
    user = signed_in(request)
    return edit_page(request, VenueForm, _save, None, page, lambda venue: _main_or_page(user, venue))


def _main_or_page(user: User, venue: Venue) -> str:
    """Where the user's 居民区 has no 主阵地 yet, the new venue is proposed as one."""
    lacking = venue.neighborhood is not None and main_venue(venue.neighborhood_id) is None
    lacking = lacking and runs_desk(user, venue.neighborhood)
    return reverse("members:venue_main", args=[venue.pk]) if lacking else _address(venue)


@login_required
def venue_edit(request: HttpRequest, pk: int) -> HttpResponse:
    venue = visible(signed_in(request), Venue, pk=pk)
    page = ActPage("修改阵地", "保存", _address(venue), f"返回{venue.name}")
    return edit_page(request, VenueForm, _save, venue, page, _address)


@login_required
def venue_reveal(request: HttpRequest, pk: int) -> HttpResponse:
    venue = visible(signed_in(request), Venue, pk=pk)
    return reveal_page(request, venue, "阵地联系人", _address(venue))


@login_required
def venue_main(request: HttpRequest, pk: int) -> HttpResponse:
    """Make it the 主阵地; where there is one, the page offers to put this one in its place."""
    user = signed_in(request)
    venue = visible(user, Venue, pk=pk)
    if not runs_desk(user, venue.neighborhood or venue):
        error = NotPermitted("not_permitted", "主阵地由居民区或上级网格的网格长、联络员、派遣员设定。")
        return refuse(request, error, retry=_address(venue), retry_label="返回阵地")
    form = ConfirmForm(request.POST if request.method == "POST" else None)

    def act(form: ConfirmForm) -> HttpResponse:
        try:
            set_main_venue(actor=user, venue_id=venue.pk, replaces=form.cleaned_data["replaces"])
        except DomainError:
            # Somebody has named another meanwhile: confirming once more is about that one.
            newest = main_venue(venue.neighborhood_id)
            form.data = {"replaces": newest.pk if newest else ""}
            raise
        return done(request, f"“{venue.name}”已设为主阵地。", _address(venue))

    old = main_venue(venue.neighborhood_id)
    old = old if old and old.pk != venue.pk else None
    note = f"现在的主阵地是“{old.name}”，确认后改为一般阵地，由“{venue.name}”接替。" if old else ""
    button = "替换为主阵地" if old else "设为主阵地"
    page = ActPage("设为主阵地", button, _address(venue), f"返回{venue.name}", note)
    form.fields["replaces"].initial = old.pk if old else None
    return perform(request, form, page, act)


@login_required
@require_POST
def venue_unmain(request: HttpRequest, pk: int) -> HttpResponse:
    venue = visible(signed_in(request), Venue, pk=pk)
    try:
        unset_main_venue(actor=signed_in(request), venue_id=venue.pk)
    except DomainError as error:
        return refuse(request, error, retry=_address(venue), retry_label="返回阵地")
    return done(request, "已改为一般阵地。", _address(venue))
