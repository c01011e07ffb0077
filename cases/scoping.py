"""What somebody is to a case: the parties of the transition table, from postings and the case's own fields."""

from typing import TYPE_CHECKING

from cases.models import Case
from cases.transitions import Party
from grids.choices import Role
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
    """All that `user` (None: the clock) is to `case`. No query beyond the user's scope."""
    if user is None:
        return frozenset({Party.CLOCK})
    scope = scope_of(user)
    if not scope.posts:
        # Acting needs a posting (ADR 0007): whose last one has ended still sees their own cases, no more.
        return frozenset()
    parties = {_PARTY_OF_ROLE[role] for role in scope.roles_over(case, case.handling_level) if role in _PARTY_OF_ROLE}
    if is_assignee(case, scope):
        parties.add(Party.ASSIGNEE)
    if any(post.grid_id == case.handling_grid_id and post.role in _OWN_GRID_ROLES for post in scope.territorial):
        parties.add(Party.OWN_GRID)
    if case.discovered_by_id == user.pk:
        parties.add(Party.REPORTER)
    if user.is_service:
        return frozenset(parties | _service_parties(case, user, scope))
    if any(post.role != Role.VIEWER for post in scope.posts):
        parties.add(Party.MEMBER)
    return frozenset(parties)


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
