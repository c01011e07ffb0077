"""Base of the registers' admin: kept by those whom grids/authority.py names."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import QuerySet
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest

from grids.authority import kept_condition, may_keep
from grids.models import Grid
from liangcheng.common.admin_base import ScopedAdmin


class RegisterAdmin(ScopedAdmin):
    """An anchored register. Retired by “在用”, never deleted."""

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

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*super().get_readonly_fields(request, obj), *self.masked.values()]

    def secret_fields(self, request: HttpRequest, obj: Any) -> frozenset[str]:
        return frozenset() if self.may_edit(request, obj) else frozenset(self.masked)
