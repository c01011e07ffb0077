"""What somebody did on the grid, as far as their rights in their data reach it: told to them, or forgotten."""

from typing import Any

from members.choices import ClaimState, ServiceState
from members.models import Claim, ClimbEntry, PartyMember, ResidentContact, ServiceRecord

_GONE = "（内容已应本人要求删除）"


def _of(model: Any, person: PartyMember | ResidentContact) -> Any:
    side = "member" if isinstance(person, PartyMember) else "contact"
    return model.objects.filter(**{side: person}).order_by("pk")


def deed_facts(person: PartyMember | ResidentContact) -> list[tuple[str, str]]:
    """(label, value) of services, claims, the climb and registrations: for the subject's own copy."""
    facts = [
        ("志愿服务", f"{each.on} {each.hours} 小时 {each.get_kind_display()} {each.what}（{each.get_state_display()}）")
        for each in _of(ServiceRecord, person)
    ]
    facts += [
        ("认领", f"{each.offer.title}（{each.get_state_display()}）")
        for each in _of(Claim, person).select_related("offer")
    ]
    if isinstance(person, PartyMember):
        facts += [
            ("登高计划", f"{each.item.name if each.item else each.title} 第 {each.level} 级 {each.note}".strip())
            for each in person.climb.select_related("item").order_by("pk")
        ]
        facts += [
            ("报到", f"{each.number} {each.get_state_display()} {each.unit_name} {each.remark}".strip())
            for each in person.registrations.order_by("pk")
        ]
    return facts


def forget_deeds(person: PartyMember | ResidentContact) -> None:
    """Free text about what somebody did goes, also from its history; days, hours, kinds and levels stay for figures."""
    side = "member_id" if isinstance(person, PartyMember) else "contact_id"
    services: list[Any] = [ServiceRecord.objects, ServiceRecord.history]  # type: ignore[attr-defined]
    for rows in services:
        rows.filter(**{side: person.pk}).update(what=_GONE, reason="")
    if isinstance(person, PartyMember):
        steps: list[Any] = [ClimbEntry.objects, ClimbEntry.history]  # type: ignore[attr-defined]
        for rows in steps:
            rows.filter(member_id=person.pk).update(note="")


def unfinished(person: PartyMember | ResidentContact) -> str:
    """What must be ended before the person can be erased: open claims, services not confirmed, a transfer."""
    claims = _of(Claim, person).filter(state=ClaimState.CLAIMED).count()
    services = _of(ServiceRecord, person).filter(state=ServiceState.WAITING).count()
    found = [f"还有 {claims} 件进行中的认领，请先完成或放弃"] if claims else []
    found += [f"还有 {services} 条待确认的志愿服务，请先确认"] if services else []
    if isinstance(person, PartyMember) and person.transfers.waiting().exists():
        found.append("还有一份待接收的转接，请先撤回，或等对方办结")
    return "；".join(found)
