"""登高计划 (R24): seven items of the street and what a member adds themselves; levels are set by the member's desk."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone

from grids.authority import runs_desk, runs_street
from grids.models import Grid
from liangcheng.common.clock import now
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted, NotVisible, StaleObject
from liangcheng.common.text import normalize
from members.models import ClimbEntry, ClimbItem, PartyMember
from members.models.climbing import MOST_STEPS

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

MOST_FREE = 10
# Our guess at the seven, until the street gives its own: the article names their number only.
_DEFAULTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("学习", "参加学习和组织生活", ("按时参加", "主动发言", "带头宣讲")),
    ("报到", "到微单元网格报到", ("完成报到", "公开承诺", "兑现承诺")),
    ("服务", "参加志愿服务", ("每年 1 次", "每季 1 次", "每月 1 次")),
    ("认领", "认领微心愿、岗位和项目", ("认领 1 项", "完成 1 项", "完成 3 项")),
    ("联系群众", "联系身边居民", ("联系 1 户", "联系 3 户", "联系 5 户")),
    ("建言", "为社区治理出主意", ("提出建议", "建议被采纳", "建议见成效")),
    ("帮带", "帮带新党员和志愿者", ("帮带 1 人", "帮带 2 人", "带出一支队伍")),
)


@dataclass(frozen=True)
class Reached:
    """How far somebody has come: the step, since when, in words why. A step back needs the words."""

    level: int
    on: date
    note: str = ""


def set_level(
    *, actor: "User", member_id: int, reached: Reached, item_id: int, expected_version: int | None = None
) -> ClimbEntry:
    """Set a member's step in one of the seven items. 0: not yet begun. Raises what `set_free_level` does."""
    with transaction.atomic():
        member = _held(actor, member_id)
        items = ClimbItem.objects.filter(community=member.community_id, is_active=True)
        item = items.filter(pk=item_id).order_by().first()
        if item is None:
            raise InvalidInput("unknown_item", "这个登高项目已停用或不存在，请刷新页面。", field="item")
        entry = ClimbEntry.objects.filter(member=member, item=item).order_by().first()
        return _climb(actor, entry or ClimbEntry(member=member, item=item, version=0), reached, expected_version)


def set_free_level(
    *, actor: "User", entry_id: int, reached: Reached, expected_version: int | None = None
) -> ClimbEntry:
    """Set the step of a member's own item. Raises NotVisible, NotPermitted, StaleObject, InvalidInput."""
    with transaction.atomic():
        return _climb(actor, _free(actor, entry_id), reached, expected_version)


def add_free_item(*, actor: "User", member_id: int, title: str, steps: int = 3) -> ClimbEntry:
    """自选项目 (X): something of the member's own, with its own number of steps."""
    name = normalize(title)
    if not name or len(name) > 20:
        raise InvalidInput("bad_title", "请写自选项目的名称，20 字以内。", field="title")
    if not 1 <= steps <= MOST_STEPS:
        raise InvalidInput("bad_steps", f"级数请填 1–{MOST_STEPS}。", field="steps")
    with transaction.atomic():
        member = _held(actor, member_id)
        own = ClimbEntry.objects.filter(member=member, item=None)
        known = own.filter(title=name).first()
        if known is not None and known.is_active:
            raise InvalidInput("known_title", "已有这个自选项目。", field="title")
        if own.filter(is_active=True).count() >= MOST_FREE:
            raise DomainError("too_many_free", f"自选项目最多 {MOST_FREE} 项，请先停用不再用的。")
        entry = known or ClimbEntry(member=member, title=name, version=0)
        entry.is_active, entry.steps = True, max(steps, entry.level)
        return _saved(actor, entry)


def retire_free_item(*, actor: "User", entry_id: int) -> ClimbEntry:
    """停用 a member's own item; what was reached stays in its history."""
    with transaction.atomic():
        entry = _free(actor, entry_id)
        entry.is_active = False
        return _saved(actor, entry)


def retire_item(*, actor: "User", item_id: int) -> ClimbItem:
    """停用 one of the seven: no longer shown or counted, what was reached stays."""
    with transaction.atomic():
        item = ClimbItem.objects.select_related("community").select_for_update(of=("self",)).filter(pk=item_id).first()
        if item is None or not runs_street(actor, item.community):
            raise NotPermitted("not_permitted", "登高项目由街道派遣员、街道网格长维护。")
        item.is_active = False
        item.save(update_fields=["is_active", "updated_at"])
    return item


def seed_items(street: Grid) -> int:
    """The seven items of a street that has none, marked as assumed; returns how many are new."""
    if ClimbItem.objects.filter(community=street).exists():
        return 0
    for position, (name, description, meanings) in enumerate(_DEFAULTS, start=1):
        ClimbItem.objects.create(
            community=street,
            position=position,
            name=name,
            description=description,
            steps=len(meanings),
            meanings="\n".join(meanings),
            assumed=True,
        )
    return len(_DEFAULTS)


def may_set(actor: "User", member: PartyMember) -> bool:
    """Whether the actor keeps the progress of a member whom they may read."""
    return runs_desk(actor, member)


def _held(actor: "User", member_id: int) -> PartyMember:
    """The member, locked: of two who set a first step at once, the second finds the first one's."""
    seen = PartyMember.objects.visible_to(actor).active().filter(pk=member_id).order_by().values("pk")
    member = PartyMember.objects.filter(pk__in=seen).select_for_update(no_key=True).order_by().first()
    if member is None:
        raise NotVisible
    if not may_set(actor, member):
        raise NotPermitted("not_permitted", "登高进度由所在网格的联络员、网格长、派遣员登记。")
    return member


def _free(actor: "User", entry_id: int) -> ClimbEntry:
    entries = ClimbEntry.objects.visible_to(actor).filter(item=None, is_active=True)
    entry = entries.filter(pk=entry_id).order_by().first()
    if entry is None:
        raise NotVisible
    _held(actor, entry.member_id)
    return ClimbEntry.objects.order_by().get(pk=entry_id)


def _climb(actor: "User", entry: ClimbEntry, reached: Reached, expected_version: int | None) -> ClimbEntry:
    if expected_version is not None and expected_version != entry.version:
        raise StaleObject
    note = normalize(reached.note)
    if not 0 <= reached.level <= entry.top:
        raise InvalidInput("bad_level", f"级数请填 0–{entry.top}。", field="level")
    if reached.on > timezone.localdate(now()):
        raise InvalidInput("in_future", "达到日期不能晚于今天。", field="on")
    if len(note) > 100:
        raise InvalidInput("too_long", "说明请在 100 字以内。", field="note")
    if reached.level < entry.level and not note:
        raise InvalidInput("missing_note", "级数比原来低，请写明原因。", field="note")
    entry.level, entry.reached_on, entry.note = reached.level, reached.on if reached.level else None, note
    return _saved(actor, entry)


def _saved(actor: "User", entry: ClimbEntry) -> ClimbEntry:
    entry.by = actor
    entry._history_user = actor  # type: ignore[attr-defined]
    entry.version += 1
    try:
        with transaction.atomic():
            entry.save()
    except IntegrityError:
        raise StaleObject from None
    return entry
