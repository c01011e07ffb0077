"""Figures of 退单: who refused, why, how often, and what became of it. Read-only; four statements, whatever the size.

Whoever refused is a person or a department: `CaseReturn` says which. What they had been given is counted from the
events of 派遣 and 工作交接, by the ids in their data; events of older versions name nobody by id and are counted apart.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KT

from cases.choices import Act, ReturnReason
from cases.models import Case, CaseEvent, CaseReturn
from cases.models.history import GIVING
from cases.periods import Period, last_days
from grids.choices import Role
from grids.models import Department
from grids.scoping import Scope, scope_of

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

DEFAULT_DAYS = 90
_READERS = frozenset({Role.LIAISON, Role.HEAD, Role.DISPATCHER, Role.INSPECTOR, Role.VIEWER})
# ("u", user id) or ("d", department id), as the case list's filter has it: u12, d7.
Who = tuple[str, int]


@dataclass
class Figure:
    """What one person or department was given and gave back within the period."""

    name: str
    key: str = ""
    is_department: bool = False
    received: int = 0
    returned: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    # 签派 to the same one right after: the refusal did not stand.
    overruled: int = 0

    @property
    def rate(self) -> str:
        """Returns per hundred dispatches: "12%"; a dash where nothing was dispatched."""
        return f"{self.returned * 100 / self.received:.0f}%" if self.received else "–"

    @property
    def by_reason(self) -> list[tuple[str, int]]:
        """Reason in words → how often, the most frequent first."""
        labels = dict(ReturnReason.choices)
        return [(str(labels.get(code, code)), number) for code, number in self.reasons.most_common()]


@dataclass(frozen=True)
class Report:
    """The figures of all who refused, those who did most first; the sum counts everybody who was given a case."""

    rows: list[Figure]
    total: Figure
    # Dispatches of older versions, which do not say by id to whom.
    uncounted: int


def may_read(user: "User") -> bool:
    """Whether the figures of a subtree are this user's to read: desks, inspectors, readers."""
    return not user.is_service and (scope_of(user).everything or bool(_reading(scope_of(user)).posts))


def report(user: "User", period: Period) -> Report:
    """退单 of the cases in the user's subtrees that they may see. Empty for who may not read."""
    if not may_read(user):
        return Report([], Figure("合计"), 0)
    cases = Case.objects.visible_to(user).filter(_reading(scope_of(user)).subtree_condition()).order_by()
    within = {"case__in": cases.values("pk"), "created_at__gte": period.start, "created_at__lt": period.end}
    received = _received(CaseEvent.objects.filter(**within))
    uncounted = received.pop(("", 0), 0)
    figures = _fold(CaseReturn.objects.filter(**within))
    total = Figure("合计", received=sum(received.values()))
    for who, figure in figures.items():
        figure.received = received[who]
        total.returned += figure.returned
        total.overruled += figure.overruled
        total.reasons.update(figure.reasons)
    _name(figures)
    rows = sorted(figures.values(), key=lambda row: (-row.returned, row.name, row.key))
    return Report(rows, total, uncounted)


def own(user: "User", period: Period | None = None) -> list[Figure]:
    """What the user and their departments were given and gave back; who had nothing at all is left out.

    All of it, also of cases that they do not see any more: a refusal stays in the figures of the one who refused.
    """
    period = period or last_days(DEFAULT_DAYS)
    departments = sorted(set(scope_of(user).own.department_ids))
    mine: list[Who] = [("u", user.pk), *(("d", pk) for pk in departments)]
    dates = {"created_at__gte": period.start, "created_at__lt": period.end}
    given = Q(data__user_id=user.pk)
    for pk in departments:
        given |= Q(data__department_id=pk)
    received = _received(CaseEvent.objects.filter(given, **dates))
    refused = Q(person_id=user.pk) | Q(department_id__in=departments)
    figures = _fold(CaseReturn.objects.filter(refused, **dates))
    for who in mine:
        if received[who]:
            figures.setdefault(who, Figure("")).received = received[who]
    _name(figures)
    return [figures[who] for who in mine if who in figures]


def _reading(scope: Scope) -> Scope:
    return replace(scope, posts=tuple(post for post in scope.territorial if post.role in _READERS))


def _received(events: "QuerySet[CaseEvent]") -> Counter[Who]:
    """How often each was given a case; under ("", 0) what names nobody by id. One statement.

    A 工作交接 back to the desk gives the case to nobody; it has no name either.
    """
    rows = (
        events.filter(Q(act=Act.DISPATCH) | Q(data__has_key="assignee"), act__in=GIVING)
        .order_by()
        .annotate(user=KT("data__user_id"), department=KT("data__department_id"))
        .values_list("user", "department")
        .annotate(number=Count("pk"))
    )
    found: Counter[Who] = Counter()
    for user, department, number in rows:
        found[_who(user, department)] += number
    return found


def _fold(returns: "QuerySet[CaseReturn]") -> dict[Who, Figure]:
    """The returns of each, with the dispatch that came next. One statement."""
    following = CaseEvent.objects.filter(
        case=OuterRef("case"), act=Act.DISPATCH, created_at__gt=OuterRef("created_at")
    ).order_by("pk")
    rows = returns.order_by().annotate(following=Subquery(following.values("data")[:1]))
    found: dict[Who, Figure] = {}
    for user, department, reason, data in rows.values_list("person_id", "department_id", "reason", "following"):
        who = _who(user, department)
        figure = found.setdefault(who, Figure(""))
        figure.returned += 1
        figure.reasons[reason] += 1
        figure.overruled += _overrules(data, who)
    return found


def _overrules(data: Any, who: Who) -> bool:
    """Whether the dispatch that followed was 签派, and to the same one."""
    return bool(data) and bool(data.get("binding")) and _who(data.get("user_id"), data.get("department_id")) == who


def _who(user: Any, department: Any) -> Who:
    return ("u", int(user)) if user else ("d", int(department)) if department else ("", 0)


def _name(figures: dict[Who, Figure]) -> None:
    """Write who each is. Two statements."""
    for (kind, pk), name in _names(figures):
        figures[kind, pk].name = name
        figures[kind, pk].key = f"{kind}{pk}"
        figures[kind, pk].is_department = kind == "d"


def _names(figures: dict[Who, Figure]) -> Iterator[tuple[Who, str]]:
    people = [pk for kind, pk in figures if kind == "u"]
    for person in get_user_model().objects.filter(pk__in=people):
        yield ("u", person.pk), str(person)
    departments = [pk for kind, pk in figures if kind == "d"]
    for department in Department.objects.filter(pk__in=departments).order_by():
        yield ("d", department.pk), department.short_name
