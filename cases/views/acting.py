"""One small page per act: GET shows its form, POST performs it."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from cases.choices import Act
from cases.forms import ACT_FORMS, ActForm
from cases.models import Case
from cases.views.common import idempotency, visible_case
from cases.workflow import ACTS, contacts, refusal
from liangcheng.accounts.current import signed_in
from liangcheng.accounts.models import User
from liangcheng.common.exceptions import DomainError, IllegalTransition, NotPermitted, StaleObject
from liangcheng.common.web import refuse

# After these the case may have left the actor's sight.
_MAY_LOSE_SIGHT = {Act.RETURN, Act.ESCALATE, Act.DISPATCH, Act.HAND_DOWN}


@login_required
def case_act(request: HttpRequest, number: str, act: str) -> HttpResponse:
    if act not in {known.value for known in ACT_FORMS}:
        raise Http404
    user, wanted = signed_in(request), Act(act)
    case = visible_case(user, number, "category__responsible_department")
    if request.method == "POST":
        return _perform(request, case, user, wanted)
    refused = refusal(case, user, wanted)
    if refused:
        return refuse(request, refused, **_way_back(case))
    return _show(request, ACT_FORMS[wanted](case=case, user=user), wanted)


def _perform(request: HttpRequest, case: Case, user: User, act: Act) -> HttpResponse:
    form = ACT_FORMS[act](request.POST, request.FILES, case=case, user=user)
    if not form.is_valid():
        # The form itself tells of people; whoever may not act is not shown it for having sent it empty.
        refused = refusal(case, user, act)
        return refuse(request, refused, typed=form.typed(), **_way_back(case)) if refused else _show(request, form, act)
    files = [file for name in request.FILES for file in request.FILES.getlist(name)]
    try:
        done = ACTS[act](
            case_id=case.pk,
            actor=user,
            expected_version=form.cleaned_data["version"],
            idempotency=idempotency(form.cleaned_data["key"], request.POST, files),
            **form.inputs(),
        )
    except StaleObject as error:
        return _overtaken(request, case, user, act, error)
    except DomainError as error:
        refused = refusal(case, user, act)
        if refused or (error.field is None and isinstance(error, NotPermitted | IllegalTransition)):
            return refuse(request, refused or error, typed=form.typed(), **_way_back(case))
        form.refuse(error)
        return _show(request, form, act)
    return _done(request, done, user, act)


def _done(request: HttpRequest, case: Case, user: User, act: Act) -> HttpResponse:
    if act == Act.REVEAL:
        response = render(request, "cases/contact.html", {"case": case, "contacts": contacts(case)})
        response["Cache-Control"] = "no-store"
        return response
    where = f"，由“{case.handling_grid.short_name}”负责" if act == Act.ESCALATE else ""
    messages.success(request, f"{case.number} 已办理：{act.label}，现在是“{case.get_status_display()}”{where}。")
    if act in _MAY_LOSE_SIGHT and not Case.objects.visible_to(user).filter(pk=case.pk).exists():
        return redirect("cases:workbench")
    return redirect(f"{reverse('cases:detail', args=[case.number])}?done={act}")


def _overtaken(request: HttpRequest, case: Case, user: User, act: Act, error: StaleObject) -> HttpResponse:
    """Somebody was faster: show how things stand now, and keep what was typed."""
    newest = visible_case(user, case.number, "category__responsible_department")
    data = request.POST.copy()
    data["version"] = str(newest.version)
    data["key"] = ""
    form = ACT_FORMS[act](data, request.FILES, case=newest, user=user)
    refused = refusal(newest, user, act)
    if refused:
        return refuse(request, refused, typed=form.typed(), **_way_back(newest))
    form.is_valid()
    form.add_error(None, error.message)
    return _show(request, form, act, status=409)


def _show(request: HttpRequest, form: ActForm, act: Act, status: int = 200) -> HttpResponse:
    context = {
        "case": form.case,
        "form": form,
        "act": act,
        "photos_lost": form.is_bound and bool(request.FILES),
        "last": form.case.events.select_related("actor").order_by("-pk").first() if status == 409 else None,
    }
    return render(request, "cases/act.html", context, status=status)


def _way_back(case: Case) -> dict[str, Any]:
    return {"retry": cast(str, reverse("cases:detail", args=[case.number])), "retry_label": "查看案件最新情况"}
