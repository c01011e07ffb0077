"""登高计划: per organization with averages, member by member, one member with everything they have climbed."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from liangcheng.accounts.current import signed_in
from liangcheng.accounts.models import User
from liangcheng.common.exceptions import DomainError, NotPermitted
from liangcheng.common.paging import with_params
from liangcheng.common.web import refuse
from members import climbing
from members.access import log_list
from members.choices import AccessKind
from members.climb_forms import FreeItemForm, LevelForm
from members.climb_report import items_of, overview, steps_of
from members.models import ClimbEntry, ClimbItem, PartyMember
from members.views.common import visible

PAGE_SIZE = 30
# One print; a larger organization prints its branches one by one.
_MOST_PRINTED = 500


@login_required
def climb(request: HttpRequest) -> HttpResponse:
    items, lines = overview(signed_in(request))
    context = {
        "items": items,
        "lines": [(line, line.cells(items)) for line in lines],
        "assumed": any(item.assumed for item in items),
    }
    return render(request, "members/climb.html", context)


@login_required
def climb_organization(request: HttpRequest, pk: int) -> HttpResponse:
    """Members × items of an organization and all below it; `?print=1`: for paper, which is written down."""
    user = signed_in(request)
    items, lines = overview(user)
    line = next((each for each in lines if each.organization and each.organization.pk == pk), None)
    if line is None:
        raise Http404
    members = PartyMember.objects.visible_to(user).active().filter(organization__in=line.ids)
    members = members.select_related("organization").order_by("organization__name", "name_pinyin", "pk")
    printed = bool(request.GET.get("print"))
    if printed and line.members > _MOST_PRINTED:
        message = f"超过 {_MOST_PRINTED} 人，请打开下级党组织分别打印。"
        return refuse(request, DomainError("too_many", message))
    page = Paginator(members, _MOST_PRINTED if printed else PAGE_SIZE).get_page(request.GET.get("page"))
    if printed:
        log_list(user, AccessKind.PRINTED, PartyMember, line.members, reason="登高计划")
    context = {
        "organization": line.organization,
        "line": line,
        "cells": line.cells(items),
        "items": items,
        "rows": [
            (member, [(item, level) for item, level in zip(items, levels, strict=True)], free)
            for member, levels, free in steps_of(list(page.object_list), items)
        ],
        "page": page,
        "newer": with_params(request.GET, page=page.previous_page_number()) if page.has_previous() else "",
        "older": with_params(request.GET, page=page.next_page_number()) if page.has_next() else "",
        "printed": printed,
        "today": timezone.localdate(),
    }
    return render(request, "members/climb_organization.html", context)


@login_required
def climb_member(request: HttpRequest, pk: int) -> HttpResponse:
    """One member's steps, the forms that set them, and what was set before."""
    user = signed_in(request)
    member: PartyMember = visible(user, PartyMember, "organization", pk=pk)
    if request.method == "POST":
        return _perform(request, user, member)
    return _show(request, user, member)


def _show(request: HttpRequest, user: User, member: PartyMember, bound: Any = None, **forms: Any) -> HttpResponse:
    """`bound`: (mark of the row, its form) that was refused."""
    items = items_of([member.community_id] if member.community_id else [])
    entries = list(ClimbEntry.objects.filter(member=member, is_active=True).select_related("item"))
    known = {entry.item_id: entry for entry in entries if entry.item_id}
    rows = [_row(f"item-{item.pk}", item, known.get(item.pk), bound) for item in items]
    rows += [_row(f"entry-{entry.pk}", None, entry, bound) for entry in entries if entry.item_id is None]
    past = ClimbEntry.history.filter(member_id=member.pk).select_related("item", "by")  # type: ignore[attr-defined]
    context = {
        "member": member,
        "rows": rows,
        "may_set": climbing.may_set(user, member) and member.is_active,
        "history": list(past.order_by("-history_date", "-history_id")[:30]),
        "free_form": FreeItemForm(),
    } | forms
    return render(request, "members/climb_member.html", context)


def _row(mark: str, item: ClimbItem | None, entry: ClimbEntry | None, bound: Any) -> dict[str, Any]:
    top = item.steps if item else entry.steps if entry else 0
    words = [item.meaning_of(step) if item else "" for step in range(1, top + 1)]
    level = entry.level if entry else 0
    form = LevelForm(words=words, initial={"level": str(level)}, auto_id=f"{mark}-%s")
    if bound and bound[0] == mark:
        form = bound[1]
    return {
        "mark": mark,
        "name": item.name if item else entry.title if entry else "",
        "description": item.description if item else "自选项目",
        "own": item is None,
        "level": level,
        "top": top,
        "word": words[level - 1] if level else "未开始",
        "entry": entry,
        "version": entry.version if entry else 0,
        "form": form,
    }


def _perform(request: HttpRequest, user: User, member: PartyMember) -> HttpResponse:
    mark = request.POST.get("mark", "")
    if mark == "free":
        return _add(request, user, member)
    what, _, number = mark.partition("-")
    if what not in {"item", "entry", "retire"} or not (number.isascii() and number.isdigit() and len(number) < 19):
        raise Http404
    try:
        if what == "retire":
            climbing.retire_free_item(actor=user, entry_id=int(number))
            messages.success(request, "已停用这个自选项目。")
            return redirect("members:climb_member", member.pk)
        return _set(request, user, member, what, int(number))
    except NotPermitted as error:
        return refuse(request, error)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("members:climb_member", member.pk)


def _set(request: HttpRequest, user: User, member: PartyMember, what: str, pk: int) -> HttpResponse:
    words = _words(member, what, pk)
    form = LevelForm(request.POST, words=words, auto_id=f"{what}-{pk}-%s")
    version = request.POST.get("version", "")
    seen = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else -1
    if form.is_valid():
        try:
            if what == "item":
                climbing.set_level(
                    actor=user, member_id=member.pk, item_id=pk, reached=form.reached(), expected_version=seen
                )
            else:
                climbing.set_free_level(actor=user, entry_id=pk, reached=form.reached(), expected_version=seen)
        except NotPermitted:
            raise
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, "已登记。")
            return redirect("members:climb_member", member.pk)
    return _show(request, user, member, (f"{what}-{pk}", form))


def _words(member: PartyMember, what: str, pk: int) -> list[str]:
    """What the steps of the row stand for. Raises Http404 for a row that is not this member's."""
    if what == "item":
        item = ClimbItem.objects.filter(pk=pk, community=member.community_id).first()
        if item is not None:
            return [item.meaning_of(step) for step in range(1, item.steps + 1)]
    else:
        entry = ClimbEntry.objects.filter(pk=pk, member=member, item=None).first()
        if entry is not None:
            return [""] * entry.steps
    raise Http404


def _add(request: HttpRequest, user: User, member: PartyMember) -> HttpResponse:
    form = FreeItemForm(request.POST)
    if form.is_valid():
        try:
            climbing.add_free_item(actor=user, member_id=member.pk, **form.cleaned_data)
        except NotPermitted as error:
            return refuse(request, error)
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, "已增加自选项目。")
            return redirect("members:climb_member", member.pk)
    return _show(request, user, member, free_form=form)
