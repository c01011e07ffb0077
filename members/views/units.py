"""Pages of units: the list, one unit with all that it is besides, its chair terms."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from grids.authority import may_keep, runs_desk
from liangcheng.accounts.current import signed_in
from liangcheng.common.exceptions import DomainError, NotPermitted
from liangcheng.common.web import refuse
from members import units
from members.choices import MemberKind, Sector, UnitKind
from members.filters import ROLES, UnitFilterSet
from members.models import Building, Nomination, PartyMember, PartyOrganization, ResidentUnit, Venue
from members.reporting_panels import unit_section
from members.revealing import has_contacts, may_reveal
from members.unit_forms import TermForm
from members.views.acting import ActPage, done, perform, reveal_page
from members.views.common import BUILDING_ORDER, by_kind, first, path_of, visible
from members.views.listing import RegisterPage, show_list

_UNITS = RegisterPage(
    ResidentUnit,
    UnitFilterSet,
    "members/unit_list.html",
    UnitKind,
    order=("code",),
    selects=(("role", "角色", ROLES), ("sector", "单位性质", Sector.choices)),
    name="unit",
)


@login_required
def unit_list(request: HttpRequest) -> HttpResponse:
    return show_list(request, _UNITS)


@login_required
def unit_detail(request: HttpRequest, code: str) -> HttpResponse:
    user = signed_in(request)
    unit = visible(user, ResidentUnit, "second_grid", code=code)
    buildings, more = first(Building.objects.visible_to(user).active().filter(unit=unit).order_by(*BUILDING_ORDER))
    today = timezone.localdate()
    offers = unit.is_active and unit.kind != UnitKind.ESTATE
    context = {
        "unit": unit,
        "path": path_of(unit),
        "facts": _facts(unit),
        "reporting": unit_section(user, unit),
        "buildings": buildings,
        "more_buildings": more,
        "organizations": first(PartyOrganization.objects.visible_to(user).active().filter(unit=unit))[0],
        "venues": first(Venue.objects.visible_to(user).active().filter(unit=unit))[0],
        # Of a unit that is seen; the grid of a term is mostly the street, which few serve at.
        "terms": [
            (term, term.starts_on <= today <= term.ends_on) for term in unit.chair_terms.select_related("grid")[:20]
        ],
        "nominations": first(Nomination.objects.visible_to(user).filter(unit=unit).select_related("grid"))[0],
        "member_counts": by_kind(PartyMember.objects.countable_by(user).active().filter(unit=unit), MemberKind.choices),
        "members_query": f"unit={unit.code}",
        "may_reveal": has_contacts(unit) and may_reveal(user, unit),
        "may_keep": may_keep(user, unit),
        # An estate has no people of its own to send.
        "may_set_term": offers and may_keep(user, unit),
        "may_nominate": offers and runs_desk(user),
    }
    return render(request, "members/unit_detail.html", context)


def _facts(unit: ResidentUnit) -> list[tuple[str, Any]]:
    """(label, value) of the facts of its kind that are registered."""
    found = []
    for name in unit.facts:
        shown = getattr(unit, f"get_{name}_display", None)
        value = shown() if shown else getattr(unit, name)
        if name == "property_phone":
            value = unit.masked_property_phone
        found.append((_label(name), value))
    return found


def _label(name: str) -> str:
    field: Any = ResidentUnit._meta.get_field(name)
    return str(field.verbose_name)


def _address(unit: ResidentUnit) -> str:
    return reverse("members:unit_detail", args=[unit.code])


@login_required
def unit_reveal(request: HttpRequest, code: str) -> HttpResponse:
    unit = visible(signed_in(request), ResidentUnit, code=code)
    return reveal_page(request, unit, "单位联系人", _address(unit))


@login_required
def unit_term(request: HttpRequest, code: str) -> HttpResponse:
    """Enter a term as 轮值主席."""
    user = signed_in(request)
    unit = visible(user, ResidentUnit, code=code)
    page = ActPage("登记轮值主席", "登记", _address(unit), f"返回{unit.name}", "同一网格的任期不能重叠。")
    if not may_keep(user, unit):
        error = NotPermitted("not_permitted", "轮值主席由街道或片区的网格长、联络员、派遣员登记。")
        return refuse(request, error, retry=page.back, retry_label="返回单位")
    form = TermForm(request.POST if request.method == "POST" else None, user=user, unit=unit)

    def act(form: TermForm) -> HttpResponse:
        units.set_term(actor=user, unit_id=unit.pk, **form.inputs())
        return done(request, "轮值主席任期已登记。", page.back)

    return perform(request, form, page, act)


@login_required
@require_POST
def unit_term_end(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """End the present term today."""
    user = signed_in(request)
    unit = visible(user, ResidentUnit, code=code)
    try:
        term = units.end_term(actor=user, term_id=pk if unit.chair_terms.filter(pk=pk).exists() else 0)
    except DomainError as error:
        return refuse(request, error, retry=_address(unit), retry_label="返回单位")
    return done(request, f"任期已结束，最后一天是{term.ends_on}。", _address(unit))
