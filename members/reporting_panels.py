"""双报到、双报告 on other pages: a unit's, and a member's 一人一档."""

from typing import TYPE_CHECKING

from grids.authority import runs_desk
from grids.panels import Panel
from members.choices import LetterKind, RegistrationState
from members.models import Letter, PartyMember, Registration

if TYPE_CHECKING:
    from liangcheng.accounts.models import User
    from members.models import ResidentContact, ResidentUnit

SHOWN = 5


def unit_section(user: "User", unit: "ResidentUnit") -> Panel | None:
    """Of a unit's page: its own registration, how many of its members are registered, and what it has been told.

    Four statements. None where there is nothing that the user may see.
    """
    rows = Registration.objects.visible_to(user).filter(unit=unit)
    own = rows.filter(kind="UNIT").select_related("grid").order_by("-pk").first()
    members = rows.filter(kind="MEMBER", state=RegistrationState.CONFIRMED).order_by()
    registered = members.values("member").distinct().count()
    if own is None and not registered:
        return None
    letters = Letter.objects.visible_to(user).filter(unit=unit, voided_at=None).select_related("community")
    context = {
        "unit": unit,
        "own": own,
        "registered": registered,
        "unreported": rows.unreported().order_by().count(),
        "letters": list(letters.order_by("-pk")[:SHOWN]),
        "yearly": registered > 0 and runs_desk(user),
    }
    return Panel("双报到、双报告", "members/_unit_reporting.html", context)


def member_section(user: "User", person: "PartyMember | ResidentContact") -> Panel | None:
    """Of a member's page: where they have registered, and whether their unit knows. Two statements."""
    if not isinstance(person, PartyMember):
        return None
    rows = Registration.objects.visible_to(user).filter(member=person).exclude(state=RegistrationState.REFUSED)
    found = list(rows.select_related("grid", "letter", "unit").order_by("-pk")[:SHOWN])
    if not found:
        return None
    years = Letter.objects.visible_to(user).filter(kind=LetterKind.YEARLY, voided_at=None, lines__member=person)
    context = {"registrations": found, "letters": list(years.select_related("community").order_by("-year")[:SHOWN])}
    return Panel("双报到、双报告", "members/_member_reporting.html", context)
