"""党组织 and 党员 in the admin."""

from django.contrib import admin

from liangcheng.common.admin_sheets import SheetExport
from liangcheng.common.text import mask_name, mask_phone
from members.admin.base import RegisterAdmin
from members.admin.sheets import MemberSheet, OrganizationSheet
from members.models import PartyMember, PartyOrganization


@admin.register(PartyOrganization)
class OrganizationAdmin(SheetExport, RegisterAdmin):
    resource = OrganizationSheet
    list_display = ["name", "kind", "grid", "parent", "is_active"]
    list_select_related = ["grid", "parent"]
    list_filter = ["kind", "is_active"]
    search_fields = ["name", "name_pinyin"]
    autocomplete_fields = ["grid", "parent", "unit"]
    fields = [
        "name",
        "kind",
        "grid",
        "parent",
        "unit",
        "founded_on",
        "contact_name",
        "contact_phone",
        "note",
        "is_active",
    ]
    masked = {"contact_name": "masked_name", "contact_phone": "masked_phone"}

    @admin.display(description="联系人")
    def masked_name(self, organization: PartyOrganization) -> str:
        return mask_name(organization.contact_name)

    @admin.display(description="联系电话")
    def masked_phone(self, organization: PartyOrganization) -> str:
        return mask_phone(organization.contact_phone)


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
