"""The list page that every register has: search, filters, pages. Read-only, masked, scoped."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from grids.authority import runs_desk
from grids.models import Grid
from grids.scoping import scope_of
from liangcheng.accounts.current import signed_in
from liangcheng.accounts.models import User
from liangcheng.common.paging import with_params
from liangcheng.common.web import all_errors
from members.coverage import GAPS
from members.filters import STATES
from members.models import PartyMember
from members.sheets import sheet_of
from members.views.mending import form_of

PAGE_SIZE = 30


@dataclass(frozen=True)
class RegisterPage:
    """What differs between the list pages."""

    model: Any
    filterset: Any
    template: str
    kinds: Any = None
    related: tuple[str, ...] = ("grid",)
    order: tuple[Any, ...] = ("pk",)
    # Filters without a control of their own; they travel with the form.
    carried: tuple[str, ...] = ()
    # Filters whose control stands in this register's own page (block `filters`), and what that page needs besides.
    controls: tuple[str, ...] = ()
    more: Callable[[User], dict[str, Any]] | None = None
    # Further filters with a control: (name in the address, label, choices).
    selects: tuple[tuple[str, str, Any], ...] = ()
    # The page on which one is entered, offered to those who run a desk.
    add: str = ""
    # How addresses and members.coverage call the register: unit, building, organization, member.
    name: str = ""

    # The page of each register: an export holds what its page would show.
    of: ClassVar[dict[Any, "RegisterPage"]] = {}

    def __post_init__(self) -> None:
        self.of[self.model] = self


def asked_for(request: HttpRequest, register: RegisterPage, grids: dict[str, Grid]) -> Any:
    """The filters of the address over the rows that the user may see; `grids` are those they see, by code."""
    rows = register.model.objects.visible_to(signed_in(request))
    rows = rows.select_related(*register.related).order_by(*register.order)
    filterset = register.filterset(request.GET, queryset=rows, request=request)
    filterset.form.grids = grids
    return filterset


def seen_grids(request: HttpRequest) -> dict[str, Grid]:
    """The grids that the user sees, by code, in the tree's order."""
    return {grid.code: grid for grid in Grid.objects.visible_to(signed_in(request)).active().in_tree_order()}


def show_list(request: HttpRequest, register: RegisterPage) -> HttpResponse:
    """The rows that the user may see, by what the address asks for; a wrong filter shows its error and no row."""
    user = signed_in(request)
    grids = seen_grids(request)
    filterset = asked_for(request, register, grids)
    valid = filterset.is_valid()
    page = Paginator(filterset.qs if valid else filterset.queryset.none(), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "newer": with_params(request.GET, page=page.previous_page_number()) if page.has_previous() else "",
        "older": with_params(request.GET, page=page.next_page_number()) if page.has_next() else "",
        "errors": [] if valid else all_errors(filterset.form),
        "given": request.GET,
        "kinds": _kind_chips(request, register),
        "grids": [(grid.code, f"{chr(0x3000) * grid.level}{grid.short_name}") for grid in grids.values()],
        "states": STATES,
        "lack": _lack(request, register, page.object_list) if valid else None,
        "carried": [
            (name, request.GET[name]) for name in ("kind", "lacking", *register.carried) if request.GET.get(name)
        ],
        "sheet": _sheet(request, register),
        "selects": [(name, label, choices, request.GET.get(name, "")) for name, label, choices in register.selects],
        "unfolded": any(request.GET.get(name) for name in ("grid", "state", *_names(register))),
        "filtered": any(
            request.GET.get(name)
            for name in ("q", "grid", "state", "kind", "lacking", *register.carried, *_names(register))
        ),
        "no_right": register.model is PartyMember and not scope_of(user).with_party.posts and not user.is_superuser,
        "add_url": reverse(register.add) if register.add and runs_desk(user) else "",
    }
    if register.more:
        context |= register.more(user)
    return render(request, register.template, context)


def _names(register: RegisterPage) -> list[str]:
    return [*register.controls, *(name for name, _, _ in register.selects)]


def _lack(request: HttpRequest, register: RegisterPage, rows: Iterable[Any]) -> dict[str, str] | None:
    """What the rows lack, in words, with the way back to all of them; each row gets where it is mended (`mend`)."""
    wanted = (register.name, request.GET.get("lacking", ""))
    gap = next((gap for gap in GAPS if (gap.register, gap.lacking) == wanted), None)
    if gap is None or not all(wanted):
        return None
    for row in rows:
        row.mend = form_of(request, row)
    rest = request.GET.copy()
    rest.pop("lacking", None)
    rest.pop("page", None)
    return {"label": gap.label, "mended_by": gap.mended_by, "without": with_params(rest)}


def _sheet(request: HttpRequest, register: RegisterPage) -> dict[str, Any] | None:
    """The ways in and out by Excel that the user has here."""
    sheet = sheet_of(register.model)
    if sheet is None:
        return None
    params = request.GET.copy()
    params.pop("page", None)
    user = signed_in(request)
    return {
        "slug": sheet.slug,
        "query": params.urlencode(),
        "may_import": sheet.may_import(user),
        "may_export": sheet.may_export(user),
    }


def _kind_chips(request: HttpRequest, register: RegisterPage) -> list[tuple[str, str, bool]]:
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
