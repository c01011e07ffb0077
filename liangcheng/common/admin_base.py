"""Base of every admin page: rows in scope, rights asked of postings, refusals shown on the form.

Who may write what is decided in grids/authority.py; this floor only knows `office`, the question whether
somebody runs a street's office, which that module answers.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db import IntegrityError, models
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.text import capfirst

from liangcheng.common.admin_history import changes_of
from liangcheng.common.exceptions import DomainError

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

# user → ids of the streets whose office the user runs; None: all of them.
OfficeRule = Callable[["User"], "frozenset[int] | None"]


def _superusers_only(user: "User") -> "frozenset[int] | None":
    return None if user.is_superuser else frozenset()


class _Office:
    rule: OfficeRule = staticmethod(_superusers_only)


def set_office_rule(rule: OfficeRule) -> None:
    """Called once, by the floor that knows postings."""
    _Office.rule = staticmethod(rule)  # type: ignore[assignment]


def office_communities(user: Any) -> "frozenset[int] | None":
    """Ids of the streets whose office the user runs; None for all (superusers)."""
    return _Office.rule(user)


def runs_office(user: Any) -> bool:
    """Whether the user keeps what a whole street shares: accounts, calendar, categories, limits."""
    return office_communities(user) != frozenset()


def _is_id(text: str) -> bool:
    """A number that fits the database's ids."""
    return text.isascii() and text.isdigit() and len(text) < 19


def _parameter(entry: Any) -> str | None:
    """The name under which an entry of `list_filter` (column, column with class, own class) stands in the address."""
    if isinstance(entry, str):
        return entry
    found: str | None = entry[0] if isinstance(entry, tuple | list) else getattr(entry, "parameter_name", None)
    return found


class ScopedAdmin(admin.ModelAdmin):
    """Staff see the rows of their scope, and write where `may_edit` lets them. Nothing is deleted."""

    list_per_page = 50
    show_full_result_count = False
    # Models with history get their own page of changes, in labels instead of stored values.
    register_history_template = "admin/register_history.html"

    # -- scope

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        return self.in_scope(super().get_queryset(request), request)

    def in_scope(self, rows: "QuerySet[Any]", request: HttpRequest) -> "QuerySet[Any]":
        """The only filter on the way out: lists, objects, search, counts and exports all ask get_queryset."""
        return rows.visible_to(request.user) if hasattr(rows, "visible_to") else rows

    def offered(self, field: Any, request: HttpRequest) -> "QuerySet[Any]":
        """What a form of this admin accepts in a relation; autocompletes offer the same."""
        other = field.remote_field.model
        known = self.admin_site._registry.get(other)
        if isinstance(known, ScopedAdmin):
            return known.get_queryset(request).order_by()
        rows = other._default_manager.all()
        return rows.visible_to(request.user) if hasattr(rows, "visible_to") else rows

    def label_of(self, request: HttpRequest, row: Any) -> str:
        """How a row of this register is called in the choices of others."""
        return str(row)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", self.offered(db_field, request))
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        other = self.admin_site._registry.get(db_field.remote_field.model)
        if isinstance(other, ScopedAdmin) and type(other).label_of is not ScopedAdmin.label_of:
            field.label_from_instance = lambda row: other.label_of(request, row)  # type: ignore[method-assign, union-attr]
        return field

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", self.offered(db_field, request))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> "tuple[QuerySet[Any], bool]":
        """The registers' own search (name, code, pinyin initials) where there is one."""
        term = search_term.replace("\x00", "").strip()
        if term and hasattr(queryset, "search"):
            return queryset.search(term), False
        return super().get_search_results(request, queryset, term)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only what the page itself filters by. Django lets an address ask for any column of the row: digit by digit,
        a masked telephone number could be guessed from which rows remain.
        """
        offered = {self.date_hierarchy, *map(_parameter, self.get_list_filter(request))} - {None}
        shown = any(lookup == name or lookup.startswith(f"{name}__") for name in offered)
        return shown and super().lookup_allowed(lookup, value, request)

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        raise Http404

    # -- rights

    def may_edit(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may write `obj`; without one, whether there is anything here they may write."""
        return bool(request.user.is_superuser)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # The site lets only staff in, and rows come from get_queryset.
        return True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may_edit(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_edit(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    # -- refusals

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A refusal while saving rolls back, and the form comes again with the reason and what was typed."""
        if request.method == "POST" and object_id and self.get_object(request, unquote(object_id)) is None:
            # Before Django asks for the right to write: a row out of scope and a row that is not there look the same.
            raise Http404
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as refusal:
            request.refusal = refusal  # type: ignore[attr-defined]
        except IntegrityError:
            request.refusal = DomainError(  # type: ignore[attr-defined]
                "conflict", "刚刚有人保存了相同或相关的内容，请刷新核对后再保存。"
            )
        return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        refusal: DomainError | None = getattr(request, "refusal", None)
        if refusal is None:
            return form
        field = refusal.field if refusal.field in form.base_fields else None
        message = refusal.message

        class Refused(form):  # type: ignore[misc, valid-type]
            def clean(self) -> Any:
                cleaned = super().clean()
                self.add_error(field, message)
                return cleaned

        return Refused

    def response_action(
        self, request: HttpRequest, queryset: "QuerySet[Any]", *args: Any, **kwargs: Any
    ) -> HttpResponse | None:
        """Selected rows are numbers; anything else would only break the query."""
        sent = request.POST.copy()
        chosen = [value for value in sent.getlist("_selected_action") if _is_id(value)]
        sent.setlist("_selected_action", chosen)
        request.POST = sent  # type: ignore[assignment]
        return super().response_action(request, queryset, *args, **kwargs)

    # -- history

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        if not hasattr(self.model, "history"):
            return super().history_view(request, object_id, extra_context)
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "title": f"修改记录：{row}",
            "subtitle": None,
            "opts": self.opts,
            "object": row,
            "module_name": str(capfirst(self.opts.verbose_name_plural)),
            "preserved_filters": self.get_preserved_filters(request),
            "entries": list(changes_of(row, self.secret_fields(request, row))),
            **(extra_context or {}),
        }
        return TemplateResponse(request, self.register_history_template, context)

    def secret_fields(self, request: HttpRequest, obj: Any) -> frozenset[str]:
        """Fields whose old and new values the history keeps back from this user."""
        return frozenset()


class ReadOnlyAdmin(ScopedAdmin):
    """Written by the rules only; nobody edits these, superusers included."""

    def may_edit(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OfficeAdmin(ScopedAdmin):
    """What a whole street shares: kept by its office."""

    def may_edit(self, request: HttpRequest, obj: Any = None) -> bool:
        return runs_office(request.user)


class FollowsParent:
    """An inline that may be written by whoever may write the row above it."""

    admin_site: admin.AdminSite
    parent_model: type[models.Model]

    def _parent(self) -> ScopedAdmin:
        return cast(ScopedAdmin, self.admin_site._registry[self.parent_model])

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._parent().may_edit(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._parent().may_edit(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._parent().may_edit(request, obj)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", self._parent().offered(db_field, request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]


class ReadOnlyInline:
    """An inline that only shows."""

    extra = 0
    can_delete = False
    show_change_link = False
    classes: Any = ("only-shown",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
