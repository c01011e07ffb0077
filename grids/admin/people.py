"""Accounts of people, with their postings."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from grids.admin.postings import PostingInline, end_with_posting
from grids.authority import office_streets
from grids.models import Posting
from grids.people import people_of_office
from liangcheng.accounts.admin import UserAdmin
from liangcheng.accounts.models import User


@admin.register(User)
class PeopleAdmin(UserAdmin):
    inlines = [PostingInline]

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        # A posting needs the account first.
        return self.inlines if obj is not None else []

    def in_scope(self, rows: "QuerySet[Any]", request: HttpRequest) -> "QuerySet[Any]":
        """People who serve in the office's streets, and those without any posting yet."""
        return rows.filter(pk__in=people_of_office(office_streets(request.user)).order_by().values("pk"))

    def may_edit(self, request: HttpRequest, obj: Any = None) -> bool:
        """An account that also serves elsewhere is the other office's as well: superusers keep it."""
        streets = office_streets(request.user)
        if streets is None or obj is None:
            return streets is None or bool(streets)
        if obj.is_superuser or obj.is_service:
            return False
        return bool(streets) and not obj.postings.exclude(grid__community_id__in=streets).exists()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """After the postings below the account: the last one may have ended, or one be missing."""
        super().save_related(request, form, formsets, change)
        user = form.instance
        serves = user.is_superuser or Posting.objects.lasting().filter(user=user).exists()
        if change and user.is_active and "is_active" in form.changed_data and not serves:
            messages.warning(request, f"{user}的账号已启用，但没有岗位：请当天登记岗位，否则夜间会再次自动停用。")
        elif change and any(formset.has_changed() for formset in formsets):
            end_with_posting(request, {user.pk})
