"""Pages of the tree: /grids/ and one per grid; and naming one's stand-in."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST, require_safe

from grids import standins
from grids.forms import StandInForm
from grids.outline import outline
from grids.profile import profile
from liangcheng.accounts.current import signed_in
from liangcheng.common.exceptions import DomainError, NotVisible
from liangcheng.common.text import normalize
from liangcheng.common.web import add_refusal, refuse

MOST_WORDS = 30


@login_required
@require_safe
def grid_list(request: HttpRequest) -> HttpResponse:
    """The tree: ?q= searches, ?street= chooses among several streets, ?retired=1 shows what is out of use."""
    words = normalize(request.GET.get("q", ""))[:MOST_WORDS]
    street = normalize(request.GET.get("street", ""))[:15]
    retired = request.GET.get("retired") == "1"
    shown = outline(signed_in(request), words=words, street=street, retired=retired)
    context = {"outline": shown, "words": words, "street": street, "retired": retired}
    return render(request, "grids/list.html", context)


@login_required
@require_safe
def grid_detail(request: HttpRequest, code: str) -> HttpResponse:
    """一格一档 of one grid; 404 outside the user's scope."""
    try:
        shown = profile(signed_in(request), code)
    except NotVisible as error:
        return refuse(request, error)
    # Each with its own context, so that a panel cannot see, or be changed by, what the page happens to hold.
    sections = [
        {"title": panel.title, "html": render_to_string(panel.template, dict(panel.context), request)}
        for panel in shown.panels
    ]
    return render(request, "grids/detail.html", {"profile": shown, "grid": shown.grid, "sections": sections})


@login_required
def standin(request: HttpRequest) -> HttpResponse:
    """请假代班: name one's own stand-in for some days. The office does it for others in the admin."""
    user = signed_in(request)
    form = StandInForm(request.POST if request.method == "POST" else None, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            made = standins.appoint(actor=user, user=user, **form.inputs())
        except DomainError as error:
            add_refusal(form, error)
        else:
            messages.success(request, f"已登记：{made.valid_from}至{made.valid_to}由{made.stand_in}代班。")
            return redirect("accounts:me")
    return render(request, "grids/standin.html", {"form": form, "most_days": standins.MOST_DAYS})


@login_required
@require_POST
def standin_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's postings back, or call off what has not begun."""
    try:
        ended = standins.end(actor=signed_in(request), stand_in_id=pk)
    except DomainError as error:
        return refuse(request, error)
    messages.success(request, f"{ended.stand_in}的代班已结束，即时生效。")
    return redirect("accounts:me")
