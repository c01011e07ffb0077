"""双报告 for the desk: what is still to be told to the units, the letters, and the year of a unit's members."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from grids.authority import runs_desk
from liangcheng.accounts.current import signed_in
from liangcheng.accounts.models import User
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted
from liangcheng.common.paging import with_params
from liangcheng.common.text import normalize
from liangcheng.common.web import add_refusal, refuse
from members import letters
from members.employers import Employer, check_year, find_employer, year_rows
from members.models import Letter, Registration
from members.reporting_forms import DeliverForm, YearLetterForm, years

PAGE_SIZE = 30


@login_required
@never_cache
def unreported(request: HttpRequest) -> HttpResponse:
    """尚未反馈, by employer; POST makes the letter for those that are ticked."""
    user = signed_in(request)
    if request.method == "POST":
        ids = [int(each) for each in request.POST.getlist("registration") if _is_id(each)]
        try:
            letter = letters.issue_result(actor=user, registration_ids=ids)
        except DomainError as error:
            if error.status != 400:
                return refuse(request, error)
            messages.error(request, error.message)
            return redirect("members:unreported")
        messages.success(request, f"已出函 {letter.number}。打印、盖章、送达后，请登记送达日期。")
        return redirect("members:letter_detail", letter.pk)
    waiting = letters.unreported(user)
    context = {
        "waiting": waiting,
        "total": sum(len(each.registrations) for each in waiting),
        "runs_desk": runs_desk(user),
        "employers": _employers(user),
        "years": years(),
    }
    return render(request, "members/unreported.html", context)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _employers(user: User) -> list[Employer]:
    """Employers with confirmed registrations, for the year's letter. One statement."""
    rows = Registration.objects.visible_to(user).exclude(confirmed_at=None).exclude(unit=None, unit_name="")
    found = rows.order_by().values_list("unit_id", "unit__code", "unit__name", "unit_name").distinct()[:500]
    employers = {Employer(name, unit_id, code) if unit_id else Employer(typed) for unit_id, code, name, typed in found}
    return sorted(employers, key=lambda employer: employer.name)


@login_required
@require_safe
def letter_list(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    rows = Letter.objects.visible_to(user).select_related("community", "grid", "unit").order_by("-pk")
    words = normalize(request.GET.get("q", ""))[:50]
    if words:
        rows = rows.filter(unit_name__icontains=words)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "words": words,
        "newer": with_params(request.GET, page=page.previous_page_number()) if page.has_previous() else "",
        "older": with_params(request.GET, page=page.next_page_number()) if page.has_next() else "",
    }
    return render(request, "members/letter_list.html", context)


@login_required
@never_cache
def letter_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One letter, masked: what it says, whether the unit has it. POST registers the delivery."""
    user = signed_in(request)
    try:
        letter = letters.own_letter(user, pk)
        form = DeliverForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            letters.deliver(actor=user, letter_id=pk, **form.cleaned_data)
            messages.success(request, "已登记送达，反馈完成。")
            return redirect("members:letter_detail", pk)
    except InvalidInput as error:
        add_refusal(form, error)
    except DomainError as error:
        return refuse(request, error)
    context = {
        "letter": letter,
        "form": form,
        "decides": runs_desk(user, letter),
        **letters.content(letter),
    }
    return render(request, "members/letter_detail.html", context)


@login_required
@never_cache
@require_safe
def letter_print(request: HttpRequest, pk: int) -> HttpResponse:
    """The letter on paper, names whole; every opening is logged."""
    try:
        letter = letters.printed(signed_in(request), pk)
    except DomainError as error:
        return refuse(request, error)
    return render(request, "members/letter_print.html", {"letter": letter, **letters.content(letter)})


@login_required
@require_POST
def letter_void(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        letters.void(actor=signed_in(request), letter_id=pk)
    except DomainError as error:
        return refuse(request, error)
    messages.success(request, "函已作废，相关报到回到“尚未反馈”。")
    return redirect("members:letter_detail", pk)


@login_required
@never_cache
def yearly(request: HttpRequest) -> HttpResponse:
    """The year of an employer's members: ?unit=<code> or ?name=<name>, &year=, &member=<id>. POST issues the letter."""
    user = signed_in(request)
    try:
        employer, year, member_id = _asked(request, user)
        form = YearLetterForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            letter = letters.issue_yearly(
                actor=user, employer=employer, year=year, member_id=member_id, comment=form.cleaned_data["comment"]
            )
            messages.success(request, f"已出函 {letter.number}。打印、盖章、送达后，请登记送达日期。")
            return redirect("members:letter_detail", letter.pk)
        rows = year_rows(user, employer, year, member_id)
    except InvalidInput as error:
        if request.method != "POST" or error.field == "year":
            return refuse(request, error)
        add_refusal(form, error)
        rows = year_rows(user, employer, year, member_id)
    except DomainError as error:
        return refuse(request, error)
    context = {
        "employer": employer,
        "year": year,
        "years": years(),
        "one": member_id is not None,
        "rows": rows,
        "form": form,
        "served": sum(1 for row in rows if row.times),
        "hours": sum(row.hours for row in rows),
        "query": with_params(request.GET, year=year),
        "runs_desk": runs_desk(user),
    }
    return render(request, "members/yearly.html", context)


def _asked(request: HttpRequest, user: User) -> tuple[Employer, int, int | None]:
    given: Any = request.GET
    code, name = (normalize(given.get(key, ""))[:80] for key in ("unit", "name"))
    employer = find_employer(user, code=code, name=name)
    asked = given.get("year", "")
    year = int(asked) if asked.isascii() and asked.isdigit() and len(asked) == 4 else timezone.localdate().year
    check_year(year)
    member = given.get("member", "")
    return employer, year, int(member) if _is_id(member) else None


@login_required
@never_cache
@require_safe
def yearly_sheet(request: HttpRequest) -> Any:
    """The same as xlsx, names whole: by the desk, logged."""
    from members.letter_sheet import year_sheet  # openpyxl is heavy

    user = signed_in(request)
    try:
        employer, year, member_id = _asked(request, user)
        if not runs_desk(user):
            raise NotPermitted("not_permitted", "带完整姓名的表由网格长、联络员或派遣员导出。")
        book = year_sheet(user, employer, year, member_id)
    except DomainError as error:
        return refuse(request, error)
    name = f"{employer.name}{year}年度在职党员服务情况.xlsx"
    return FileResponse(book, as_attachment=True, filename=name)
