"""Who could do the next step of a case: from the postings, as a person would pick."""

from random import Random

from cases.models import Case
from grids.choices import DESK_ROLES, RANK, GridKind, Role
from grids.models import Department, Posting
from liangcheng.accounts.models import User

_HANDLERS = frozenset({Role.OFFICER, Role.LIAISON})


class Cast:
    """All postings of the street, read once. The same User instances throughout, so that scopes are read once."""

    def __init__(self) -> None:
        rows = Posting.objects.select_related("user", "grid", "department").order_by("pk")
        known: dict[int, User] = {}
        self.posts = [(known.setdefault(row.user_id, row.user), row) for row in rows]
        self.users = {user.username: user for user in known.values()}
        self.departments = {row.department_id for row in rows if row.department_id}

    def manned(self) -> set[int]:
        """Ids of the micro-units that have an officer of their own."""
        return {post.grid_id for _, post in self.posts if post.grid.kind == GridKind.MICRO_UNIT}

    def at(self, grid_id: int, roles: frozenset[Role]) -> list[User]:
        """The people of those roles at that very grid; the administrator leaves the work to others."""
        return [
            user
            for user, post in self.posts
            if post.grid_id == grid_id and post.role in roles and post.department_id is None and not user.is_superuser
        ]

    def desk(self, case: Case) -> list[User]:
        """Who decides on the case: liaisons and heads of the handling grid, else of the next grid above."""
        found = (self.at(grid_id, DESK_ROLES) for grid_id in reversed(case.handling_path()))
        return next(filter(None, found))

    def desk_above(self, case: Case) -> list[User]:
        """Who decides after too many 退单: the desk of the next grid above; at the street its own."""
        path = case.handling_path()
        found = (self.at(grid_id, DESK_ROLES) for grid_id in reversed(path[:-1] or path))
        return next(filter(None, found))

    def heads(self, case: Case) -> list[User]:
        """The heads who answer for the case, the nearest first."""
        return [user for grid_id in reversed(case.handling_path()) for user in self.at(grid_id, frozenset({Role.HEAD}))]

    def senior_heads(self, case: Case) -> list[User]:
        """Heads of the area and the street: they decide about 挂账."""
        path = [grid_id for grid_id in (case.area_id, case.community_id) if grid_id]
        return [user for grid_id in path for user in self.at(grid_id, frozenset({Role.HEAD}))]

    def staff(self, department_id: int) -> list[User]:
        """The people of a department."""
        return [user for user, post in self.posts if post.department_id == department_id]

    def decider(self, case: Case, rng: Random) -> User:
        """One of the desk; a liaison before a head. After too many 退单 one of the desk above."""
        people = self.desk_above(case) if case.bounced else self.desk(case)
        liaisons = [user for user in people if self.role(user) != Role.HEAD]
        return rng.choice(liaisons or people)

    def role(self, user: User) -> str:
        return next(post.role for one, post in self.posts if one is user)

    def handlers(self, case: Case) -> list[User]:
        """Officers and liaisons in the subtree of the handling grid, the nearest to the place of discovery first."""
        near = [
            (-RANK[post.grid.kind], user)
            for user, post in self.posts
            if post.role in _HANDLERS
            and post.department_id is None
            and post.grid.grid_id_at(case.handling_level) == case.handling_grid_id
            and case.grid_id_at(post.grid.kind) == post.grid_id
        ]
        return [user for _, user in sorted(near, key=lambda pair: pair[0])]

    def department(self, case: Case) -> Department | None:
        """The category's department, where it has anybody who could accept the case."""
        wanted = case.category.responsible_department_id
        return next((post.department for _, post in self.posts if wanted and post.department_id == wanted), None)

    def assignees(self, case: Case) -> list[User]:
        """Who has the case on the plate."""
        if case.assignee_id:
            return [user for user in self.users.values() if user.pk == case.assignee_id]
        return [user for user, post in self.posts if post.department_id == case.assigned_department_id]

    def checkers(self, case: Case) -> list[User]:
        """Desk and inspectors, but never who resolved it."""
        street = case.community_id or 0
        people = [*self.desk(case), *self.at(street, frozenset({Role.INSPECTOR, Role.DISPATCHER}))]
        return [user for user in people if user.pk != case.resolved_by_id]

    def finders(self, case_path: list[int]) -> list[User]:
        """Who might come across something there: officers, liaisons, and those above, the nearest first."""
        roles = frozenset({Role.OFFICER, Role.LIAISON, Role.DISPATCHER})
        return [user for grid_id in reversed(case_path) for user in self.at(grid_id, roles)]
