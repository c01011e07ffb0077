"""Pages of the registers: lists with search and filters, and what belongs to what. Masked, scoped."""

from members.views.party import member_detail, member_list, organization_detail, organization_list
from members.views.places import building_detail, building_list, unit_detail, unit_list
from members.views.sheets import export_list, sheet_errors, sheet_job, sheet_start, sheet_template, sheet_upload

__all__ = [
    "building_detail",
    "building_list",
    "export_list",
    "member_detail",
    "member_list",
    "organization_detail",
    "organization_list",
    "sheet_errors",
    "sheet_job",
    "sheet_start",
    "sheet_template",
    "sheet_upload",
    "unit_detail",
    "unit_list",
]
