"""What somebody is to a case: the parties of the transition table, from postings and the case's own fields."""

from typing import TYPE_CHECKING

from cases.choices import HelperRole
from cases.models import Case
from cases.transitions import Party
from grids.choices import DESK_ROLES, KINDS, RANK, GridKind, Role
from grids.scoping import Scope, scope_of

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

_PARTY_OF_ROLE = {
    Role.LIAISON: Party.LIAISON,
    Role.HEAD: Party.HEAD,
    Role.DISPATCHER: Party.DISPATCHER,
    Role.INSPECTOR: Party.INSPECTOR,
}
# 自办自结 is for those who serve at the very grid that answers now.
_OWN_GRID_ROLES = {Role.OFFICER, Role.LIAISON, Role.HEAD}


def parties_of(case: Case, user: "User | None") -> frozenset[Party]:
    """All that `user` (None: the clock) is to `case`. No query beyond the user's scope, for departments one more."""
    if user is None:
        return frozenset({Party.CLOCK})
    scope = scope_of(user)
    if not scope.posts:
        # Acting needs a posting (ADR 0007): whose last one has ended still sees their own cases, no more.
        return frozenset()
    parties = _territorial_parties(case, scope) | _own_parties(case, scope)
    if case.discovered_by_id == user.pk:
        parties.add(Party.REPORTER)
    if user.is_service:
        return frozenset(parties | _service_parties(case, user, scope))
    if any(post.role != Role.VIEWER for post in scope.posts):
        parties.add(Party.MEMBER)
    return frozenset(parties)


def _territorial_parties(case: Case, scope: Scope) -> set[Party]:
    """By the roles held at the handling grid and above it."""
    parties = {_PARTY_OF_ROLE[role] for role in scope.roles_over(case, case.handling_level) if role in _PARTY_OF_ROLE}
    if any(post.grid_id == case.handling_grid_id and post.role in _OWN_GRID_ROLES for post in scope.territorial):
        parties.add(Party.OWN_GRID)
    return parties | _higher_parties(case, scope)


def _own_parties(case: Case, scope: Scope) -> set[Party]:
    """By what is on the user's own plate, or on that of a department they work for."""
    parties = {Party.ASSIGNEE} if is_assignee(case, scope) else set()
    if scope.department_ids and _helps(case, scope):
        parties.add(Party.CO_HANDLER)
    return parties


def _higher_parties(case: Case, scope: Scope) -> set[Party]:
    """What counts from some level upwards: 挂账 from the area, 移送 at the street, 签派 after too many 退单 above."""
    at_area, at_street = scope.roles_over(case, GridKind.AREA), scope.roles_over(case, GridKind.COMMUNITY)
    parties = set()
    if Role.HEAD in (at_street if case.handling_level == GridKind.COMMUNITY else at_area):
        parties.add(Party.SENIOR_HEAD)
    if case.handling_level == GridKind.COMMUNITY and at_street & {Role.DISPATCHER, Role.HEAD}:
        parties |= {Party.STREET, Party.ABOVE}
    elif RANK[case.handling_level] and scope.roles_over(case, _level_above(case)) & DESK_ROLES:
        parties.add(Party.ABOVE)
    return parties


def _level_above(case: Case) -> str:
    """The level of the next grid above the one that answers now."""
    above = KINDS[: RANK[case.handling_level]]
    return next(kind for kind in reversed(above) if case.grid_id_at(kind))


def _helps(case: Case, scope: Scope) -> bool:
    """Whether one of the user's departments helps with the case and has not finished its part.

    One statement, unless the helpers have been prefetched: pages ask for every act.
    """
    if "co_handlers" in getattr(case, "_prefetched_objects_cache", {}):
        return any(
            row.role == HelperRole.HELPER and row.done_at is None and row.department_id in scope.department_ids
            for row in case.co_handlers.all()
        )
    return case.co_handlers.filter(
        role=HelperRole.HELPER, department_id__in=scope.department_ids, done_at__isnull=True
    ).exists()


def _service_parties(case: Case, user: "User", scope: Scope) -> set[Party]:
    """Another system may what its scopes say: `act` makes it a liaison of its grid, `note` lets it add."""
    if Role.SERVICE not in scope.roles_over(case, "MICRO_UNIT"):
        return set()
    account = user.service_account
    parties = {Party.MEMBER} if account.may_note else set()
    if account.may_act and Role.SERVICE in scope.roles_over(case, case.handling_level):
        parties.add(Party.LIAISON)
    return parties


def is_assignee(case: Case, scope: Scope) -> bool:
    """Assigned by name to the user or to somebody they stand in for, or to a department they work for."""
    return case.assignee_id in scope.user_ids or case.assigned_department_id in scope.department_ids


def may_discover(user: "User") -> bool:
    """Any current posting but a reader's; a service account with the scope for it."""
    scope = scope_of(user)
    if user.is_service:
        return bool(scope.posts) and user.service_account.may_discover
    return any(post.role != Role.VIEWER for post in scope.posts)
