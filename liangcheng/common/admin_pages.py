"""Pages of the admin that Django does not have: an act on one row, an action that asks before it acts."""

from typing import Any

from django import forms
from django.contrib.admin import helpers
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

from liangcheng.common.exceptions import DomainError


def page(
    model_admin: Any, request: HttpRequest, template: str, *, title: str, status: int = 200, **context: Any
) -> TemplateResponse:
    """A page inside the admin's frame, with its breadcrumbs."""
    everything = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": title,
        "subtitle": None,
        "media": model_admin.media,
        **context,
    }
    request.current_app = model_admin.admin_site.name  # type: ignore[attr-defined]
    return TemplateResponse(request, template, everything, status=status)


def action_page(
    model_admin: Any,
    request: HttpRequest,
    rows: "QuerySet[Any]",
    form: forms.Form,
    *,
    action: str,
    title: str,
    button: str,
    advice: str = "",
) -> TemplateResponse:
    """The page between choosing rows in a list and acting on them. Its answer comes back to the same action."""
    return page(
        model_admin,
        request,
        "admin/action_page.html",
        title=title,
        rows=list(rows),
        form=form,
        action=action,
        button=button,
        advice=advice,
        checkbox_name=helpers.ACTION_CHECKBOX_NAME,
    )


def put_on_form(form: forms.BaseForm, refusal: DomainError) -> None:
    """A refusal beside the field that it belongs to, else at the top; what was typed stays."""
    form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
