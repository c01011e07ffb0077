"""Working on a case with others: 约请协调, 我也遇到, links."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from cases import assignment, attachments, timekeeping
from cases.choices import Act, HelperRole, InviteeKind, LinkKind
from cases.models import Case, CaseLink, CoHandler, Coordination, Invitee, JointReport
from cases.photos import Photo
from cases.refusals import need_choice, need_line, need_text, optional_text
from cases.workflow.core import Step, act, beside
from liangcheng.common import text as texts
from liangcheng.common.exceptions import InvalidInput
from members.models import PartyMember, ResidentUnit

_MOST_INVITED = 50


@act(Act.CONVENE)
def convene(
    step: Step,
    *,
    text: str,
    place: str,
    meets_at: datetime,
    department_ids: Iterable[int] = (),
    unit_ids: Iterable[int] = (),
    member_ids: Iterable[int] = (),
    residents: Sequence[str] = (),
) -> None:
    """约请相关部门协调 (R48): departments, units, party members, residents' representatives; with place and time.

    Invited departments see the case from now on. Units and members must lie in the handling grid's subtree.
    """
    case = step.case
    step.text = need_text(text, "text", "请写明要协调什么。")
    invited = [
        *_invited_departments(step, set(department_ids)),
        *_anchored(step, ResidentUnit, InviteeKind.UNIT, "unit", set(unit_ids)),
        *_anchored(step, PartyMember, InviteeKind.MEMBER, "member", set(member_ids)),
        *_residents(residents),
    ]
    if not invited:
        raise InvalidInput("missing_invitees", "请至少约请一个部门、单位或个人。", field="department_ids")
    if len(invited) > _MOST_INVITED:
        raise InvalidInput("too_many_invitees", f"一次最多约请 {_MOST_INVITED} 个对象。", field="residents")
    if abs(meets_at - step.at) > timedelta(days=366):
        raise InvalidInput("bad_meets_at", "协调时间应在前后一年以内。", field="meets_at")
    row = Coordination.objects.create(
        case=case,
        topic=step.text,
        place=need_line(place, "place", "请填写协调地点。", most=100),
        meets_at=meets_at,
        convened_by=step.person,
        created_at=step.at,
    )
    for invitee in invited:
        invitee.coordination = row
    Invitee.objects.bulk_create(invited)
    _await_results(step)
    step.data = {
        "coordination": row.pk,
        "place": row.place,
        "meets_at": timekeeping.iso(meets_at),
        # Party membership is sensitive: members are counted here, and stand masked on the case page.
        "invited": [invitee.name for invitee in invited if invitee.kind != InviteeKind.MEMBER],
        "members": sum(invitee.kind == InviteeKind.MEMBER for invitee in invited),
    }


def _await_results(step: Step) -> None:
    """The case waits for the result of the earliest of its meetings."""
    waiting = step.case.coordinations.filter(concluded_at__isnull=True).order_by("meets_at")
    step.case.coordination_at = waiting.values_list("meets_at", flat=True).first()


def _invited_departments(step: Step, ids: set[int]) -> list[Invitee]:
    found = assignment.departments(step.case, ids, field="department_ids")
    CoHandler.objects.bulk_create(
        [CoHandler(case=step.case, department=row, role=HelperRole.INVITED, created_at=step.at) for row in found],
        ignore_conflicts=True,
    )
    return [Invitee(kind=InviteeKind.DEPARTMENT, department=row, name=row.short_name) for row in found]


def _anchored(
    step: Step, model: type[ResidentUnit] | type[PartyMember], kind: InviteeKind, field: str, ids: set[int]
) -> list[Invitee]:
    # Of what the actor sees anyway: the answer names those that were invited.
    offered = model.objects.visible_to(step.person).within(step.case.handling_grid)
    found = list(offered.filter(pk__in=ids)) if ids else []
    if len(found) != len(ids):
        raise InvalidInput(f"unknown_{field}", "请选择负责网格范围内的单位或党员。", field=f"{field}_ids")
    # As text a member is masked: whoever may see the case need not have the right to read members.
    return [Invitee(kind=kind, name=str(row), **{field: row}) for row in found]


def _residents(names: Sequence[str]) -> list[Invitee]:
    cleaned = list(dict.fromkeys(filter(None, (texts.normalize(name) for name in names))))
    if any(len(name) > 30 for name in cleaned):
        raise InvalidInput("too_long", "居民代表一行写一个，每个不超过 30 个字。", field="residents")
    return [Invitee(kind=InviteeKind.RESIDENT, name=name) for name in cleaned]


@act(Act.CONCLUDE)
def conclude(
    step: Step, *, minutes: str, outcome: str, coordination_id: int | None = None, attended_ids: Iterable[int] = ()
) -> None:
    """登记协调结果: who came, what was said, what was agreed. By default of the oldest without a result."""
    waiting = step.case.coordinations.filter(concluded_at__isnull=True).order_by("pk")
    row = (waiting.filter(pk=coordination_id) if coordination_id is not None else waiting).first()
    if row is None:
        raise InvalidInput("unknown_coordination", "没有待登记结果的约请协调。", field="coordination_id")
    row.minutes = need_text(minutes, "minutes", "请写明协调经过。")
    row.outcome = step.text = need_text(outcome, "outcome", "请写明协调结果。")
    row.concluded_at = step.at
    row.save(update_fields=["minutes", "outcome", "concluded_at"])
    here = set(attended_ids)
    row.invitees.update(attended=False)
    present = row.invitees.filter(pk__in=here).update(attended=True)
    step.data = {"coordination": row.pk, "minutes": row.minutes, "attended": present}
    _await_results(step)


@act(Act.JOIN)
def join(
    step: Step,
    *,
    text: str = "",
    reporter_name: str = "",
    reporter_phone: str = "",
    wants_reply: bool = False,
    photos: Sequence[Photo] = (),
) -> None:
    """我也遇到: joins an open case instead of filing it anew; counts as heat, is answered together with it."""
    phone = texts.normalize_phone(reporter_phone)
    if phone and not texts.is_phone(phone):
        raise InvalidInput("bad_phone", "请填 11 位手机号，或带区号的座机。", field="reporter_phone")
    step.text = optional_text(text)
    JointReport.objects.create(
        case=step.case,
        joined_by=step.person,
        text=step.text,
        reporter_name=optional_text(texts.normalize_name(reporter_name), "reporter_name", most=30),
        reporter_phone=phone,
        wants_reply=wants_reply,
        created_at=step.at,
    )
    step.case.heat += 1
    attachments.store(step.case, photos, actor=step.actor, at=step.at)
    step.data = {"heat": step.case.heat, "photos": len(photos)}


@act(Act.LINK)
def link(step: Step, *, number: str, kind: str = LinkKind.RELATED, text: str = "") -> None:
    """关联案件: this case follows up another one, or both belong together. Changes neither."""
    chosen = need_choice(kind, LinkKind, "kind", "请选择两件案件的关系。")
    number = texts.normalize(number).upper()
    other = Case.objects.visible_to(step.person).filter(number=number, community_id=step.case.community_id).first()
    if other is None or other.pk == step.case.pk:
        raise InvalidInput("unknown_number", "没有找到这件案件，请核对编号。", field="number")
    # A follow-up points from the earlier case to the later one.
    first, second = (other, step.case) if chosen is LinkKind.FOLLOW_UP else (step.case, other)
    if CaseLink.objects.filter(case__in=(first, second), other__in=(first, second)).exists():
        raise InvalidInput("already_linked", "这两件案件已经关联。", field="number")
    CaseLink.objects.create(case=first, other=second, kind=chosen, created_by=step.person, created_at=step.at)
    step.text = optional_text(text)
    step.data = {"number": other.number, "kind": chosen.value}
    beside(other, step, Act.LINK, {"number": step.case.number, "kind": LinkKind.RELATED.value})
