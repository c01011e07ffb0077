"""工作交接: all open cases of somebody who leaves, in one act of one transaction.

Each case goes through the act `hand_over`, so that its history, its lights and its version are as if done one by one.
Those that the successor may not be given, because they do not serve in the grid that answers, go back to that grid's
desk. Those that the actor may not hand over (a level above the actor answers for them) stay where they are.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Count, Q, QuerySet

from cases import workflow
from cases.assignment import HANDLING_ROLES
from cases.choices import Act, Status
from cases.models import Case, CaseEvent
from cases.refusals import need_text
from grids.choices import DESK_ROLES, KINDS, PATH_FIELD, GridKind, Role
from grids.models import Posting
from grids.scoping import NOTHING, Post, Scope, scope_of
from liangcheng.common.exceptions import DomainError, InvalidInput

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

_NOTHING_LEFT = "这位人员名下没有您可以交接的未办结案件，可能刚刚已经交接。"


@dataclass(frozen=True)
class Holder:
    """Somebody with open cases that the actor may hand over."""

    person: "User"
    number: int


@dataclass(frozen=True)
class Preview:
    """What a handover would do: the three groups in order of discovery."""

    person: "User"
    successor: "User | None"
    handed: list[Case] = field(default_factory=list)
    back: list[Case] = field(default_factory=list)
    left: list[Case] = field(default_factory=list)

    @property
    def movable(self) -> list[Case]:
        return sorted([*self.handed, *self.back], key=lambda case: case.pk)

    @property
    def by_status(self) -> list[tuple[Status, int]]:
        """How many in which state, in the order of the states."""
        found = Counter(case.status for case in self.movable)
        return [(status, found[status]) for status in Status if found[status]]


@dataclass(frozen=True)
class Handover:
    """How many cases went to the successor, back to a desk, and stayed."""

    handed: int
    back: int
    left: int


def may_hand_over(user: "User") -> bool:
    """Whether there can be a case that the user may hand over; the act itself decides for each."""
    return not user.is_service and bool(_desk_posts(scope_of(user)))


def holders(actor: "User") -> list[Holder]:
    """Whose cases the actor may hand over, by name. Two statements."""
    rows = (
        Case.objects.visible_to(actor)
        .open()
        .filter(_permitted(scope_of(actor)), assignee__isnull=False)
        .order_by()
        .values("assignee_id")
        .annotate(number=Count("pk"))
        .values_list("assignee_id", "number")
    )
    numbers = dict(rows)
    people = get_user_model().objects.filter(pk__in=numbers).order_by("full_name", "pk")
    return [Holder(person, numbers[person.pk]) for person in people]


def successors(actor: "User") -> list[Posting]:
    """Who may take over: people who serve in the actor's subtrees, one posting each, by name. One statement."""
    condition = NOTHING
    for post in _desk_posts(scope_of(actor)):
        condition |= Q(**{f"grid__{PATH_FIELD[post.kind]}_id": post.grid_id})
    rows = _handling_postings().filter(condition).select_related("user", "grid")
    found: dict[int, Posting] = {}
    for row in rows.order_by("user__full_name", "user_id", "grid__level", "pk"):
        found.setdefault(row.user_id, row)
    return list(found.values())


def preview(actor: "User", person: "User", successor: "User | None" = None) -> Preview:
    """What would happen with the person's open cases that the actor sees, and no more than those."""
    shown = Preview(person, successor)
    postings = _postings_of(successor.pk) if successor else []
    rows = _theirs(actor, person.pk).select_related("category", "grid", "handling_grid", "assignee")
    movable = set(_movable(actor, person.pk).order_by().values_list("pk", flat=True))
    for case in rows.order_by("pk"):
        group = shown.left if case.pk not in movable else shown.handed if _serves(postings, case) else shown.back
        group.append(case)
    return shown


def hand_over_all(*, actor: "User", from_user_id: int, to_user_id: int | None, text: str, key: str = "") -> Handover:
    """Hand over all open cases of a person that the actor may; all or none.

    `to_user_id` None: all back to the desks. `key` marks the events, for `done` and so that a second tap finds them.
    The cases are locked in one order, so that two at once queue instead of blocking each other; whoever comes second
    finds nothing left. The successor and each desk are told once. Refusals: missing_text, too_long, handover_self,
    unknown_successor, nothing_to_hand_over.
    """
    text = need_text(text, "text", "请写明交接原因。")
    if to_user_id == from_user_id:
        raise InvalidInput("handover_self", "接手人不能是本人，请选择另一位。", field="to_user_id")
    if to_user_id is not None and to_user_id not in {row.user_id for row in successors(actor)}:
        message = "请在您网格范围内的在岗人员中选择接手人。"
        raise InvalidInput("unknown_successor", message, field="to_user_id")
    postings = _postings_of(to_user_id) if to_user_id is not None else []
    with transaction.atomic():
        cases = list(_movable(actor, from_user_id).select_for_update(of=("self",)).order_by("pk"))
        if not cases:
            raise DomainError("nothing_to_hand_over", _NOTHING_LEFT)
        targets = [to_user_id if _serves(postings, case) else None for case in cases]
        for case, target, count in zip(cases, targets, _told(cases, targets), strict=True):
            batch = {"key": key, "count": count}
            workflow.hand_over(case_id=case.pk, actor=actor, to_user_id=target, text=text, batch=batch)
        # Counted after the lock: a case that came in meanwhile belongs to nobody's handover.
        left = _theirs(actor, from_user_id).count()
    handed = sum(target is not None for target in targets)
    return Handover(handed=handed, back=len(cases) - handed, left=left)


def done(actor: "User", key: str) -> "QuerySet[CaseEvent]":
    """The events of the actor's handover under that key, oldest first; none for a key that is not theirs."""
    events = CaseEvent.objects.filter(actor=actor, act=Act.HAND_OVER, data__batch__key=key) if key else None
    return events.select_related("case", "to_grid").order_by("pk") if events is not None else CaseEvent.objects.none()


def _told(cases: Sequence[Case], targets: Sequence[int | None]) -> list[int]:
    """For each case how many it tells about: the first of those for one recipient about all, the others about none."""
    groups = [target or f"grid {case.handling_grid_id}" for case, target in zip(cases, targets, strict=True)]
    numbers = Counter(groups)
    return [numbers.pop(group, 0) for group in groups]


def _theirs(actor: "User", user_id: int) -> "QuerySet[Case]":
    return Case.objects.visible_to(actor).open().filter(assignee_id=user_id)


def _movable(actor: "User", user_id: int) -> "QuerySet[Case]":
    return _theirs(actor, user_id).filter(_permitted(scope_of(actor)))


def _desk_posts(scope: Scope) -> list[Post]:
    return [post for post in scope.territorial if post.role in DESK_ROLES]


def _permitted(scope: Scope) -> Q:
    """Condition on Case: HAND_OVER is for the desks of the grid that answers and of those above it (the table).

    What was 签派 is for the street's dispatchers and the desks above (refusals._may_hand_over).
    """
    condition = NOTHING
    for post in _desk_posts(scope):
        here = Q(**{f"{PATH_FIELD[post.kind]}_id": post.grid_id}, handling_level__in=KINDS[post.rank :])
        condition |= here & (Q(binding=False) | _decides_over(post))
    return condition


def _decides_over(post: Post) -> Q:
    """The cases whose 签派 this post may change: all for a dispatcher, for others those of the grids below."""
    at_street = post.kind == GridKind.COMMUNITY and post.role == Role.HEAD
    if post.role == Role.DISPATCHER or at_street:
        return Q()
    return Q(handling_level__in=KINDS[post.rank + 1 :])


def _handling_postings() -> "QuerySet[Posting]":
    """Postings by which somebody can be given a case, as cases.assignment.assignable_users has it."""
    return Posting.objects.current(role__in=HANDLING_ROLES, department__isnull=True, user__is_service=False)


def _postings_of(user_id: int) -> list[Posting]:
    return list(_handling_postings().filter(user_id=user_id).select_related("grid"))


def _serves(postings: Iterable[Posting], case: Case) -> bool:
    """Whether one of the postings lies in the subtree of the grid that answers for the case."""
    return any(row.grid.grid_id_at(case.handling_level) == case.handling_grid_id for row in postings)
