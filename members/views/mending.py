"""Where a row of a register is mended: the site's form if there is one, else the admin's, each only for who may."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from grids.authority import runs_desk
from members.models import Building, PartyMember

# Pages of the site by register; units and organizations are kept in the admin.
_PAGES: dict[type[Any], str] = {Building: "members:building_leader", PartyMember: "members:member_edit"}


def form_of(request: HttpRequest, row: Any) -> str:
    """The address of the form that changes `row`; "" for who may not change it."""
    user: Any = request.user
    page = _PAGES.get(type(row))
    if page and runs_desk(user, row):
        return reverse(page, args=[row.pk])
    keeper = admin.site._registry.get(type(row))
    if keeper is None or not user.is_staff or not keeper.has_change_permission(request, row):
        return ""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
