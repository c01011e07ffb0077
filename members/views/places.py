"""Pages of units and buildings."""

from django.contrib.auth.decorators import login_required
from django.db.models.functions import Length
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from liangcheng.accounts.current import signed_in
from members.choices import MemberKind, UnitKind
from members.filters import BuildingFilterSet, UnitFilterSet
from members.models import Building, PartyMember, ResidentUnit
from members.views.common import by_kind, first, path_of, sees, visible
from members.views.listing import RegisterPage, show_list

_UNITS = RegisterPage(ResidentUnit, UnitFilterSet, "members/unit_list.html", UnitKind, order=("code",), name="unit")
_BUILDINGS = RegisterPage(
    Building,
    BuildingFilterSet,
    "members/building_list.html",
    related=("grid", "unit"),
    # 9弄 before 10弄: numbers are text, so the shorter first.
    order=("road", Length("lane"), "lane", Length("number"), "number", "pk"),
    carried=("unit",),
    name="building",
)


@login_required
def unit_list(request: HttpRequest) -> HttpResponse:
    return show_list(request, _UNITS)


@login_required
def unit_detail(request: HttpRequest, code: str) -> HttpResponse:
    user = signed_in(request)
    unit = visible(user, ResidentUnit, code=code)
    buildings, more = first(Building.objects.visible_to(user).active().filter(unit=unit).order_by(*_BUILDINGS.order))
    context = {
        "unit": unit,
        "path": path_of(unit),
        "buildings": buildings,
        "more_buildings": more,
        "member_counts": by_kind(PartyMember.objects.countable_by(user).active().filter(unit=unit), MemberKind.choices),
        "members_query": f"unit={unit.code}",
    }
    return render(request, "members/unit_detail.html", context)


@login_required
def building_list(request: HttpRequest) -> HttpResponse:
    return show_list(request, _BUILDINGS)


@login_required
def building_detail(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    building = visible(user, Building, "unit", pk=pk)
    context = {"building": building, "path": path_of(building), "sees_unit": sees(user, building.unit)}
    return render(request, "members/building_detail.html", context)
