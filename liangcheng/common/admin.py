"""The calendar and the outbox in the admin."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from import_export.results import RowResult

from liangcheng.common import admin_channels, channels, office_time, outbox  # noqa: F401 -- registers the channels
from liangcheng.common.admin_base import OfficeAdmin, ReadOnlyAdmin, office_communities, runs_office
from liangcheng.common.admin_calendar import calendar_change, tell, warn_of_missing_calendar
from liangcheng.common.admin_pages import page
from liangcheng.common.admin_sheets import DateCell, SheetImport, SheetResource, TruthCell, column
from liangcheng.common.admin_year import YearPages
from liangcheng.common.models import CalendarDay, OutboxMessage, OutboxState

# What the topics of the floors above are called on the screen; others show their code.
SUBJECTS = {"case.notice": "案件消息", "case.push": "案件推送", "members.sheet": "表格导入", channels.TOPIC: "外发消息"}


class CalendarDayForm(forms.ModelForm):
    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if not 2000 <= day.year <= 2100:
            raise ValidationError("日期应在 2000 年至 2100 年之间。")
        return day


class CalendarSheet(SheetResource):
    day = column("day", "日期", DateCell())
    is_workday = column("is_workday", "是否上班", TruthCell("上班", "休息"))
    note = column("note", "说明")

    class Meta(SheetResource.Meta):
        model = CalendarDay
        fields = ("day", "is_workday", "note")
        import_id_fields = ("day",)


@admin.register(CalendarDay)
class CalendarDayAdmin(YearPages, SheetImport, OfficeAdmin):
    """Days that differ from Monday to Friday. A wrong day is corrected, or taken out again.

    However days change here, followers recompute what was promised by them, and the page says so.
    """

    resource = CalendarSheet
    form = CalendarDayForm
    import_export_change_list_template = "admin/calendar_change_list.html"
    list_display = ["day", "is_workday", "note"]
    list_filter = ["is_workday"]
    search_fields = ["note", "day"]
    search_help_text = "按说明或日期查找，如：国庆节、2026-10"
    date_hierarchy = "day"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_edit(request, obj)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        warn_of_missing_calendar(request)
        return super().changelist_view(request, extra_context)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        with calendar_change(request):
            super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with calendar_change(request):
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        with calendar_change(request):
            super().delete_queryset(request, queryset)

    def process_result(self, result: Any, request: HttpRequest) -> HttpResponse:
        """After the transaction of the import, whose rows renew the mark as they are saved."""
        answer = super().process_result(result, request)
        refused = result.has_errors() or result.has_validation_errors()
        if not refused and (result.totals[RowResult.IMPORT_TYPE_NEW] or result.totals[RowResult.IMPORT_TYPE_UPDATE]):
            tell(request, office_time.changed())
        return answer


@admin.register(OutboxMessage)
class OutboxAdmin(ReadOnlyAdmin):
    """Deliveries to people and other systems; what has failed can be sent again."""

    change_list_template = "admin/outbox_change_list.html"
    list_display = ["created_at", "subject", "state", "attempts", "run_at", "delivered_at", "reason"]
    list_filter = ["state", "created_at"]
    fields = ["subject", "key", "state", "attempts", "run_at", "created_at", "delivered_at", "reason"]
    readonly_fields = ["subject", "reason"]
    search_fields = ["key", "topic"]
    search_help_text = "按去重键或主题查找"
    actions = ["send_again"]

    @admin.display(description="主题")
    def subject(self, message: OutboxMessage) -> str:
        subject = SUBJECTS.get(message.topic, message.topic)
        channel = message.payload.get("name") if message.topic == channels.TOPIC else ""
        return f"{subject}（{channel}）" if channel else subject

    @admin.display(description="最近一次失败原因")
    def reason(self, message: OutboxMessage) -> str:
        return channels.reason_in_words(message.last_error)

    def in_scope(self, rows: "QuerySet[Any]", request: HttpRequest) -> "QuerySet[Any]":
        communities = office_communities(request.user)
        return rows if communities is None else rows.filter(community_id__in=communities)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return runs_office(request.user)

    @admin.action(description="重新发送")
    def send_again(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        if not runs_office(request.user):
            raise PermissionDenied
        sent = outbox.send_again(queryset)
        self.message_user(request, f"已排入重新发送：{sent} 条。已送达的不再重发。", messages.SUCCESS)

    # -- all at once

    def get_urls(self) -> list[URLPattern]:
        resend = path("resend/", self.admin_site.admin_view(self.resend_view), name="common_outbox_resend")
        return [resend, *super().get_urls()]

    def resend_view(self, request: HttpRequest) -> HttpResponse:
        """Every dead message in the user's scope: how many and why, and one button to send them again."""
        if not runs_office(request.user):
            raise PermissionDenied
        dead = self.get_queryset(request).filter(state=OutboxState.DEAD).order_by()
        if request.method == "POST":
            sent = outbox.send_again(dead)
            self.message_user(request, f"已排入重新发送：{sent} 条。", messages.SUCCESS)
            return redirect("admin:common_outboxmessage_changelist")
        found = dead.values_list("last_error").annotate(found=Count("pk")).order_by("-found")
        reasons = [(channels.reason_in_words(error), count) for error, count in found]
        return page(
            self,
            request,
            "admin/outbox_resend.html",
            title="全部重新发送",
            dead=sum(count for _, count in reasons),
            reasons=reasons[:20],
        )
