"""One case, and its photos."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from cases import timekeeping, volunteers
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
    Act.ANSWER: "message-square-reply",
    Act.CO_FINISH: "badge-check",
    Act.CONTACT: "phone-call",
    Act.RESUME: "circle-play",
    Act.GRANT_EXTENSION: "calendar-check",
    Act.REFUSE_EXTENSION: "calendar-x",
    Act.EXTEND: "calendar-plus",
    Act.CONVENE: "users-round",
    Act.CONCLUDE: "notebook-pen",
    Act.CO_HANDLE: "handshake",
    Act.URGE: "bell-ring",
    Act.SUPERVISE: "siren",
    Act.INSTRUCT: "stamp",
    Act.SUSPEND: "circle-pause",
    Act.HAND_OVER: "arrow-right-left",
    Act.MERGE: "merge",
    Act.UNMERGE: "split",
    Act.TRANSFER: "square-arrow-out-up-right",
    Act.JOIN: "user-round-plus",
    Act.LINK: "link",
}
# Beside the timeline, the photos and the reporter rather than among the buttons that move the case on.
_ASIDE = {Act.NOTE, Act.ATTACH, Act.REVEAL}
_GRAVE = {Act.REJECT, Act.WITHDRAW, Act.TRANSFER}
# What waits to be done with the case now; everything else lies under 更多办理.
_AT_HAND = {
    Act.ANSWER,
    Act.ACCEPT,
    Act.CO_FINISH,
    Act.CONTACT,
    Act.CONCLUDE,
    Act.RESOLVE,
    Act.DISPATCH,
    Act.VERIFY,
    Act.CLOSE,
    Act.REWORK,
    Act.RESUME,
    Act.GRANT_EXTENSION,
    Act.REFUSE_EXTENSION,
    Act.UNMERGE,
    Act.REOPEN,
}
# Move the case on: these are the big buttons, at most two of them.
_MOVING = (Act.ACCEPT, Act.DISPATCH, Act.RESOLVE, Act.VERIFY, Act.CLOSE, Act.RESUME, Act.CO_FINISH)
_MOST_BIG = 2
# A fold for so few is more in the way than they are.
_FEW = 3


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
    context["offers"] = list(volunteers.offers_of(case)[:3]) if getattr(case, "offered", False) else []
    running = any(offer.state in {"OPEN", "FILLED"} for offer in context["offers"])
    context["may_offer"] = not running and volunteers.refusal(case, user) is None
    return render(request, "cases/detail.html", context)


def _buttons(case: Case, acts: list[Act]) -> list[dict[str, Any]]:
    """What moves the case on comes first and big, the rest in the table's order, most of it under a fold.

    At the desk (待派遣) dispatching comes before settling it oneself; elsewhere handing a case to somebody else does
    not compete with whoever works on it.
    """
    offered = [act for act in acts if act not in _ASIDE]
    big = [act for act in _MOVING if act in offered and (act is not Act.DISPATCH or case.status == Status.PENDING)]
    big = big[:_MOST_BIG]
    rest = [act for act in offered if act not in big]
    folded = {act for act in rest if act not in _AT_HAND}
    if len(folded) <= _FEW:
        folded = set()
    return [
        {"act": act, "icon": _ICONS[act], "first": act in big, "grave": act in _GRAVE, "folded": act in folded}
        for act in (*big, *(act for act in rest if act not in folded), *(act for act in rest if act in folded))
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
