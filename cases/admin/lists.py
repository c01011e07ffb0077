"""Categories and their limits: what cases are measured by, kept by the street's office."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from cases.choices import Urgency
from cases.models import Category, TimeLimit
from grids.choices import GridKind
from liangcheng.common.admin_base import FollowsParent, OfficeAdmin
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
