"""Pages of the registers: lists with search and filters, and what belongs to what. Masked, scoped."""

from members.views.climb import climb, climb_member, climb_organization
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
from members.views.party import member_detail, member_list, organization_detail, organization_list
from members.views.places import building_detail, building_list, unit_detail, unit_list
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

__all__ = [
    "building_detail",
    "building_list",
    "claim_finish",
    "claim_give_up",
    "climb",
    "climb_member",
    "climb_organization",
    "member_detail",
    "member_list",
    "offer_claim",
    "offer_close",
    "offer_detail",
    "offer_enter",
    "offer_list",
    "offer_new",
    "organization_detail",
    "organization_list",
    "service_act",
    "service_confirm",
    "service_correct",
    "service_detail",
    "service_export",
    "service_list",
    "service_mine",
    "service_new",
    "unit_detail",
    "unit_list",
]
