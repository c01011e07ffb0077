"""党组织 and 党员 in the admin."""

from django.contrib import admin

from liangcheng.common.text import mask_phone
from members.admin.base import RegisterAdmin
from members.models import PartyMember, PartyOrganization


@admin.register(PartyOrganization)
class OrganizationAdmin(RegisterAdmin):
    list_display = ["name", "kind", "grid", "parent", "is_active"]
    list_select_related = ["grid", "parent"]
    list_filter = ["kind", "is_active"]
    search_fields = ["name", "name_pinyin"]
    autocomplete_fields = ["grid", "parent"]
    fields = ["name", "kind", "grid", "parent", "founded_on", "note", "is_active"]


@admin.register(PartyMember)
class MemberAdmin(RegisterAdmin):
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
