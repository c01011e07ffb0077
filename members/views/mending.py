"""Where a row of a register is mended: the site's form if there is one, else the admin's, each only for who may."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from grids.authority import runs_desk
from members.models import Building, PartyMember, PartyOrganization, ResidentUnit

# Pages of the site by register; an installation may lack one.
_PAGES: dict[type[Any], tuple[str, ...]] = {
    Building: ("members:building_leader", "members:building_edit"),
    ResidentUnit: ("members:unit_edit",),
    PartyMember: ("members:member_edit",),
    PartyOrganization: ("members:organization_edit",),
}


def form_of(request: HttpRequest, row: Any) -> str:
    """The address of the form that changes `row`; "" for who may not change it."""
    user: Any = request.user
    if runs_desk(user, row):
        for name in _PAGES.get(type(row), ()):
            if address := _address(name, row.code if isinstance(row, ResidentUnit) else row.pk):
                return address
    keeper = admin.site._registry.get(type(row))
    if keeper is None or not user.is_staff or not keeper.has_change_permission(request, row):
        return ""
    return _address(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", row.pk)


def _address(name: str, key: object) -> str:
    try:
        return reverse(name, args=[key])
    except NoReverseMatch:
        return ""
