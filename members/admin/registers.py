"""Units, buildings, members and organizations: kept by those whom grids/authority.py names."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from grids.authority import kept_condition, may_keep
from grids.models import Grid
from liangcheng.common.admin_base import ScopedAdmin
from liangcheng.common.admin_sheets import SheetExport, SheetImport
from liangcheng.common.text import mask_phone
from members.admin.sheets import BuildingSheet, MemberSheet, OrganizationSheet, UnitSheet
from members.models import Building, PartyMember, PartyOrganization, ResidentUnit


class RegisterAdmin(ScopedAdmin):
    """An anchored register. Retired by “在用”, never deleted."""

    list_select_related: ClassVar[Any] = ["grid"]
    autocomplete_fields: ClassVar[Any] = ["grid"]
    search_help_text = "按名称或拼音首字母查找"
    # Fields that are shown masked to those who may only read, and kept out of the history.
    masked: ClassVar[dict[str, str]] = {}

    def may_edit(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_keep(request.user, obj)

    def offered(self, field: Any, request: HttpRequest) -> "QuerySet[Any]":
        if field.remote_field.model is Grid:
            return Grid.objects.filter(kept_condition(request.user)).active()
        return super().offered(field, request)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = list(super().get_fields(request, obj))
        if obj is None or self.may_edit(request, obj):
            return fields
        return [self.masked.get(str(name), name) for name in fields]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*super().get_readonly_fields(request, obj), *self.masked.values()]

    def secret_fields(self, request: HttpRequest, obj: Any) -> frozenset[str]:
        return frozenset() if self.may_edit(request, obj) else frozenset(self.masked)


@admin.register(PartyOrganization)
class OrganizationAdmin(SheetExport, RegisterAdmin):
    resource = OrganizationSheet
    list_display = ["name", "kind", "grid", "parent", "is_active"]
    list_select_related = ["grid", "parent"]
    list_filter = ["kind", "is_active"]
    search_fields = ["name", "name_pinyin"]
    autocomplete_fields = ["grid", "parent"]
    fields = ["name", "kind", "grid", "parent", "founded_on", "note", "is_active"]


@admin.register(ResidentUnit)
class UnitAdmin(SheetImport, RegisterAdmin):
    resource = UnitSheet
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
class BuildingAdmin(SheetImport, RegisterAdmin):
    resource = BuildingSheet
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


@admin.register(PartyMember)
class MemberAdmin(SheetExport, RegisterAdmin):
    resource = MemberSheet
    list_display = ["name", "kind", "organization", "grid", "masked_phone", "is_active"]
    list_select_related = ["grid", "organization"]
    list_filter = ["kind", "is_active"]
    search_fields = ["name", "name_pinyin"]
    autocomplete_fields = ["grid", "organization", "unit"]
    fields = ["name", "kind", "organization", "grid", "unit", "phone", "joined_on", "skills", "note", "is_active"]
    masked = {"phone": "masked_phone"}

    @admin.display(description="手机")
    def masked_phone(self, member: PartyMember) -> str:
        return mask_phone(member.phone)
