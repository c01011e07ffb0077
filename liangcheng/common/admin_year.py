"""The calendar by the year in the admin: twelve months in which days are marked, and the yearly notice pasted in."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone

from liangcheng.common import admin_calendar, office_time
from liangcheng.common.admin_pages import page
from liangcheng.common.calendar_year import FIRST_YEAR, LAST_YEAR, Days, Plan, plan_of, year_of
from liangcheng.common.holiday_notice import Notice, read_notice, spoken
from liangcheng.common.models import CalendarDay
from liangcheng.common.text import normalize
from liangcheng.common.web import all_errors

LONGEST_NOTICE = 10_000
_KINDS = {"off": "休息", "work": "上班", "usual": "恢复为平常"}


class DaysForm(forms.Form):
    """Several days of one year that become the same."""

    days = forms.MultipleChoiceField(
        label="日期",
        error_messages={"required": "请先勾选要改的日期。", "invalid_choice": "有日期不在这一年，请重新勾选。"},
    )
    kind = forms.ChoiceField(
        label="改为", choices=list(_KINDS.items()), error_messages={"required": "请选择休息、上班或恢复为平常。"}
    )
    note = forms.CharField(label="说明", max_length=50, required=False)

    def __init__(self, year: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cells = [cell for month in year_of(year, {}).months for week in month.weeks for cell in week if cell]
        self.fields["days"].choices = [(f"{cell.day}", spoken(cell.day)) for cell in cells]  # type: ignore[attr-defined]

    def clean_note(self) -> str:
        return normalize(self.cleaned_data["note"])

    def changes(self) -> dict[date, tuple[bool, str] | None]:
        kind, note = self.cleaned_data["kind"], self.cleaned_data["note"]
        wanted = None if kind == "usual" else (kind == "work", note)
        return {date.fromisoformat(day): wanted for day in sorted(self.cleaned_data["days"])}


class NoticeForm(forms.Form):
    text = forms.CharField(
        label="放假安排",
        max_length=LONGEST_NOTICE,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "placeholder": "元旦 1月1日至3日 放假，1月4日上班"}),
        error_messages={
            "required": "请粘贴放假通知。",
            "max_length": f"内容超过 {LONGEST_NOTICE} 字，请只粘贴放假安排。",
        },
    )
    replace = forms.BooleanField(label="以通知为准：日历里已有、通知没有提到的日子，恢复为平常", required=False)


def known_days(year: int) -> Days:
    """What is entered of a year. One statement."""
    rows = CalendarDay.objects.filter(day__year=year).order_by("day").values_list("day", "is_workday", "note")
    return {day: (works, note) for day, works, note in rows}


class YearPages:
    """The two pages, for the admin of CalendarDay."""

    admin_site: Any
    may_edit: Any

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("year/<int:year>/", view(self.year_view), name="common_calendarday_year"),
            path("year/<int:year>/notice/", view(self.notice_view), name="common_calendarday_notice"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        today = timezone.localdate()
        # From November on the notice that somebody has in hand is next year's.
        notice_year = today.year + (today.month >= 11)
        more = {"this_year": today.year, "notice_year": notice_year, "may_edit": self.may_edit(request)}
        return super().changelist_view(request, {**more, **(extra_context or {})})  # type: ignore[misc]

    # -- the year

    def year_view(self, request: HttpRequest, year: int) -> HttpResponse:
        """Everybody of the staff looks; the office marks days and saves them together."""
        self._enter(request, year)
        form = DaysForm(year, request.POST if request.method == "POST" else None)
        if form.is_valid():
            changes = form.changes()
            words = _KINDS[form.cleaned_data["kind"]]
            if form.cleaned_data["kind"] != "usual" and form.cleaned_data["note"]:
                words += f"（{form.cleaned_data['note']}）"
            admin_calendar.change_days(
                request,
                changes,
                logged=f"{year} 年工作日历 {len(changes)} 天改为{words}：{'、'.join(map(spoken, changes))}",
                message=f"已保存：{_few(list(changes))}{words if words == _KINDS['usual'] else f'改为{words}'}。",
            )
            return redirect("admin:common_calendarday_year", year)
        context: dict[str, Any] = {
            "year": year_of(year, known_days(year)),
            "kinds": _KINDS,
            "form": form,
            "chosen": set(form["days"].value() or []),
            "errors": all_errors(form) if form.is_bound else [],
            "may_edit": self.may_edit(request),
            "previous": year - 1 if year > FIRST_YEAR else None,
            "following": year + 1 if year < LAST_YEAR else None,
        }
        return page(self, request, "admin/calendar_year.html", title=f"{year} 年工作日历", **context)

    def _enter(self, request: HttpRequest, year: int) -> None:
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise Http404
        if request.method == "POST" and not self.may_edit(request):
            raise PermissionDenied

    # -- the notice

    def notice_view(self, request: HttpRequest, year: int) -> HttpResponse:
        """Paste, look at what would change, confirm. Whoever changed the calendar meanwhile is looked at again."""
        self._enter(request, year)
        if not self.may_edit(request):
            raise PermissionDenied
        form = NoticeForm(request.POST if request.method == "POST" else None)
        if "edit" in request.POST or not form.is_valid():
            return self._paste(request, year, form)
        notice = read_notice(form.cleaned_data["text"], year)
        if notice.problems:
            return self._paste(request, year, form, notice)
        mark = office_time.mark()
        plan = plan_of(notice, known_days(year), replace=form.cleaned_data["replace"])
        if "confirm" not in request.POST or request.POST.get("mark") != mark:
            stale = "confirm" in request.POST
            return self._preview(request, year, form, notice=notice, plan=plan, mark=mark, stale=stale)
        if plan.changes:
            counts = f"新增 {len(plan.new)} 天，更改 {len(plan.changed)} 天，恢复为平常 {len(plan.removed)} 天"
            days = "；".join(f"{step.name}{step.after}" for step in (*plan.new, *plan.changed, *plan.removed))
            admin_calendar.change_days(
                request,
                plan.changes,
                logged=f"按放假通知更新 {year} 年工作日历：{days}",
                message=f"{year} 年工作日历已更新：{counts}。",
            )
        return redirect("admin:common_calendarday_year", year)

    def _paste(self, request: HttpRequest, year: int, form: NoticeForm, notice: Notice | None = None) -> HttpResponse:
        problems = [str(problem) for problem in notice.problems] if notice else []
        if form.is_bound and "edit" not in request.POST:
            problems += all_errors(form)
        context: dict[str, Any] = {"year": year, "form": form, "problems": problems}
        return page(self, request, "admin/calendar_notice.html", title=f"粘贴 {year} 年放假通知", **context)

    def _preview(self, request: HttpRequest, year: int, form: NoticeForm, *, plan: Plan, **more: Any) -> HttpResponse:
        parts = [("新增", plan.new), ("更改", plan.changed), ("恢复为平常", plan.removed)]
        context: dict[str, Any] = {"year": year, "form": form, "plan": plan, "parts": parts, **more}
        return page(self, request, "admin/calendar_preview.html", title=f"核对 {year} 年放假安排", **context)


def _few(days: list[date]) -> str:
    """The days of a message by name; many of them by number."""
    return "、".join(map(spoken, days)) if len(days) <= 3 else f"{spoken(days[0])}等 {len(days)} 天"
