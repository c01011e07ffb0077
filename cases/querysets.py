"""Sets of cases. What a set means (open, overdue, mine) is written here once; filters, pages and API ask for it."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NoReturn, Self

from django.apps import apps
from django.db import models
from django.db.models import Case as When_
from django.db.models import Exists, OuterRef, Q, Subquery, Value, When

from cases.choices import RUNNING_STATUSES, HelperRole, Status, Urgency
from grids.choices import KINDS, PATH_FIELD, GridKind, Role
from grids.querysets import AnchoredQuerySet
from grids.scoping import NOTHING, Post, Scope, scope_of
from liangcheng.common.clock import now as clock_now
from liangcheng.common.models import OfficeMark

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from liangcheng.accounts.models import User


# Conditions, so that a list and the figure that counts it are one definition.
RUNNING = Q(is_open=True, status__in=sorted(RUNNING_STATUSES))


def overdue(now: datetime) -> Q:
    return RUNNING & Q(due_at__lt=now)


def due_soon(now: datetime) -> Q:
    """The yellow light: from `warn_at` on (cases/deadlines.py) until the deadline."""
    return RUNNING & ~Q(urgency=Urgency.EMERGENCY) & Q(due_at__gte=now, warn_at__lte=now)


def at_once(now: datetime) -> Q:
    return RUNNING & Q(urgency=Urgency.EMERGENCY) & (Q(due_at__isnull=True) | Q(due_at__gte=now))


# 先行联系 is owed: also while 挂账, which does not stop its limit.
_CONTACT_OWED = Q(is_open=True, status__in=sorted({*RUNNING_STATUSES, Status.SUSPENDED}), first_contact_at__isnull=True)


def contact_late(now: datetime) -> Q:
    """先行联系 is owed and its limit has passed."""
    return _CONTACT_OWED & Q(first_contact_due_at__lt=now)


def contact_waiting(now: datetime) -> Q:
    """先行联系 is owed and still in time."""
    return _CONTACT_OWED & Q(first_contact_due_at__gte=now)


INSTRUCTED = Q(is_open=True, instruction_due_at__isnull=False)
SUPERVISED = Q(supervised=True)
SUSPENDED = Q(is_open=True, status=Status.SUSPENDED)
EXTENSION_ASKED = Q(is_open=True, extension_days__isnull=False)
# After too many 退单, until the grid above dispatches.
BOUNCED = Q(is_open=True, status=Status.PENDING, bounced=True)
MERGED = Q(status=Status.MERGED)
BORDER = Q(second_grid__isnull=False)


def review_due(today: date) -> Q:
    """挂账 whose review date has come."""
    return SUSPENDED & Q(review_on__lte=today)


def heat_from(least: int) -> Q:
    """Met with by at least so many: the case's own report, 我也遇到, and what was merged into it."""
    return Q(heat__gte=least)


def helped_by(department_ids: Iterable[int]) -> Q:
    """Departments that help (协办), finished or not; invitations do not count."""
    return _helpers(department_ids, role=HelperRole.HELPER)


def help_owed_by(department_ids: Iterable[int]) -> Q:
    """Open cases where a department's help is not finished and still of use."""
    useful = Q(is_open=True, status__in=sorted({*RUNNING_STATUSES, Status.SUSPENDED}))
    return useful & _helpers(department_ids, role=HelperRole.HELPER, done_at__isnull=True)


def _helpers(department_ids: Iterable[int], **more: Any) -> Q:
    ids = list(department_ids)
    if not ids:
        return NOTHING
    return _has_row("CoHandler", department_id__in=ids, **more)


def returned_by(*, person_id: int | None = None, department_id: int | None = None) -> Q:
    """Cases that this person or department sent back, however often."""
    return _has_row("CaseReturn", **({"person_id": person_id} if person_id else {"department_id": department_id}))


def _has_row(model: str, **which: Any) -> Q:
    """Cases that such a row of `model` belongs to; by name, since models need these querysets."""
    rows = apps.get_model("cases", model)._default_manager.filter(**which)
    return Q(pk__in=rows.order_by().values("case_id"))


def second_side(scope: Scope) -> Q:
    """Border cases whose other side lies in the user's grids (R53); see `_borders` for who sees them."""
    condition = NOTHING
    for post in scope.territorial:
        condition |= _other_side(post)
    return condition


def on_plate(scope: Scope) -> Q:
    """Assigned by name to the user or to somebody they stand in for, or to a department they work for."""
    return Q(assignee_id__in=scope.user_ids) | Q(assigned_department_id__in=scope.department_ids)


def _disclosed(post: Post) -> Q:
    """保密: only the chain that answers, the handling grid and those above it, and nobody who merely reads along."""
    if post.role in {Role.VIEWER, Role.SERVICE}:
        return Q(confidential=False)
    return Q(confidential=False) | Q(handling_level__in=KINDS[post.rank :])


def _borders(post: Post) -> Q:
    """Border cases (R53) are seen from both sides; confidential ones only from the side that answers."""
    return _other_side(post) & Q(confidential=False)


def _other_side(post: Post) -> Q:
    if post.kind == GridKind.MICRO_UNIT:
        return Q(second_grid_id=post.grid_id)
    from grids.models import Grid  # models need these querysets

    side = Grid.objects.filter(**{f"{PATH_FIELD[post.kind]}_id": post.grid_id}).order_by().values("pk")
    return Q(second_grid_id__in=side)


class CaseQuerySet(AnchoredQuerySet):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """What the user may see of cases, through every door (DESIGN: scope).

        The subtree of each posting, except confidential cases (`_disclosed`); what they reported; what they, or those
        they stand in for, handle; for a department's staff what it handles or helps with.
        """
        scope = scope_of(user)
        if scope.everything:
            return self.filter()
        condition = Q(discovered_by_id=scope.user_id) | Q(assignee_id__in=scope.user_ids)
        for post in scope.territorial:
            condition |= Q(**{f"{PATH_FIELD[post.kind]}_id": post.grid_id}) & _disclosed(post)
            if post.kind != GridKind.COMMUNITY:
                condition |= _borders(post)
        if scope.department_ids:
            condition |= Q(assigned_department_id__in=scope.department_ids) | _helpers(scope.department_ids)
        return self.filter(condition)

    def with_mark(self) -> Self:
        """With `office_mark`: under it calendar and rules of the clock are known (cases.timekeeping.office)."""
        return self.annotate(office_mark=Subquery(OfficeMark.objects.filter(pk=1).values("value")[:1]))

    def open(self) -> Self:
        return self.filter(is_open=True)

    def running(self) -> Self:
        """Still to be resolved: these run against their deadline."""
        return self.filter(RUNNING)

    def overdue(self, now: datetime | None = None) -> Self:
        return self.filter(overdue(now or clock_now()))

    def due_soon(self, now: datetime | None = None) -> Self:
        """Not overdue yet, but the yellow light is on."""
        return self.filter(due_soon(now or clock_now()))

    def at_once(self) -> Self:
        """Emergencies still running and not overdue: they are to be handled now."""
        return self.filter(at_once(now=clock_now()))

    def assigned_to(self, user: "User") -> Self:
        """On this user's own plate: assigned by name (or to whom they stand in for), or to a department of theirs."""
        return self.filter(on_plate(scope_of(user)))

    def search(self, text: str) -> Self:
        """Quick search over number, title and address; every word must occur."""
        found = self
        for word in text.split()[:5]:
            found = found.filter(Q(number__icontains=word) | Q(title__icontains=word) | Q(address__icontains=word))
        return found

    def newest_first(self) -> Self:
        """By id, not by time: ids are monotonous and unique, so paging is one comparison (SCALE 2)."""
        return self.order_by("-id")

    def rehome(self) -> int:
        """After a move in the tree: put `handling_grid` back on each row's path, at its level or the next above."""
        moved = 0
        for position, kind in enumerate(KINDS):
            upwards = [f"{PATH_FIELD[above]}_id" for above in reversed(KINDS[: position + 1])]
            cases: list[When] = [When(**{f"{column}__isnull": False}, then=models.F(column)) for column in upwards]
            levels = [
                When(**{f"{PATH_FIELD[above]}__isnull": False}, then=Value(above.value))
                for above in reversed(KINDS[: position + 1])
            ]
            moved += self.filter(handling_level=kind).update(
                handling_grid_id=When_(*cases, output_field=models.BigIntegerField()),
                handling_level=When_(*levels, output_field=models.CharField()),
            )
        return moved


class AppendOnlyQuerySet(models.QuerySet):
    """Rows that are written once: what happened cannot be edited."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise TypeError("case events are append-only")

    def delete(self) -> NoReturn:
        raise TypeError("case events are append-only")


class CategoryOwnerQuerySet(models.QuerySet):
    """类别归口 of the streets."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Those of the streets that the user serves in."""
        streets = apps.get_model("grids", "Grid").objects.filter(scope_of(user).grid_condition())
        return self.filter(community__in=streets.order_by().values("pk"))


class CategoryQuerySet(models.QuerySet):
    """Categories, and who answers for them in a street: its 归口 if there is one, else the category's department."""

    def without_owner(self, street: Any) -> Self:
        """In use, and nobody in `street` answers for it: no 归口 there and no department there, or one out of use."""
        said = apps.get_model("cases", "CategoryOwner").objects.filter(category=OuterRef("pk"), community=street)
        in_use = Q(department=None) | Q(department__is_active=True)
        here = apps.get_model("grids", "Department").objects.filter(
            pk=OuterRef("responsible_department_id"), is_active=True, grid__community=street
        )
        return self.filter(~Exists(said.filter(in_use).order_by()), is_active=True).exclude(
            Q(Exists(here.order_by())) & ~Exists(said.order_by())
        )


def departments_without_staff(street: Any) -> "models.QuerySet[Any]":
    """Departments of `street` that answer for a category in use, but where nobody serves today."""
    owners, categories = apps.get_model("cases", "CategoryOwner"), apps.get_model("cases", "Category")
    other = owners.objects.filter(category=OuterRef("pk"), community=street)
    postings = apps.get_model("grids", "Posting").objects.current(department=OuterRef("pk")).order_by()
    own = owners.objects.filter(department=OuterRef("pk"), community=street, category__is_active=True)
    listed = categories.objects.filter(~Exists(other.order_by()), responsible_department=OuterRef("pk"), is_active=True)
    return (
        apps.get_model("grids", "Department")
        .objects.filter(Q(Exists(own.order_by())) | Q(Exists(listed.order_by())), is_active=True)
        .filter(~Exists(postings), grid__community=street)
    )
