"""One page per act, with the same small forms as the site's pages, calling the same functions."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from cases.choices import Act
from cases.forms import ACT_FORMS, ActForm
from cases.models import Case
from cases.workflow import ACTS, contacts, refusal
from liangcheng.common.admin_pages import page
from liangcheng.common.exceptions import DomainError, StaleObject


def act_page(model_admin: admin.ModelAdmin, request: HttpRequest, case: Case, act: Act) -> HttpResponse:
    """GET shows the act's form, POST performs it; where the table refuses, both say why.

    The version that the form carries makes a second tap harmless: the first one has raised it.
    """
    user: Any = request.user
    refused = refusal(case, user, act)
    if refused and request.method != "POST":
        return _refused(model_admin, request, case, act, refused)
    files = request.FILES if request.method == "POST" else None
    form = ACT_FORMS[act](request.POST if request.method == "POST" else None, files, case=case, user=user)
    if not form.is_bound or not form.is_valid():
        if refused:
            return _refused(model_admin, request, case, act, refused, form if form.is_bound else None)
        return _show(model_admin, request, form, act)
    try:
        done = ACTS[act](case_id=case.pk, actor=user, expected_version=form.cleaned_data["version"], **form.inputs())
    except StaleObject as error:
        return _refused(model_admin, request, case, act, error, form)
    except DomainError as error:
        if refused:
            return _refused(model_admin, request, case, act, refused, form)
        form.refuse(error)
        return _show(model_admin, request, form, act)
    return _done(model_admin, request, done, act)


def _done(model_admin: admin.ModelAdmin, request: HttpRequest, case: Case, act: Act) -> HttpResponse:
    if act == Act.REVEAL:
        # In this one answer only: not in a message, which would be stored.
        response = page(
            model_admin, request, "admin/case_contact.html", title="反映人联系方式", case=case, contacts=contacts(case)
        )
        response["Cache-Control"] = "no-store"
        return response
    model_admin.message_user(
        request, f"{case.number} 已办理：{act.label}，现在是“{case.get_status_display()}”。", messages.SUCCESS
    )
    if not Case.objects.visible_to(request.user).filter(pk=case.pk).exists():
        return redirect("admin:cases_case_changelist")
    return redirect("admin:cases_case_change", case.pk)


def _show(model_admin: admin.ModelAdmin, request: HttpRequest, form: ActForm, act: Act) -> HttpResponse:
    title = f"{act.label}：{form.case.number}"
    return page(model_admin, request, "admin/case_act.html", title=title, form=form, act=act, case=form.case)


def _refused(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    case: Case,
    act: Act,
    error: DomainError,
    form: ActForm | None = None,
) -> HttpResponse:
    """Why not; and what was typed, so that it can be copied."""
    return page(
        model_admin,
        request,
        "admin/case_refused.html",
        title=f"{act.label}：{case.number}",
        status=error.status,
        case=case,
        reason=error.message,
        typed=form.typed() if form else [],
    )
