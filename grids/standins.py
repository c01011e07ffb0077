"""请假代班: for some days somebody has the postings of a colleague who is away (ADR 0009).

Usual in street offices as AB角: each post has a second person who takes over in leave. The only writer of StandIn.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from grids.authority import office_streets
from grids.models import Posting, StandIn
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted, NotVisible
from liangcheng.common.text import normalize

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

# Longer than that is no leave: the office gives a posting.
MOST_DAYS = 60
_MOST_REASON = 50


def appoint(
    *, actor: "User", user: "User", stand_in: "User", valid_from: date, valid_to: date, reason: str = ""
) -> StandIn:
    """Let `stand_in` have the postings of `user` from the one day to the other, both included.

    By the person themselves or the office of a street they serve; a lent office does not count, or it would prolong
    itself. Refusals: not_permitted, standin_self, dates_order, past_date, standin_too_long, too_long,
    standin_no_posting, unknown_standin, standin_overlap.
    """
    postings = list(Posting.objects.current(user_id=user.pk, user__is_service=False).select_related("grid"))
    if not _may_manage(actor, user.pk, postings):
        raise NotPermitted("not_permitted", "代班由本人或街道派遣员、街道网格长登记。")
    reason = normalize(reason)
    _check_days(valid_from, valid_to)
    if len(reason) > _MOST_REASON:
        raise InvalidInput("too_long", f"最多 {_MOST_REASON} 个字，现在有 {len(reason)} 个字。", field="reason")
    if user.pk == stand_in.pk:
        raise InvalidInput("standin_self", "请选择另一位人员代班。", field="stand_in")
    if not postings:
        raise DomainError("standin_no_posting", f"{user}目前没有岗位，不需要代班。", field="user")
    streets = {posting.grid.community_id for posting in postings}
    if not _serving(streets).filter(user_id=stand_in.pk).exists():
        raise InvalidInput("unknown_standin", "代班人须是本街道目前在岗的人员，请重新选择。", field="stand_in")
    with transaction.atomic():
        # Two that overlap must not pass each other: the account's row makes them queue.
        get_user_model()._default_manager.select_for_update(no_key=True).get(pk=user.pk)
        _check_free(user, valid_from, valid_to)
        return StandIn.objects.create(
            user=user, stand_in=stand_in, valid_from=valid_from, valid_to=valid_to, reason=reason, created_by=actor
        )


def end(*, actor: "User", stand_in_id: int) -> StandIn:
    """Take the postings back at once, or call off what has not begun. Ended twice, it stays ended the first time.

    Refusals: not_found for whom it does not concern, not_permitted (the stand-in), standin_over.
    """
    with transaction.atomic():
        row = StandIn.objects.select_for_update(no_key=True).filter(pk=stand_in_id).order_by().first()
        if row is None:
            raise NotVisible("没有找到这条代班记录。")
        if not _may_manage(actor, row.user_id, Posting.objects.filter(user_id=row.user_id).select_related("grid")):
            if actor.pk != row.stand_in_id:
                raise NotVisible("没有找到这条代班记录。")
            raise NotPermitted("not_permitted", "代班由本人或街道派遣员、街道网格长结束。")
        if row.ended_at is not None:
            return row
        if row.valid_to < timezone.localdate():
            raise DomainError("standin_over", "这次代班已经到期，不用再结束。")
        row.ended_at = timezone.now()
        row.save(update_fields=["ended_at", "updated_at"])
        return row


def end_all_of(user: "User") -> int:
    """When an account ends: nobody stands in for its person any more, nor they for anybody. Returns how many ended."""
    with transaction.atomic():
        rows = StandIn.objects.upcoming().filter(Q(user=user) | Q(stand_in=user)).select_for_update(no_key=True)
        ended = list(rows)
        for row in ended:
            row.ended_at = timezone.now()
            row.save(update_fields=["ended_at", "updated_at"])
        return len(ended)


def stand_ins_of(user_ids: Iterable[int], day: date | None = None) -> dict[int, set[int]]:
    """Who is away → their stand-ins on `day` (None: today). Those without one are missing. One statement."""
    found: dict[int, set[int]] = {}
    for away, stand_in in _with_posting(day).filter(user_id__in=set(user_ids)).values_list("user_id", "stand_in_id"):
        found.setdefault(away, set()).add(stand_in)
    return found


def stand_ins_for(user_ids: "QuerySet[Any, Any]") -> "QuerySet[Any, Any]":
    """Ids of today's stand-ins of the people whom `user_ids` selects; to be part of one statement with it."""
    return _with_posting().filter(user_id__in=user_ids).values_list("stand_in_id", flat=True)


def candidates(user: "User") -> list[tuple[str, list[Posting]]]:
    """Whom `user` may name, nearest first: heading → one posting per person, the nearest. Two statements."""
    own = list(Posting.objects.current(user_id=user.pk).select_related("grid"))
    places = {(posting.grid_id, posting.department_id) for posting in own}
    areas = {posting.grid.area_id for posting in own} - {None}
    streets = {posting.grid.community_id for posting in own}
    groups: dict[str, list[Posting]] = {"同一岗位网格或部门": [], "同一片区": [], "本街道其他人员": []}
    near, area, rest = groups.values()
    seen: set[int] = {user.pk}
    rows = list(_serving(streets).select_related("user", "grid", "department").order_by("user__full_name", "pk"))
    for group, belongs in (
        (near, lambda row: (row.grid_id, row.department_id) in places),
        (area, lambda row: row.grid.area_id in areas),
        (rest, lambda row: True),
    ):
        for row in rows:
            if row.user_id not in seen and belongs(row):
                seen.add(row.user_id)
                group.append(row)
    return [(heading, found) for heading, found in groups.items() if found]


def _serving(streets: Iterable[int | None]) -> "QuerySet[Posting]":
    """Current postings of people in these streets."""
    return Posting.objects.current(user__is_service=False, grid__community_id__in=set(streets)).order_by()


def _with_posting(day: date | None = None) -> "QuerySet[StandIn]":
    """In force, with a stand-in who still serves somewhere: nobody else is lent anything (grids/scoping.py)."""
    own = Posting.objects.current(user_id=OuterRef("stand_in_id")).order_by()
    return StandIn.objects.in_force(day).filter(Exists(own)).order_by()


def _may_manage(actor: "User", user_id: int, postings: Iterable[Posting]) -> bool:
    if actor.pk == user_id:
        return not actor.is_service
    streets = office_streets(actor, own=True)
    return streets is None or any(posting.grid.community_id in streets for posting in postings)


def _check_days(valid_from: date, valid_to: date) -> None:
    if valid_to < valid_from:
        raise InvalidInput("dates_order", "结束日期不能早于开始日期。", field="valid_to")
    if valid_from < timezone.localdate():
        raise InvalidInput("past_date", "开始日期不能早于今天。", field="valid_from")
    if valid_to >= valid_from + timedelta(days=MOST_DAYS):
        message = f"一次代班最多 {MOST_DAYS} 天；更长的请街道调整岗位。"
        raise InvalidInput("standin_too_long", message, field="valid_to")


def _check_free(user: "User", valid_from: date, valid_to: date) -> None:
    same = StandIn.objects.filter(user=user, ended_at__isnull=True, valid_from__lte=valid_to, valid_to__gte=valid_from)
    other = same.select_related("stand_in").order_by("valid_from").first()
    if other:
        days = f"{other.valid_from}至{other.valid_to}"
        raise DomainError(
            "standin_overlap", f"{days}已由{other.stand_in}代班，请改日期或先结束那一次。", field="valid_from"
        )
