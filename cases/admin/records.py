"""What has been written down: events and notices. Nobody edits them."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from cases.models import Attachment, Case, CaseEvent, CoHandler, Notice
from grids.scoping import scope_of
from liangcheng.common.admin_base import ReadOnlyAdmin, ReadOnlyInline


def case_link(case: Case) -> str:
    return format_html('<a href="{}">{}</a>', reverse("admin:cases_case_change", args=[case.pk]), case.number)


class EventInline(ReadOnlyInline, admin.TabularInline):
    model = CaseEvent
    fields = ["created_at", "act", "actor_or_clock", "from_status", "to_status", "to_grid", "text"]
    readonly_fields = ["actor_or_clock"]
    verbose_name_plural = "办理经过"

    def get_queryset(self, request: HttpRequest) -> "QuerySet[CaseEvent]":
        return super().get_queryset(request).select_related("actor", "to_grid", "case")

    @admin.display(description="操作人")
    def actor_or_clock(self, event: CaseEvent) -> str:
        return str(event.actor or "系统")


class PhotoInline(ReadOnlyInline, admin.TabularInline):
    model = Attachment
    fields = ["kind", "thumbnail", "uploaded_by", "created_at"]
    readonly_fields = ["thumbnail"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Attachment]":
        return super().get_queryset(request).select_related("uploaded_by", "case")

    @admin.display(description="照片")
    def thumbnail(self, photo: Attachment) -> str:
        address = reverse("cases:photo", args=[photo.case.number, photo.pk])
        return format_html(
            '<a href="{0}"><img class="photo-thumb" src="{0}" alt="{1}" loading="lazy"></a>', address, photo
        )


class CoHandlerInline(ReadOnlyInline, admin.TabularInline):
    model = CoHandler
    fields = ["department", "role", "created_at", "done_at", "result"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[CoHandler]":
        return super().get_queryset(request).select_related("department")


@admin.register(CaseEvent)
class CaseEventAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "number", "act", "actor_or_clock", "from_status", "to_status", "to_grid", "text"]
    list_display_links = ["created_at"]
    list_select_related = ["case", "actor", "to_grid"]
    list_filter = ["act", "to_status", "level", "created_at"]
    search_fields = ["case__number", "actor__full_name", "text"]
    search_help_text = "按案件编号、操作人或说明查找"
    fields = [
        "number",
        "act",
        "actor_or_clock",
        "created_at",
        "from_status",
        "to_status",
        "from_grid",
        "to_grid",
        "level",
        "text",
        "request_id",
    ]
    readonly_fields = ["number", "actor_or_clock"]
    ordering = ["-id"]

    def in_scope(self, rows: "QuerySet[Any]", request: HttpRequest) -> "QuerySet[Any]":
        """The events of the cases that the user may see, no others."""
        if scope_of(request.user).everything:
            return rows
        return rows.filter(case__in=Case.objects.visible_to(request.user).order_by().values("pk"))

    @admin.display(description="案件编号", ordering="case__number")
    def number(self, event: CaseEvent) -> str:
        return case_link(event.case)

    @admin.display(description="操作人")
    def actor_or_clock(self, event: CaseEvent) -> str:
        return str(event.actor or "系统")


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "recipient", "text", "read_at"]
    list_select_related = ["recipient"]
    list_filter = ["created_at"]
    search_fields = ["text", "recipient__full_name"]
    search_help_text = "按内容或收件人查找"
    fields = ["recipient", "text", "created_at", "read_at"]

    def in_scope(self, rows: "QuerySet[Any]", request: HttpRequest) -> "QuerySet[Any]":
        """One's own; a notice is written for one person."""
        return rows if scope_of(request.user).everything else rows.filter(recipient=request.user)
