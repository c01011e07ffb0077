"""党员 register: enter, correct, retire and take back. The desk does it, with the right to read members.

Where a member belongs (organization, grid) changes by members/transfers.py, two records of one person by
members/merging.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from grids.choices import GridKind
from grids.models import Grid, Posting
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted, NotVisible, StaleObject
from liangcheng.common.text import is_person_name, is_phone, normalize, normalize_name, normalize_phone
from members.access import keeps_members
from members.choices import LeaveReason, MemberKind, OrganizationKind
from members.duplicates import suspects
from members.models import PartyMember, PartyOrganization, ResidentContact, ResidentUnit, Skill

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

NOT_PERMITTED = "党员名册由所在网格的网格长、联络员、派遣员登记，并须有党员名册的查阅权。"
# Where a member may be at home; areas and the street are nobody's home.
HOMES = (GridKind.MICRO_UNIT, GridKind.NEIGHBORHOOD)
_EARLIEST = date(1921, 7, 1)
_WRITTEN = ("name", "kind", "phone", "unit_id", "joined_on", "availability", "note", "user_id")


@dataclass(frozen=True)
class Facts:
    """What is written down about a member, as it was typed. Organization and grid only when one is entered."""

    name: str
    kind: str
    phone: str = ""
    unit_id: int | None = None
    joined_on: date | None = None
    skill_ids: tuple[int, ...] = ()
    availability: str = ""
    note: str = ""
    user_id: int | None = None


def mark_of(member: PartyMember) -> str:
    """What a form remembers of the row it shows: every write changes it."""
    return member.updated_at.isoformat()


def register_member(
    *, actor: "User", grid_id: int, organization_id: int, facts: Facts, confirmed: bool = False
) -> PartyMember:
    """Enter a member. `confirmed`: those who look like the same person have been looked at.

    Refusals: not_permitted, unknown_grid, unknown_organization, organization_kind, those of the facts,
    suspected_duplicate.
    """
    if not keeps_members(actor):
        raise NotPermitted("not_permitted", NOT_PERMITTED)
    with transaction.atomic():
        grid = Grid.objects.visible_to(actor).active().filter(pk=grid_id, kind__in=HOMES).order_by().first()
        if grid is None or not keeps_members(actor, grid):
            raise InvalidInput("unknown_grid", "请选择您负责的居民区或微单元网格。", field="grid")
        organization = organization_for(actor, organization_id, grid.community_id)
        member = PartyMember(grid=grid, organization=organization)
        for column, value in grid.path_ids().items():
            setattr(member, column, value)
        _apply(actor, member, facts)
        if not confirmed:
            _check_suspects(actor, member)
        member.save()
        member.skills.set(facts.skill_ids)
    return member


def correct_member(
    *, actor: "User", member_id: int, facts: Facts, expected: str | None, confirmed: bool = False
) -> PartyMember:
    """Write a member's facts anew. `expected` is `mark_of` the row the actor has seen (None: not asked).

    Refusals: not_found, not_permitted, member_merged, member_erased, stale_version, those of the facts,
    suspected_duplicate (only where name or telephone change).
    """
    with transaction.atomic():
        member = locked_member(actor, member_id, expected)
        before = (member.name, member.phone)
        _apply(actor, member, facts)
        if not confirmed and before != (member.name, member.phone):
            _check_suspects(actor, member)
        # Without the grid, which save() would lock after the row: writers of the tree take grids first.
        member.save(update_fields=[*_WRITTEN, "updated_at"])
        member.skills.set(facts.skill_ids)
    return member


def retire_member(
    *, actor: "User", member_id: int, reason: str, on: date, note: str = "", expected: str | None = None
) -> PartyMember:
    """停用: the record is kept, lists and figures leave it out. What they lead is not changed silently.

    Refusals: as correct_member; member_retired, transfer_waits, unknown_reason, future_date, too_long.
    """
    with transaction.atomic():
        member = locked_member(actor, member_id, expected)
        check_in_use(member)
        check_not_moving(member)
        if reason not in LeaveReason.values:
            raise InvalidInput("unknown_reason", "请选择停用原因。", field="reason")
        check_past(on, "on", "停用日期")
        member.is_active = False
        member.retired_on, member.retired_as = on, reason
        member.retired_note = _text(note, 100, "note")
        _write_life(member)
    return member


def restore_member(*, actor: "User", member_id: int, expected: str | None = None) -> PartyMember:
    """Take a retired record back into use. Refusals: as correct_member; member_in_use, unknown_grid."""
    with transaction.atomic():
        member = locked_member(actor, member_id, expected)
        if member.is_active:
            raise DomainError("member_in_use", "这份档案已在用。")
        if not Grid.objects.active().filter(pk=member.grid_id).exists():
            raise DomainError("unknown_grid", "原网格已停用，请先恢复使用，再办转接。")
        member.is_active = True
        member.retired_on, member.retired_as, member.retired_note = None, "", ""
        _write_life(member)
    return member


def _write_life(member: PartyMember) -> None:
    member.save(update_fields=["is_active", "retired_on", "retired_as", "retired_note", "updated_at"])


# -- what the other rules of members ask


def locked_member(actor: "User", member_id: int, expected: str | None = None) -> PartyMember:
    """The row FOR UPDATE, which the actor may write and which nobody has changed since. Needs a transaction.

    Refusals: not_found, not_permitted, member_merged, member_erased, stale_version.
    """
    rows = PartyMember.objects.visible_to(actor).select_for_update(no_key=True)
    member = rows.filter(pk=member_id).order_by().first()
    if member is None:
        raise NotVisible
    if not keeps_members(actor, member):
        raise NotPermitted("not_permitted", NOT_PERMITTED)
    if member.merged_into_id:
        raise DomainError("member_merged", "这份档案已合并到另一份，请在保留的那份上办理。")
    if member.erased_at:
        raise DomainError("member_erased", "这位党员的个人信息已应本人要求删除，不能再办理。")
    if expected is not None and expected != mark_of(member):
        raise StaleObject("这份档案刚刚被别人修改过。请打开最新档案核对，再重新填写。")
    return member


def check_in_use(member: PartyMember) -> None:
    if not member.is_active:
        raise DomainError("member_retired", "这份档案已停用；要办理请先恢复使用。")


def check_not_moving(member: PartyMember) -> None:
    if member.transfers.waiting().exists():
        raise DomainError("transfer_waits", "这位党员有一份待接收的转接，请先撤回，或等对方办结。")


def check_past(day: date, field: str, label: str) -> None:
    if day > timezone.localdate():
        raise InvalidInput("future_date", f"{label}不能晚于今天。", field=field)
    if day < _EARLIEST:
        raise InvalidInput("too_early", f"{label}太早了，请核对年份。", field=field)


def organizations_for(rows: Any) -> Any:
    """Of these organizations those that have members of their own: a 党支部, a 党小组; a 党总支 without a 党支部.

    A small 党总支 that is not divided keeps its members itself; the 党工委 has none.
    """
    branches = PartyOrganization.objects.active().filter(kind=OrganizationKind.BRANCH, parent__isnull=False)
    undivided = Q(kind=OrganizationKind.GENERAL_BRANCH) & ~Q(pk__in=branches.order_by().values("parent_id"))
    return rows.active().filter(Q(kind__in=(OrganizationKind.BRANCH, OrganizationKind.GROUP)) | undivided)


def organization_for(actor: "User | None", organization_id: int, community_id: int | None) -> PartyOrganization:
    """The organization that a member of this street may belong to; with an actor: one that the actor sees.

    Refusals: unknown_organization, organization_kind.
    """
    rows = PartyOrganization.objects.all() if actor is None else PartyOrganization.objects.visible_to(actor)
    rows = rows.active().filter(pk=organization_id, community_id=community_id).order_by()
    found: PartyOrganization | None = rows.first()
    if found is None:
        raise InvalidInput("unknown_organization", "没有这个党组织，请重新选择。", field="organization")
    if not organizations_for(rows).exists():
        message = "党员编在党支部或党小组；党总支下已设党支部的，请选支部。"
        raise InvalidInput("organization_kind", message, field="organization")
    return found


def accounts_of(community_ids: Iterable[int | None]) -> Any:
    """Current postings in these streets whose accounts may be written into a record."""
    streets = set(community_ids)
    return Posting.objects.current(user__is_service=False, grid__community_id__in=streets).order_by()


# -- the facts


def _apply(actor: "User", member: PartyMember, facts: Facts) -> None:
    """Check the facts and put them on the row. Refusals name the field."""
    facts = _tidy(facts)
    _check_person(facts)
    if facts.unit_id != member.unit_id:
        _check_unit(actor, facts.unit_id, member.community_id)
    _check_skills(facts.skill_ids)
    if facts.user_id is not None and facts.user_id != member.user_id:
        _check_account(member, facts.user_id)
    for name in _WRITTEN:
        setattr(member, name, getattr(facts, name))


def _tidy(facts: Facts) -> Facts:
    return replace(
        facts,
        name=normalize_name(facts.name),
        phone=normalize_phone(facts.phone),
        availability=_text(facts.availability, 60, "availability"),
        note=_text(facts.note, 300, "note"),
    )


def _text(text: str, most: int, field: str) -> str:
    text = normalize(text)
    if len(text) > most:
        raise InvalidInput("too_long", f"最多 {most} 个字，现在有 {len(text)} 个字。", field=field)
    return text


def _check_person(facts: Facts) -> None:
    if not is_person_name(facts.name):
        message = "姓名请填 2–30 个汉字或字母，少数民族姓名中间用“·”。"
        raise InvalidInput("bad_name", message, field="name")
    if facts.kind not in MemberKind.values:
        raise InvalidInput("unknown_kind", "请选择在册党员或在职党员。", field="kind")
    if facts.phone and not is_phone(facts.phone):
        message = "请填 11 位手机号，或带区号的座机（如 021-65551234）。"
        raise InvalidInput("bad_phone", message, field="phone")
    if facts.joined_on:
        check_past(facts.joined_on, "joined_on", "入党日期")


def _check_unit(actor: "User", unit_id: int | None, community_id: int | None) -> None:
    if unit_id is None:
        return
    units = ResidentUnit.objects.visible_to(actor).active().filter(pk=unit_id, community_id=community_id)
    if not units.exists():
        raise InvalidInput("unknown_unit", "没有找到这个单位，请核对编号或名称。", field="unit")


def _check_skills(skill_ids: tuple[int, ...]) -> None:
    if skill_ids and Skill.objects.filter(pk__in=skill_ids).count() != len(set(skill_ids)):
        raise InvalidInput("unknown_skill", "没有这个特长，请在列出的特长中选择。", field="skills")


def _check_account(member: PartyMember, user_id: int) -> None:
    """An account of somebody who serves in the member's street, in one record only; its own row makes them queue."""
    get_user_model()._default_manager.select_for_update(no_key=True).filter(pk=user_id).order_by().first()
    if not accounts_of([member.community_id]).filter(user_id=user_id).exists():
        raise InvalidInput("unknown_account", "请选择本街道在岗人员的账号。", field="user")
    taken = PartyMember.objects.filter(user_id=user_id).exclude(pk=member.pk).exists()
    if taken or ResidentContact.objects.filter(user_id=user_id).exists():
        raise InvalidInput("account_taken", "这个账号已登记在另一份档案上，一个账号只能对应一人。", field="user")


def _check_suspects(actor: "User", member: PartyMember) -> None:
    found = suspects(actor, member)
    if found:
        who = "、".join(f"{other.masked_name}（{other.organization.name}）" for other in found[:3])
        message = f"可能已经登记过：{who}。请先核对；确认不是同一人，勾选“仍要登记”再提交。"
        raise DomainError("suspected_duplicate", message, field="confirmed")
