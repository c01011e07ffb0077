"""居民骨干 in the admin."""

from typing import Any

from django.contrib import admin

from members.admin.base import DeskAdmin
from members.contacts import save_contact
from members.models import ResidentContact


@admin.register(ResidentContact)
class ContactAdmin(DeskAdmin):
    """Masked in the list for everybody, and in the form for readers."""

    list_display = ["masked_name", "kind", "title", "grid", "masked_phone", "is_active"]
    list_filter = ["kind", "is_active"]
    search_fields = ["name", "name_pinyin"]
    search_help_text = "按姓名或拼音首字母查找"
    fields = ["name", "kind", "title", "phone", "grid", "skills", "availability", "note", "is_active"]
    masked = {"name": "masked_name", "phone": "masked_phone"}

    def keep(self, **given: Any) -> Any:
        return save_contact(actor=given["actor"], contact_id=given["row_id"], values=given["values"])

    @admin.display(description="姓名", ordering="name_pinyin")
    def masked_name(self, contact: ResidentContact) -> str:
        return contact.masked_name

    @admin.display(description="手机")
    def masked_phone(self, contact: ResidentContact) -> str:
        return contact.masked_phone
