"""Pages of the tree: /grids/ and one per grid."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from grids.outline import outline
from grids.profile import profile
from liangcheng.accounts.current import signed_in
from liangcheng.common.exceptions import NotVisible
from liangcheng.common.text import normalize
from liangcheng.common.web import refuse

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
