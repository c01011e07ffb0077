"""What somebody did on the grid, as far as their rights in their data reach it: told to them, or forgotten."""

from typing import Any

from members.choices import ClaimState, ServiceState
from members.models import Claim, ClimbEntry, PartyMember, ResidentContact, ServiceRecord


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


def forget_climb(member: PartyMember) -> None:
    """Notes on a member's steps go, also from their history; the levels stay for the branch's figures."""
    ClimbEntry.objects.filter(member=member).update(note="")
    ClimbEntry.history.filter(member_id=member.pk).update(note="")  # type: ignore[attr-defined]


def unfinished(person: PartyMember | ResidentContact) -> str:
    """What must be ended before the person can be erased: open claims, services that nobody has confirmed yet."""
    claims = _of(Claim, person).filter(state=ClaimState.CLAIMED).count()
    services = _of(ServiceRecord, person).filter(state=ServiceState.WAITING).count()
    found = [f"还有 {claims} 件进行中的认领，请先完成或放弃"] if claims else []
    found += [f"还有 {services} 条待确认的志愿服务，请先确认"] if services else []
    return "；".join(found)
