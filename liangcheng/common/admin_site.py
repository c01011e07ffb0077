"""The one admin site: its name, who may enter, one sign-in page, choices that obey the asking form."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from liangcheng.common.admin_calendar import warn_of_missing_calendar

# Their tables are kept by our own pages (tokens, lock-outs) or mean nothing here: rights are asked of
# Posting, never of groups (DESIGN 4).
HIDDEN_APPS = frozenset({"auth", "axes", "knox"})
APP_ORDER = ("cases", "grids", "members", "accounts", "common")


class FormAwareAutocomplete(AutocompleteJsonView):
    """Offers exactly what the asking form will accept, so that a choice is never refused afterwards."""

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        found = super().serialize_result(obj, to_field_name)
        label_of = getattr(self.model_admin, "label_of", None)
        return found | {"text": label_of(self.request, obj)} if label_of else found

    def get_queryset(self) -> "QuerySet[Any]":
        rows = super().get_queryset()
        asking = self.admin_site._registry.get(self.source_field.model)  # type: ignore[union-attr, attr-defined]
        if asking is None or not hasattr(asking, "offered"):
            return rows
        return rows.filter(pk__in=asking.offered(self.source_field, self.request).values("pk"))


class RegistrySite(admin.AdminSite):
    site_header = "凉城网格案件登记 管理后台"
    site_title = "管理后台"
    index_title = "管理后台"
    enable_nav_sidebar = True

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        models = model_or_iterable if isinstance(model_or_iterable, list | tuple | set) else [model_or_iterable]
        kept = [model for model in models if model._meta.app_label not in HIDDEN_APPS]
        super().register(kept, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return user.is_active and getattr(user, "is_staff", False) and not getattr(user, "is_service", False)

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            # PostgreSQL refuses NUL in text with an error of its own.
            if any("\x00" in value for values in request.GET.lists() for value in values[1]):
                raise BadRequest("NUL in the address")
            try:
                answer: HttpResponse = view(request, *args, **kwargs)
            except OverflowError:
                # A year with forty digits.
                raise BadRequest("number too large") from None
            return answer

        for name in ("csrf_exempt", "model_admin", "admin_site"):
            if hasattr(view, name):
                setattr(checked, name, getattr(view, name))
        return super().admin_view(checked, cacheable)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The site's own sign-in page; who is signed in but not staff is told so."""
        target = request.GET.get("next") or reverse("admin:index", current_app=self.name)
        if self.has_permission(request):
            return redirect("admin:index")
        if not isinstance(request.user, AnonymousUser):
            raise PermissionDenied("您的账号不能进入管理后台，如需使用请联系街道管理员。")
        return redirect_to_login(target)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("accounts:password_change")

    def password_change_done(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("accounts:password_change_done")

    def autocomplete_view(self, request: HttpRequest) -> Any:
        return FormAwareAutocomplete.as_view(admin_site=self)(request)

    def index(self, request: HttpRequest, extra_context: Any = None) -> Any:
        warn_of_missing_calendar(request)
        return super().index(request, extra_context)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        found = super().get_app_list(request, app_label)
        order = {label: place for place, label in enumerate(APP_ORDER)}
        return sorted(found, key=lambda app: order.get(app["app_label"], len(order)))
