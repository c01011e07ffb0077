"""Pages of the registers: lists with search and filters, and what belongs to what. Masked, scoped."""

from members.views.coverage import coverage, coverage_sheet
from members.views.party import member_detail, member_list, organization_detail, organization_list
from members.views.places import building_detail, building_list, unit_detail, unit_list

__all__ = [
    "building_detail",
    "building_list",
    "coverage",
    "coverage_sheet",
    "member_detail",
    "member_list",
    "organization_detail",
    "organization_list",
    "unit_detail",
    "unit_list",
]
