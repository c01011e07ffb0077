"""个人信息使用记录 in the admin: read by the office and by whoever did it, written and deleted by nobody."""

from django.contrib import admin

from liangcheng.common.admin_base import ReadOnlyAdmin
from members.models import AccessLog


@admin.register(AccessLog)
class AccessLogAdmin(ReadOnlyAdmin):
    list_display = ["at", "user", "kind", "label", "object_id", "number_of_rows", "grid", "reason"]
    list_select_related = ["user", "grid"]
    list_filter = ["kind", "at"]
    fields = ["at", "user", "kind", "label", "object_id", "number_of_rows", "grid", "reason"]
    search_fields = ["user__full_name", "user__username", "reason"]
    search_help_text = "按人员姓名、登录名或事由查找"
    date_hierarchy = "at"
    readonly_fields = ["label"]

    @admin.display(description="底册", ordering="register")
    def label(self, use: AccessLog) -> str:
        return use.register_label
