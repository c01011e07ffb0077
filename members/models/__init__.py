"""Registers of who and what is anchored to the grid, and what people do there."""

from simple_history import register

from members.models.access import AccessLog
from members.models.base import PHONE, Person, Register, Skill
from members.models.buildings import Building, BuildingAlias
from members.models.identity import IdentityNumber
from members.models.organizations import PartyOrganization
from members.models.people import PartyMember, ResidentContact, Transfer
from members.models.search import SearchKey
from members.models.teams import Team, TeamMember, Venue
from members.models.units import ChairTerm, Nomination, ResidentUnit

__all__ = [
    "PHONE",
    "AccessLog",
    "Building",
    "BuildingAlias",
    "ChairTerm",
    "IdentityNumber",
    "Nomination",
    "PartyMember",
    "PartyOrganization",
    "Person",
    "Register",
    "ResidentContact",
    "ResidentUnit",
    "SearchKey",
    "Skill",
    "Team",
    "TeamMember",
    "Transfer",
    "Venue",
]

for model in (PartyOrganization, ResidentUnit, Building, PartyMember, ResidentContact, Team, Venue):
    register(model, app="members", excluded_fields=["updated_at"])
