"""What a person did with cases, for their page (一人一档)."""

from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q, Value

from cases.models import Case, Invitee
from grids.panels import Panel
from members.models import PartyMember

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

SHOWN = 8


def cases_section(user: "User", person: Any) -> Panel | None:
    """Cases that the person filed or handled with their account, or came to a meeting about: only those that the reader
    may see are shown and counted. Two statements; none where there is neither an account nor a membership.
    """
    ways = _ways(person)
    if not ways:
        return None
    condition = Q(pk__in=())
    for way in ways.values():
        condition |= way
    cases = Case.objects.visible_to(user).filter(condition).order_by()
    counts = cases.aggregate(
        all=Count(Value(1)),
        open=Count(Value(1), filter=Q(is_open=True)),
        **{name: _number(q) for name, q in ways.items()},
    )
    if not counts["all"]:
        return None
    rows = cases.select_related("category", "handling_grid").newest_first()[:SHOWN]
    context = {"cases": list(rows), "counts": counts, "more": counts["all"] > SHOWN}
    return Panel("经办的案件", "cases/_person_panel.html", context)


def _ways(person: Any) -> dict[str, Q]:
    """By what a case belongs to the person's work."""
    ways = {}
    if person.user_id:
        ways["filed"] = Q(discovered_by_id=person.user_id)
        ways["handled"] = Q(assignee_id=person.user_id) | Q(resolved_by_id=person.user_id)
    if isinstance(person, PartyMember):
        invited = Invitee.objects.filter(member_id=person.pk).order_by()
        ways["met"] = Q(pk__in=invited.values("coordination__case_id"))
    return ways


def _number(condition: Q) -> Count:
    return Count(Value(1), filter=condition)
