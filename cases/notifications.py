"""Who is told about which act, and how: outbox rows in the act's transaction, notices when the worker delivers.

Who stands in for somebody today (请假代班) is told what that person is told, except as the finder of a case: finding
is personal, the stand-in may not even see that case.
The same event is never told twice to one person: the outbox key and the notice are both unique.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.urls import reverse

from cases.choices import Act, HelperRole, Tick, Urgency
from cases.inbox import InboxChannel
from cases.models import Case, CaseEvent
from grids.choices import DESK_ROLES, GridKind, Role
from grids.models import Posting
from grids.scoping import NOTHING
from grids.standins import stand_ins_for
from liangcheng.common import channels
from liangcheng.common.models import OutboxMessage

if TYPE_CHECKING:
    from collections.abc import Iterable

TOPIC = "case.notice"
PUSH_TOPIC = "case.push"
# Acts that reach people who want urgent messages only, besides everything about an emergency.
URGENT_ACTS = frozenset({Act.OVERDUE, Act.URGE, Act.SUPERVISE, Act.INSTRUCT})
# What stays in the house: another system need not know who looked at a telephone number, or our notes.
_NOT_PUSHED = frozenset({Act.REVEAL, Act.NOTE, Act.ATTACH})
_remembered: ContextVar[dict[tuple[Q, Q], frozenset[int]] | None] = ContextVar("recipients", default=None)
# (the case as it now stands, the event) → condition on Posting.
Who = Callable[[Case, CaseEvent], Q]


def _handler(case: Case, event: CaseEvent) -> Q:
    """Whoever has the case on their plate."""
    return _plate(case.assignee_id, case.assigned_department_id)


def _had_it(case: Case, event: CaseEvent) -> Q:
    """Whoever had it on their plate until this act took it away."""
    return _plate(event.data.get("user_id"), event.data.get("department_id"))


def _plate(user_id: int | None, department_id: int | None) -> Q:
    if user_id:
        return Q(user_id=user_id)
    return Q(department_id=department_id) if department_id else NOTHING


def _helpers(case: Case, event: CaseEvent) -> Q:
    """Departments that help and have not finished their part."""
    helping = case.co_handlers.filter(role=HelperRole.HELPER, done_at__isnull=True)
    return Q(department__in=helping.values("department"))


def _invited(case: Case, event: CaseEvent) -> Q:
    return Q(department__in=case.co_handlers.values("department"))


def _desk(case: Case, event: CaseEvent) -> Q:
    """The desk of the handling grid; a micro-unit has none, so its officers."""
    return Q(grid_id=case.handling_grid_id, role__in=(*DESK_ROLES, Role.OFFICER), department__isnull=True)


def _heads(case: Case, event: CaseEvent) -> Q:
    """Both heads of the handling grid (AB角) and, at the street, its dispatchers.

    A micro-unit has no head: those of the next grid above it.
    """
    grid_ids = case.handling_path()[-2:] if case.handling_level == GridKind.MICRO_UNIT else [case.handling_grid_id]
    return Q(grid_id__in=grid_ids, role__in=(Role.HEAD, Role.DISPATCHER), department__isnull=True)


def _desk_without_handler(case: Case, event: CaseEvent) -> Q:
    return NOTHING if case.assignee_id or case.assigned_department_id else _desk(case, event)


def _senior_heads(case: Case, event: CaseEvent) -> Q:
    """The heads of area and street on the case's path: they decide about 挂账; at the street only its own."""
    area = None if case.handling_level == GridKind.COMMUNITY else case.area_id
    grid_ids = [grid_id for grid_id in (area, case.community_id) if grid_id]
    return Q(grid_id__in=grid_ids, role=Role.HEAD, department__isnull=True)


def _above(case: Case, event: CaseEvent) -> Q:
    """The desk of the next grid above, where too many 退单 leave the decision to it."""
    above = case.handling_path()[:-1]
    if not case.bounced or not above:
        return NOTHING
    return Q(grid_id=above[-1], role__in=DESK_ROLES, department__isnull=True)


def _other_side(case: Case, event: CaseEvent) -> Q:
    """The desk across the border (R53), unless the case is confidential."""
    if case.second_grid_id is None or case.confidential:
        return NOTHING
    return Q(grid_id=case.second_grid_id, role__in=(*DESK_ROLES, Role.OFFICER), department__isnull=True)


def _chain(case: Case, event: CaseEvent) -> Q:
    """突发事件: everybody who answers for a grid on the path; of a confidential case only those who may see it."""
    path = case.handling_path() if case.confidential else case.path_ids().values()
    grid_ids = [grid_id for grid_id in path if grid_id]
    return Q(grid_id__in=grid_ids, role__in=(*DESK_ROLES, Role.OFFICER), department__isnull=True)


def _finder(case: Case, event: CaseEvent) -> Q:
    return Q(user_id=case.discovered_by_id)


def _all_finders(case: Case, event: CaseEvent) -> Q:
    """Who reported the case, one that was merged into it, or 我也遇到: all are answered with it, once."""
    if case.heat == 1:
        return _finder(case, event)
    merged = case.merged_cases.order_by().values("discovered_by")
    joint = case.joint_reports.order_by().values("joined_by")
    return _finder(case, event) | Q(user__in=merged) | Q(user__in=joint)


def _joint_finders(case: Case, event: CaseEvent) -> Q:
    """撤案 by one of several who reported the same: the others learn that nothing comes of it."""
    return _all_finders(case, event) if case.heat > 1 else NOTHING


def _arrival(case: Case, event: CaseEvent) -> Q:
    return _chain(case, event) if case.urgency == Urgency.EMERGENCY else _desk(case, event)


def _instructor(case: Case, event: CaseEvent) -> Q:
    """Who gave the 批示 that is answered."""
    given_by = event.data.get("given_by")
    return Q(user_id=given_by) if given_by else NOTHING


def _handler_if_earlier(case: Case, event: CaseEvent) -> Q:
    """A deadline that moves later is good news and can wait until somebody looks."""
    before, after = event.data.get("before"), event.data.get("due_at")
    return _handler(case, event) if after and (not before or after < before) else NOTHING


def _instructors(case: Case, event: CaseEvent) -> Q:
    """Whose 批示 or 督办 still waits for an answer when the case ends: they shall not have to look."""
    if case.instruction_due_at is None or case.is_open:
        return NOTHING
    return Q(user__in=case.instructions.filter(answered_at__isnull=True).values("given_by"))


def _whom_it_reminds(case: Case, event: CaseEvent) -> Q:
    if event.data.get("tick") == Tick.REVIEW:
        return _senior_heads(case, event)
    return _handler(case, event) | _desk(case, event)


def _handed(case: Case, event: CaseEvent) -> Q:
    """The successor, or the desk that the case is back at. Of many handed over at once only the first event tells."""
    if event.data.get("batch", {}).get("count") == 0:
        return NOTHING
    return _handler(case, event) | _desk_without_handler(case, event)


# What these are told is theirs alone; it is not lent to a stand-in.
_PERSONAL: tuple[Who, ...] = (_finder, _all_finders, _joint_finders)

# act → who is told; the actor never is. Acts that are missing tell nobody.
AUDIENCE: dict[Act, tuple[Who, ...]] = {
    Act.DISCOVER: (_arrival, _other_side),
    Act.DISPATCH: (_handler, _helpers),
    Act.RETURN: (_desk, _above),
    Act.LAPSE: (_desk, _had_it),
    Act.RESOLVE: (_desk,),
    Act.VERIFY: (_all_finders, _instructors),
    Act.REWORK: (_handler,),
    Act.CLOSE: (_all_finders, _instructors),
    Act.REJECT: (_all_finders, _instructors),
    Act.TRANSFER: (_all_finders, _instructors),
    Act.MERGE: (_finder, _handler, _helpers, _instructors),
    Act.UNMERGE: (_handler, _desk),
    Act.REOPEN: (_desk,),
    Act.ESCALATE: (_desk, _had_it, _other_side),
    Act.HAND_DOWN: (_desk,),
    Act.WITHDRAW: (_handler, _helpers, _joint_finders, _instructors),
    Act.HAND_OVER: (_handed,),
    Act.EXTEND: (_heads,),
    Act.GRANT_EXTENSION: (_handler, _desk_without_handler),
    Act.REFUSE_EXTENSION: (_handler, _desk_without_handler),
    Act.SUSPEND: (_handler, _desk, _finder),
    Act.RESUME: (_handler, _desk, _finder),
    Act.URGE: (_handler, _desk_without_handler),
    Act.SUPERVISE: (_handler, _desk),
    Act.INSTRUCT: (_handler, _desk),
    Act.ANSWER: (_instructor,),
    Act.CO_HANDLE: (_helpers,),
    Act.CO_FINISH: (_handler, _desk_without_handler),
    Act.CONVENE: (_invited, _handler),
    Act.CONCLUDE: (_invited, _handler, _desk),
    Act.NOTE: (_handler,),
    Act.WARN: (_handler, _desk),
    Act.OVERDUE: (_handler, _heads, _desk_without_handler),
    Act.REMIND: (_whom_it_reminds,),
    Act.RECALCULATE: (_handler_if_earlier,),
}


def enqueue(event: CaseEvent, case: Case) -> None:
    """Write one outbox row per person to be told, in the transaction of the act: one read, one insert."""
    act = Act(event.act)
    recipients = _recipients(AUDIENCE.get(act, ()), case, event) - {event.actor_id}
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


def _recipients(audience: "Iterable[Who]", case: Case, event: CaseEvent) -> set[int]:
    told = lent = NOTHING
    for who in audience:
        told |= who(case, event)
        if who not in _PERSONAL:
            lent |= who(case, event)
    known, key = _remembered.get(), (told, lent)
    if not audience:
        return set()
    if known is not None and key in known:
        return set(known[key])
    people = Posting.objects.current(user__is_service=False).order_by().values_list("user_id", flat=True)
    found = frozenset(people.filter(told).union(stand_ins_for(people.filter(lent))))
    if known is not None:
        known[key] = found
    return set(found)


@contextmanager
def remembering() -> Iterator[None]:
    """Within this block the same question about who serves where is asked once: for a sweep of seconds, no longer."""
    token = _remembered.set({})
    try:
        yield
    finally:
        _remembered.reset(token)


def deliver(message: OutboxMessage) -> None:
    """Put the event into the recipient's inbox and for the channels they chose. Told twice, it is there once."""
    event = CaseEvent.objects.select_related("case", "to_grid").get(pk=message.payload["event"])
    user_id = message.payload["recipient"]
    own = _own_number(event, user_id)
    inside = notice_text(event) if own is None else _told_of_own(event, own)
    InboxChannel(event, user_id).send(channels.Delivery(message.key, event.case.number, inside))
    channels.forward(
        user_id,
        key=message.key,
        title=f"{own or event.case.number} {event.get_act_display()}",
        text=outside_text(event) if own is None else inside,
        path=reverse("cases:detail", args=[own or event.case.number]),
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


def _own_number(event: CaseEvent, user_id: int) -> str | None:
    """None for who may see the event's case; else the number of what they themselves reported of it ("" for none).

    Whose report was merged into a case elsewhere, or into a confidential one, is told of their own report only.
    """
    person = get_user_model().objects.get(pk=user_id)
    if Case.objects.visible_to(person).filter(pk=event.case_id).exists():
        return None
    merged = Case.objects.filter(merged_into=event.case_id, discovered_by=user_id).order_by("-pk")
    return merged.values_list("number", flat=True).first() or ""


def _told_of_own(event: CaseEvent, own: str) -> str:
    """Neither number nor title of the main case."""
    which = f"您上报的 {own} 已并案" if own else "您登记的“我也遇到”"
    return f"{which}，随主案件一并办理：{event.get_act_display()}"


def is_urgent(event: CaseEvent) -> bool:
    """Whether it reaches those who want urgent messages only."""
    return event.case.urgency == Urgency.EMERGENCY or event.act in URGENT_ACTS


def notice_text(event: CaseEvent) -> str:
    """One line without personal data: number, title, what happened, where it lies now."""
    case = event.case
    many = event.data.get("batch", {}).get("count", 0)
    if many > 1:
        whither = event.data.get("assignee") or f"“{event.to_grid.short_name}”重新派遣"
        return f"工作交接：{event.data['from']}的 {many} 件案件交给{whither}"[:200]
    return f"{case.number} {case.title}：{event.get_act_display()}，{event.to_grid.short_name}"[:200]


def outside_text(event: CaseEvent) -> str:
    """The line as it may leave the house: of a confidential case the number only."""
    if not event.case.confidential:
        return notice_text(event)
    return f"{event.case.number}：{event.get_act_display()}。保密案件，请登录系统查看。"
