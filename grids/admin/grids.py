"""The grid tree in the admin: every change of structure goes through grids/tree.py, the drag included."""

from datetime import date
from typing import Any

from django import forms, http
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminDateWidget, AutocompleteSelect
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from mptt.admin import DraggableMPTTAdmin
from mptt.forms import TreeNodeChoiceField

from grids import merging, tree
from grids.authority import may_keep, office_condition, runs_street
from grids.choices import GridKind
from grids.models import Grid, GridExternalCode
from grids.querysets import TREE_ORDER
from liangcheng.common.admin_base import FollowsParent, ScopedAdmin
from liangcheng.common.admin_pages import action_page, put_on_form
from liangcheng.common.exceptions import DomainError

# Given once, when the grid is made: an official code is never used again, a level never changes.
_FIXED = ("kind", "code")
_STRUCTURE = ("parent", "name", "short_name")
_DESCRIBING = ("brand", "lead_organization", "location", "note", "grade", "assumed", "valid_from", "valid_to")


class GridForm(forms.ModelForm):
    """Parent is chosen here as well as by dragging: a mouse is not for everybody."""

    seen_version = forms.IntegerField(label="版本", required=False, widget=forms.HiddenInput)
    grade_below = forms.BooleanField(
        label="下级网格同样设置", required=False, help_text="勾选后，下面各级在用网格的管理等级一并改为上面所选。"
    )

    class Meta:
        model = Grid
        fields = (*_FIXED, *_STRUCTURE, *_DESCRIBING)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen_version"] = self.instance.version if self.instance.pk else None
        # Street roots come with the import of a street's tree.
        if "parent" in self.fields and not (self.instance.pk and self.instance.parent_id is None):
            self.fields["parent"].required = True
        if "grade" in self.fields:
            self.fields["grade"].required = False

    def clean_grade(self) -> str:
        """Nothing chosen: as it is, for a new grid the rule."""
        return self.cleaned_data["grade"] or self.instance.grade

    def validate_constraints(self) -> None:
        """Level and place are checked by tree.py under its lock, with words that say what is allowed."""


class RetireForm(forms.Form):
    on = forms.DateField(label="最后使用日期", widget=AdminDateWidget, help_text="过了这一天不再使用，历史案件保留。")


class MergeForm(RetireForm):
    target = forms.ModelChoiceField(Grid.objects.none(), label="并入")


class ExternalCodeInline(FollowsParent, admin.TabularInline):
    model = GridExternalCode
    extra = 0


@admin.register(Grid)
class GridAdmin(ScopedAdmin, DraggableMPTTAdmin):
    form = GridForm
    expand_tree_by_default = True
    list_display = ["tree_actions", "indented_title", "code", "kind", "brand", "assumed", "is_active"]
    list_display_links = ["indented_title"]
    list_filter = ["kind", "grade", "is_active", "assumed"]
    search_fields = ["name", "short_name", "code", "name_pinyin"]
    search_help_text = "按名称、编码或拼音首字母查找，如 wyy 找文苑一"
    sortable_by = ()
    autocomplete_fields = ["lead_organization"]
    actions = ["retire", "restore", "merge"]
    inlines = [ExternalCodeInline]
    list_per_page = 2000
    fieldsets = (
        (None, {"fields": ("kind", "code", "parent", "name", "short_name", "seen_version")}),
        ("情况", {"fields": ("brand", "lead_organization", "location", "facts_table", "note")}),
        ("管理", {"fields": ("grade", "grade_below", "assumed")}),
        ("启用与停用", {"fields": ("is_active", "valid_from", "valid_to", "successor")}),
    )

    @admin.display(description="名称")
    def indented_title(self, item: Grid) -> str:
        return super().indented_title(item)

    @admin.display(description="")
    def tree_marks(self, item: Grid) -> str:
        """As `tree_actions`, without the handle: for those who may not drag."""
        return format_html('<div class="tree-node" data-pk="{}" data-level="{}"></div>', item.pk, item.level)

    def get_list_display(self, request: HttpRequest) -> Any:
        shown = list(self.list_display)
        return shown if runs_street(request.user) else ["tree_marks", *shown[1:]]

    @admin.display(description="报道数据")
    def facts_table(self, grid: Grid) -> str:
        rows = format_html_join("", "<li>{}：{}</li>", grid.facts.items())
        return format_html("<ul>{}</ul>", rows) if grid.facts else "无"

    # -- rights

    def may_edit(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_keep(request.user, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return runs_street(request.user)

    def has_structure_permission(self, request: HttpRequest) -> bool:
        return runs_street(request.user)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        always = ["facts_table", "is_active", "successor"]
        if obj is None:
            return always
        if runs_street(request.user, obj):
            return [*always, *_FIXED]
        # Limits are the office's, so the grade that chooses them is, too.
        return [*always, *_FIXED, *_STRUCTURE, "grade"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None and runs_street(request.user, obj):
            return self.fieldsets
        if obj is not None:
            return [*self.fieldsets[:2], ("管理", {"fields": ("grade", "assumed")}), self.fieldsets[3]]
        return [(None, {"fields": (*_FIXED, *_STRUCTURE, *_DESCRIBING)})]

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        return self.inlines if obj is not None else []

    def offered(self, field: Any, request: HttpRequest) -> "QuerySet[Any]":
        rows = super().offered(field, request)
        office = Grid.objects.filter(office_condition(request.user)).active()
        if field.name == "parent":
            return office.exclude(kind=GridKind.MICRO_UNIT).in_tree_order()
        return office if field.name == "successor" else rows

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        # A plain list: `----` before each name would repeat what the order of the tree shows.
        if db_field.name == "parent":
            kwargs |= {"form_class": TreeNodeChoiceField, "level_indicator": " "}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        # An autocomplete or a search keeps the order of the tree, too.
        return TREE_ORDER

    # -- saving

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        saved = self._changed(obj, form) if change else self._created(form.cleaned_data)
        # The row that Django goes on with (inlines, log, redirect) is the one that the tree wrote.
        obj.__dict__.update(saved.__dict__)

    def _created(self, given: dict[str, Any]) -> Grid:
        organization = given.get("lead_organization")
        return tree.create_grid(
            parent_id=given["parent"].pk,
            lead_organization_id=organization.pk if organization else None,
            **{name: given[name] for name in ("kind", "code", "name", "short_name", "brand", "location", "note")},
            **{name: given[name] for name in ("grade", "assumed", "valid_from", "valid_to")},
        )

    def _changed(self, obj: Grid, form: Any) -> Grid:
        given, changed = form.cleaned_data, set(form.changed_data)
        version = given.get("seen_version")
        saved = Grid.objects.get(pk=obj.pk)
        if "parent" in changed:
            saved = tree.move_grid(grid_id=obj.pk, parent_id=given["parent"].pk, expected_version=version)
            version = saved.version
        names = {name: given[name] for name in ("name", "short_name") if name in changed}
        if names:
            saved = tree.rename_grid(grid_id=obj.pk, expected_version=version, **names)
            version = saved.version
        describing: dict[str, Any] = {name: given[name] for name in _DESCRIBING if name in changed}
        if "lead_organization" in describing:
            organization = describing.pop("lead_organization")
            describing["lead_organization_id"] = organization.pk if organization else None
        if describing:
            saved = tree.update_grid(grid_id=obj.pk, expected_version=version, **describing)
        if given.get("grade_below") and "grade" in given:
            tree.set_grade(grid_id=obj.pk, grade=saved.grade, subtree=True)
            saved = tree.fresh(saved)
        return saved

    # -- drag

    def _move_node(self, request: HttpRequest) -> HttpResponse:
        """What mptt's page sends when a row is dropped: beside `pasted_on` means under its parent."""
        position = request.POST.get("position")
        rows = self.get_queryset(request)
        try:
            moved = rows.select_related("parent").get(pk=request.POST.get("cut_item"))
            beside = rows.select_related("parent").get(pk=request.POST.get("pasted_on"))
        except (Grid.DoesNotExist, TypeError, ValueError):
            return self._not_moved(request, "没有找到这个网格，请刷新页面后再试。")
        parent = beside if position == "last-child" else beside.parent
        if position not in ("last-child", "left", "right") or parent is None:
            return self._not_moved(request, "请把网格拖到它的上级之下。")
        if not runs_street(request.user, moved) or not runs_street(request.user, parent):
            return self._not_moved(request, "调整网格归属由街道派遣员或街道网格长办理。")
        if parent.pk == moved.parent_id:
            return self._not_moved(request, "同级网格按编码排列，位置没有变化。")
        before = moved.parent
        try:
            tree.move_grid(grid_id=moved.pk, parent_id=parent.pk)
        except DomainError as refusal:
            return self._not_moved(request, refusal.message)
        words = f"从“{before}”移到“{parent}”"
        self.log_change(request, moved, words)
        self.message_user(request, f"“{moved}”已{words}。", messages.SUCCESS)
        return http.HttpResponse("OK")

    def _not_moved(self, request: HttpRequest, reason: str) -> HttpResponse:
        self.message_user(request, reason, messages.ERROR)
        return http.HttpResponse("FAIL")

    # -- retire and merge

    @admin.action(description="停用…", permissions=["structure"])
    def retire(self, request: HttpRequest, queryset: "QuerySet[Grid]") -> HttpResponse | None:
        self._all_mine(request, queryset)
        form = RetireForm(request.POST if "confirmed" in request.POST else None, initial={"on": timezone.localdate()})
        if form.is_bound and form.is_valid():
            self._retire_each(request, queryset, form.cleaned_data["on"])
            return None
        return action_page(
            self,
            request,
            queryset,
            form,
            action="retire",
            title="停用网格",
            button="停用",
            advice="停用的网格不再接收新案件，编码不再使用。还有下级网格或未办结案件的不能停用。",
        )

    def _retire_each(self, request: HttpRequest, queryset: "QuerySet[Grid]", on: date) -> None:
        # From the bottom: a grid can go once those below it are gone.
        for grid in queryset.order_by("-level", "code"):
            try:
                tree.retire_grid(grid_id=grid.pk, on=on)
            except DomainError as refusal:
                self.message_user(request, f"“{grid}”没有停用：{refusal.message}", messages.ERROR)
                continue
            self.log_change(request, grid, f"停用，最后使用日期 {on}")
            self.message_user(request, f"“{grid}”已停用，最后使用日期 {on}。", messages.SUCCESS)

    @admin.action(description="恢复使用", permissions=["structure"])
    def restore(self, request: HttpRequest, queryset: "QuerySet[Grid]") -> None:
        self._all_mine(request, queryset)
        # From the top: a grid can come back once what it belongs to has.
        for grid in queryset.filter(is_active=False).order_by("level", "code"):
            try:
                tree.restore_grid(grid_id=grid.pk)
            except DomainError as refusal:
                self.message_user(request, refusal.message, messages.ERROR)
                continue
            self.log_change(request, grid, "恢复使用")
            self.message_user(request, f"“{grid}”已恢复使用。", messages.SUCCESS)

    @admin.action(description="合并到…", permissions=["structure"])
    def merge(self, request: HttpRequest, queryset: "QuerySet[Grid]") -> HttpResponse | None:
        self._all_mine(request, queryset)
        form = MergeForm(request.POST if "confirmed" in request.POST else None, initial={"on": timezone.localdate()})
        targets = Grid.objects.filter(office_condition(request.user)).active().exclude(pk__in=queryset.values("pk"))
        field = form.fields["target"]
        field.queryset = targets.in_tree_order()  # type: ignore[attr-defined]
        field.widget = AutocompleteSelect(Grid._meta.get_field("successor"), self.admin_site)
        field.widget.choices = field.choices  # type: ignore[attr-defined]
        if form.is_bound and form.is_valid():
            target, on = form.cleaned_data["target"], form.cleaned_data["on"]
            sources = list(queryset)
            try:
                merging.merge_grids(source_ids=[grid.pk for grid in sources], target_id=target.pk, on=on)
            except DomainError as refusal:
                put_on_form(form, refusal)
            else:
                for grid in sources:
                    self.log_change(request, grid, f"{on} 后并入“{target}”")
                names = "、".join(f"“{grid}”" for grid in sources)
                self.message_user(request, f"{names}已并入“{target}”。", messages.SUCCESS)
                return None
        return action_page(
            self,
            request,
            queryset,
            form,
            action="merge",
            title="合并网格",
            button="合并",
            advice="下面网格登记的案件、单位、楼栋、党员和岗位一并转到新网格，原网格停用，历史保留。",
        )

    def _all_mine(self, request: HttpRequest, queryset: "QuerySet[Grid]") -> None:
        if not all(runs_street(request.user, grid) for grid in queryset):
            raise PermissionDenied("只能调整本街道的网格。")
