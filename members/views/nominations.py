"""自我引荐担任网格长: entering for a unit, the list of those that wait, deciding, giving the posting."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from grids.authority import runs_desk
from liangcheng.accounts.current import signed_in
from liangcheng.common.exceptions import NotPermitted
from liangcheng.common.web import refuse
from members import units
from members.models import Nomination, ResidentUnit
from members.revealing import has_contacts, may_reveal
from members.unit_forms import AppointForm, DecisionForm, NominationForm
from members.views.acting import ActPage, done, perform, reveal_page
from members.views.common import SHOWN, first, path_of, sees, visible

_RELATED = ("unit", "entered_by", "decided_by", "user")


@login_required
def nomination_list(request: HttpRequest) -> HttpResponse:
    """Those that wait for somebody, then the latest that are done with."""
    user = signed_in(request)
    waiting, more = first(units.waiting_for(user, "unit", "grid").order_by("pk"))
    waits = {row.pk for row in waiting}
    done_with = Nomination.objects.visible_to(user).select_related("unit", "grid").order_by("-pk")
    context = {
        "waiting": waiting,
        "more_waiting": more,
        "done_with": [row for row in done_with[: 2 * SHOWN] if row.pk not in waits][:SHOWN] if not more else [],
        "may_nominate": runs_desk(user),
    }
    return render(request, "members/nomination_list.html", context)


@login_required
def unit_nominate(request: HttpRequest, code: str) -> HttpResponse:
    """The desk enters that the unit offers one of its people as 网格长."""
    user = signed_in(request)
    unit = visible(user, ResidentUnit, code=code)
    back = reverse("members:unit_detail", args=[unit.code])
    if not runs_desk(user):
        error = NotPermitted("not_permitted", "自荐由该网格或上级网格的网格长、联络员、派遣员代为登记。")
        return refuse(request, error, retry=back, retry_label="返回单位")
    note = "登记后由上一级网格审核；同意后岗位由街道授予。"
    page = ActPage("自荐担任网格长", "登记", back, f"返回{unit.name}", note)
    form = NominationForm(request.POST if request.method == "POST" else None, user=user, unit=unit)

    def act(form: NominationForm) -> HttpResponse:
        row = units.nominate(actor=user, unit_id=unit.pk, **form.inputs())
        return done(request, "自荐已登记，等待上一级网格审核。", _address(row))

    return perform(request, form, page, act)


@login_required
def nomination_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What is offered, and the step that this user may take: decide, or give the posting."""
    user = signed_in(request)
    row = visible(user, Nomination, *_RELATED, pk=pk)
    page = ActPage(
        "自荐网格长", "确认", reverse("members:nomination_list"), "自荐网格长", template="members/nomination.html"
    )
    form, act = _step(request, user, row)
    more: dict[str, Any] = {
        "nomination": row,
        "path": path_of(row),
        "sees_unit": sees(user, row.unit),
        "may_reveal": has_contacts(row) and may_reveal(user, row),
        "is_own": row.entered_by_id == user.pk,
    }
    return perform(request, form, page, act, **more)


def _step(request: HttpRequest, user: Any, row: Nomination) -> tuple[Any, Any]:
    """The form of the next step, and its act. A POST that the user may not make meets the rule and its reason."""
    data = request.POST if request.method == "POST" else None
    if row.state == "ACCEPTED" and (data is not None or units.may_appoint(user, row)):

        def give(form: AppointForm) -> HttpResponse:
            account = form.cleaned_data["user"]
            units.appoint(actor=user, nomination_id=row.pk, user_id=account.pk)
            return done(request, "岗位已授予，即日起生效。", _address(row))

        return AppointForm(data, user=user), give

    def decide(form: DecisionForm) -> HttpResponse:
        found = units.decide_nomination(actor=user, nomination_id=row.pk, **form.inputs())
        given = "，岗位已授予" if found.user_id else ""
        return done(request, f"已审核：{found.get_state_display()}{given}。", _address(row))

    if data is not None or (row.state == "WAITING" and units.may_decide(user, row)):
        return DecisionForm(data, user=user, nomination=row), decide
    return None, decide


@login_required
def nomination_reveal(request: HttpRequest, pk: int) -> HttpResponse:
    row = visible(signed_in(request), Nomination, pk=pk)
    return reveal_page(request, row, "自荐人选", _address(row))


def _address(row: Nomination) -> str:
    return reverse("members:nomination_detail", args=[row.pk])
