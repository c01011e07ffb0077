"""Pages of the registers: lists with search and filters, and what belongs to what. Read-only, masked, scoped."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet, Value
from django.db.models.functions import Length
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from grids.models import Grid
from grids.scoping import scope_of
from liangcheng.accounts.current import signed_in
from liangcheng.accounts.models import User
from liangcheng.common.paging import with_params
from liangcheng.common.web import all_errors
from members.choices import MemberKind, OrganizationKind, UnitKind
from members.filters import STATES, BuildingFilterSet, MemberFilterSet, OrganizationFilterSet, UnitFilterSet
from members.models import Building, PartyMember, PartyOrganization, ResidentUnit

PAGE_SIZE = 30
# Rows of other registers on a detail page; the rest is one tap away in their own list.
SHOWN = 50
_PATH = ("grid", "community", "area", "neighborhood", "micro_unit")
_LAST_ID = 2**63 - 1


@dataclass(frozen=True)
class Register:
    """What differs between the list pages."""

    model: Any
    filterset: Any
    template: str
    kinds: Any = None
    related: tuple[str, ...] = ("grid",)
    order: tuple[Any, ...] = ("pk",)
    # Filters without a control of their own; they travel with the form.
    carried: tuple[str, ...] = ()


_UNITS = Register(ResidentUnit, UnitFilterSet, "members/unit_list.html", UnitKind, order=("code",))
_BUILDINGS = Register(
    Building,
    BuildingFilterSet,
    "members/building_list.html",
    related=("grid", "unit"),
    # 9弄 before 10弄: numbers are text, so the shorter first.
    order=("road", Length("lane"), "lane", Length("number"), "number", "pk"),
    carried=("unit",),
)
_ORGANIZATIONS = Register(
    PartyOrganization,
    OrganizationFilterSet,
    "members/organization_list.html",
    OrganizationKind,
    related=("grid", "parent"),
    order=("grid__code", "name", "pk"),
)
_MEMBERS = Register(
    PartyMember,
    MemberFilterSet,
    "members/member_list.html",
    MemberKind,
    related=("grid", "organization", "unit"),
    order=("name_pinyin", "pk"),
    carried=("organization", "unit"),
)


def _list(request: HttpRequest, register: Register) -> HttpResponse:
    user = signed_in(request)
    grids = {grid.code: grid for grid in Grid.objects.visible_to(user).active().in_tree_order()}
    rows = register.model.objects.visible_to(user).select_related(*register.related).order_by(*register.order)
    filterset = register.filterset(request.GET, queryset=rows, request=request)
    filterset.form.grids = grids
    valid = filterset.is_valid()
    page = Paginator(filterset.qs if valid else rows.none(), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "newer": with_params(request.GET, page=page.previous_page_number()) if page.has_previous() else "",
        "older": with_params(request.GET, page=page.next_page_number()) if page.has_next() else "",
        "errors": [] if valid else all_errors(filterset.form),
        "given": request.GET,
        "kinds": _kind_chips(request, register),
        "grids": [(grid.code, f"{chr(0x3000) * grid.level}{grid.short_name}") for grid in grids.values()],
        "states": STATES,
        "carried": [(name, request.GET[name]) for name in ("kind", *register.carried) if request.GET.get(name)],
        "filtered": any(request.GET.get(name) for name in ("q", "grid", "state", "kind", *register.carried)),
    }
    return render(request, register.template, context)


def _kind_chips(request: HttpRequest, register: Register) -> list[tuple[str, str, bool]]:
    """(label, address, current) per kind, "全部" first; on their first page."""
    if register.kinds is None:
        return []
    params, chosen = request.GET.copy(), request.GET.get("kind", "")
    params.pop("page", None)
    return [
        (label, with_params(params, kind=value) if value else _without_kind(params), value == chosen)
        for value, label in (("", "全部"), *register.kinds.choices)
    ]


def _without_kind(params: Any) -> str:
    rest = params.copy()
    rest.pop("kind", None)
    return with_params(rest)


def _visible(user: User, model: Any, *related: str, **lookup: Any) -> Any:
    """The one row that the user may see, with its path of grids. Raises Http404."""
    if lookup.get("pk", 0) > _LAST_ID:
        raise Http404
    row = model.objects.visible_to(user).select_related(*_PATH, *related).filter(**lookup).order_by().first()
    if row is None:
        raise Http404
    return row


def _sees(user: User, row: Any) -> bool:
    """Whether a row that another one names may become a link: its page would be 404 outside the user's scope."""
    scope = scope_of(user)
    return row is not None and (scope.everything or any(post.covers(row) for post in scope.territorial))


def _path_of(row: Any) -> list[Grid]:
    """The grids from the street down to the row's own."""
    return [grid for grid in (row.community, row.area, row.neighborhood, row.micro_unit) if grid]


def _first(rows: "QuerySet[Any]") -> tuple[list[Any], bool]:
    """The first SHOWN rows, and whether there are more."""
    found = list(rows[: SHOWN + 1])
    return found[:SHOWN], len(found) > SHOWN


def _by_kind(members: "QuerySet[PartyMember]") -> list[tuple[str, str, int]]:
    """(kind, label, number) of active members: one statement."""
    groups = members.filter(is_active=True).order_by().values("kind").annotate(number=Count(Value(1)))
    counts = Counter({group["kind"]: group["number"] for group in groups})
    return [(kind, label, counts[kind]) for kind, label in MemberKind.choices]


@login_required
def unit_list(request: HttpRequest) -> HttpResponse:
    return _list(request, _UNITS)


@login_required
def unit_detail(request: HttpRequest, code: str) -> HttpResponse:
    user = signed_in(request)
    unit = _visible(user, ResidentUnit, code=code)
    buildings, more = _first(Building.objects.visible_to(user).active().filter(unit=unit).order_by(*_BUILDINGS.order))
    context = {
        "unit": unit,
        "path": _path_of(unit),
        "buildings": buildings,
        "more_buildings": more,
        "member_counts": _by_kind(PartyMember.objects.visible_to(user).filter(unit=unit)),
        "members_query": f"unit={unit.code}",
    }
    return render(request, "members/unit_detail.html", context)


@login_required
def building_list(request: HttpRequest) -> HttpResponse:
    return _list(request, _BUILDINGS)


@login_required
def building_detail(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    building = _visible(user, Building, "unit", pk=pk)
    context = {"building": building, "path": _path_of(building), "sees_unit": _sees(user, building.unit)}
    return render(request, "members/building_detail.html", context)


@login_required
def organization_list(request: HttpRequest) -> HttpResponse:
    return _list(request, _ORGANIZATIONS)


@login_required
def organization_detail(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    organization = _visible(user, PartyOrganization, "parent", pk=pk)
    children, more = _first(
        PartyOrganization.objects.visible_to(user).active().filter(parent=organization).order_by("name", "pk")
    )
    context = {
        "organization": organization,
        "path": _path_of(organization),
        "sees_parent": _sees(user, organization.parent),
        "children": children,
        "more_children": more,
        "member_counts": _by_kind(PartyMember.objects.visible_to(user).filter(organization=organization)),
        "members_query": f"organization={organization.pk}",
    }
    return render(request, "members/organization_detail.html", context)


@login_required
def member_list(request: HttpRequest) -> HttpResponse:
    return _list(request, _MEMBERS)


@login_required
def member_detail(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    member = _visible(user, PartyMember, "organization", "unit", pk=pk)
    context = {
        "member": member,
        "path": _path_of(member),
        "sees_organization": _sees(user, member.organization),
        "sees_unit": _sees(user, member.unit),
    }
    return render(request, "members/member_detail.html", context)
