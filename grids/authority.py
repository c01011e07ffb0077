"""Who may write the registers, asked of Posting. What may be done with a case is cases/transitions.py.

- Anchored registers (units, buildings, members, organizations) and the describing fields of a grid:
  `may_keep`, that is HEAD, DISPATCHER or LIAISON of the street or of the area that the row lies in.
- People (members, residents), teams, venues, 双报到, services and offers: `runs_desk`, that is HEAD, DISPATCHER or
  LIAISON of any grid that the row lies in.
- Reading who is a party member: postings whose `reads_members` says so (Posting.party_access, by default the desk's).
- The tree's structure, postings, departments, accounts, tokens, calendar, categories, limits:
  `runs_street`, that is HEAD or DISPATCHER of the street.
- Phone numbers of a register in bulk (export): `may_take_contacts`, HEAD of a grid that the row lies in.
- Reading: everybody whose posting covers the row.

Superusers may all of it. Postings give rights, so an area's liaison must not hand them out.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from django.db.models import Q

from grids.choices import DESK_ROLES, PATH_FIELD, GridKind, Role
from grids.models import PathColumns
from grids.scoping import NOTHING, Post, scope_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from liangcheng.accounts.models import User

KEEPERS = frozenset({Role.HEAD, Role.DISPATCHER, Role.LIAISON})
KEEPING_KINDS = frozenset({GridKind.COMMUNITY, GridKind.AREA})
WORKING_ROLES = DESK_ROLES | {Role.OFFICER}
OFFICE = frozenset({Role.HEAD, Role.DISPATCHER})


def _keeping(user: "User | AnonymousUser") -> list[Post]:
    return [post for post in scope_of(user).territorial if post.role in KEEPERS and post.kind in KEEPING_KINDS]


def may_keep(user: "User | AnonymousUser", row: PathColumns | None = None) -> bool:
    """Whether the user may write this row of a register; without one, whether any row at all."""
    if scope_of(user).everything:
        return True
    posts = _keeping(user)
    return bool(posts) if row is None else any(post.covers(row) for post in posts)


def kept_condition(user: "User | AnonymousUser") -> Q:
    """Condition on path columns: rows (and grids) that `may_keep` allows."""
    if scope_of(user).everything:
        return Q()
    condition = NOTHING
    for post in _keeping(user):
        condition |= Q(**{f"{PATH_FIELD[post.kind]}_id": post.grid_id})
    return condition


def runs_desk(user: "User | AnonymousUser", row: PathColumns | None = None) -> bool:
    """Whether the user runs the desk (HEAD, LIAISON, DISPATCHER) of a grid that the row lies in; without one, of any.

    People, teams, venues and what they do are kept by the desks of their grids, 居民区 and micro-units included.
    """
    scope = scope_of(user)
    if scope.everything:
        return True
    posts = [post for post in scope.territorial if post.role in DESK_ROLES]
    return bool(posts) if row is None else any(post.covers(row) for post in posts)


def works_at(user: "User | AnonymousUser", row: PathColumns | None = None) -> bool:
    """Whether the user works with the people of a grid that the row lies in: its desk, or its 网格员."""
    scope = scope_of(user)
    if scope.everything:
        return True
    posts = [post for post in scope.territorial if post.role in WORKING_ROLES]
    return bool(posts) if row is None else any(post.covers(row) for post in posts)


def works_condition(user: "User | AnonymousUser") -> Q:
    """Condition on path columns: rows (and grids) that `works_at` allows."""
    scope = scope_of(user)
    return replace(scope, posts=tuple(p for p in scope.posts if p.role in WORKING_ROLES)).subtree_condition()


def desk_condition(user: "User | AnonymousUser", prefix: str = "") -> Q:
    """Condition on path columns (reached by `prefix`): rows (and grids) that `runs_desk` allows."""
    scope = scope_of(user)
    return replace(scope, posts=tuple(p for p in scope.posts if p.role in DESK_ROLES)).subtree_condition(prefix)


def office_streets(user: "User | AnonymousUser", *, own: bool = False) -> frozenset[int] | None:
    """Ids of the streets whose office the user runs; None: all of them. `own`: by postings that are not lent."""
    scope = scope_of(user).own if own else scope_of(user)
    if scope.everything:
        return None
    return frozenset(
        post.grid_id for post in scope.territorial if post.kind == GridKind.COMMUNITY and post.role in OFFICE
    )


def runs_street(user: "User | AnonymousUser", row: PathColumns | None = None) -> bool:
    """Whether the user runs the office of the row's street; without one, of any street."""
    streets = office_streets(user)
    if streets is None:
        return True
    return bool(streets) if row is None else cast("int | None", row.grid_id_at(GridKind.COMMUNITY)) in streets


def office_condition(user: "User | AnonymousUser") -> Q:
    """Condition on path columns: rows of the streets whose office the user runs."""
    streets = office_streets(user)
    return Q() if streets is None else Q(community_id__in=sorted(streets))


def may_take_contacts(user: "User | AnonymousUser", row: PathColumns) -> bool:
    """Whether an export may hold this row's phone number unmasked."""
    scope = scope_of(user)
    return scope.everything or any(post.role == Role.HEAD and post.covers(row) for post in scope.territorial)
