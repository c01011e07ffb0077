"""The case in the admin: fields are read, acts are pages, nothing else."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from cases import workflow
from cases.admin import acts, bulk
from cases.admin.records import CoHandlerInline, EventInline, PhotoInline
from cases.admin.together import CaseReturnInline, CoordinationInline, InstructionInline, JointReportInline
from cases.choices import Act
from cases.forms import ACT_FORMS
from cases.lights import light_text
from cases.models import Case
from grids.choices import GridKind
from grids.models import Grid
from grids.querysets import within
from liangcheng.common.admin_base import ReadOnlyAdmin
from liangcheng.common.text import mask_name, mask_phone


class DeadlineFilter(admin.SimpleListFilter):
    title = "时限"
    parameter_name = "deadline"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("overdue", "已超期"), ("soon", "即将超期"), ("at_once", "立即处置")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        found = {"overdue": queryset.overdue, "soon": queryset.due_soon, "at_once": queryset.at_once}
        chosen = found.get(self.value() or "")
        return chosen() if chosen else queryset


class MergedFilter(admin.SimpleListFilter):
    title = "并案"
    parameter_name = "merged"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("main", "反映多次的案件"), ("into", "已并入其他案件")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "main":
            return queryset.filter(heat__gt=1)
        return queryset.filter(merged_into__isnull=False) if self.value() == "into" else queryset


class AreaFilter(admin.SimpleListFilter):
    """By area or neighbourhood of discovery; micro-units are found by search."""

    title = "发现网格"
    parameter_name = "within"
    _kinds = (GridKind.COMMUNITY, GridKind.AREA, GridKind.NEIGHBORHOOD)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        grids = Grid.objects.visible_to(request.user).active().filter(kind__in=self._kinds).in_tree_order()
        return [(grid.code, f"{' ' * grid.level}{grid.short_name}") for grid in grids]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not self.value():
            return queryset
        grid = Grid.objects.visible_to(request.user).filter(code=self.value()).first()
        return queryset.filter(within(grid)) if grid else queryset.none()


@admin.register(Case)
class CaseAdmin(ReadOnlyAdmin):
    """No field of a case is edited here: a correction is a note, a change of state is an act."""

    change_form_template = "admin/case_change_form.html"
    list_display = [
        "number",
        "title",
        "status",
        "deadline",
        "category",
        "handling_grid",
        "handler",
        "urgency",
        "reported_at",
    ]
    list_select_related = ["category", "handling_grid", "assignee", "assigned_department"]
    list_filter = [
        "status",
        DeadlineFilter,
        "supervised",
        MergedFilter,
        "urgency",
        "source",
        "handling_level",
        "reported_at",
        AreaFilter,
    ]
    search_fields = ["number", "title", "address"]
    search_help_text = "按案件编号、标题或地址查找"
    sortable_by = ("number", "reported_at")
    actions = ["dispatch_selected"]
    inlines = [
        InstructionInline,
        CoHandlerInline,
        CoordinationInline,
        CaseReturnInline,
        JointReportInline,
        PhotoInline,
        EventInline,
    ]
    readonly_fields = ["main_case", "deadline", "handler", "reporter", "reporter_contact", "place"]
    fieldsets = (
        (None, {"fields": ("number", "title", "description", "category", "nature", "urgency", "confidential")}),
        (
            "办理",
            {"fields": ("status", "handling_grid", "handling_level", "handler", "binding", "deadline", "supervised")},
        ),
        (
            "期限",
            {
                "fields": (
                    "reported_at",
                    "first_contact_due_at",
                    "first_contact_at",
                    "due_at",
                    "original_due_at",
                    "warn_at",
                    "extension_days",
                    "extension_count",
                    "resolved_at",
                    "closed_at",
                    "on_time",
                    "on_time_original",
                )
            },
        ),
        (
            "挂账、并案、移送",
            {"fields": ("review_on", "main_case", "heat", "transfer_body", "transfer_number")},
        ),
        ("地点", {"fields": ("grid", "second_grid", "unit", "building", "address", "place")}),
        (
            "来源与反映人",
            {
                "fields": (
                    "source",
                    "external_system",
                    "external_id",
                    "discovered_by",
                    "reporter",
                    "reporter_contact",
                    "wants_reply",
                )
            },
        ),
        (
            "结果",
            {
                "fields": (
                    "result",
                    "resolved_by",
                    "resolved_level",
                    "highest_level",
                    "reject_reason",
                    "satisfaction",
                    "solved",
                    "dispatch_count",
                    "return_count",
                    "bounced",
                    "urge_count",
                    "rework_count",
                    "suspend_count",
                    "reopen_count",
                )
            },
        ),
    )

    # -- columns

    @admin.display(description="时限")
    def deadline(self, case: Case) -> str:
        return light_text(case)

    @admin.display(description="处置人")
    def handler(self, case: Case) -> str:
        return str(case.assignee or case.assigned_department or "—")

    @admin.display(description="反映人")
    def reporter(self, case: Case) -> str:
        return "匿名" if case.reporter_anonymous else mask_name(case.reporter_name) or "—"

    @admin.display(description="反映人电话")
    def reporter_contact(self, case: Case) -> str:
        return mask_phone(case.reporter_phone) or "—"

    @admin.display(description="经纬度")
    def place(self, case: Case) -> str:
        return f"{case.lng}, {case.lat}" if case.lng is not None and case.lat is not None else "—"

    @admin.display(description="并入案件")
    def main_case(self, case: Case) -> str:
        """Its number, to who may see it."""
        if case.merged_into_id is None:
            return "—"
        return getattr(case, "visible_main", None) or "另一件案件"

    # -- rights

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        rows = super().get_queryset(request)
        related = ["category", "grid", "handling_grid", "assignee", "assigned_department", "unit", "building"]
        return rows.select_related(*related, "second_grid", "discovered_by", "resolved_by").annotate(
            visible_main=Subquery(
                Case.objects.visible_to(request.user).filter(pk=OuterRef("merged_into")).order_by().values("number")[:1]
            )
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return workflow.may_discover(request.user)  # type: ignore[arg-type]

    def has_dispatch_permission(self, request: HttpRequest) -> bool:
        return bulk.may_dispatch_any(request.user)  # type: ignore[arg-type]

    # -- pages

    def get_urls(self) -> list[URLPattern]:
        act = path("<path:object_id>/act/<slug:act>/", self.admin_site.admin_view(self.act_view), name="cases_case_act")
        return [act, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        case = self.get_object(request, object_id)
        buttons = workflow.available_actions(case, request.user) if case is not None else []  # type: ignore[arg-type]
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "acts": buttons})

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The site's own filing page: category picker, address book, drafts. It calls workflow.discover."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return redirect("cases:new")

    def act_view(self, request: HttpRequest, object_id: str, act: str) -> HttpResponse:
        case = self.get_object(request, object_id)
        if case is None or act not in ACT_FORMS:
            raise Http404
        return acts.act_page(self, request, case, Act(act))

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The history of a case is its events, on its own page."""
        if self.get_object(request, object_id) is None:
            raise Http404
        return redirect(reverse("admin:cases_case_change", args=[object_id]) + "#events-group")

    @admin.action(description="派遣…", permissions=["dispatch"])
    def dispatch_selected(self, request: HttpRequest, queryset: "QuerySet[Case]") -> HttpResponse | None:
        return bulk.dispatch_page(self, request, queryset)
