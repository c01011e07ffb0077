"""Pages of the registers: lists with search and filters, and what belongs to what. Masked, scoped."""

from members.views.contacts import contact_add, contact_detail, contact_edit, contact_list, contact_reveal
from members.views.coverage import coverage, coverage_sheet
from members.views.nominations import nomination_detail, nomination_list, nomination_reveal, unit_nominate
from members.views.party import member_detail, member_list, organization_detail, organization_list, organization_reveal
from members.views.places import building_detail, building_leader, building_list
from members.views.registers import registers
from members.views.suggest import suggest_places
from members.views.teams import team_add, team_detail, team_edit, team_list, team_people, team_take_out
from members.views.units import unit_detail, unit_list, unit_reveal, unit_term, unit_term_end
from members.views.venues import venue_add, venue_detail, venue_edit, venue_list, venue_main, venue_reveal, venue_unmain

__all__ = [
    "building_detail",
    "building_leader",
    "building_list",
    "contact_add",
    "contact_detail",
    "contact_edit",
    "contact_list",
    "contact_reveal",
    "coverage",
    "coverage_sheet",
    "member_detail",
    "member_list",
    "nomination_detail",
    "nomination_list",
    "nomination_reveal",
    "organization_detail",
    "organization_list",
    "organization_reveal",
    "registers",
    "suggest_places",
    "team_add",
    "team_detail",
    "team_edit",
    "team_list",
    "team_people",
    "team_take_out",
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
