"""工作交接: choose the person, the successor and the reason; look at what would happen; confirm; see what happened."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from cases import handover
from cases.forms.base import is_id
from cases.forms.handover import HandOverAllForm
from cases.handover import Holder
from liangcheng.accounts.current import signed_in
from liangcheng.accounts.models import User
from liangcheng.common.exceptions import DomainError, NotPermitted
from liangcheng.common.web import refuse


@login_required
def hand_over(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    if not handover.may_hand_over(user):
        return refuse(request, NotPermitted("not_permitted", "工作交接由联络员、网格长、派遣员办理。"))
    holders = handover.holders(user)
    given = (request.POST if request.method == "POST" else request.GET).get("person", "")
    if not given:
        return render(request, "cases/handover.html", {"holders": holders})
    holder = next((row for row in holders if str(row.person.pk) == given), None)
    if request.method == "POST" and request.POST.get("confirmed") and is_id(given):
        return _perform(request, user, int(given), holder)
    if holder is None:
        return _gone(request, holders)
    form = _form(request, user, holder.person.pk)
    if form.is_bound and "edit" not in request.POST and form.is_valid():
        return _confirm(request, user, holder, form)
    return _choose(request, user, holder, form)


def _form(request: HttpRequest, user: User, person_id: int) -> HandOverAllForm:
    data = request.POST if request.method == "POST" else None
    return HandOverAllForm(data, successors=handover.successors(user), person_id=person_id)


def _choose(request: HttpRequest, user: User, holder: Holder, form: HandOverAllForm) -> HttpResponse:
    """The person's cases, and the form."""
    context = {"holder": holder, "form": form, "preview": handover.preview(user, holder.person)}
    return render(request, "cases/handover_person.html", context)


def _confirm(request: HttpRequest, user: User, holder: Holder, form: HandOverAllForm) -> HttpResponse:
    """What would happen, before it does."""
    chosen = form.to_user_id()
    successor = User.objects.get(pk=chosen) if chosen else None
    context = {"holder": holder, "form": form, "preview": handover.preview(user, holder.person, successor)}
    return render(request, "cases/handover_confirm.html", context)


def _perform(request: HttpRequest, user: User, person_id: int, holder: Holder | None) -> HttpResponse:
    form = _form(request, user, person_id)
    if form.is_valid():
        key, text = form.cleaned_data["key"], form.cleaned_data["text"]
        try:
            handover.hand_over_all(actor=user, from_user_id=person_id, to_user_id=form.to_user_id(), text=text, key=key)
        except DomainError as error:
            # A second tap: what the first one did is the answer.
            if error.code != "nothing_to_hand_over":
                form.refuse(error)
            elif not handover.done(user, key).exists():
                return refuse(request, error)
        if not form.errors:
            return redirect("cases:handover_done", key)
    if holder is None:
        return _gone(request, handover.holders(user))
    return _choose(request, user, holder, form)


def _gone(request: HttpRequest, holders: list[Holder]) -> HttpResponse:
    context = {"holders": holders, "gone": "这位人员名下没有您可以交接的未办结案件，请在下面重新选择。"}
    return render(request, "cases/handover.html", context, status=404)


@login_required
@require_safe
def hand_over_done(request: HttpRequest, key: str) -> HttpResponse:
    """What a handover of the user's own did, group by group; it can be looked at again later."""
    user = signed_in(request)
    events = list(handover.done(user, key)) if key.isascii() and key.isalnum() else []
    if not events:
        raise Http404
    person = User.objects.get(pk=events[0].data["from_id"])
    back: dict[str, list[Any]] = {}
    for event in events:
        if "user_id" not in event.data:
            back.setdefault(event.to_grid.short_name, []).append(event.case)
    context = {
        "person": person,
        "at": events[0].created_at,
        "text": events[0].text,
        "handed": [event.case for event in events if "user_id" in event.data],
        "successor": next((event.data["assignee"] for event in events if "user_id" in event.data), ""),
        "back": list(back.items()),
        "left": handover.preview(user, person).left,
    }
    return render(request, "cases/handover_done.html", context)
