"""Base of the registers' admin: kept by those whom grids/authority.py names."""

from typing import Any, ClassVar

from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path

from grids.authority import kept_condition, may_keep
from grids.models import Grid
from liangcheng.accounts.current import signed_in
from liangcheng.common.admin_base import ScopedAdmin
from liangcheng.common.exceptions import DomainError
from liangcheng.common.sheets.writing import TYPE
from liangcheng.common.web import refuse
from members.sheets import RegisterSheet, sheet_of
from members.sheets.exporting import export


class RegisterAdmin(ScopedAdmin):
    """An anchored register. Retired by “在用”, never deleted.

    One that has a sheet (members.sheets) goes out by Excel as filtered, and comes in by the pages of the site.
    """

    change_list_template = "admin/register_change_list.html"
    list_select_related: ClassVar[Any] = ["grid"]
    autocomplete_fields: ClassVar[Any] = ["grid"]
    search_help_text = "按名称或拼音首字母查找"
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

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*super().get_readonly_fields(request, obj), *self.masked.values()]

    def secret_fields(self, request: HttpRequest, obj: Any) -> frozenset[str]:
        return frozenset() if self.may_edit(request, obj) else frozenset(self.masked)

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
