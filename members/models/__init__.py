"""Registers of who and what is anchored to the grid, and what people do there."""

from simple_history import register

from members.models.access import AccessLog
from members.models.base import PHONE, Person, Register, Skill
from members.models.buildings import Building, BuildingAlias
from members.models.climbing import ClimbEntry, ClimbItem
from members.models.identity import IdentityNumber
from members.models.offers import Claim, Offer
from members.models.organizations import PartyOrganization
from members.models.people import NotSamePerson, PartyMember, ResidentContact, Transfer
from members.models.reporting import Letter, LetterLine, Registration, RegistrationAttempt, RegistrationLink
from members.models.search import SearchKey
from members.models.services import ServiceRecord
from members.models.sheets import SheetJob, SheetState
from members.models.teams import Team, TeamMember, Venue
from members.models.units import ChairTerm, Nomination, ResidentUnit

__all__ = [
    "PHONE",
    "AccessLog",
    "Building",
    "BuildingAlias",
    "ChairTerm",
    "Claim",
    "ClimbEntry",
    "ClimbItem",
    "IdentityNumber",
    "Letter",
    "LetterLine",
    "Nomination",
    "NotSamePerson",
    "Offer",
    "PartyMember",
    "PartyOrganization",
    "Person",
    "Register",
    "Registration",
    "RegistrationAttempt",
    "RegistrationLink",
    "ResidentContact",
    "ResidentUnit",
    "SearchKey",
    "ServiceRecord",
    "SheetJob",
    "SheetState",
    "Skill",
    "Team",
    "TeamMember",
    "Transfer",
    "Venue",
]

for model in (PartyOrganization, ResidentUnit, Building, PartyMember, ResidentContact, Team, Venue):
    register(model, app="members", excluded_fields=["updated_at"])
for deed in (ServiceRecord, Offer, Claim, ClimbItem, ClimbEntry):
    register(deed, app="members", excluded_fields=["updated_at"])
