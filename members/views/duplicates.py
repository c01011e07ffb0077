"""疑似重复: groups of records that look alike; two of them side by side; made one, or told apart."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from liangcheng.accounts.current import signed_in
from liangcheng.common.exceptions import DomainError, NotPermitted
from liangcheng.common.web import refuse
from members import duplicates, merging
from members.access import keeps_members, log_once_a_day, reads_members
from members.choices import AccessKind
from members.models import PartyMember
from members.people import NOT_PERMITTED, mark_of
from members.views.common import visible

_FIELDS = (*merging.CHOICES, "user")
_AGAIN = {"retry": reverse_lazy("members:duplicates"), "retry_label": "返回疑似重复"}


@login_required
@require_safe
def duplicate_list(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    if not reads_members(user):
        return refuse(request, NotPermitted("not_permitted", "查看疑似重复须有党员名册的查阅权。"))
    found, more = duplicates.groups(user)
    shown = [
        {
            "reasons": group.reasons,
            "members": group.members,
            "pairs": [pair for pair in group.pairs if all(keeps_members(user, member) for member in pair)],
        }
        for group in found
    ]
    return render(request, "members/duplicate_list.html", {"groups": shown, "more": more})


@login_required
@require_POST
def tell_apart(request: HttpRequest) -> HttpResponse:
    """不是同一人."""
    ids = [value for value in (request.POST.get("first", ""), request.POST.get("second", "")) if _is_id(value)]
    if len(ids) != 2:
        raise Http404
    try:
        duplicates.tell_apart(actor=signed_in(request), member_ids=(int(ids[0]), int(ids[1])))
    except DomainError as error:
        return refuse(request, error, **_AGAIN)
    messages.success(request, "已记下：不是同一人，以后不再提示。")
    return redirect("members:duplicates")


@login_required
@never_cache
def member_merge(request: HttpRequest, keep: int, drop: int) -> HttpResponse:
    """Both records whole, side by side, which is noted for both; what differs is chosen field by field."""
    user = signed_in(request)
    if keep == drop:
        raise Http404
    ours, theirs = (visible(user, PartyMember, "organization", "unit", "user", pk=pk) for pk in (keep, drop))
    if not (keeps_members(user, ours) and keeps_members(user, theirs)):
        return refuse(request, NotPermitted("not_permitted", NOT_PERMITTED), **_AGAIN)
    if request.method == "POST":
        try:
            merging.merge_members(
                actor=user,
                keep_id=keep,
                drop_id=drop,
                choose=_choices(request),
                expected=_expected(request, keep, drop),
            )
        except DomainError as error:
            return refuse(request, error, **_AGAIN)
        messages.success(request, "已合并。另一份档案停用，它的记录都转到了这一份。")
        return redirect("members:member_detail", keep)
    for member in (ours, theirs):
        log_once_a_day(user, AccessKind.REVEALED, member, reason="比对重复登记")
    context = {
        "keep": ours,
        "drop": theirs,
        "rows": _rows(ours, theirs),
        "marks": (mark_of(ours), mark_of(theirs)),
        "mergeable": not (ours.merged_into_id or theirs.merged_into_id or ours.erased_at or theirs.erased_at),
    }
    return render(request, "members/member_merge.html", context)


def _choices(request: HttpRequest) -> dict[str, str]:
    return {name: request.POST[f"choose_{name}"] for name in merging.CHOICES if f"choose_{name}" in request.POST}


def _expected(request: HttpRequest, keep: int, drop: int) -> dict[int, str]:
    return {keep: request.POST.get("seen_keep", ""), drop: request.POST.get("seen_drop", "")}


def _rows(keep: PartyMember, drop: PartyMember) -> list[dict[str, Any]]:
    """One line per field: its label, both values, whether somebody has to choose."""
    differing = set(merging.differences(keep, drop))
    rows = []
    for name in _FIELDS:
        ours, theirs = _shown(keep, name), _shown(drop, name)
        label = PartyMember._meta.get_field(name).verbose_name  # type: ignore[union-attr]
        rows.append({"name": name, "label": label, "keep": ours, "drop": theirs, "choose": name in differing})
    return rows


def _shown(member: PartyMember, name: str) -> str:
    if name == "kind":
        return member.get_kind_display()
    if name == "grid":
        return member.grid.short_name
    value = getattr(member, name)
    if name in {"organization", "unit"}:
        return value.name if value else ""
    return "" if value is None else str(value)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
