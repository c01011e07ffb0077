"""One case, and its photos."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from cases import timekeeping
from cases.casefile import RELATIONS, case_context
from cases.choices import Act, Status
from cases.models import Attachment, Case
from cases.views.common import visible_case
from cases.workflow import available_actions
from liangcheng.accounts.current import signed_in

_ICONS = {
    Act.ACCEPT: "hand",
    Act.RESOLVE: "circle-check",
    Act.DISPATCH: "send",
    Act.HAND_DOWN: "corner-down-right",
    Act.VERIFY: "clipboard-check",
    Act.CLOSE: "archive-x",
    Act.REWORK: "rotate-ccw",
    Act.ESCALATE: "arrow-up-from-line",
    Act.RETURN: "undo-2",
    Act.REJECT: "ban",
    Act.REOPEN: "refresh-cw",
    Act.NOTE: "pencil-line",
    Act.ATTACH: "camera",
    Act.REVEAL: "eye",
    Act.WITHDRAW: "x",
}
# Beside the timeline, the photos and the reporter rather than among the buttons that move the case on.
_ASIDE = {Act.NOTE, Act.ATTACH, Act.REVEAL}
_GRAVE = {Act.REJECT, Act.WITHDRAW}


@login_required
def case_detail(request: HttpRequest, number: str) -> HttpResponse:
    user = signed_in(request)
    case = visible_case(user, number, *RELATIONS)
    # First of all: what may be done is asked of the helpers that are read with it.
    context = case_context(case, user, timekeeping.office(getattr(case, "office_mark", "") or ""))
    acts = available_actions(case, user)
    context |= {
        "actions": _buttons(case, acts),
        "aside": {act.name.lower() for act in acts if act in _ASIDE},
        "may": {act.name.lower() for act in acts},
        "done": request.GET.get("done", ""),
    }
    return render(request, "cases/detail.html", context)


def _buttons(case: Case, acts: list[Act]) -> list[dict[str, Any]]:
    """In the table's order; at the desk (待派遣) dispatching comes before settling it oneself."""
    moving = [act for act in acts if act not in _ASIDE]
    if Act.DISPATCH in moving and case.status == Status.PENDING:
        moving.sort(key=lambda act: act != Act.DISPATCH)
    # What ends a case without a result is never the big button, even where it stands alone.
    return [
        {"act": act, "icon": _ICONS[act], "first": not i and act not in _GRAVE, "grave": act in _GRAVE}
        for i, act in enumerate(moving)
    ]


@login_required
def case_photo(request: HttpRequest, number: str, pk: int) -> FileResponse:
    """A photo, to those who may see its case; never by the address of the file."""
    case = visible_case(signed_in(request), number)
    photo = get_object_or_404(Attachment, case=case, pk=pk)
    try:
        stream = photo.file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(stream, content_type="image/jpeg")
    response["Content-Disposition"] = f'inline; filename="{case.number}-{photo.pk}.jpg"'
    response["X-Content-Type-Options"] = "nosniff"
    # Named by content and never changed; but only this reader's browser may keep it.
    response["Cache-Control"] = "private, max-age=86400, immutable"
    response["ETag"] = f'"{photo.digest}"'
    return response
