"""双报到、双报告 in the admin: to look at. What is done with them is done on the site (members/reporting.py)."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from grids.authority import desk_condition
from liangcheng.accounts.current import signed_in
from liangcheng.common.admin_base import ReadOnlyAdmin
from members.models import Letter, Registration, RegistrationLink


@admin.register(Registration)
class RegistrationAdmin(ReadOnlyAdmin):
    list_display = ["number", "kind", "state", "masked_name", "grid", "employer", "registered_at"]
    list_select_related = ["grid", "unit"]
    list_filter = ["state", "kind", "source"]
    search_fields = ["number", "unit_name"]
    search_help_text = "按回执号、姓名或单位查找"
    fields = [
        *("number", "kind", "state", "source", "tie", "masked_name", "masked_phone", "unit_name", "uscc"),
        *("organization_name", "grid", "unit", "organization", "registered_at", "consent_at", "entered_by"),
        *("confirmed_by", "confirmed_at", "closed_by", "closed_at", "reason", "letter", "erased_at"),
    ]

    @admin.display(description="姓名")
    def masked_name(self, row: Registration) -> str:
        return row.masked_name

    @admin.display(description="手机")
    def masked_phone(self, row: Registration) -> str:
        return row.masked_phone

    @admin.display(description="单位")
    def employer(self, row: Registration) -> str:
        return row.employer


@admin.register(RegistrationLink)
class LinkAdmin(ReadOnlyAdmin):
    """Without the token: whoever prints posters does so on the site."""

    list_display = ["grid", "kind", "label", "expires_on", "revoked_at", "created_by"]
    list_select_related = ["grid", "created_by"]
    list_filter = ["kind"]
    search_fields = ["label", "grid__name"]
    fields = ["grid", "kind", "label", "expires_on", "created_by", "revoked_by", "revoked_at"]

    def in_scope(self, rows: Any, request: HttpRequest) -> Any:
        return super().in_scope(rows, request).filter(desk_condition(signed_in(request)))


@admin.register(Letter)
class LetterAdmin(ReadOnlyAdmin):
    list_display = ["number", "kind", "unit_name", "year", "grid", "issued_on", "delivered_on", "voided_at"]
    list_select_related = ["grid", "community"]
    list_filter = ["kind", "year"]
    search_fields = ["unit_name"]
    fields = [
        *("number", "kind", "grid", "unit", "unit_name", "year", "comment", "issued_on", "issued_by", "delivery"),
        *("delivery_note", "delivered_on", "delivered_by", "voided_at", "voided_by"),
    ]

    @admin.display(description="编号")
    def number(self, letter: Letter) -> str:
        return letter.number
