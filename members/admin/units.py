"""轮值主席 and 自荐网格长 in the admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from liangcheng.common.admin_base import ReadOnlyAdmin
from members import units
from members.admin.base import RegisterAdmin
from members.models import ChairTerm, Nomination


@admin.register(ChairTerm)
class ChairTermAdmin(RegisterAdmin):
    """Terms of one grid do not overlap; ended early by an earlier last day."""

    list_display = ["unit", "grid", "starts_on", "ends_on"]
    list_select_related = ["unit", "grid"]
    search_fields = ["unit__name", "unit__name_pinyin"]
    search_help_text = "按单位名称或拼音首字母查找"
    autocomplete_fields = ["grid", "unit"]
    fields = ["unit", "grid", "starts_on", "ends_on", "note"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        user: Any = request.user
        saved = units.set_term(
            actor=user,
            unit_id=obj.unit_id,
            grid_id=obj.grid_id,
            starts_on=obj.starts_on,
            ends_on=obj.ends_on,
            note=obj.note,
            term_id=obj.pk if change else None,
        )
        obj.__dict__.update(saved.__dict__)


@admin.register(Nomination)
class NominationAdmin(ReadOnlyAdmin):
    """Entered and decided on the site; here to look things up."""

    list_display = ["unit", "grid", "state", "created_at", "decided_at", "user"]
    list_select_related = ["unit", "grid", "user"]
    list_filter = ["state"]
    search_fields = ["unit__name", "unit__name_pinyin"]
    search_help_text = "按单位名称或拼音首字母查找"
    fields = [
        "unit",
        "grid",
        "masked_nominee",
        "statement",
        "state",
        "entered_by",
        "created_at",
        "decided_by",
        "decided_at",
        "decision_note",
        "user",
    ]
    readonly_fields = ["masked_nominee"]

    @admin.display(description="人选")
    def masked_nominee(self, nomination: Nomination) -> str:
        return nomination.masked_nominee
