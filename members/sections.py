"""What this app knows of a person: buildings led, teams, postings of the account, and the life of a member by date."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from grids.models import Posting
from grids.panels import Panel
from members.choices import TransferState
from members.models import PartyMember, Team, Transfer

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

_SHOWN = 50


@dataclass(frozen=True)
class Event:
    """One line of a 履历."""

    on: date
    title: str
    text: str = ""


def buildings_section(user: "User", person: Any) -> Panel | None:
    """Buildings that a member leads (楼组长), as far as the reader sees them: one statement.

    The page of a 居民骨干 shows theirs itself, and their teams.
    """
    if not isinstance(person, PartyMember):
        return None
    rows = person.led_buildings.visible_to(user).active().select_related("grid")
    found = list(rows.order_by("road", "lane", "number")[: _SHOWN + 1])
    if not found:
        return None
    context = {"buildings": found[:_SHOWN], "more": len(found) > _SHOWN, "person": person}
    return Panel("担任楼组长的楼栋", "members/_person_buildings.html", context)


def teams_section(user: "User", person: Any) -> Panel | None:
    """Teams that a member is in, as far as the reader sees them: one statement."""
    if not isinstance(person, PartyMember):
        return None
    seen = Team.objects.visible_to(user).active().order_by().values("pk")
    rows = person.teams.filter(team__in=seen).select_related("team__grid").order_by("-is_leader", "team__name", "pk")
    found = list(rows[:_SHOWN])
    return Panel("参加的队伍", "members/_person_teams.html", {"places": found}) if found else None


def postings_section(user: "User", person: Any) -> Panel | None:
    """All current postings of the person's account, each with its grid: a person may have several. One statement.

    A transfer does not change them; who is to serve elsewhere gets a posting from the street's office.
    """
    if not person.user_id:
        return None
    rows = Posting.objects.current(user_id=person.user_id).select_related("grid", "department")
    context = {"account": person.user, "postings": list(rows.order_by("grid__code", "role")), "person": person}
    return Panel("登录账号和岗位", "members/_person_postings.html", context)


def resume(member: PartyMember, transfers: Iterable[Transfer]) -> list[Event]:
    """履历 of a member, newest first: joined the party, entered here, transfers carried out, retired."""
    events = [Event(timezone.localtime(member.created_at).date(), "登记入册")]
    if member.joined_on:
        events.append(Event(member.joined_on, "入党"))
    events += [Event(row.on, "转接", _way(row)) for row in transfers if row.state == TransferState.DONE]
    if member.retired_on:
        text = "，".join(part for part in (member.get_retired_as_display(), member.retired_note) if part)
        events.append(Event(member.retired_on, "停用", text))
    return sorted(events, key=lambda event: event.on, reverse=True)


def _way(row: Transfer) -> str:
    parts = []
    if row.from_organization_id != row.to_organization_id:
        parts.append(f"{row.from_organization.name} → {row.to_organization.name}")
    if row.from_grid_id != row.grid_id:
        parts.append(f"{row.from_grid.short_name} → {row.grid.short_name}")
    return "；".join([*parts, row.reason] if row.reason else parts)
