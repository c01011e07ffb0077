"""楼组长: who answers for a building (每栋楼栋有人管, R14)."""

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q

from liangcheng.common.exceptions import InvalidInput
from members.keeping import check_seen, hold_street, locked, require_desk
from members.models import Building, PartyMember, Person, ResidentContact
from members.roll import still_there

if TYPE_CHECKING:
    from liangcheng.accounts.models import User


def neighbours(building: Building) -> Q:
    """Condition on people: those of the building's 居民区; where there is none (R8), of its area, else its street."""
    for column in ("neighborhood_id", "area_id", "community_id"):
        if grid_id := getattr(building, column):
            return Q(**{column: grid_id})
    return Q(pk__in=())


def set_building_leader(
    *,
    actor: "User",
    building_id: int,
    member_id: int | None = None,
    contact_id: int | None = None,
    seen: str | None = None,
) -> Building:
    """Let a party member or a contact of the 居民区 be the 楼组长; neither: nobody is.

    By the desk of the building's grid; for a member with the right to read members. Refusals: not_found,
    not_permitted, stale_version, one_leader, unknown_person.
    """
    if member_id is not None and contact_id is not None:
        raise InvalidInput("one_leader", "楼组长只填一位：党员或居民骨干，请只选其一。", field="person")
    with transaction.atomic():
        hold_street(Building, building_id)
        # Before the building, as a merge of two records holds them.
        member = _held(PartyMember, actor, member_id)
        contact = _held(ResidentContact, actor, contact_id)
        building = locked(Building, actor, building_id)
        require_desk(actor, building)
        check_seen(building, seen)
        _check(PartyMember, building, member_id, member)
        _check(ResidentContact, building, contact_id, contact)
        building.leader_member, building.leader_contact = member, contact
        building.save(update_fields=["leader_member", "leader_contact", "updated_at"])
        return building


def _held(model: Any, actor: "User", pk: int | None) -> Any:
    return still_there(model.objects.visible_to(actor).filter(pk=pk)) if pk is not None else None


def _check(model: Any, building: Building, pk: int | None, person: Person | None) -> None:
    if pk is None:
        return
    if person is None or not model.objects.filter(neighbours(building), pk=pk).exists():
        raise InvalidInput(
            "unknown_person", "没有找到这位人员；楼组长请从本居民区的党员或居民骨干中选择。", field="person"
        )
