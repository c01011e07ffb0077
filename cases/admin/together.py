"""What hangs on a case in the admin: shown below it and as lists of their own; written by the acts only."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from cases.admin.records import case_link
from cases.models import Case, CaseLink, CaseReturn, Coordination, Instruction, Invitee, JointReport
from grids.scoping import scope_of
from liangcheng.common.admin_base import ReadOnlyAdmin, ReadOnlyInline
from liangcheng.common.text import mask_name, mask_phone


class InstructionInline(ReadOnlyInline, admin.TabularInline):
    model = Instruction
    fields = ["kind", "text", "given_by", "given_at", "due_at", "answer", "answered_by", "answered_at"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Instruction]":
        return super().get_queryset(request).select_related("given_by", "answered_by")


class CoordinationInline(ReadOnlyInline, admin.TabularInline):
    model = Coordination
    fields = ["meets_at", "place", "topic", "invited", "convened_by", "outcome", "concluded_at"]
    readonly_fields = ["invited"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Coordination]":
        return super().get_queryset(request).select_related("convened_by").annotate(count=Count("invitees"))

    @admin.display(description="约请对象")
    def invited(self, row: Coordination) -> str:
        return f"{row.count} 个"  # type: ignore[attr-defined]  # annotated above


class CaseReturnInline(ReadOnlyInline, admin.TabularInline):
    model = CaseReturn
    fields = ["created_at", "who", "reason"]
    readonly_fields = ["who"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[CaseReturn]":
        return super().get_queryset(request).select_related("person", "department")

    @admin.display(description="退单人")
    def who(self, row: CaseReturn) -> str:
        return str(row.person or row.department)


class JointReportInline(ReadOnlyInline, admin.TabularInline):
    """The contact stays masked; to see it there is 查看联系方式."""

    model = JointReport
    fields = ["created_at", "joined_by", "reporter", "contact", "wants_reply", "text"]
    readonly_fields = ["reporter", "contact"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[JointReport]":
        return super().get_queryset(request).select_related("joined_by")

    @admin.display(description="反映人")
    def reporter(self, row: JointReport) -> str:
        return mask_name(row.reporter_name) or "—"

    @admin.display(description="反映人电话")
    def contact(self, row: JointReport) -> str:
        return mask_phone(row.reporter_phone) or "—"


class _OfCases(ReadOnlyAdmin):
    """Rows of cases that the user may see, no others."""

    readonly_fields = ["number"]
    ordering = ["-id"]

    def in_scope(self, rows: "QuerySet[Any]", request: HttpRequest) -> "QuerySet[Any]":
        if scope_of(request.user).everything:
            return rows
        return rows.filter(case__in=Case.objects.visible_to(request.user).order_by().values("pk"))

    @admin.display(description="案件编号")
    def number(self, row: Any) -> str:
        return case_link(row.case)


@admin.register(Instruction)
class InstructionAdmin(_OfCases):
    list_display = ["given_at", "number", "kind", "given_by", "text", "due_at", "answered_at"]
    list_select_related = ["case", "given_by"]
    list_filter = ["kind", ("answered_at", admin.EmptyFieldListFilter), "given_at"]
    search_fields = ["case__number", "given_by__full_name", "text"]
    search_help_text = "按案件编号、批示人或内容查找"
    fields = [
        "number",
        "kind",
        "text",
        "given_by",
        "given_at",
        "days",
        "due_at",
        "answer",
        "answered_by",
        "answered_at",
    ]


class InviteeInline(ReadOnlyInline, admin.TabularInline):
    """Who sees the case sees who was invited, party members masked."""

    model = Invitee
    fields = ["kind", "name", "attended"]


@admin.register(Coordination)
class CoordinationAdmin(_OfCases):
    list_display = ["meets_at", "number", "place", "topic", "convened_by", "concluded_at"]
    list_select_related = ["case", "convened_by"]
    list_filter = [("concluded_at", admin.EmptyFieldListFilter), "meets_at"]
    search_fields = ["case__number", "place", "topic"]
    search_help_text = "按案件编号、地点或协调事项查找"
    fields = ["number", "topic", "place", "meets_at", "convened_by", "minutes", "outcome", "concluded_at"]
    inlines = [InviteeInline]


@admin.register(CaseReturn)
class CaseReturnAdmin(_OfCases):
    list_display = ["created_at", "number", "person", "department", "reason"]
    list_select_related = ["case", "person", "department"]
    list_filter = ["reason", "created_at"]
    search_fields = ["case__number", "person__full_name", "department__name"]
    search_help_text = "按案件编号、退单人或退单部门查找"
    fields = ["number", "person", "department", "actor", "reason", "created_at"]


@admin.register(JointReport)
class JointReportAdmin(_OfCases):
    list_display = ["created_at", "number", "reporter", "contact", "wants_reply", "joined_by"]
    list_select_related = ["case", "joined_by"]
    list_filter = ["wants_reply", "created_at"]
    search_fields = ["case__number"]
    search_help_text = "按案件编号查找"
    fields = ["number", "reporter", "contact", "wants_reply", "text", "joined_by", "created_at"]
    readonly_fields = ["number", "reporter", "contact"]
    reporter = JointReportInline.reporter
    contact = JointReportInline.contact


@admin.register(CaseLink)
class CaseLinkAdmin(_OfCases):
    list_display = ["created_at", "number", "kind", "linked", "created_by"]
    list_select_related = ["case", "other", "created_by"]
    list_filter = ["kind", "created_at"]
    search_fields = ["case__number", "other__number"]
    search_help_text = "按案件编号查找"
    fields = ["number", "kind", "linked", "created_by", "created_at"]
    readonly_fields = ["number", "linked"]

    def in_scope(self, rows: "QuerySet[Any]", request: HttpRequest) -> "QuerySet[Any]":
        """Both cases must be in sight."""
        seen = super().in_scope(rows, request)
        if scope_of(request.user).everything:
            return seen
        return seen.filter(other__in=Case.objects.visible_to(request.user).order_by().values("pk"))

    @admin.display(description="关联案件编号")
    def linked(self, row: CaseLink) -> str:
        return case_link(row.other)
