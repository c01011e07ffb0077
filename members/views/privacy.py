"""Personal data: shown whole for a reason; found, handed out, corrected, erased by the office; who used what."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from grids.authority import runs_street
from liangcheng.accounts.current import signed_in
from liangcheng.common.exceptions import DomainError, NotPermitted
from liangcheng.common.paging import with_params
from liangcheng.common.web import add_refusal, all_errors, refuse
from members import identity, privacy
from members.models import AccessLog, PartyMember
from members.privacy import Fact, Found
from members.privacy_forms import IdentityForm, LogFilterForm, RevealForm, SubjectForm
from members.views.common import visible

PAGE_SIZE = 50
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


# -- one person, shown whole


@login_required
@never_cache
@sensitive_variables()
def member_reveal(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks for the reason, POST shows the whole name and number once. Contacts: views/contacts.py."""
    user = signed_in(request)
    person = visible(user, PartyMember, pk=pk)
    if not privacy.may_reveal(user, person):
        return refuse(request, NotPermitted("not_permitted", "完整姓名和电话由所在网格的网格长、联络员、派遣员查看。"))
    offered = identity.enabled() and identity.may_read_identity(user, person)
    form = RevealForm(request.POST if request.method == "POST" else None, identity=offered)
    context = {"person": person, "form": form}
    if request.method == "POST" and form.is_valid():
        try:
            shown = privacy.reveal(actor=user, person=person, **form.cleaned_data)
            return render(request, "members/member_revealed.html", {**context, "shown": shown})
        except DomainError as error:
            add_refusal(form, error)
    return render(request, "members/member_reveal.html", context)


@login_required
@never_cache
@sensitive_post_parameters("number")
def member_identity(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a member's identity number; what is stored is never shown here."""
    user = signed_in(request)
    member = visible(user, PartyMember, pk=pk)
    if not identity.enabled() or not privacy.may_reveal(user, member):
        # Switched off, the address does not exist; the rule says the same in words.
        return refuse(request, _identity_refusal())
    form = IdentityForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            identity.set_identity_number(actor=user, member_id=member.pk, number=form.cleaned_data["number"])
        except DomainError as error:
            form.add_error("number" if error.field else None, error.message)
        else:
            messages.success(request, "身份证号已保存。" if form.cleaned_data["number"] else "身份证号已删除。")
            return redirect("members:member_detail", pk=member.pk)
    context = {"member": member, "form": form, "masked": identity.masked_identity(member.pk)}
    return render(request, "members/identity.html", context)


def _identity_refusal() -> DomainError:
    if identity.enabled():
        return NotPermitted("not_permitted", "身份证号由党员所在网格的网格长、联络员、派遣员登记。")
    return identity.off()


# -- the office, for the person


def _office(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For a street's office only; nothing of it stays in a cache or in an error report."""

    @login_required
    @never_cache
    @sensitive_post_parameters()
    def checked(request: HttpRequest) -> HttpResponse:
        if not runs_street(signed_in(request)):
            message = "个人信息的查询、导出、更正和删除由街道派遣员、街道网格长办理。"
            return refuse(request, NotPermitted("not_permitted", message))
        return view(request)

    return checked


@_office
@sensitive_variables()
def office(request: HttpRequest) -> HttpResponse:
    """Look for somebody by name and number, sent by POST so that neither stands in an address."""
    form = SubjectForm(request.POST if request.method == "POST" else None)
    found = None
    if request.method == "POST" and form.is_valid():
        try:
            found = privacy.look_up(actor=signed_in(request), subject=privacy.subject_of(**form.inputs()))
        except DomainError as error:
            add_refusal(form, error)
    return _page(request, form, found)


@_office
@require_POST
@sensitive_variables()
def subject_copy(request: HttpRequest) -> HttpResponse:
    """The subject's own copy as an Excel file; its name names nobody."""
    return _act(request, privacy.subject_copy, _copy_file)


@_office
@require_POST
@sensitive_variables()
def correct(request: HttpRequest) -> HttpResponse:
    """Note the correction; the answer links to where it is made."""

    def done(chosen: list[Found]) -> HttpResponse:
        return render(request, "members/privacy_correct.html", {"chosen": chosen})

    return _act(request, privacy.correct, done)


@_office
@require_POST
@sensitive_variables()
def erase(request: HttpRequest) -> HttpResponse:
    """First what goes and what stays; with `confirmed` it is done."""
    if not request.POST.get("confirmed"):
        return _act(request, privacy.chosen, lambda chosen: _confirm(request, chosen))

    def done(erasure: privacy.Erasure) -> HttpResponse:
        left = f"另有 {len(erasure.left)} 条要等案件办结后再删除。" if erasure.left else ""
        messages.success(request, f"已删除 {erasure.erased} 条记录里的个人信息。{left}")
        return redirect("members:privacy")

    return _act(request, privacy.erase_rows, done)


@sensitive_variables()
def _confirm(request: HttpRequest, chosen: list[Found]) -> HttpResponse:
    refused = [found for found in chosen if found.refusal]
    context = {
        "given": request.POST,
        "tokens": request.POST.getlist("rows"),
        "going": [found for found in chosen if not found.refusal],
        "waiting": [found for found in refused if found.holder.may_wait],
        "hindered": [found for found in refused if not found.holder.may_wait],
        "kinds": list({found.holder.key: found.holder for found in chosen}.values()),
    }
    return render(request, "members/privacy_erase.html", context)


@sensitive_variables()
def _act(request: HttpRequest, rule: Callable[..., Any], done: Callable[[Any], HttpResponse]) -> HttpResponse:
    """One of the acts on the rows that were ticked; a refusal comes back on the page with what was found and typed."""
    form, actor = SubjectForm(request.POST), signed_in(request)
    try:
        subject = privacy.subject_of(**form.inputs()) if form.is_valid() else None
    except DomainError as error:
        add_refusal(form, error)
        subject = None
    if subject is None:
        return _page(request, form, None)
    try:
        result = rule(
            actor=actor, subject=subject, tokens=request.POST.getlist("rows"), reason=request.POST.get("reason", "")
        )
    except DomainError as error:
        return _page(request, form, privacy.find(actor=actor, subject=subject), refused=error.message)
    return done(result)


def _page(request: HttpRequest, form: SubjectForm, found: list[Found] | None, refused: str = "") -> HttpResponse:
    chosen = set(request.POST.getlist("rows"))
    rows = [{"found": each, "ticked": each.token in chosen if chosen else each.sure} for each in found or ()]
    context = {"form": form, "found": found, "rows": rows, "reason": request.POST.get("reason", ""), "refused": refused}
    return render(request, "members/privacy.html", context)


@sensitive_variables()
def _copy_file(copies: list[tuple[Found, list[Fact]]]) -> HttpResponse:
    from openpyxl import Workbook  # heavy; only this needs it

    book = Workbook()
    sheet = book.active
    sheet.title = "本人信息"
    lines: list[tuple[str, str, str]] = [("登记", "项目", "内容")]
    for found, facts in copies:
        lines += [(found.holder.label, label, value) for label, value in facts]
    for place, line in enumerate(lines, 1):
        for column, text in enumerate(line, 1):
            cell = sheet.cell(place, column)
            # Always text: digits keep their zeros, and nothing is calculated.
            cell.value, cell.data_type, cell.number_format = text, "s", "@"
    for letter, width in (("A", 16), ("B", 18), ("C", 60)):
        sheet.column_dimensions[letter].width = width
    stream = BytesIO()
    book.save(stream)
    answer = HttpResponse(stream.getvalue(), content_type=_XLSX)
    answer["Content-Disposition"] = f'attachment; filename="subject-copy-{timezone.localdate():%Y%m%d}.xlsx"'
    return answer


# -- who used what


@login_required
@never_cache
@require_safe
def access_log(request: HttpRequest) -> HttpResponse:
    """个人信息使用记录: the office reads its street's, everybody their own."""
    user = signed_in(request)
    is_office = runs_street(user)
    form = LogFilterForm(request.GET, office=is_office)
    rows = AccessLog.objects.visible_to(user).select_related("user", "grid")
    rows = rows.filter(_wanted(form.cleaned_data)) if form.is_valid() else rows.none()
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "form": form,
        "office": is_office,
        "errors": [] if form.is_valid() else all_errors(form),
        "newer": with_params(request.GET, page=page.previous_page_number()) if page.has_previous() else "",
        "older": with_params(request.GET, page=page.next_page_number()) if page.has_next() else "",
    }
    return render(request, "members/access_log.html", context)


def _wanted(given: dict[str, Any]) -> Q:
    wanted = Q()
    if given.get("who"):
        wanted &= Q(user__full_name__icontains=given["who"]) | Q(user__username=given["who"])
    if given["kind"]:
        wanted &= Q(kind=given["kind"])
    if given["since"]:
        wanted &= Q(at__date__gte=given["since"])
    if given["until"]:
        wanted &= Q(at__date__lte=given["until"])
    return wanted
