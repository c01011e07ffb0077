"""What somebody did, for their page (一人一档): services with their hours, claims, 登高计划."""

from decimal import Decimal
from typing import TYPE_CHECKING

from django.db.models import Count, Q, Sum
from django.db.models.functions import ExtractYear

from grids.panels import Panel
from members.choices import ServiceState
from members.climb_report import items_of, steps_of
from members.models import Claim, PartyMember, ResidentContact, ServiceRecord
from members.roll import columns, may_enter_for, ref_of

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

_ROWS = 5


def services_section(user: "User", person: PartyMember | ResidentContact) -> Panel:
    """Hours per year (confirmed) and the last services, wherever they were. Two statements."""
    rows = ServiceRecord.objects.filter(**columns(person))
    years = (
        rows.order_by()
        .annotate(year=ExtractYear("on"))
        .values("year")
        .annotate(
            times=Count("pk", filter=Q(state=ServiceState.CONFIRMED)),
            total=Sum("hours", filter=Q(state=ServiceState.CONFIRMED), default=Decimal(0)),
            waiting=Count("pk", filter=Q(state=ServiceState.WAITING)),
        )
        .order_by("-year")[:_ROWS]
    )
    context = {
        "years": list(years),
        "rows": list(rows.order_by("-on", "-pk")[:_ROWS]),
        "token": ref_of(person).token if person.is_active and may_enter_for(user, person) else "",
    }
    return Panel("志愿服务", "members/_section_services.html", context)


def claims_section(user: "User", person: PartyMember | ResidentContact) -> Panel | None:
    """The last claims. One statement."""
    rows = Claim.objects.filter(**columns(person)).select_related("offer__grid", "offer__place")
    found = list(rows.order_by("-at", "-pk")[:_ROWS])
    return Panel("认领", "members/_section_claims.html", {"claims": found}) if found else None


def climb_section(user: "User", person: PartyMember | ResidentContact) -> Panel | None:
    """The steps of a party member. Two statements."""
    if not isinstance(person, PartyMember) or not person.community_id:
        return None
    items = items_of([person.community_id])
    [(_, levels, free)] = steps_of([person], items)
    context = {"member": person, "steps": list(zip(items, levels, strict=True)), "free": free}
    return Panel("登高计划", "members/_section_climb.html", context) if items or free else None
