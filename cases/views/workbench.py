"""工作台: what waits for me, how my grids stand, and the way to file."""

from django.contrib.auth.decorators import login_required
from django.db.models import Case as Choose
from django.db.models import F, IntegerField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cases import todo
from cases.choices import Urgency
from cases.models import Case
from cases.todo import Todo
from grids.models import Grid
from grids.scoping import Scope, scope_of
from liangcheng.accounts.current import signed_in
from liangcheng.accounts.models import User
from members.reporting import waiting_count

_ALERTS = (Todo.OVERDUE, Todo.DUE_SOON, Todo.RETURNED)
_STAGES = (Todo.PENDING, Todo.DISPATCHED, Todo.HANDLING, Todo.RESOLVED)
_MOST_GRIDS = 6
_MOST_URGENT = 5


@login_required
def workbench(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    scope = scope_of(user)
    counts, figures = todo.count(user, _own_grids(scope))
    stages = (*_STAGES, Todo.FEEDBACK) if todo.may_check(scope) or counts[Todo.FEEDBACK] else _STAGES
    context = {
        "alerts": [(each, counts[each]) for each in _ALERTS],
        "rare": [(each, counts[each]) for each in todo.RARE if counts[each]],
        "stages": [(each, counts[each]) for each in stages],
        "figures": figures,
        "urgent": _most_urgent(user, scope),
        "registrations": waiting_count(user),
    }
    return render(request, "cases/workbench.html", context)


def _own_grids(scope: Scope) -> list[Grid]:
    """The grids of the user's postings, the highest first; for superusers the streets."""
    grids = Grid.objects.active().order_by("level", "code")
    if scope.everything:
        return list(grids.filter(level=0)[:_MOST_GRIDS])
    return list(grids.filter(pk__in={post.grid_id for post in scope.territorial})[:_MOST_GRIDS])


def _most_urgent(user: User, scope: Scope) -> "QuerySet[Case]":
    """What to look at first: emergencies, then by deadline."""
    emergencies_first = Choose(
        When(urgency=Urgency.EMERGENCY, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    rows: QuerySet[Case] = (
        Case.objects.visible_to(user)
        .filter(todo.running(scope))
        .select_related("category", "handling_grid")
        .order_by(emergencies_first, F("due_at").asc(nulls_last=True), "pk")[:_MOST_URGENT]
    )
    return rows
