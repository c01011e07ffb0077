"""Who is told about which act, and how: outbox rows in the act's transaction, notices when the worker delivers.

Who stands in for somebody today (请假代班) is told what that person is told, except as the finder of a case: finding
is personal, the stand-in may not even see that case.
The same event is never told twice to one person: the outbox key and the notice are both unique.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.db.models import Q

from cases.choices import Act, Urgency
from cases.models import Case, CaseEvent, Notice
from grids.choices import Role
from grids.models import Posting
from grids.standins import stand_ins_for
from liangcheng.common.models import OutboxMessage

if TYPE_CHECKING:
    from collections.abc import Iterable

TOPIC = "case.notice"
_DESK_ROLES = (Role.LIAISON, Role.HEAD, Role.DISPATCHER)


def _handler(case: Case) -> Q:
    """Whoever has the case on their plate."""
    if case.assignee_id:
        return Q(user_id=case.assignee_id)
    return Q(department_id=case.assigned_department_id) if case.assigned_department_id else Q(pk__in=())


def _helpers(case: Case) -> Q:
    return Q(department__in=case.co_handlers.values("department"))


def _desk(case: Case) -> Q:
    """The desk of the handling grid; a micro-unit has none, so its officers."""
    return Q(grid_id=case.handling_grid_id, role__in=(*_DESK_ROLES, Role.OFFICER), department__isnull=True)


def _chain(case: Case) -> Q:
    """突发事件: everybody who answers for a grid on the path; of a confidential case only those who may see it."""
    path = case.handling_path() if case.confidential else case.path_ids().values()
    grid_ids = [grid_id for grid_id in path if grid_id]
    return Q(grid_id__in=grid_ids, role__in=(*_DESK_ROLES, Role.OFFICER), department__isnull=True)


def _finder(case: Case) -> Q:
    return Q(user_id=case.discovered_by_id)


def _arrival(case: Case) -> Q:
    return _chain(case) if case.urgency == Urgency.EMERGENCY else _desk(case)


# act → who is told; the actor never is. Acts that are missing tell nobody.
AUDIENCE: dict[Act, tuple[Callable[[Case], Q], ...]] = {
    Act.DISCOVER: (_arrival,),
    Act.DISPATCH: (_handler, _helpers),
    Act.RETURN: (_desk,),
    Act.RESOLVE: (_desk,),
    Act.VERIFY: (_finder,),
    Act.REWORK: (_handler,),
    Act.CLOSE: (_finder,),
    Act.REJECT: (_finder,),
    Act.REOPEN: (_desk,),
    Act.ESCALATE: (_desk,),
    Act.HAND_DOWN: (_desk,),
    Act.WITHDRAW: (_handler,),
    Act.NOTE: (_handler,),
}


def enqueue(event: CaseEvent, case: Case) -> None:
    """Write one outbox row per person to be told, in the transaction of the act: one read, one insert."""
    act = Act(event.act)
    recipients = _recipients(AUDIENCE.get(act, ()), case) - {event.actor_id}
    OutboxMessage.objects.bulk_create(
        OutboxMessage(
            topic=TOPIC,
            key=f"{TOPIC}:{event.pk}:{user_id}",
            community_id=event.community_id,
            payload={"event": event.pk, "recipient": user_id},
            run_at=event.created_at,
            created_at=event.created_at,
        )
        for user_id in sorted(recipients)
    )


def _recipients(audience: "Iterable[Callable[[Case], Q]]", case: Case) -> set[int]:
    told = lent = Q(pk__in=())
    for who in audience:
        told |= who(case)
        if who is not _finder:
            lent |= who(case)
    if not audience:
        return set()
    people = Posting.objects.current(user__is_service=False).order_by().values_list("user_id", flat=True)
    return set(people.filter(told).union(stand_ins_for(people.filter(lent))))


def deliver(message: OutboxMessage) -> None:
    """Put the event into the recipient's inbox. Told twice, it is there once."""
    event = CaseEvent.objects.select_related("case", "to_grid").get(pk=message.payload["event"])
    Notice.objects.get_or_create(
        recipient_id=message.payload["recipient"],
        event=event,
        defaults={"text": notice_text(event), "created_at": event.created_at},
    )


def notice_text(event: CaseEvent) -> str:
    """One line without personal data: number, title, what happened, where it lies now."""
    case = event.case
    return f"{case.number} {case.title}：{event.get_act_display()}，{event.to_grid.short_name}"[:200]
