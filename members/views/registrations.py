"""双报到 for the desk: the list, one registration, entering one, and deciding."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Case, IntegerField, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from grids.authority import runs_desk
from grids.models import Grid
from liangcheng.accounts.current import signed_in
from liangcheng.accounts.models import User
from liangcheng.common.exceptions import DomainError, NotPermitted
from liangcheng.common.paging import with_params
from liangcheng.common.web import add_refusal, all_errors, refuse
from members import reporting
from members.choices import RegistrationKind, RegistrationState
from members.confirmation import confirm_member, confirm_unit, matches
from members.filters import RegistrationFilterSet
from members.models import Registration
from members.reporting_forms import ConfirmMemberForm, ConfirmUnitForm, DeskForm, ReasonForm, years
from members.views.common import path_of, sees, visible
from members.views.people import sees_member

PAGE_SIZE = 30
_DETAIL = (
    "unit",
    "organization",
    "member__grid",
    "letter__community",
    "link",
    "entered_by",
    "confirmed_by",
    "closed_by",
)
_ENDINGS = {"refuse": (reporting.refuse, "核实不通过"), "withdraw": (reporting.withdraw, "撤回报到")}
_ENDS_FROM = {
    "refuse": (RegistrationState.WAITING,),
    "withdraw": (RegistrationState.WAITING, RegistrationState.CONFIRMED),
}
# To-do first, then the newest.
_WAITING_FIRST = Case(
    When(state=RegistrationState.WAITING, then=Value(0)), default=Value(1), output_field=IntegerField()
)


@login_required
@require_safe
def registration_list(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    grids = {grid.code: grid for grid in Grid.objects.visible_to(user).active().in_tree_order()}
    rows = Registration.objects.visible_to(user).select_related("grid", "unit").order_by(_WAITING_FIRST, "-pk")
    filterset = RegistrationFilterSet(request.GET, queryset=rows, request=request)
    filterset.form.grids = grids
    valid = filterset.is_valid()
    page = Paginator(filterset.qs if valid else rows.none(), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "newer": with_params(request.GET, page=page.previous_page_number()) if page.has_previous() else "",
        "older": with_params(request.GET, page=page.next_page_number()) if page.has_next() else "",
        "errors": [] if valid else all_errors(filterset.form),
        "given": request.GET,
        "chips": _chips(request),
        "kinds": RegistrationKind.choices,
        "years": years(),
        "grids": [(grid.code, f"{chr(0x3000) * grid.level}{grid.short_name}") for grid in grids.values()],
        "filtered": any(request.GET.get(name) for name in ("q", "grid", "state", "kind", "year")),
        "runs_desk": runs_desk(user),
    }
    return render(request, "members/registration_list.html", context)


def _chips(request: HttpRequest) -> list[tuple[str, str, bool]]:
    """(label, address, current) per state, each on its first page."""
    chosen = request.GET.get("state", "")
    found = []
    for value, label in (("", "全部"), *RegistrationState.choices):
        params = request.GET.copy()
        params.pop("page", None)
        params.pop("state", None)
        found.append((label, with_params(params, **({"state": value} if value else {})), value == chosen))
    return found


@login_required
@never_cache
@require_safe
def registration_detail(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    return _detail(request, user, visible(user, Registration, *_DETAIL, pk=pk))


def _detail(request: HttpRequest, user: User, row: Registration, **more: Any) -> HttpResponse:
    decides = runs_desk(user, row)
    context = {
        "registration": row,
        "path": path_of(row),
        "skills": list(row.skills.values_list("name", flat=True)),
        "decides": decides,
        "waiting": row.state == RegistrationState.WAITING,
        "may_withdraw": decides and row.state in (RegistrationState.WAITING, RegistrationState.CONFIRMED),
        "may_reveal": decides and not row.erased_at,
        "sees_unit": sees(user, row.unit),
        # Not `sees`: a member's page asks for the right to read members where the member is.
        "sees_member": sees_member(user, row.member),
        "steps": _steps(row),
        "reveal_form": ReasonForm(auto_id="reveal_%s"),
        **more,
    }
    return render(request, "members/registration_detail.html", context)


def _steps(row: Registration) -> list[tuple[Any, str, str]]:
    """(when, what, who or by which way) from handing in to telling the unit."""
    steps: list[tuple[Any, str, str]] = [
        (row.registered_at, f"{row.get_source_display()}", str(row.entered_by or "本人"))
    ]
    if row.confirmed_at:
        steps.append((row.confirmed_at, "核实通过", str(row.confirmed_by)))
    if row.closed_at:
        what = f"{row.get_state_display()}" + (f"：{row.reason}" if row.reason else "")
        steps.append((row.closed_at, what, str(row.closed_by)))
    if row.erased_at:
        steps.append((row.erased_at, "个人信息已删除", ""))
    return steps


@login_required
@never_cache
def registration_new(request: HttpRequest) -> HttpResponse:
    """Entered by the desk; ?kind=UNIT for a unit's organization."""
    user = signed_in(request)
    if not runs_desk(user):
        return _desk_only(request)
    kind = RegistrationKind.UNIT if request.GET.get("kind") == RegistrationKind.UNIT else RegistrationKind.MEMBER
    form = DeskForm(request.POST if request.method == "POST" else None, kind=kind, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            made = reporting.enter(actor=user, grid_code=form.cleaned_data["grid"], kind=kind, given=form.given())
        except DomainError as error:
            add_refusal(form, error)
        else:
            messages.success(request, f"已登记，回执号 {made.number}。请核实后确认报到。")
            return redirect("members:registration_detail", made.pk)
    context = {"form": form, "kind": kind, "kinds": RegistrationKind.choices}
    return render(request, "members/registration_new.html", context)


def _desk_only(request: HttpRequest) -> HttpResponse:
    return refuse(request, NotPermitted("not_permitted", "报到由所在网格的网格长、联络员或派遣员办理。"))


@login_required
@never_cache
def registration_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """核实: who or what it is in the register, then 已报到."""
    user = signed_in(request)
    row = visible(user, Registration, "unit", pk=pk)
    if not runs_desk(user, row):
        return _desk_only(request)
    if row.state == RegistrationState.CONFIRMED:
        messages.info(request, "这份报到已经核实通过。")
        return redirect("members:registration_detail", pk)
    data = request.POST if request.method == "POST" else None
    found = matches(user, row)
    is_unit = row.kind == RegistrationKind.UNIT
    form: ConfirmMemberForm | ConfirmUnitForm = (
        ConfirmUnitForm(data, user=user, registration=row)
        if is_unit
        else ConfirmMemberForm(data, user=user, registration=row, found=found)
    )
    if request.method == "POST" and form.is_valid():
        rule = confirm_unit if is_unit else confirm_member
        try:
            rule(actor=user, registration_id=pk, **form.inputs())
        except DomainError as error:
            if error.status == 404:
                return refuse(request, error)
            add_refusal(form, error)
        else:
            messages.success(
                request, f"{row.number} 已核实通过。请及时向{'该单位' if is_unit else '所在单位'}反馈报到结果。"
            )
            return redirect("members:registration_detail", pk)
    context = {"registration": row, "form": form, "is_unit": is_unit, "found": found, "path": path_of(row)}
    return render(request, "members/registration_confirm.html", context)


@login_required
@never_cache
def registration_end(request: HttpRequest, pk: int, ending: str) -> HttpResponse:
    """核实不通过, or 撤回: with the reason."""
    user = signed_in(request)
    row = visible(user, Registration, pk=pk)
    if not runs_desk(user, row):
        return _desk_only(request)
    rule, title = _ENDINGS[ending]
    if row.state not in _ENDS_FROM[ending]:
        messages.warning(request, f"{row.number} 现在是“{row.get_state_display()}”，不用再办理。")
        return redirect("members:registration_detail", pk)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            done = rule(actor=user, registration_id=pk, reason=form.cleaned_data["reason"])
        except DomainError as error:
            if error.field is None:
                return refuse(request, error, typed=[("原因", form.cleaned_data["reason"])])
            add_refusal(form, error)
        else:
            messages.success(request, f"{row.number} 现在是“{done.get_state_display()}”。")
            return redirect("members:registration_detail", pk)
    return render(request, "members/registration_end.html", {"registration": row, "form": form, "title": title})


@login_required
@never_cache
def registration_reveal(request: HttpRequest, pk: int) -> HttpResponse:
    """The page with name and number whole, once, after a reason; logged."""
    user = signed_in(request)
    row = visible(user, Registration, *_DETAIL, pk=pk)
    form = ReasonForm(request.POST or None, auto_id="reveal_%s")
    if request.method != "POST":
        return redirect("members:registration_detail", pk)
    if not form.is_valid():
        return _detail(request, user, row, reveal_form=form)
    try:
        reporting.reveal(actor=user, registration_id=pk, reason=form.cleaned_data["reason"])
    except DomainError as error:
        if error.field is None:
            return refuse(request, error)
        add_refusal(form, error)
        return _detail(request, user, row, reveal_form=form)
    return _detail(request, user, row, whole=True)
