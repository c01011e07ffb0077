"""Categories and their limits: what cases are measured by, kept by the street's office."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from cases.choices import Urgency
from cases.models import Category, CategoryOwner, ClockRule, TimeLimit
from grids.admin.postings import keep_to_office
from grids.authority import runs_street
from grids.choices import GridKind
from liangcheng.common.admin_base import FollowsParent, OfficeAdmin, ScopedAdmin
from liangcheng.common.admin_calendar import calendar_change
from liangcheng.common.admin_sheets import ChoiceCell, SheetExport, SheetResource, TruthCell, column


class LimitInline(FollowsParent, admin.TabularInline):
    """What was promised stays on its case; a new promise is a new row from its own date on."""

    model = TimeLimit
    extra = 0
    fields = [
        "grade",
        "first_contact_value",
        "first_contact_unit",
        "resolve_value",
        "resolve_unit",
        "valid_from",
        "valid_to",
    ]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class CategorySheet(SheetResource):
    code = column("code", "代码")
    major_code = column("major_code", "大类代码")
    major_name = column("major_name", "大类")
    name = column("name", "小类")
    synonyms = column("synonyms", "俗称")
    default_level = column("default_level", "首办层级", ChoiceCell(GridKind.choices))
    urgency = column("urgency", "紧急程度", ChoiceCell(Urgency.choices))
    responsible_department = column("responsible_department__short_name", "主责部门", readonly=True)
    close_condition = column("close_condition", "结案条件")
    photo_required = column("photo_required", "处置完成须附照片", TruthCell())
    basis = column("basis", "依据")
    is_active = column("is_active", "在用", TruthCell())

    class Meta(SheetResource.Meta):
        model = Category
        fields = (
            "code",
            "major_code",
            "major_name",
            "name",
            "synonyms",
            "default_level",
            "urgency",
            "responsible_department",
            "close_condition",
            "photo_required",
            "basis",
            "is_active",
        )


@admin.register(Category)
class CategoryAdmin(SheetExport, OfficeAdmin):
    resource = CategorySheet
    list_display = ["name", "code", "major_name", "default_level", "urgency", "responsible_department", "is_active"]
    list_select_related = ["responsible_department"]
    list_filter = ["is_active", "default_level", "urgency", "photo_required", "major_name"]
    search_fields = ["name", "code", "major_name", "synonyms", "name_pinyin"]
    search_help_text = "按名称、代码、俗称或拼音首字母查找"
    autocomplete_fields = ["responsible_department", "co_departments"]
    inlines = [LimitInline]
    fieldsets = (
        (None, {"fields": ("code", "name", "major_code", "major_name", "synonyms", "is_active")}),
        ("办理", {"fields": ("default_level", "urgency", "responsible_department", "co_departments")}),
        ("结案", {"fields": ("close_condition", "photo_required", "basis", "confidence")}),
    )


@admin.register(CategoryOwner)
class CategoryOwnerAdmin(ScopedAdmin):
    """Who answers for a category in one street; by the street's office."""

    list_display = ["category", "community", "owner"]
    list_select_related = ["category", "community", "department"]
    list_filter = ["community", "category__major_name"]
    search_fields = ["category__name", "category__code", "category__name_pinyin", "department__name"]
    search_help_text = "按类别、部门名称、类别代码或拼音首字母查找"
    autocomplete_fields = ["category", "department"]

    @admin.display(description="主责", ordering="department__name")
    def owner(self, row: CategoryOwner) -> str:
        return str(row.department or "首办层级的网格")

    def offered(self, field: Any, request: HttpRequest) -> "QuerySet[Any]":
        rows = keep_to_office(field, super().offered(field, request), request)
        return rows.filter(kind=GridKind.COMMUNITY) if field.name == "community" else rows

    def may_edit(self, request: HttpRequest, obj: Any = None) -> bool:
        return runs_street(request.user, obj.community if obj is not None else None)


@admin.register(TimeLimit)
class TimeLimitAdmin(OfficeAdmin):
    list_display = ["category", "grade", "first_contact", "resolve", "valid_from", "valid_to"]
    list_select_related = ["category"]
    list_filter = ["grade", "resolve_unit", "category__major_name"]
    search_fields = ["category__name", "category__code", "category__name_pinyin"]
    search_help_text = "按类别名称、代码或拼音首字母查找"
    autocomplete_fields = ["category"]

    @admin.display(description="先行联系")
    def first_contact(self, limit: TimeLimit) -> str:
        if limit.first_contact_value is None:
            return "—"
        return f"{limit.first_contact_value} {limit.get_first_contact_unit_display()}"

    @admin.display(description="处置时限")
    def resolve(self, limit: TimeLimit) -> str:
        return str(limit)


@admin.register(ClockRule)
class ClockRuleAdmin(OfficeAdmin):
    """When the clock warns, takes back, passes on and closes. A change moves the agenda of open cases at once."""

    list_display = ["title", "warn_percent", "accept", "grace", "feedback", "returns"]
    list_filter = ["level", "urgency"]
    fieldsets = (
        (None, {"fields": ("level", "urgency")}),
        ("黄灯", {"fields": ("warn_percent", "warn_last_day")}),
        ("接单", {"fields": ("accept_value", "accept_unit")}),
        ("超期自动上报上级", {"fields": ("grace_value", "grace_unit")}),
        ("待回访自动结案", {"fields": ("feedback_value", "feedback_unit")}),
        ("退单", {"fields": ("returns",)}),
    )

    @admin.display(description="适用范围")
    def title(self, rule: ClockRule) -> str:
        return str(rule)

    @admin.display(description="接单时限")
    def accept(self, rule: ClockRule) -> str:
        return _length(rule.accept_value, rule.get_accept_unit_display())

    @admin.display(description="超期多久自动上报")
    def grace(self, rule: ClockRule) -> str:
        return _length(rule.grace_value, rule.get_grace_unit_display())

    @admin.display(description="待回访多久自动结案")
    def feedback(self, rule: ClockRule) -> str:
        return _length(rule.feedback_value, rule.get_feedback_unit_display())

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Without a row the built-in values count."""
        return self.may_edit(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        with calendar_change(request):
            super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with calendar_change(request):
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        with calendar_change(request):
            super().delete_queryset(request, queryset)


def _length(value: int | None, unit: str) -> str:
    return "—" if value is None else f"{value} {unit}"
