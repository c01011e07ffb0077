"""请假代班 in the admin: the office sees who stands in for whom, names stand-ins, ends them."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from grids import standins
from grids.authority import office_streets
from grids.models import Posting, StandIn
from liangcheng.accounts.current import signed_in
from liangcheng.common.admin_base import ScopedAdmin
from liangcheng.common.exceptions import DomainError


class StandInForm(forms.ModelForm):
    def validate_constraints(self) -> None:
        """Persons and days are checked by standins.py, which says at which field to mend them."""


class StateFilter(admin.SimpleListFilter):
    title = "状态"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("now", "代班中"), ("coming", "未开始"), ("over", "已结束")]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[StandIn]") -> "QuerySet[StandIn]":
        today = timezone.localdate()
        over = Q(ended_at__isnull=False) | Q(valid_to__lt=today)
        match self.value():
            case "now":
                return queryset.filter(~over, valid_from__lte=today)
            case "coming":
                return queryset.filter(~over, valid_from__gt=today)
            case "over":
                return queryset.filter(over)
        return queryset


@admin.register(StandIn)
class StandInAdmin(ScopedAdmin):
    form = StandInForm
    list_display = ["user", "stand_in", "valid_from", "valid_to", "reason", "state", "created_by"]
    list_select_related = ["user", "stand_in", "created_by"]
    list_filter = [StateFilter]
    search_fields = ["user__full_name", "user__username", "stand_in__full_name", "stand_in__username"]
    search_help_text = "按请假人、代班人的姓名或登录名查找"
    autocomplete_fields = ["user", "stand_in"]
    readonly_fields = ["created_by", "created_at", "ended_at"]
    actions = ["end"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = ["user", "stand_in", "valid_from", "valid_to", "reason"]
        return [(None, {"fields": fields if obj is None else [*fields, *self.readonly_fields]})]

    @admin.display(description="状态")
    def state(self, row: StandIn) -> str:
        today = timezone.localdate()
        if row.ended_at is not None:
            return "已提前结束"
        if row.valid_to < today:
            return "已到期"
        return "代班中" if row.valid_from <= today else "未开始"

    # -- scope and rights: leave is a matter of the person and the office, not of everybody who reads the register

    def in_scope(self, rows: "QuerySet[Any]", request: HttpRequest) -> "QuerySet[Any]":
        """Of people who serve, or served, in a street whose office the user runs."""
        streets = office_streets(request.user)
        if streets is None:
            return rows
        there = Posting.objects.filter(user_id=OuterRef("user_id"), grid__community_id__in=streets).order_by()
        return rows.filter(Exists(there))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return office_streets(request.user) != frozenset()

    def may_edit(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is rewritten: it is ended, and named anew."""
        return obj is None and self.has_end_permission(request)

    def has_end_permission(self, request: HttpRequest) -> bool:
        return office_streets(request.user, own=True) != frozenset()

    # -- writing

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        given = {name: form.cleaned_data[name] for name in ("user", "stand_in", "valid_from", "valid_to", "reason")}
        made = standins.appoint(actor=signed_in(request), **given)
        obj.__dict__.update(made.__dict__)

    @admin.action(description="结束代班", permissions=["end"])
    def end(self, request: HttpRequest, queryset: "QuerySet[StandIn]") -> None:
        for row in queryset.select_related("user", "stand_in"):
            try:
                standins.end(actor=signed_in(request), stand_in_id=row.pk)
            except DomainError as refusal:
                self.message_user(request, f"{row}：{refusal.message}", messages.ERROR)
                continue
            self.log_change(request, row, "结束代班")
            self.message_user(request, f"{row}已结束，即时生效。", messages.SUCCESS)
