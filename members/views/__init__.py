"""Pages of the registers: lists with search and filters, and what belongs to what. Masked, scoped."""

from members.views.party import member_detail, member_list, organization_detail, organization_list
from members.views.places import building_detail, building_list, unit_detail, unit_list
from members.views.suggest import suggest_places

__all__ = [
    "building_detail",
    "building_list",
    "member_detail",
    "member_list",
    "organization_detail",
    "organization_list",
    "suggest_places",
    "unit_detail",
    "unit_list",
]
