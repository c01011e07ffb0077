"""消息: what happened to my cases, until I have read it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from cases import inbox
from cases.models import Case, Notice
from liangcheng.accounts.current import signed_in
from liangcheng.common.paging import page_of

_SIZE = 30


@login_required
def notices(request: HttpRequest) -> HttpResponse:
    own = Notice.objects.filter(recipient=signed_in(request)).select_related("event")
    return render(request, "cases/notices.html", {"page": page_of(own, request.GET, _SIZE)})


@login_required
@require_POST
def open_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark as read, go to the case or the offer; after a handover of many, to what is the reader's now.

    A case that has left the reader's scope answers 404 there.
    """
    rows = Notice.objects.filter(recipient=signed_in(request))
    notice = get_object_or_404(rows.select_related("event__case"), pk=pk)
    inbox.mark_read(signed_in(request), pk)
    if notice.event is None:
        return redirect("members:offer_detail", notice.offer_id)
    data = notice.event.data
    if data.get("batch", {}).get("count", 0) > 1:
        wanted = "assigned=me&open=true" if "user_id" in data else "todo=pending"
        return redirect(f"{reverse('cases:list')}?{wanted}")
    case = notice.event.case
    if not Case.objects.visible_to(signed_in(request)).filter(pk=case.pk).exists():
        # What they reported was merged into a case that they may not see: their own report it is.
        case = Case.objects.filter(merged_into=case, discovered_by=signed_in(request)).order_by("-pk").first() or case
    return redirect("cases:detail", case.number)


@login_required
@require_POST
def read_all_notices(request: HttpRequest) -> HttpResponse:
    inbox.mark_read(signed_in(request))
    messages.success(request, "已全部标为已读。")
    return redirect("cases:notices")
