"""队伍: kept by the desks of their grids; whoever is put into one is within the actor's sight."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction

from liangcheng.common.exceptions import InvalidInput
from liangcheng.common.text import normalize
from members.keeping import hold_street, keep, locked, require_desk
from members.models import PartyMember, Person, ResidentContact, Team, TeamMember
from members.roll import still_there

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

_MOST_DUTY = 40


def save_team(*, actor: "User", team_id: int | None = None, values: Mapping[str, Any], seen: str | None = None) -> Team:
    """Enter a team, or change one. Refusals: members.keeping.keep."""
    return keep(Team, actor=actor, row_id=team_id, values=values, seen=seen)


def put_in_team(
    *,
    actor: "User",
    team_id: int,
    member_id: int | None = None,
    contact_id: int | None = None,
    is_leader: bool = False,
    duty: str = "",
) -> TeamMember:
    """Put a party member or a contact into the team; who is in it already gets the new duty.

    A new leader takes the place of the old one, who stays in the team. Refusals: not_found, not_permitted,
    one_person, unknown_person, too_long.
    """
    duty = normalize(duty)
    if len(duty) > _MOST_DUTY:
        raise InvalidInput("too_long", f"最多 {_MOST_DUTY} 个字，现在有 {len(duty)} 个字。", field="duty")
    with transaction.atomic():
        hold_street(Team, team_id)
        person = _person(actor, member_id, contact_id)
        # The team's row makes those queue who name a leader at the same time.
        team = locked(Team, actor, team_id)
        require_desk(actor, team)
        if person is None or person.community_id != team.community_id:
            raise InvalidInput("unknown_person", "没有找到这位人员，或不在您的网格范围内，请重新选择。", field="person")
        who = {"member": person} if isinstance(person, PartyMember) else {"contact": person}
        row = TeamMember.objects.filter(team=team, **who).first() or TeamMember(team=team, **who)
        if is_leader:
            TeamMember.objects.filter(team=team, is_leader=True).exclude(pk=row.pk).update(is_leader=False)
        row.is_leader, row.duty = is_leader, duty
        row.save()
        return row


def take_out_of_team(*, actor: "User", team_id: int, row_id: int) -> None:
    """Take somebody out of the team; who is out already, stays out. Refusals: not_found, not_permitted."""
    with transaction.atomic():
        team = locked(Team, actor, team_id)
        require_desk(actor, team)
        TeamMember.objects.filter(team=team, pk=row_id).delete()


def _person(actor: "User", member_id: int | None, contact_id: int | None) -> Person | None:
    """Held before the team, as a merge of two records holds them."""
    if (member_id is None) == (contact_id is None):
        raise InvalidInput("one_person", "请选择一位队员：党员或居民骨干，只选其一。", field="person")
    rows: Any = PartyMember.objects if member_id is not None else ResidentContact.objects
    found: Person | None = still_there(rows.visible_to(actor).filter(pk=member_id or contact_id))
    return found
