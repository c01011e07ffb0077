"""What a unit is besides: chair in rotation (轮值主席, R18), nominee for 网格长 (自我引荐, R16).

Who nominates and who decides (four eyes): the desk of the grid (居民区 or micro-unit) enters the nomination for the
unit; the desk of a level above decides, never the account that has entered it. Saying yes gives no right by itself:
only the street's office hands out postings, in the same step or later (`appoint`).
"""

from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from grids.authority import may_keep, runs_desk, runs_street
from grids.choices import DESK_ROLES, RANK, GridKind, Role
from grids.models import Grid
from grids.postings import give_posting
from grids.scoping import scope_of
from liangcheng.common.clock import now
from liangcheng.common.exceptions import DomainError, IllegalTransition, InvalidInput, NotPermitted, NotVisible
from liangcheng.common.text import normalize
from members.choices import NominationState
from members.keeping import checked, locked
from members.models import ChairTerm, Nomination, ResidentUnit

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

# The grids below the areas have a 网格长; areas and the street have 负责人 (article).
NOMINATED_KINDS = (GridKind.NEIGHBORHOOD, GridKind.MICRO_UNIT)
_MOST_NOTE = 200
_NO_UNIT = "没有这家单位，或不在您的网格范围内。"


# -- 轮值主席

# Days; a slip of the keyboard must not take a grid's chair for a century.
_LONGEST_TERM = 3653


def set_term(
    *,
    actor: "User",
    unit_id: int,
    grid_id: int,
    starts_on: date,
    ends_on: date,
    note: str = "",
    term_id: int | None = None,
) -> ChairTerm:
    """Let a unit be 轮值主席 of the grid from – to, both included; with `term_id`, correct a term.

    Terms of one grid do not overlap: the grid's row makes two who enter one at once queue. Refusals: not_found,
    not_permitted, unknown_unit, dates_order, term_overlap, invalid (longer than ten years).
    """
    with transaction.atomic():
        grid = _held(actor, grid_id)
        if not may_keep(actor, grid):
            raise NotPermitted("not_permitted", "轮值主席由街道或片区的网格长、联络员、派遣员登记。")
        term = locked(ChairTerm, actor, term_id) if term_id is not None else ChairTerm()
        if term_id is not None and not may_keep(actor, term):
            raise NotPermitted("not_permitted", "轮值主席由街道或片区的网格长、联络员、派遣员登记。")
        term.unit = _unit_in(actor, unit_id, grid)
        term.starts_on, term.ends_on, term.note = starts_on, ends_on, normalize(note)
        if ends_on < starts_on:
            raise InvalidInput("dates_order", "任期止不能早于任期起。", field="ends_on")
        if starts_on.year < 1990 or (ends_on - starts_on).days > _LONGEST_TERM:
            raise InvalidInput("invalid", "任期最长 10 年，请核对日期。", field="ends_on")
        _check_free(grid, term)
        term.anchor(pk=grid.pk)
        checked(term)
        term.save()
        return term


def end_term(*, actor: "User", term_id: int, on: date | None = None) -> ChairTerm:
    """End a term early; `on` (None: today) is its last day. Refusals: not_found, not_permitted, dates_order."""
    on = on or timezone.localdate()
    with transaction.atomic():
        term = locked(ChairTerm, actor, term_id)
        if not may_keep(actor, term):
            raise NotPermitted("not_permitted", "轮值主席由街道或片区的网格长、联络员、派遣员登记。")
        if not term.starts_on <= on <= term.ends_on:
            message = f"结束日期应在任期之内（{term.starts_on} 至 {term.ends_on}）。"
            raise InvalidInput("dates_order", message, field="ends_on")
        term.ends_on = on
        term.save(update_fields=["ends_on", "updated_at"])
        return term


def _held(actor: "User", grid_id: int) -> Grid:
    """A grid in use that the actor serves, held against others who enter a term for it."""
    grid = Grid.objects.active().select_for_update(no_key=True, of=("self",)).filter(pk=grid_id).order_by().first()
    if grid is None or not scope_of(actor).may_anchor_at(grid):
        raise NotVisible("没有这个网格，或不在您的网格范围内。")
    return grid


def _unit_in(actor: "User", unit_id: int, grid: Grid) -> ResidentUnit:
    unit = ResidentUnit.objects.visible_to(actor).active().filter(pk=unit_id).order_by().first()
    if unit is None:
        raise InvalidInput("unknown_unit", _NO_UNIT, field="unit")
    if not grid.contains(unit):
        raise InvalidInput("unknown_unit", f"“{unit}”不在“{grid}”范围内，请另选网格。", field="grid")
    return unit


def _check_free(grid: Grid, term: ChairTerm) -> None:
    others = ChairTerm.objects.filter(grid=grid, starts_on__lte=term.ends_on, ends_on__gte=term.starts_on)
    other = others.exclude(pk=term.pk).select_related("unit").order_by("starts_on").first()
    if other:
        message = f"与“{other.unit}”的任期（{other.starts_on} 至 {other.ends_on}）重叠，请改日期或先结束那一任。"
        raise DomainError("term_overlap", message, field="starts_on")


# -- 自我引荐担任网格长


def may_decide(user: "User", nomination: Nomination) -> bool:
    """Whether the user sits at a desk above the nomination's grid and has not entered it."""
    scope = scope_of(user)
    if scope.everything:
        return True
    if user.pk == nomination.entered_by_id:
        return False
    rank = RANK[nomination.grid.kind]
    return any(post.role in DESK_ROLES and post.rank < rank and post.covers(nomination) for post in scope.territorial)


def may_appoint(user: "User", nomination: Nomination) -> bool:
    """Whether the user may give the posting that a yes has left open."""
    is_open = nomination.state == NominationState.ACCEPTED and nomination.user_id is None
    return is_open and runs_street(user, nomination)


def nominate(
    *, actor: "User", unit_id: int, grid_id: int, nominee_name: str, nominee_phone: str = "", statement: str
) -> Nomination:
    """Enter that a unit offers one of its people as 网格长 of the grid.

    Refusals: not_found, not_permitted, wrong_level, unknown_unit, already_waiting, invalid (with its field).
    """
    with transaction.atomic():
        grid = _held(actor, grid_id)
        if not runs_desk(actor, grid):
            raise NotPermitted("not_permitted", "自荐由该网格或上级网格的网格长、联络员、派遣员代为登记。")
        if grid.kind not in NOMINATED_KINDS:
            raise InvalidInput("wrong_level", "自荐的是居民区网格或微单元网格的网格长，请另选网格。", field="grid")
        unit = ResidentUnit.objects.visible_to(actor).active().filter(pk=unit_id).order_by().first()
        if unit is None:
            raise InvalidInput("unknown_unit", _NO_UNIT, field="unit")
        if unit.community_id != grid.community_id:
            raise InvalidInput("unknown_unit", f"“{unit}”不在“{grid}”所在的街道，请另选网格。", field="grid")
        if Nomination.objects.filter(unit=unit, grid=grid, state=NominationState.WAITING).exists():
            raise DomainError("already_waiting", f"“{unit}”对“{grid}”已有一份待审核的自荐，请等审核结果。")
        row = Nomination(
            unit=unit,
            nominee_name=normalize(nominee_name),
            nominee_phone=normalize(nominee_phone),
            statement=normalize(statement),
            entered_by=actor,
        )
        row.anchor(pk=grid.pk)
        checked(row)
        row.save()
        return row


def decide_nomination(
    *, actor: "User", nomination_id: int, accept: bool, note: str = "", user_id: int | None = None
) -> Nomination:
    """Accept or decline a waiting nomination, once. A refusal needs a `note`.

    With `user_id` that account becomes 网格长 of the grid in the same transaction: for the street's office only. From
    others a yes leaves the posting open, and the office sees it in the list (`appoint`). Refusals: not_found,
    not_permitted, own_nomination, already_decided, missing, too_long, not_office, unknown_user.
    """
    with transaction.atomic():
        row = locked(Nomination, actor, nomination_id, "grid", "unit")
        _check_decision(actor, row)
        note = _note(note, required=not accept)
        if user_id is not None and not accept:
            raise InvalidInput("not_accepted", "不采纳的自荐不授予岗位，请不要选账号。", field="user")
        row.state = NominationState.ACCEPTED if accept else NominationState.DECLINED
        row.decided_by, row.decided_at, row.decision_note = actor, now(), note
        if user_id is not None:
            _give(actor, row, user_id)
        row.save(update_fields=["state", "decided_by", "decided_at", "decision_note", "user", "updated_at"])
        return row


def appoint(*, actor: "User", nomination_id: int, user_id: int) -> Nomination:
    """Give the posting of an accepted nomination that is still open. By the street's office.

    Refusals: not_found, not_office, nothing_open, unknown_user.
    """
    with transaction.atomic():
        row = locked(Nomination, actor, nomination_id, "grid", "unit")
        if row.state != NominationState.ACCEPTED or row.user_id is not None:
            raise IllegalTransition("nothing_open", "这份自荐没有待授予的岗位，请刷新后核对。")
        _give(actor, row, user_id)
        row.save(update_fields=["user", "updated_at"])
        return row


def _give(actor: "User", row: Nomination, user_id: int) -> None:
    if not runs_street(actor, row):
        message = "岗位只能由街道派遣员或街道网格长授予。请先不选账号，同意后由街道补办。"
        raise NotPermitted("not_office", message, field="user")
    row.user_id = give_posting(actor=actor, user_id=user_id, grid_id=row.grid_id, role=Role.HEAD).user_id


def _check_decision(actor: "User", row: Nomination) -> None:
    if row.state != NominationState.WAITING:
        raise IllegalTransition("already_decided", f"这份自荐已经审核过，结果是“{row.get_state_display()}”。")
    if may_decide(actor, row):
        return
    if actor.pk == row.entered_by_id:
        raise NotPermitted("own_nomination", "自己登记的自荐请由另一位人员审核。")
    raise NotPermitted("not_permitted", "自荐由上一级网格的网格长、联络员、派遣员审核。")


def _note(text: str, *, required: bool) -> str:
    text = normalize(text)
    if required and not text:
        raise InvalidInput("missing", "不采纳请写明原因，便于答复单位。", field="note")
    if len(text) > _MOST_NOTE:
        raise InvalidInput("too_long", f"最多 {_MOST_NOTE} 个字，现在有 {len(text)} 个字。", field="note")
    return text


def waiting_for(user: "User", *related: str) -> Any:
    """Nominations that wait: for a decision, or for the office to give the posting. What the user sees of them."""
    rows = Nomination.objects.visible_to(user).select_related(*related)
    waiting = rows.filter(state=NominationState.WAITING)
    return waiting | rows.filter(state=NominationState.ACCEPTED, user=None)
