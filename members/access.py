"""个人信息使用记录: every opening, unmasking and taking away of personal data leaves a row (DOMAIN C2).

Called inside the transaction of what it tells about, or before what it tells about is shown.
"""

from typing import TYPE_CHECKING

from grids.scoping import scope_of
from liangcheng.common.text import normalize
from members.choices import AccessKind
from members.models import AccessLog, Register

if TYPE_CHECKING:
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
