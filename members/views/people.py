"""一人一档: a member's page, and entering, correcting, retiring and taking back."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse

from liangcheng.accounts.current import signed_in
from liangcheng.accounts.models import User
from liangcheng.common.exceptions import DomainError, NotPermitted, StaleObject
from liangcheng.common.web import refuse
from members import people
from members.access import keeps_members, log_once_a_day
from members.choices import AccessKind, TransferState
from members.dossier import sections
from members.forms.people import MemberForm, RetireForm
from members.models import PartyMember
from members.sections import resume
from members.views.common import path_of, sees, visible

_RELATED = ("organization", "unit", "user", "merged_into")


@login_required
def member_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """All that is known of a member and all they did, masked. Leaves an OPENED row (once per user, member and day)."""
    user = signed_in(request)
    member = visible(user, PartyMember, *_RELATED, pk=pk)
    if sees_member(user, member.merged_into):
        messages.info(request, "原来的那份档案已经合并到这一份。")
        return redirect("members:member_detail", member.merged_into_id)
    log_once_a_day(user, AccessKind.OPENED, member)
    rows = member.transfers.select_related("from_organization", "to_organization", "from_grid", "grid", "by")
    transfers = list(rows.order_by("-on", "-pk"))
    context = {
        "member": member,
        "path": path_of(member),
        "skills": list(member.skills.values_list("name", flat=True)),
        "sees_organization": sees(user, member.organization),
        "sees_unit": sees(user, member.unit),
        "keeps": keeps_members(user, member) and not (member.merged_into_id or member.erased_at),
        "waiting": next((row for row in transfers if row.state == TransferState.WAITING), None),
        "resume": resume(member, transfers),
        "sections": [
            {"title": section.title, "html": render_to_string(section.template, dict(section.context), request)}
            for section in sections(user, member)
        ],
    }
    return render(request, "members/member_detail.html", context)


def sees_member(user: User, member: PartyMember | None) -> bool:
    """Whether the user may open the page of a member that another row names."""
    return member is not None and PartyMember.objects.visible_to(user).filter(pk=member.pk).exists()


@login_required
def member_new(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    if not keeps_members(user):
        return refuse(request, NotPermitted("not_permitted", people.NOT_PERMITTED))
    form = MemberForm(request.POST if request.method == "POST" else None, user=user)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            made = people.register_member(
                actor=user,
                grid_id=given["grid"],
                organization_id=given["organization"],
                facts=form.facts(),
                confirmed=given["confirmed"],
            )
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, f"已登记：{made.masked_name}。")
            return redirect("members:member_detail", made.pk)
    context = {"form": form, "heading": "登记党员", "back": reverse("members:member_list"), "button": "登记"}
    return render(request, "members/member_form.html", context)


@login_required
def member_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole name and number stand in the form: shown to the desk only, and noted as 查看完整信息."""
    user = signed_in(request)
    member = visible(user, PartyMember, "unit", "user", pk=pk)
    if refused := refusal(user, member):
        return refuse(request, refused, **back_to(member))
    form = MemberForm(request.POST if request.method == "POST" else None, user=user, member=member)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            people.correct_member(
                actor=user, member_id=pk, facts=form.facts(), expected=given["seen"], confirmed=given["confirmed"]
            )
        except StaleObject as error:
            return _stale(request, member, form, error)
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, "已保存。")
            return redirect("members:member_detail", pk)
    log_once_a_day(user, AccessKind.REVEALED, member, reason="修改登记")
    context = {"form": form, "heading": "修改党员登记", "member": member, "button": "保存", "back": _address(member)}
    return render(request, "members/member_form.html", context)


def _stale(request: HttpRequest, member: PartyMember, form: Any, error: DomainError) -> HttpResponse:
    """What was typed stays; the next attempt knows the newest version, which is a tap away to look at."""
    form.refuse(error)
    fresh = form.data.copy()
    fresh["seen"] = people.mark_of(member)
    form.data = fresh
    context = {
        "form": form,
        "heading": "修改党员登记",
        "member": member,
        "button": "仍按我填的保存",
        "back": _address(member),
        "stored": form.stored(),
    }
    return render(request, "members/member_form.html", context, status=error.status)


@login_required
def member_retire(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    member = visible(user, PartyMember, "organization", pk=pk)
    if refused := refusal(user, member):
        return refuse(request, refused, **back_to(member))
    data = request.POST if request.method == "POST" else None
    form = RetireForm(data, initial={"seen": people.mark_of(member)})
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            people.retire_member(
                actor=user,
                member_id=pk,
                reason=given["reason"],
                on=given["on"],
                note=given["note"],
                expected=given["seen"],
            )
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, "已停用。档案和历史记录保留，可以随时恢复使用。")
            return redirect("members:member_detail", pk)
    context = {
        "form": form,
        "member": member,
        "buildings": member.led_buildings.filter(is_active=True).count(),
        "teams": member.teams.count(),
    }
    return render(request, "members/member_retire.html", context)


@login_required
def member_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """A page that asks, and the act."""
    user = signed_in(request)
    member = visible(user, PartyMember, "organization", pk=pk)
    if refused := refusal(user, member):
        return refuse(request, refused, **back_to(member))
    if request.method == "POST":
        try:
            people.restore_member(actor=user, member_id=pk, expected=request.POST.get("seen"))
        except DomainError as error:
            return refuse(request, error, **back_to(member))
        messages.success(request, "已恢复使用。")
        return redirect("members:member_detail", pk)
    return render(request, "members/member_restore.html", {"member": member, "seen": people.mark_of(member)})


def refusal(user: User, member: PartyMember) -> DomainError | None:
    if not keeps_members(user, member):
        return NotPermitted("not_permitted", people.NOT_PERMITTED)
    if member.merged_into_id:
        return DomainError("member_merged", "这份档案已合并到另一份，请在保留的那份上办理。")
    if member.erased_at:
        return DomainError("member_erased", "这位党员的个人信息已应本人要求删除，不能再办理。")
    return None


def _address(member: PartyMember) -> str:
    return reverse("members:member_detail", args=[member.pk])


def back_to(member: PartyMember) -> dict[str, Any]:
    return {"retry": _address(member), "retry_label": "返回档案"}
