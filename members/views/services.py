"""志愿服务: the grid's list and its confirming, one's own, and the form for one or several people."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Case, Count, IntegerField, Q, QuerySet, Sum, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from grids.authority import runs_desk
from grids.models import Grid
from liangcheng.accounts.current import signed_in
from liangcheng.accounts.models import User
from liangcheng.common.exceptions import DomainError, NotPermitted
from liangcheng.common.paging import with_params
from liangcheng.common.web import all_errors, refuse
from members import services
from members.access import log_list
from members.casework import casework
from members.choices import AccessKind, ServiceKind, ServiceState
from members.models import PartyMember, ResidentContact, ServiceRecord
from members.roll import Individual, Ref, may_enter_for, named, own_people, ref_of, ref_of_token
from members.service_forms import DeedForm, ReasonForm, ServiceFilterSet, ServiceForm
from members.service_sheet import MOST_ROWS, answer_with

PAGE_SIZE = 30
_FILTERS = ("q", "grid", "state", "kind", "since", "until")
_PEOPLE = ("member", "contact")


def _filtered(request: HttpRequest, user: User) -> tuple[ServiceFilterSet, "QuerySet[Any]", dict[str, Grid]]:
    grids = {grid.code: grid for grid in Grid.objects.visible_to(user).active().in_tree_order()}
    rows = ServiceRecord.objects.visible_to(user).select_related("grid", *_PEOPLE)
    filterset = ServiceFilterSet(request.GET, queryset=rows, request=request)
    filterset.form.grids = grids  # type: ignore[attr-defined]
    return filterset, filterset.qs if filterset.is_valid() else rows.none(), grids


@login_required
def service_list(request: HttpRequest) -> HttpResponse:
    """Those to be confirmed first, then by day. Totals of the whole filtered list."""
    user = signed_in(request)
    filterset, rows, grids = _filtered(request, user)
    waiting_first = Case(When(state=ServiceState.WAITING, then=Value(0)), default=Value(1), output_field=IntegerField())
    page = Paginator(rows.order_by(waiting_first, "-on", "-pk"), PAGE_SIZE).get_page(request.GET.get("page"))
    for row in page.object_list:
        row.may_judge = row.state == ServiceState.WAITING and services.may_judge(user, row)
    context = {
        "page": page,
        "newer": with_params(request.GET, page=page.previous_page_number()) if page.has_previous() else "",
        "older": with_params(request.GET, page=page.next_page_number()) if page.has_next() else "",
        "errors": all_errors(filterset.form) if not filterset.is_valid() else [],
        "given": request.GET,
        "query": with_params(request.GET),
        "totals": totals(rows),
        "unread": _not_readable(filterset, user) if filterset.is_valid() else None,
        "states": ServiceState.choices,
        "kinds": ServiceKind.choices,
        "chips": _state_chips(request),
        "grids": [(grid.code, f"{chr(0x3000) * grid.level}{grid.short_name}") for grid in grids.values()],
        "filtered": any(request.GET.get(name) for name in _FILTERS),
        "to_judge": [row.pk for row in page.object_list if row.may_judge],
        "keeps": runs_desk(user),
    }
    return render(request, "members/service_list.html", context)


def totals(rows: "QuerySet[Any]") -> dict[str, Any]:
    """How many, and how many hours: confirmed and waiting. One statement."""
    return rows.order_by().aggregate(
        number=Count("pk"),
        confirmed=Sum("hours", filter=Q(state=ServiceState.CONFIRMED), default=0),
        waiting=Count("pk", filter=Q(state=ServiceState.WAITING)),
    )


def _not_readable(filterset: ServiceFilterSet, user: User) -> dict[str, Any] | None:
    """Numbers of the records of party members whom the user may not read. None when looking for a name: the number
    of hits would tell who is one.
    """
    if filterset.form.cleaned_data["q"]:
        return None
    hidden = ServiceRecord.objects.countable_by(user).exclude(
        pk__in=ServiceRecord.objects.visible_to(user).values("pk")
    )
    found = totals(filterset.filter_queryset(hidden))
    return found if found["number"] else None


def _state_chips(request: HttpRequest) -> list[tuple[str, str, bool]]:
    chosen = request.GET.get("state", "")
    rest = request.GET.copy()
    for name in ("page", "state"):
        rest.pop(name, None)
    chips = [("全部", with_params(rest), not chosen)]
    return chips + [(label, with_params(rest, state=value), value == chosen) for value, label in ServiceState.choices]


@login_required
def service_export(request: HttpRequest) -> HttpResponse:
    """The filtered list as a sheet; who took how many rows is written down."""
    user = signed_in(request)
    filterset, rows, _ = _filtered(request, user)
    if not filterset.is_valid():
        return redirect(f"{request.path.removesuffix('export/')}{with_params(request.GET)}")
    found = list(
        rows.select_related("grid", "entered_by", "confirmed_by", *_PEOPLE).order_by("-on", "-pk")[: MOST_ROWS + 1]
    )
    if len(found) > MOST_ROWS:
        return refuse(request, DomainError("too_many", f"超过 {MOST_ROWS} 条，请先用日期或网格缩小范围再导出。"))
    log_list(user, AccessKind.EXPORTED, ServiceRecord, len(found))  # type: ignore[arg-type]
    return answer_with(found, user)


@login_required
@require_POST
def service_confirm(request: HttpRequest) -> HttpResponse:
    """Confirm the rows that are ticked, or all that the page showed (`all`), each through the rule; what was refused is
    told with its reason.
    """
    user = signed_in(request)
    given = request.POST.get("all", "").split(",") if "all" in request.POST else request.POST.getlist("record")
    ticked = [int(pk) for pk in given if pk.isascii() and pk.isdigit() and len(pk) < 19]
    done, refused = 0, dict[str, int]()
    for pk in dict.fromkeys(ticked[:PAGE_SIZE]):
        try:
            services.confirm_service(actor=user, record_id=pk)
            done += 1
        except DomainError as error:
            refused[error.message] = refused.get(error.message, 0) + 1
    if done:
        messages.success(request, f"已确认 {done} 条。")
    for reason, number in refused.items():
        messages.warning(request, f"{number} 条没有确认：{reason}")
    if not ticked:
        messages.warning(request, "请先勾选要确认的记录。")
    return redirect(f"{request.path.removesuffix('confirm/')}{with_params(request.GET)}")


@login_required
def service_mine(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    mine = ServiceRecord.objects.own(user)
    year = timezone.localdate().year
    rows = Paginator(mine.select_related("grid").order_by("-on", "-pk"), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": rows,
        "newer": with_params(request.GET, page=rows.previous_page_number()) if rows.has_previous() else "",
        "older": with_params(request.GET, page=rows.next_page_number()) if rows.has_next() else "",
        "year": year,
        "this_year": totals(mine.filter(on__year=year)),
        "people": own_people(user),
    }
    return render(request, "members/service_mine.html", context)


@login_required
def service_new(request: HttpRequest) -> HttpResponse:
    """For oneself (`?person=me`), for one person that the page was opened for, or for several by name."""
    user = signed_in(request)
    chosen = (request.POST if request.method == "POST" else request.GET).get("person", "")
    people = _people(user, chosen)
    if chosen and not people:
        return refuse(request, NotPermitted("no_record", "没有关联的党员或居民骨干档案，请联系所在网格登记。"))
    form = ServiceForm(request.POST or None, fixed=bool(people), case=bool(Grid.objects.visible_to(user).exists()))
    if form.is_valid():
        try:
            rows = _record(user, form, people)
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, f"已登记 {len(rows)} 条志愿服务，待所在网格确认。")
            return redirect("members:service_mine" if chosen == "me" else "members:service_list")
    return render(request, "members/service_new.html", {"form": form, "chosen": chosen, "people": people})


def _people(user: User, chosen: str) -> list[Individual]:
    """Whom the page is for. Raises Http404 for somebody whom the user may not read or enter for."""
    if chosen == "me":
        return own_people(user)[:1]
    ref = ref_of_token(chosen)
    if ref is None:
        return []
    model: Any = PartyMember if ref.is_member else ResidentContact
    found = model.objects.visible_to(user).active().filter(pk=ref.pk).order_by().first()
    if found is None or not may_enter_for(user, found):
        raise Http404
    return [found]


def _record(user: User, form: ServiceForm, people: list[Individual]) -> list[ServiceRecord]:
    refs: list[Ref] = [ref_of(person) for person in people] or named(user, form.cleaned_data["names"])
    number = form.cleaned_data.get("case_number")
    return services.record_service(
        actor=user,
        people=refs,
        deed=form.deed(),
        case_id=casework().find(user, number) if number else None,
        sure=form.cleaned_data["sure"],
    )


def _reachable(user: User, pk: int) -> ServiceRecord:
    rows = ServiceRecord.objects.reachable_by(user).select_related(
        "grid", "entered_by", "confirmed_by", "offer", *_PEOPLE
    )
    row = rows.filter(pk=pk).order_by().first() if pk < 2**63 else None
    if row is None:
        raise Http404
    return row


@login_required
def service_detail(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    return _show(request, user, _reachable(user, pk), ReasonForm())


def _show(request: HttpRequest, user: User, row: ServiceRecord, form: ReasonForm) -> HttpResponse:
    judges = services.may_judge(user, row)
    open_states = {ServiceState.WAITING, ServiceState.REFUSED}
    context = {
        "row": row,
        "form": form,
        "own": row.person.user_id == user.pk,
        "number": casework().numbers(user, [row.case_id]).get(row.case_id, "") if row.case_id else "",
        "may_judge": judges and row.state == ServiceState.WAITING,
        "may_withdraw": judges and row.state == ServiceState.CONFIRMED,
        "may_correct": row.state in open_states and services.may_correct(user, row),
        "history": list(row.history.select_related("history_user").order_by("-history_date", "-history_id")[:30]),  # type: ignore[attr-defined]
    }
    return render(request, "members/service_detail.html", context)


_ACTS = {
    "confirm": (services.confirm_service, False, "已确认。"),
    "refuse": (services.refuse_service, True, "已登记为不予确认。"),
    "withdraw": (services.withdraw_confirmation, True, "已撤销确认，这条记录重新待确认。"),
}


@login_required
@require_POST
def service_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    user = signed_in(request)
    row = _reachable(user, pk)
    if act not in _ACTS:
        raise Http404
    rule, with_reason, done = _ACTS[act]
    form = ReasonForm(request.POST)
    if with_reason and not form.is_valid():
        return _show(request, user, row, form)
    reason = {"reason": form.cleaned_data["reason"]} if with_reason else {}
    try:
        rule(actor=user, record_id=pk, expected_version=_version(request), **reason)  # type: ignore[operator]
    except NotPermitted as error:
        return refuse(request, error)
    except DomainError as error:
        form.is_valid()
        form.refuse(error)
        return _show(request, user, _reachable(user, pk), form)
    messages.success(request, done)
    return redirect("members:service_detail", pk)


@login_required
def service_correct(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    row = _reachable(user, pk)
    initial = {"on": row.on, "hours": row.hours.normalize(), "kind": row.kind, "what": row.what}
    form = DeedForm(request.POST or None, initial=initial)
    if form.is_valid():
        try:
            services.correct(
                actor=user,
                record_id=pk,
                deed=form.deed(),
                expected_version=_version(request),
                sure=form.cleaned_data["sure"],
            )
        except NotPermitted as error:
            return refuse(request, error)
        except DomainError as error:
            form.refuse(error)
            row = _reachable(user, pk)
        else:
            messages.success(request, "已更正，待所在网格确认。")
            return redirect("members:service_detail", pk)
    return render(request, "members/service_correct.html", {"row": row, "form": form})


def _version(request: HttpRequest) -> int:
    given = request.POST.get("version", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0
