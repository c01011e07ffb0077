"""Pages of the registers: lists with search and filters, and what belongs to what. Masked, scoped."""

from members.views.climb import climb, climb_member, climb_organization
from members.views.contacts import contact_add, contact_detail, contact_edit, contact_list, contact_reveal
from members.views.coverage import coverage, coverage_sheet
from members.views.duplicates import duplicate_list, member_merge, tell_apart
from members.views.nominations import nomination_detail, nomination_list, nomination_reveal, unit_nominate
from members.views.offers import (
    claim_finish,
    claim_give_up,
    offer_claim,
    offer_close,
    offer_detail,
    offer_enter,
    offer_list,
    offer_new,
)
from members.views.party import member_list, organization_detail, organization_list, organization_reveal
from members.views.people import member_detail, member_edit, member_new, member_restore, member_retire
from members.views.places import building_detail, building_leader, building_list
from members.views.registers import registers
from members.views.services import (
    service_act,
    service_confirm,
    service_correct,
    service_detail,
    service_export,
    service_list,
    service_mine,
    service_new,
)
from members.views.sheets import export_list, sheet_errors, sheet_job, sheet_start, sheet_template, sheet_upload
from members.views.suggest import suggest_places
from members.views.teams import team_add, team_detail, team_edit, team_list, team_people, team_take_out
from members.views.transfers import member_transfer, transfer_detail, transfer_list
from members.views.units import unit_detail, unit_list, unit_reveal, unit_term, unit_term_end
from members.views.venues import venue_add, venue_detail, venue_edit, venue_list, venue_main, venue_reveal, venue_unmain

__all__ = [
    "building_detail",
    "building_leader",
    "building_list",
    "claim_finish",
    "claim_give_up",
    "climb",
    "climb_member",
    "climb_organization",
    "contact_add",
    "contact_detail",
    "contact_edit",
    "contact_list",
    "contact_reveal",
    "coverage",
    "coverage_sheet",
    "duplicate_list",
    "export_list",
    "member_detail",
    "member_edit",
    "member_list",
    "member_merge",
    "member_new",
    "member_restore",
    "member_retire",
    "member_transfer",
    "nomination_detail",
    "nomination_list",
    "nomination_reveal",
    "offer_claim",
    "offer_close",
    "offer_detail",
    "offer_enter",
    "offer_list",
    "offer_new",
    "organization_detail",
    "organization_list",
    "organization_reveal",
    "registers",
    "service_act",
    "service_confirm",
    "service_correct",
    "service_detail",
    "service_export",
    "service_list",
    "service_mine",
    "service_new",
    "sheet_errors",
    "sheet_job",
    "sheet_start",
    "sheet_template",
    "sheet_upload",
    "suggest_places",
    "team_add",
    "team_detail",
    "team_edit",
    "team_list",
    "team_people",
    "team_take_out",
    "tell_apart",
    "transfer_detail",
    "transfer_list",
    "unit_detail",
    "unit_list",
    "unit_nominate",
    "unit_reveal",
    "unit_term",
    "unit_term_end",
    "venue_add",
    "venue_detail",
    "venue_edit",
    "venue_list",
    "venue_main",
    "venue_reveal",
    "venue_unmain",
]
