"""转接: the form, the to-do list of both desks, and one transfer with what may be done about it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from liangcheng.accounts.current import signed_in
from liangcheng.accounts.models import User
from liangcheng.common.exceptions import DomainError, NotPermitted
from liangcheng.common.paging import page_of
from liangcheng.common.web import refuse
from members import transfers
from members.access import keeps_members, reads_members
from members.choices import TransferState
from members.forms.people import ReasonForm, TransferForm
from members.models import PartyMember, Transfer
from members.views.common import visible
from members.views.people import back_to, refusal, sees_member

_RELATED = ("member", "from_organization", "to_organization", "from_grid", "grid", "by")
_PAGE = 30
_TABS = (("waiting", "待我接收"), ("sent", "待对方接收"), ("over", "已办结"))
_DONE = {"accept": "已接收，档案已转入。", "refuse": "已退回，对方能看到原因。", "cancel": "已撤回，档案保持原样。"}


@login_required
def member_transfer(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    member = visible(user, PartyMember, "organization", "user", pk=pk)
    if refused := refusal(user, member):
        return refuse(request, refused, **back_to(member))
    form = TransferForm(request.POST if request.method == "POST" else None, member=member)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            made = transfers.transfer(
                actor=user,
                member_id=pk,
                to_organization_id=given["organization"],
                to_grid_code=given["grid"],
                on=given["on"],
                reason=given["reason"],
                expected=given["seen"],
            )
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, _said(made))
            # Where they went may be out of the actor's sight only after somebody there has taken them.
            return redirect("members:member_detail", pk)
    context = {"form": form, "member": member, "today": timezone.localdate()}
    return render(request, "members/member_transfer.html", context)


def _said(made: Transfer) -> str:
    if made.state == TransferState.DONE:
        return "转接已完成。"
    return "已提出，等对方接收；接收以前党员仍在原网格、原党组织。"


@login_required
@require_safe
def transfer_list(request: HttpRequest) -> HttpResponse:
    """待我接收, 待对方接收, 已办结, of what the user may see."""
    user = signed_in(request)
    if not reads_members(user):
        return refuse(request, NotPermitted("not_permitted", "党员转接须有党员名册的查阅权。"))
    tabs = _tabs(user)
    chosen = request.GET.get("tab", "")
    chosen = chosen if chosen in tabs else "waiting"
    page = page_of(tabs[chosen].select_related(*_RELATED), request.GET, _PAGE)
    context = {
        "page": page,
        "tabs": [(name, label, name == chosen) for name, label in _TABS],
        "chosen": chosen,
    }
    return render(request, "members/transfer_list.html", context)


def _tabs(user: User) -> dict[str, Any]:
    rows = Transfer.objects.visible_to(user)
    mine = rows.awaiting(user)
    return {
        "waiting": mine,
        "sent": rows.waiting().exclude(pk__in=mine.order_by().values("pk")),
        "over": rows.exclude(state=TransferState.WAITING),
    }


@login_required
def transfer_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One transfer; POST with `act` accept, refuse or cancel."""
    user = signed_in(request)
    row = visible(user, Transfer, *_RELATED, "decided_by", pk=pk)
    act = request.POST.get("act", "")
    form = ReasonForm(request.POST if act in {"refuse", "cancel"} else None)
    if request.method == "POST" and (act == "accept" or form.is_valid()):
        try:
            _ACTS.get(act, _unknown)(user, pk, form)
        except DomainError as error:
            if error.field is None:
                return refuse(request, error)
            form.add_error(error.field, error.message)
        else:
            messages.success(request, _DONE[act])
            return redirect("members:transfer_list")
    context = {
        "row": row,
        "form": form,
        "act": act,
        "waits": row.state == TransferState.WAITING,
        "may_accept": transfers.may_accept(user, row),
        "may_refuse": transfers.may_refuse(user, row),
        "may_cancel": keeps_members(user, row.from_grid),
        "sees_member": sees_member(user, row.member),
    }
    return render(request, "members/transfer_detail.html", context)


def _accept(user: User, pk: int, form: ReasonForm) -> None:
    transfers.accept_transfer(actor=user, transfer_id=pk)


def _refuse(user: User, pk: int, form: ReasonForm) -> None:
    transfers.refuse_transfer(actor=user, transfer_id=pk, reason=form.cleaned_data["reason"])


def _cancel(user: User, pk: int, form: ReasonForm) -> None:
    transfers.cancel_transfer(actor=user, transfer_id=pk, reason=form.cleaned_data["reason"])


def _unknown(user: User, pk: int, form: ReasonForm) -> None:
    raise DomainError("unknown_act", "页面不完整，请重新打开再办理。")


_ACTS: dict[str, Callable[[User, int, ReasonForm], None]] = {
    "accept": _accept,
    "refuse": _refuse,
    "cancel": _cancel,
}
