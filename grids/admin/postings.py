"""Postings and departments: they give rights, so a street's office keeps them (grids/authority.py)."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from grids.accounts import end_account
from grids.authority import office_condition, runs_street
from grids.choices import DepartmentKind, Role
from grids.models import Department, Grid, Posting
from grids.scoping import scope_of
from liangcheng.accounts.current import signed_in
from liangcheng.common.admin_base import FollowsParent, ScopedAdmin
from liangcheng.common.admin_sheets import ChoiceCell, RowCell, SheetExport, SheetResource, TruthCell, column

PEOPLE_ROLES = [(value, label) for value, label in Role.choices if value != Role.SERVICE]


class PostingForm(forms.ModelForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "party_access" in self.fields:
            # Left out: by role.
            self.fields["party_access"].required = False
        if "role" in self.fields:
            # Another system's posting comes with its account.
            self.fields["role"].choices = [("", "请选择"), *PEOPLE_ROLES]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if cleaned is None or not {"user", "grid", "role"} <= set(cleaned):
            return cleaned
        # The partial unique constraint would answer with its name.
        same = Posting.objects.filter(
            user=cleaned["user"], grid=cleaned["grid"], role=cleaned["role"], department=cleaned.get("department")
        )
        if same.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("这位人员在该网格已有相同的岗位，请直接修改那一条的任职日期。")
        return cleaned


def keep_to_office(field: Any, rows: "QuerySet[Any]", request: HttpRequest) -> "QuerySet[Any]":
    """Grids and departments that the office may post people to."""
    if field.remote_field.model is Grid:
        return rows.filter(office_condition(request.user)).active()  # type: ignore[attr-defined]
    if field.remote_field.model is Department:
        mine = Grid.objects.filter(office_condition(request.user))
        return rows.filter(grid__in=mine.order_by().values("pk"), is_active=True)
    return rows


class CurrentFilter(admin.SimpleListFilter):
    title = "在任"
    parameter_name = "current"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "目前在任"), ("no", "已离任或未到任")]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Posting]") -> "QuerySet[Posting]":
        today = timezone.localdate()
        current = (Q(valid_from__isnull=True) | Q(valid_from__lte=today)) & (
            Q(valid_to__isnull=True) | Q(valid_to__gte=today)
        )
        if self.value() == "yes":
            return queryset.filter(current)
        return queryset.exclude(current) if self.value() == "no" else queryset


@admin.register(Posting)
class PostingAdmin(ScopedAdmin):
    form = PostingForm
    list_display = ["user", "grid", "role", "department", "valid_from", "valid_to"]
    list_select_related = ["user", "grid", "department"]
    list_filter = [CurrentFilter, "role", "grid__kind"]
    search_fields = ["user__full_name", "user__username", "grid__name", "grid__code", "grid__name_pinyin"]
    search_help_text = "按姓名、登录名、网格名称、编码或拼音首字母查找"
    autocomplete_fields = ["user", "grid", "department"]

    def in_scope(self, rows: "QuerySet[Any]", request: HttpRequest) -> "QuerySet[Any]":
        scope = scope_of(request.user)
        if scope.everything:
            return rows
        return rows.filter(grid__in=Grid.objects.filter(scope.subtree_condition()).order_by().values("pk"))

    def offered(self, field: Any, request: HttpRequest) -> "QuerySet[Any]":
        return keep_to_office(field, super().offered(field, request), request)

    def may_edit(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is not None and obj.role == Role.SERVICE:
            return False
        return runs_street(request.user, obj.grid if obj is not None else None)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        # The posting may have been somebody else's before.
        end_with_posting(request, {obj.user_id, form.initial.get("user") or obj.user_id})

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        end_with_posting(request, {obj.user_id})


def end_with_posting(request: HttpRequest, user_ids: set[int]) -> None:
    """Whose last posting has ended with this change loses the account at once, and the office reads it here."""
    for user_id in sorted(user_ids):
        ended = end_account(user_id, by=signed_in(request))
        if ended:
            messages.warning(request, ended.notice)


class PostingInline(FollowsParent, admin.TabularInline):
    model = Posting
    form = PostingForm
    extra = 0
    autocomplete_fields = ["grid", "department"]
    verbose_name = "岗位"
    verbose_name_plural = "岗位（离任请填任职止，记录保留）"

    def offered(self, field: Any, request: HttpRequest) -> "QuerySet[Any]":
        return keep_to_office(field, self._parent().offered(field, request), request)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", self.offered(db_field, request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class DepartmentSheet(SheetResource):
    code = column("code", "代码")
    name = column("name", "名称")
    short_name = column("short_name", "简称")
    kind = column("kind", "类型", ChoiceCell(DepartmentKind.choices))
    grid = column("grid", "服务网格编码", RowCell("grid", "code", "网格"))
    is_active = column("is_active", "在用", TruthCell())

    class Meta(SheetResource.Meta):
        model = Department
        fields = ("code", "name", "short_name", "kind", "grid", "is_active")


@admin.register(Department)
class DepartmentAdmin(SheetExport, ScopedAdmin):
    resource = DepartmentSheet
    list_display = ["name", "short_name", "code", "kind", "grid", "is_active"]
    list_select_related = ["grid"]
    list_filter = ["is_active", "kind"]
    search_fields = ["name", "short_name", "code", "name_pinyin"]
    search_help_text = "按名称、简称、代码或拼音首字母查找"
    autocomplete_fields = ["grid"]

    def in_scope(self, rows: "QuerySet[Any]", request: HttpRequest) -> "QuerySet[Any]":
        return rows.filter(grid__in=Grid.objects.visible_to(request.user).order_by().values("pk"))

    def offered(self, field: Any, request: HttpRequest) -> "QuerySet[Any]":
        return keep_to_office(field, super().offered(field, request), request)

    def may_edit(self, request: HttpRequest, obj: Any = None) -> bool:
        return runs_street(request.user, obj.grid if obj is not None else None)
