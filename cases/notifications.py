"""Who is told about which act, and how: outbox rows in the act's transaction, notices when the worker delivers.

The same event is never told twice to one person: the outbox key and the notice are both unique.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.db.models import Q
from django.urls import reverse

from cases.choices import Act, Urgency
from cases.inbox import InboxChannel
from cases.models import Case, CaseEvent
from grids.choices import Role
from grids.models import Posting
from liangcheng.common import channels
from liangcheng.common.models import OutboxMessage

if TYPE_CHECKING:
    from collections.abc import Iterable

TOPIC = "case.notice"
PUSH_TOPIC = "case.push"
# Acts that reach people who want urgent messages only, besides everything about an emergency.
URGENT_ACTS: frozenset[Act] = frozenset()
# What stays in the house: another system need not know who looked at a telephone number, or our notes.
_NOT_PUSHED = frozenset({Act.REVEAL, Act.NOTE, Act.ATTACH})
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
    rows = [
        _row(event, TOPIC, f"{TOPIC}:{event.pk}:{user_id}", {"event": event.pk, "recipient": user_id})
        for user_id in sorted(recipients)
    ]
    if _is_pushed(event, case):
        rows.append(_row(event, PUSH_TOPIC, f"{PUSH_TOPIC}:{event.pk}", {"event": event.pk, "version": case.version}))
    OutboxMessage.objects.bulk_create(rows)


def _row(event: CaseEvent, topic: str, key: str, payload: dict[str, int]) -> OutboxMessage:
    return OutboxMessage(
        topic=topic,
        key=key,
        community_id=event.community_id,
        payload=payload,
        run_at=event.created_at,
        created_at=event.created_at,
    )


def _is_pushed(event: CaseEvent, case: Case) -> bool:
    """Whether the system that sent the case may hear of this; like everybody, it is not told what it did itself."""
    own = event.actor is not None and event.actor.is_service and event.actor.username == case.external_system
    return bool(case.external_system) and not own and event.act not in _NOT_PUSHED


def _recipients(audience: "Iterable[Callable[[Case], Q]]", case: Case) -> set[int]:
    conditions = Q(pk__in=())
    for who in audience:
        conditions |= who(case)
    if not audience:
        return set()
    found = Posting.objects.current().filter(conditions, user__is_service=False).values_list("user_id", flat=True)
    return set(found.order_by())


def deliver(message: OutboxMessage) -> None:
    """Put the event into the recipient's inbox and for the channels they chose. Told twice, it is there once."""
    event = CaseEvent.objects.select_related("case", "to_grid").get(pk=message.payload["event"])
    user_id = message.payload["recipient"]
    InboxChannel(event, user_id).send(channels.Delivery(message.key, event.case.number, notice_text(event)))
    channels.forward(
        user_id,
        key=message.key,
        title=f"{event.case.number} {event.get_act_display()}",
        text=outside_text(event),
        path=reverse("cases:detail", args=[event.case.number]),
        urgent=is_urgent(event),
        community_id=event.community_id,
        data={"number": event.case.number, "act": event.act, "at": event.created_at.isoformat()},
    )


def push(message: OutboxMessage) -> None:
    """Line the event up for the channels of the system that sent the case: what happened, nobody's name, no text."""
    event = CaseEvent.objects.select_related("case").get(pk=message.payload["event"])
    case = event.case
    channels.push(
        case.external_system,
        key=message.key,
        title=f"{case.number} {event.get_act_display()}",
        text=f"{case.number}：{event.get_act_display()}，{event.get_to_status_display()}",
        community_id=event.community_id,
        data={
            "number": case.number,
            "external_id": case.external_id,
            "act": event.act,
            "status": event.to_status,
            "level": event.level,
            "version": message.payload["version"],
            "at": event.created_at.isoformat(),
        },
    )


def is_urgent(event: CaseEvent) -> bool:
    """Whether it reaches those who want urgent messages only."""
    return event.case.urgency == Urgency.EMERGENCY or event.act in URGENT_ACTS


def notice_text(event: CaseEvent) -> str:
    """One line without personal data: number, title, what happened, where it lies now."""
    case = event.case
    return f"{case.number} {case.title}：{event.get_act_display()}，{event.to_grid.short_name}"[:200]


def outside_text(event: CaseEvent) -> str:
    """The line as it may leave the house: of a confidential case the number only."""
    if not event.case.confidential:
        return notice_text(event)
    return f"{event.case.number}：{event.get_act_display()}。保密案件，请登录系统查看。"
