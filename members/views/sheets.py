"""Pages of the registers' sheets: template, upload, what the check found, import, errors; and the export of a list."""

from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from liangcheng.accounts.current import signed_in
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted
from liangcheng.common.sheets.archive import BYTES_MOST
from liangcheng.common.sheets.writing import TYPE
from liangcheng.common.web import add_refusal, all_errors, refuse
from members.models import SheetJob, SheetState
from members.sheets import SHEETS, RegisterSheet
from members.sheets import jobs as sheet_jobs
from members.sheets.base import KEPT_DAYS, ROWS_MOST
from members.sheets.exporting import export
from members.sheets.template import template
from members.views.listing import RegisterPage, asked_for, seen_grids

# After so long without a sign of life the page says what may be wrong.
_LATE_SECONDS, _DEAD_SECONDS = 20, 130
_RECENT = 5


class UploadForm(forms.Form):
    file = forms.FileField(
        label="Excel 文件",
        widget=forms.FileInput(attrs={"accept": ".xlsx"}),
        allow_empty_file=True,
        error_messages={"required": "请先选择填好的 Excel 文件。"},
    )


def _sheet(register: str) -> RegisterSheet:
    if register not in SHEETS:
        raise Http404
    return SHEETS[register]


@login_required
def sheet_upload(request: HttpRequest, register: str) -> HttpResponse:
    """Choose a file; what is wrong with it as a whole is said at once, its rows are checked by the worker."""
    user, sheet = signed_in(request), _sheet(register)
    if not sheet.may_import(user):
        return refuse(request, NotPermitted("no_import", f"您的岗位不能导入{sheet.title}。"))
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if form.is_valid():
        try:
            return redirect("members:sheet_job", pk=sheet_jobs.upload(user, sheet, form.cleaned_data["file"]).pk)
        except DomainError as refusal:
            add_refusal(form, refusal)
    context = {
        "sheet": sheet,
        "form": form,
        "rows_most": ROWS_MOST,
        "megabytes": BYTES_MOST // 1024 // 1024,
        "kept_days": KEPT_DAYS,
        "may_export": sheet.may_export(user),
        "jobs": _light(SheetJob.objects.visible_to(user).filter(register=register))[:_RECENT],
    }
    return render(request, "members/sheet_upload.html", context, status=400 if form.is_bound else 200)


@login_required
@require_GET
def sheet_template(request: HttpRequest, register: str) -> HttpResponse:
    user, sheet = signed_in(request), _sheet(register)
    if not sheet.may_import(user):
        return refuse(request, NotPermitted("no_import", f"您的岗位不能导入{sheet.title}。"))
    return _download(HttpResponse(template(user, sheet), content_type=TYPE), f"{sheet.title}-模板.xlsx")


@login_required
@require_GET
def export_list(request: HttpRequest, register: str) -> HttpResponseBase:
    """What the register's page shows for the same address, all pages of it."""
    sheet = _sheet(register)
    page = RegisterPage.of.get(sheet.model)
    if page is None:
        raise Http404
    filterset = asked_for(request, page, seen_grids(request))
    if not filterset.is_valid():
        return refuse(request, InvalidInput("bad_filter", " ".join(all_errors(filterset.form))))
    try:
        file, name = export(signed_in(request), sheet, filterset.qs)
    except DomainError as refusal:
        return refuse(request, refusal)
    return FileResponse(file, as_attachment=True, filename=name, content_type=TYPE)


@login_required
@require_GET
def sheet_job(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it is and what came of it. Asks again by itself; without JavaScript the page reloads."""
    job = _own(request, pk)
    silent = (timezone.now() - job.beat_at).total_seconds()
    context = {
        "job": job,
        "sheet": _sheet(job.register),
        "late": job.is_active and silent > (_LATE_SECONDS if job.is_waiting else _DEAD_SECONDS),
        "more": max(0, job.wrong - len(job.problems)),
        "percent": job.done * 100 // job.total if job.total else 0,
    }
    fragment = bool(getattr(request, "htmx", False))
    return render(request, "members/_sheet_progress.html" if fragment else "members/sheet_job.html", context)


@login_required
@require_POST
def sheet_start(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        sheet_jobs.start_import(_own(request, pk))
    except DomainError as refusal:
        return refuse(request, refusal)
    return redirect("members:sheet_job", pk=pk)


@login_required
@require_GET
def sheet_errors(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The uploaded rows with their errors beside them."""
    job = _own(request, pk)
    if job.state != SheetState.REFUSED or not job.error_file:
        raise Http404
    name = f"{_sheet(job.register).title}-错误清单.xlsx"
    return FileResponse(job.error_file.open("rb"), as_attachment=True, filename=name, content_type=TYPE)


def _own(request: HttpRequest, pk: int) -> SheetJob:
    found: SheetJob | None = None
    if pk < 2**63:
        found = _light(SheetJob.objects.visible_to(signed_in(request)).filter(pk=pk)).first()
    if found is None or found.register not in SHEETS:
        raise Http404
    return found


def _light(jobs: Any) -> Any:
    return jobs.defer("seen")


def _download(answer: HttpResponse, name: str) -> HttpResponse:
    from urllib.parse import quote

    answer["Content-Disposition"] = f"attachment; filename*=utf-8''{quote(name)}"
    return answer
