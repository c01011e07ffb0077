"""Who may see what: asked of Posting, and only here. Other apps add what is particular to their rows.

A stand-in (请假代班, ADR 0009) has for some days the postings of the person who is away besides their own. It is
postings that are lent, nothing else: not a superuser's rights, not what that person stands in for themselves.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

from grids.choices import KINDS, PATH_FIELD, RANK, Role
from grids.models import PathColumns, Posting, StandIn

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
    # Whose posting it is: the user's own, or that of somebody they stand in for today.
    for_user_id: int
    # Whether it lets its holder read who is a party member.
    party: bool = False

    @property
    def rank(self) -> int:
        return RANK[self.kind]

    def covers(self, row: PathColumns) -> bool:
        """Whether a row with path columns lies in the subtree of this posting's grid."""
        return row.grid_id_at(self.kind) == self.grid_id


@dataclass(frozen=True)
class Scope:
    """All current postings of a user, and of those they stand in for today. `everything` for superusers."""

    user_id: int
    everything: bool = False
    posts: tuple[Post, ...] = field(default=())

    @property
    def user_ids(self) -> tuple[int, ...]:
        """The user, then those they stand in for today: what is assigned to one of these by name is theirs to do."""
        return (self.user_id, *sorted({post.for_user_id for post in self.posts} - {self.user_id}))

    @property
    def own(self) -> "Scope":
        """The same without what is lent: for rights that must not hand themselves on."""
        return replace(self, posts=tuple(post for post in self.posts if post.for_user_id == self.user_id))

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

    @property
    def with_party(self) -> "Scope":
        """The same without the postings that may not read who is a party member."""
        return replace(self, posts=tuple(post for post in self.posts if post.party))

    def subtree_condition(self, prefix: str = "") -> Q:
        """Condition on path columns (reached by `prefix`): the row lies in the subtree of one of the postings."""
        if self.everything:
            return Q()
        condition = NOTHING
        for kind in KINDS:
            grid_ids = {post.grid_id for post in self.territorial if post.kind == kind}
            if grid_ids:
                condition |= Q(**{f"{prefix}{PATH_FIELD[kind]}_id__in": sorted(grid_ids)})
        return condition

    def party_condition(self) -> Q:
        """Condition on path columns: rows that say who is a party member and that the user may read."""
        return self.with_party.subtree_condition()

    def grid_condition(self) -> Q:
        """Condition on Grid: subtrees of all postings (a department may file anywhere it serves) and the path above."""
        if self.everything:
            return Q()
        condition = Q(pk__in={grid_id for post in self.posts for grid_id in post.path if grid_id})
        for post in self.posts:
            condition |= Q(**{f"{PATH_FIELD[post.kind]}_id": post.grid_id})
        return condition

    @property
    def subtrees(self) -> list[tuple[str, int]]:
        """(path column, grid id) of each subtree where the user may hang something new; none lies inside another."""
        own = {post.grid_id for post in self.posts}
        outer = {(PATH_FIELD[p.kind], p.grid_id) for p in self.posts if not own & (set(p.path) - {p.grid_id})}
        return sorted(outer)

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
    postings = Posting.objects.current().filter(_own_or_lent(user)).select_related("grid").order_by("grid__kind", "pk")
    posts = tuple(
        Post(
            p.grid_id,
            p.grid.kind,
            p.role,
            p.department_id,
            tuple(p.grid.path_ids().values()),
            p.user_id,
            p.reads_members,
        )
        for p in postings
    )
    scope = Scope(user.pk, user.is_superuser, posts)
    # Who serves nowhere any more stands in for nobody.
    return scope if scope.own.posts else scope.own


def _own_or_lent(user: "User") -> Q:
    """Condition on Posting: the user's own, and people's who named them as their stand-in today. No second step."""
    own = Q(user=user)
    if user.is_service:
        return own
    away = StandIn.objects.in_force().filter(stand_in=user).order_by().values("user_id")
    return own | Q(user__in=away, user__is_service=False)
