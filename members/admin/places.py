"""成员单位 and 楼栋 in the admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from liangcheng.common.text import mask_phone
from members.admin.base import RegisterAdmin
from members.models import Building, ResidentUnit


@admin.register(ResidentUnit)
class UnitAdmin(RegisterAdmin):
    list_display = ["name", "code", "kind", "grid", "address", "households", "assumed", "is_active"]
    list_filter = ["kind", "is_active", "assumed"]
    search_fields = ["name", "name_pinyin", "code", "address"]
    search_help_text = "按名称、编号、地址或拼音首字母查找"
    fields = [
        "code",
        "name",
        "kind",
        "grid",
        "address",
        "households",
        "contact_name",
        "contact_phone",
        "note",
        "assumed",
        "is_active",
    ]
    masked = {"contact_phone": "masked_phone"}

    @admin.display(description="联系电话")
    def masked_phone(self, unit: ResidentUnit) -> str:
        return mask_phone(unit.contact_phone)


@admin.register(Building)
class BuildingAdmin(RegisterAdmin):
    list_display = ["name", "road", "lane", "number", "unit", "grid", "households", "is_active"]
    list_select_related = ["grid", "unit"]
    list_filter = ["is_active", "road"]
    search_fields = ["name", "name_pinyin", "road", "lane", "unit__name"]
    search_help_text = "按路名、弄、单位名称或拼音首字母查找"
    autocomplete_fields = ["grid", "unit"]
    fields = ["unit", "road", "lane", "number", "name", "grid", "stairs", "households", "note", "is_active"]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if "name" in form.base_fields:
            form.base_fields["name"].required = False
            form.base_fields["name"].help_text = "空着就用地址，如“凉城路123弄4号”。"
        return form
