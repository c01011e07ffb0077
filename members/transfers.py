"""转接: a member goes to another organization, another grid, or both, within one street. The only writer of Transfer.

Where the sending desk runs both ends it is done at once. Otherwise it waits until the desk there takes the member:
nobody pushes people into a foreign grid, and until somebody takes them nobody gets lost. Accounts keep their postings.
"""

from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from grids.models import Grid
from liangcheng.common.clock import now
from liangcheng.common.db import share_locked
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted, NotVisible, StaleObject
from liangcheng.common.text import normalize
from members.access import keeps_members
from members.choices import TransferState
from members.models import PartyMember, PartyOrganization, Transfer
from members.people import HOMES, check_in_use, check_not_moving, check_past, locked_member, organization_for

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

_MOST_REASON = 100
_MOVED = "这位党员的网格刚刚变动，请刷新后再办。"
_DECIDED = ["state", "decided_by", "decided_at", "decision_note"]


def transfer(
    *,
    actor: "User",
    member_id: int,
    to_organization_id: int | None = None,
    to_grid_code: str | None = None,
    on: date,
    reason: str,
    expected: str | None = None,
) -> Transfer:
    """Let a member go to another organization, grid or both (None: as it is), on a day that is not to come.

    Done at once where the actor runs the desk there too, else WAITING. `expected` is members.people.mark_of the row
    that the actor has seen. Refusals: those of members.people.locked_member, member_retired, transfer_waits,
    nothing_changes, unknown_grid, unknown_organization, organization_kind, future_date, before_last, reason_missing,
    too_long.
    """
    reason = _reason(reason)
    with transaction.atomic():
        held = _hold_grids(member_id, to_grid_code)
        member = locked_member(actor, member_id, expected)
        if member.grid_id not in held:
            raise StaleObject(_MOVED)
        check_in_use(member)
        check_not_moving(member)
        grid = _grid(member, to_grid_code)
        organization = _organization(member, to_organization_id)
        moves, changes = grid.pk != member.grid_id, organization.pk != member.organization_id
        if not (moves or changes):
            raise InvalidInput("nothing_changes", "党组织和网格都没有变，请至少改其中一项。", field="organization")
        _check_day(member, on)
        row = Transfer(
            member=member,
            from_organization=member.organization,
            to_organization=organization,
            from_grid=member.grid,
            grid=grid,
            on=on,
            reason=reason,
            by=actor,
            at=now(),
            asks_grid=moves and not keeps_members(actor, grid),
            asks_organization=changes and not keeps_members(actor, organization),
        )
        row.state = TransferState.WAITING if row.asks_grid or row.asks_organization else TransferState.DONE
        if row.state == TransferState.DONE:
            _decide(row, TransferState.DONE, actor, "")
            _carry_out(member, row)
        row.save()
    return row


def accept_transfer(*, actor: "User", transfer_id: int) -> Transfer:
    """接收: by the desk of every place that was asked. The member's record changes now.

    Refusals: not_found, not_permitted, transfer_over, member_changed, unknown_grid, unknown_organization,
    organization_kind.
    """
    with transaction.atomic():
        held = _hold(Q(pk__in=Transfer.objects.filter(pk=transfer_id).order_by().values("grid_id")))
        row, member = _locked(actor, transfer_id)
        if row.grid_id not in held:
            raise StaleObject(_MOVED)
        if not may_accept(actor, row):
            raise NotPermitted("not_permitted", "接收由新网格或新党组织所在网格的网格长、联络员、派遣员办理。")
        same = (member.grid_id, member.organization_id) == (row.from_grid_id, row.from_organization_id)
        if not same or not member.is_active or member.merged_into_id:
            message = "提出以后，这位党员的档案已经变动，不能按原来的内容接收。请对方撤回后重新提出。"
            raise DomainError("member_changed", message)
        if not Grid.objects.active().filter(pk=row.grid_id).exists():
            raise DomainError("unknown_grid", "新网格已停用，请对方撤回后重新提出。")
        if row.to_organization_id != row.from_organization_id:
            organization_for(None, row.to_organization_id, member.community_id)
        _decide(row, TransferState.DONE, actor, "")
        row.save(update_fields=_DECIDED)
        _carry_out(member, row)
    return row


def refuse_transfer(*, actor: "User", transfer_id: int, reason: str) -> Transfer:
    """不接收, with the reason that the sending desk reads.

    Refusals: not_found, not_permitted, transfer_over, reason_missing, too_long.
    """
    with transaction.atomic():
        row, _ = _locked(actor, transfer_id)
        if not may_refuse(actor, row):
            raise NotPermitted("not_permitted", "退回由新网格或新党组织所在网格的网格长、联络员、派遣员办理。")
        return _end(row, TransferState.REFUSED, actor, reason)


def cancel_transfer(*, actor: "User", transfer_id: int, reason: str) -> Transfer:
    """撤回, by the desk that the member belongs to. Refusals: as refuse_transfer."""
    with transaction.atomic():
        row, member = _locked(actor, transfer_id)
        if not keeps_members(actor, member):
            raise NotPermitted("not_permitted", "撤回由提出转接的网格办理。")
        return _end(row, TransferState.CANCELLED, actor, reason)


def may_accept(actor: "User", row: Transfer) -> bool:
    """Whether the actor runs the desk of every place that was asked (querysets.awaiting, for one row)."""
    return (not row.asks_grid or keeps_members(actor, row)) and (
        not row.asks_organization or keeps_members(actor, row.to_organization)
    )


def may_refuse(actor: "User", row: Transfer) -> bool:
    """Whether the actor runs the desk of any place that was asked: one No is enough."""
    return (row.asks_grid and keeps_members(actor, row)) or (
        row.asks_organization and keeps_members(actor, row.to_organization)
    )


def _hold_grids(member_id: int, code: str | None) -> set[int]:
    """The member's grid and the one they go to: writers of the tree take grids first and rows afterwards."""
    now_at = Q(pk__in=PartyMember.objects.filter(pk=member_id).order_by().values("grid_id"))
    return _hold(now_at | Q(code=code) if code else now_at)


def _hold(wanted: Q) -> set[int]:
    return {grid.pk for grid in share_locked(Grid.objects.filter(wanted).order_by("pk"))}


def _locked(actor: "User", transfer_id: int) -> tuple[Transfer, PartyMember]:
    """The waiting transfer and its member, who is locked first as everywhere. Refusals: not_found, transfer_over."""
    member_id = Transfer.objects.visible_to(actor).filter(pk=transfer_id).values_list("member_id", flat=True).first()
    if member_id is None:
        raise NotVisible
    # Not by visible_to: the receiving desk sees the transfer, the member only when they have come.
    member = PartyMember.objects.select_for_update(no_key=True).get(pk=member_id)
    row = Transfer.objects.select_for_update(no_key=True).filter(pk=transfer_id).order_by().get()
    if row.state != TransferState.WAITING:
        raise DomainError("transfer_over", f"这份转接已经办结：{row.get_state_display()}。")
    return row, member


def _end(row: Transfer, state: TransferState, actor: "User", reason: str) -> Transfer:
    _decide(row, state, actor, _reason(reason))
    row.save(update_fields=_DECIDED)
    return row


def _decide(row: Transfer, state: TransferState, actor: "User", note: str) -> None:
    row.state, row.decided_by, row.decided_at, row.decision_note = state, actor, now(), note


def _carry_out(member: PartyMember, row: Transfer) -> None:
    member.organization_id = row.to_organization_id
    member.grid_id = row.grid_id
    member.save(update_fields=["organization", "grid", "updated_at"])


def _grid(member: PartyMember, code: str | None) -> Grid:
    if not code:
        return member.grid
    rows = Grid.objects.active().filter(code=code, community_id=member.community_id)
    found = rows.order_by().first()
    if found is None or (found.pk != member.grid_id and found.kind not in HOMES):
        raise InvalidInput("unknown_grid", "请选择本街道的居民区或微单元网格。", field="grid")
    return found


def _organization(member: PartyMember, organization_id: int | None) -> PartyOrganization:
    if organization_id is None or organization_id == member.organization_id:
        return member.organization
    return organization_for(None, organization_id, member.community_id)


def _check_day(member: PartyMember, on: date) -> None:
    check_past(on, "on", "转接日期")
    done = member.transfers.filter(state=TransferState.DONE).order_by("-on").first()
    if done is not None and on < done.on:
        raise InvalidInput("before_last", f"上一次转接在{done.on}，这一次不能早于那一天。", field="on")


def _reason(text: str) -> str:
    text = normalize(text)
    if not text:
        raise InvalidInput("reason_missing", "请填写原因。", field="reason")
    if len(text) > _MOST_REASON:
        raise InvalidInput("too_long", f"最多 {_MOST_REASON} 个字，现在有 {len(text)} 个字。", field="reason")
    return text
