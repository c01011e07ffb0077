"""Base of the registers' admin: kept by those whom grids/authority.py names."""

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import unquote
from django.db import models
from django.db.models import QuerySet
from django.forms import CheckboxSelectMultiple
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path

from grids.authority import desk_condition, kept_condition, may_keep, runs_desk
from grids.models import Grid
from liangcheng.accounts.current import signed_in
from liangcheng.common.admin_base import ScopedAdmin
from liangcheng.common.exceptions import DomainError
from liangcheng.common.sheets.writing import TYPE
from liangcheng.common.web import refuse
from members.access import log_access
from members.choices import AccessKind
from members.keeping import seen_of
from members.sheets import RegisterSheet, sheet_of
from members.sheets.exporting import export

if TYPE_CHECKING:
    from liangcheng.accounts.models import User


class SeenForm(forms.ModelForm):
    """Notices that the row was changed, or a name in it erased, since the form was opened."""

    seen = forms.CharField(label="打开时间", required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = seen_of(self.instance)

    def clean_seen(self) -> str:
        seen = str(self.cleaned_data["seen"])
        if seen and seen != seen_of(self.instance):
            raise forms.ValidationError("这条登记刚刚被别人修改过。请重新打开核对，再填写。")
        return seen


class RegisterAdmin(ScopedAdmin):
    """An anchored register. Retired by “在用”, never deleted.

    One that has a sheet (members.sheets) goes out by Excel as filtered, and comes in by the pages of the site.
    """

    change_list_template = "admin/register_change_list.html"
    list_select_related: ClassVar[Any] = ["grid"]
    autocomplete_fields: ClassVar[Any] = ["grid"]
    search_help_text = "按名称或拼音首字母查找"
    # A list of skills is ticked; the stock select explains itself with the keys of one kind of keyboard.
    formfield_overrides: ClassVar[Any] = {models.ManyToManyField: {"widget": CheckboxSelectMultiple}}
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

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Sections of `sections_of`, masked like the fields; without them, one section of all fields."""
        sections = self.sections_of(request, obj)
        if not sections:
            return super().get_fieldsets(request, obj)
        masked = {} if obj is None or self.may_edit(request, obj) else self.masked
        return [
            (title, {"fields": [masked.get(name, name) for name in names], **({"description": text} if text else {})})
            for title, names, text in sections
            if names
        ]

    def sections_of(self, request: HttpRequest, obj: Any = None) -> "list[tuple[str | None, list[str], str]]":
        """(heading, fields, what to know) of a form that has headings."""
        return []

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*super().get_readonly_fields(request, obj), *self.masked.values()]

    def secret_fields(self, request: HttpRequest, obj: Any) -> frozenset[str]:
        return frozenset() if self.may_edit(request, obj) else frozenset(self.masked)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Whoever opens a form that shows whole names and numbers, is noted."""
        if object_id and request.method == "GET":
            self._note_whole(request, object_id, "管理后台登记")
        return super().changeform_view(request, object_id, form_url, extra_context)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """What names and numbers were before, is whole to the same people."""
        self._note_whole(request, object_id, "管理后台修改记录")
        return super().history_view(request, object_id, extra_context)

    def _note_whole(self, request: HttpRequest, object_id: str, reason: str) -> None:
        row = self.get_object(request, unquote(object_id)) if self.masked else None
        if row is not None and any(getattr(row, name) for name in self.masked) and self.may_edit(request, row):
            log_access(cast("User", request.user), AccessKind.REVEALED, row, reason=reason)

    # -- Excel

    @property
    def sheet(self) -> RegisterSheet | None:
        return sheet_of(self.model)

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        return [path("export/", self.admin_site.admin_view(self.export_view), name=name), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        sheet, user = self.sheet, signed_in(request)
        doors = {
            "sheet": sheet,
            "may_import": sheet is not None and sheet.may_import(user),
            "may_export": sheet is not None and sheet.may_export(user),
        }
        return super().changelist_view(request, {**doors, **(extra_context or {})})

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """The list as the address filters it."""
        sheet = self.sheet
        if sheet is None:
            return redirect("..")
        try:
            rows = self.get_changelist_instance(request).get_queryset(request)
            file, name = export(signed_in(request), sheet, rows)
        except IncorrectLookupParameters:
            return redirect("..")
        except DomainError as refusal:
            return refuse(request, refusal)
        return FileResponse(file, as_attachment=True, filename=name, content_type=TYPE)


class DeskAdmin(RegisterAdmin):
    """A register that the desks of its grids keep, through the rule that the pages call as well (`keep`)."""

    def keep(self, **given: Any) -> Any:
        """Enter or change the row: actor, row_id (None: a new one), values. Each register names its rule."""
        raise NotImplementedError

    def may_edit(self, request: HttpRequest, obj: Any = None) -> bool:
        return runs_desk(request.user, obj)

    def offered(self, field: Any, request: HttpRequest) -> "QuerySet[Any]":
        if field.remote_field.model is Grid:
            return Grid.objects.filter(desk_condition(request.user)).active()
        return super().offered(field, request)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        saved = self.keep(actor=request.user, row_id=obj.pk if change else None, values=form.cleaned_data)
        obj.__dict__.update(saved.__dict__)
