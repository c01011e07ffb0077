"""个人信息使用记录: every opening, unmasking and taking away of personal data leaves a row (DOMAIN C2).

Called inside the transaction of what it tells about, or before what it tells about is shown.
"""

from typing import TYPE_CHECKING

from django.utils import timezone

from grids.authority import runs_desk
from grids.models import PathColumns
from grids.scoping import scope_of
from liangcheng.common.text import normalize
from members.choices import AccessKind
from members.models import AccessLog, Register

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from liangcheng.accounts.models import User


def log_access(user: "User", kind: AccessKind, row: Register, *, reason: str = "") -> AccessLog:
    """Note what `user` did with one row's personal data."""
    return AccessLog.objects.create(
        user=user,
        kind=kind,
        register=str(row._meta.model_name),
        object_id=row.pk,
        reason=normalize(reason)[:100],
        grid_id=row.grid_id,
        community_id=row.community_id,
    )


def log_list(user: "User", kind: AccessKind, model: type[Register], rows: int, *, reason: str = "") -> AccessLog:
    """Note that `user` took `rows` rows of a register; with the grid and street of their highest posting, if any."""
    posts = sorted(scope_of(user).territorial, key=lambda post: post.rank)
    return AccessLog.objects.create(
        user=user,
        kind=kind,
        register=str(model._meta.model_name),
        number_of_rows=rows,
        reason=normalize(reason)[:100],
        grid_id=posts[0].grid_id if posts else None,
        community_id=posts[0].path[0] if posts else None,
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
