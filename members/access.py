"""个人信息使用记录: every opening, unmasking and taking away of personal data leaves a row (DOMAIN C2).

Called inside the transaction of what it tells about, or before what it tells about is shown.
"""

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from grids.authority import runs_desk
from grids.models import GridAnchored, PathColumns
from grids.scoping import scope_of
from liangcheng.common.clock import now
from liangcheng.common.exceptions import InvalidInput
from liangcheng.common.text import normalize
from members.choices import AccessKind
from members.models import AccessLog, Register

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from liangcheng.accounts.models import User

# The column takes a little more: rules put a word before what was typed.
MOST_REASON = 80
# A mobile or an identity number standing by itself; numbers of cases are longer or begin otherwise.
_NUMBER_OF_A_PERSON = re.compile(r"(?<![0-9A-Za-z])(1[3-9]\d{9}|\d{17}[\dXx])(?![0-9])")


def need_reason(text: str, *secrets: str) -> str:
    """Why somebody looks, in a form that may stay for years. Refusals: missing_reason, too_long, personal_reason.

    `secrets`: the name and number it is about, which must not come into the log by this way.
    """
    reason = normalize(text)
    if not reason:
        raise InvalidInput("missing_reason", "请写明事由。", field="reason")
    if len(reason) > MOST_REASON:
        raise InvalidInput("too_long", f"最多 {MOST_REASON} 个字，现在有 {len(reason)} 个字。", field="reason")
    compact = re.sub(r"[\s\-]", "", reason)
    if _NUMBER_OF_A_PERSON.search(compact) or any(secret and secret in compact for secret in secrets):
        message = "事由里不要写姓名、电话或证件号码：使用记录要长期保留。"
        raise InvalidInput("personal_reason", message, field="reason")
    return reason


def log_access(user: "User", kind: AccessKind, row: Register, *, reason: str = "") -> AccessLog:
    """Note what `user` did with one row's personal data."""
    return log_use(user, kind, str(row._meta.model_name), row.pk, row, reason=reason)


def log_use(
    user: "User", kind: AccessKind, register: str, object_id: int, place: GridAnchored | None, *, reason: str = ""
) -> AccessLog:
    """The same for a row that hangs on no grid itself: `place` does; None: where the user's highest posting is."""
    grid_id, community_id = (place.grid_id, place.community_id) if place is not None else _own_place(user)
    return AccessLog.objects.create(
        user=user,
        kind=kind,
        register=register,
        object_id=object_id,
        reason=normalize(reason)[:100],
        grid_id=grid_id,
        community_id=community_id,
    )


def log_list(user: "User", kind: AccessKind, model: type[Register], rows: int, *, reason: str = "") -> AccessLog:
    """Note that `user` took `rows` rows of a register; with the grid and street of their highest posting, if any."""
    grid_id, community_id = _own_place(user)
    return AccessLog.objects.create(
        user=user,
        kind=kind,
        register=str(model._meta.model_name),
        number_of_rows=rows,
        reason=normalize(reason)[:100],
        grid_id=grid_id,
        community_id=community_id,
    )


def log_once_a_day(user: "User", kind: AccessKind, row: Register, *, reason: str = "") -> None:
    """As `log_access`, once per user, row, kind and day: who looks at a page ten times has looked at it that day.

    Enough to answer who knew what when, and the log stays readable.
    """
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    same = AccessLog.objects.filter(register=str(row._meta.model_name), object_id=row.pk)
    if not same.filter(user_id=user.pk, kind=kind, at__gte=today).exists():
        log_access(user, kind, row, reason=reason)


def reads_members(user: "User | AnonymousUser", row: PathColumns | None = None) -> bool:
    """Whether the user may read who is a party member at this row's place; without one, at any place."""
    scope = scope_of(user).with_party
    posts = list(scope.territorial)
    return scope.everything or (bool(posts) if row is None else any(post.covers(row) for post in posts))


def keeps_members(user: "User | AnonymousUser", row: PathColumns | None = None) -> bool:
    """Whether the user may write the register of members at this row's place: runs the desk and reads members there."""
    return runs_desk(user, row) and reads_members(user, row)


def _own_place(user: "User") -> tuple[int | None, int | None]:
    posts = sorted(scope_of(user).territorial, key=lambda post: post.rank)
    return (posts[0].grid_id, posts[0].path[0]) if posts else (None, None)


def forget_old_uses() -> int:
    """Every night: what is older than ACCESS_LOG_DAYS goes; never anything of the last 180 days."""
    return AccessLog.objects.forget_before(now() - timedelta(days=settings.ACCESS_LOG_DAYS))
