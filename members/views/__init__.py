"""Pages of the registers: lists with search and filters, and what belongs to what. Masked, scoped."""

from members.views.duplicates import duplicate_list, member_merge, tell_apart
from members.views.party import member_list, organization_detail, organization_list
from members.views.people import member_detail, member_edit, member_new, member_restore, member_retire
from members.views.places import building_detail, building_list, unit_detail, unit_list
from members.views.transfers import member_transfer, transfer_detail, transfer_list

__all__ = [
    "building_detail",
    "building_list",
    "duplicate_list",
    "member_detail",
    "member_edit",
    "member_list",
    "member_merge",
    "member_new",
    "member_restore",
    "member_retire",
    "member_transfer",
    "organization_detail",
    "organization_list",
    "tell_apart",
    "transfer_detail",
    "transfer_list",
    "unit_detail",
    "unit_list",
]
