"""Who may see what: asked of Posting, and only here. Other apps add what is particular to their rows."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

from grids.choices import KINDS, PATH_FIELD, RANK, Role
from grids.models import PathColumns, Posting

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

NOTHING = Q(pk__in=())


@dataclass(frozen=True)
class Post:
    """A current posting, as far as scope needs it. `path` holds the ids of its grid's own path columns."""

    grid_id: int
    kind: str
    role: str
    department_id: int | None
    path: tuple[int | None, ...]

    @property
    def rank(self) -> int:
        return RANK[self.kind]

    def covers(self, row: PathColumns) -> bool:
        """Whether a row with path columns lies in the subtree of this posting's grid."""
        return row.grid_id_at(self.kind) == self.grid_id


@dataclass(frozen=True)
class Scope:
    """All current postings of a user. `everything` for superusers."""

    user_id: int
    everything: bool = False
    posts: tuple[Post, ...] = field(default=())

    @property
    def territorial(self) -> Iterator[Post]:
        """Postings that open a subtree; department staff see only their department's cases."""
        return (post for post in self.posts if post.department_id is None)

    @property
    def department_ids(self) -> list[int]:
        return [post.department_id for post in self.posts if post.department_id is not None]

    def roles_over(self, row: PathColumns, level: str) -> set[Role]:
        """Roles held at a grid of the row's path that stands at `level` or above it."""
        return {Role(post.role) for post in self.territorial if post.rank <= RANK[level] and post.covers(row)}

    def subtree_condition(self) -> Q:
        """Condition on path columns: the row lies in the subtree of one of the postings."""
        if self.everything:
            return Q()
        condition = NOTHING
        for kind in KINDS:
            grid_ids = {post.grid_id for post in self.territorial if post.kind == kind}
            if grid_ids:
                condition |= Q(**{f"{PATH_FIELD[kind]}_id__in": sorted(grid_ids)})
        return condition

    def grid_condition(self) -> Q:
        """Condition on Grid: subtrees of all postings (a department may file anywhere it serves) and the path above."""
        if self.everything:
            return Q()
        condition = Q(pk__in={grid_id for post in self.posts for grid_id in post.path if grid_id})
        for post in self.posts:
            condition |= Q(**{f"{PATH_FIELD[post.kind]}_id": post.grid_id})
        return condition

    def may_anchor_at(self, row: PathColumns) -> bool:
        """Whether the user may hang something new (a case) at a grid: it lies in a subtree they serve."""
        return self.everything or any(post.covers(row) for post in self.posts)


def scope_of(user: "User | AnonymousUser") -> Scope:
    """The user's scope, read once per user instance, that is once per request."""
    cached: Scope | None = getattr(user, "_scope", None)
    if cached is None:
        cached = _read_scope(user)
        user._scope = cached  # type: ignore[union-attr]
    return cached


def _read_scope(user: "User | AnonymousUser") -> Scope:
    if not user.is_authenticated or not user.is_active:
        return Scope(user_id=0)
    user = cast("User", user)
    postings = Posting.objects.current(user=user).select_related("grid").order_by("grid__kind", "pk")
    posts = tuple(
        Post(p.grid_id, p.grid.kind, p.role, p.department_id, tuple(p.grid.path_ids().values())) for p in postings
    )
    return Scope(user.pk, user.is_superuser, posts)
