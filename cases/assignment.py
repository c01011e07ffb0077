"""Whom a case may be dispatched to, and putting it on their plate."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from cases.models import Case, CategoryOwner
from grids.choices import Role
from grids.models import Department, Posting
from grids.querysets import within
from liangcheng.common.exceptions import InvalidInput

User = get_user_model()
HANDLING_ROLES = (Role.OFFICER, Role.LIAISON, Role.HEAD)


def assignable_users(case: Case) -> "QuerySet[Any]":
    """People who serve in the subtree of the handling grid: officers, liaisons, heads; not a department's staff."""
    postings = Posting.objects.current().filter(
        within(case.handling_grid, "grid__"), role__in=HANDLING_ROLES, department__isnull=True
    )
    return User.objects.filter(pk__in=postings.order_by().values("user_id"), is_service=False).order_by("full_name")


def assignable_departments(case: Case) -> "QuerySet[Department]":
    """Departments that serve the handling grid: anchored to it or to a grid above it."""
    return Department.objects.filter(is_active=True, grid_id__in=case.handling_path())


def owning_department(case: Case) -> int | None:
    """The department that answers for the case's category in its street: the street's 归口 before the common list."""
    said = CategoryOwner.objects.filter(category_id=case.category_id, community_id=case.community_id).order_by()
    found = list(said.values_list("department_id", flat=True)[:1])
    return found[0] if found else case.category.responsible_department_id


def assign(case: Case, assignee_id: int | None, department_id: int | None) -> dict[str, Any]:
    """Put the case on one plate. Returns what the event should say: name and id; figures count by the id.

    Raises InvalidInput for anybody out of scope.
    """
    clear(case)
    if assignee_id is not None:
        person = assignable_users(case).filter(pk=assignee_id).first()
        if person is None:
            raise InvalidInput("unknown_assignee", "请选择负责网格范围内的在岗人员。", field="assignee_id")
        case.assignee = person
        return {"assignee": person.full_name, "user_id": person.pk}
    [department] = departments(case, [department_id] if department_id else [], field="department_id")
    case.assigned_department = department
    return {"department": department.short_name, "department_id": department.pk}


def departments(case: Case, ids: Iterable[int], *, field: str) -> list[Department]:
    """The departments of `ids`, all of which must serve the handling grid; no query for none."""
    wanted = set(ids)
    found = list(assignable_departments(case).filter(pk__in=wanted)) if wanted else []
    if len(found) != len(wanted):
        raise InvalidInput("unknown_department", "请选择服务本网格的在用部门。", field=field)
    return found


def plate(case: Case) -> dict[str, Any]:
    """Whose plate the case is on, as an event keeps it: {"who": "城管中队", "user_id": …} or with "department_id"."""
    if case.assignee_id:
        return {"who": case.assignee.full_name if case.assignee else "", "user_id": case.assignee_id}
    if case.assigned_department_id and case.assigned_department:
        return {"who": case.assigned_department.short_name, "department_id": case.assigned_department_id}
    return {}


def clear(case: Case) -> None:
    """Off every plate. A pending 延期 was its handler's and goes with the plate."""
    case.extension_days, case.extension_asked_by = None, None
    case.assignee = None
    case.assigned_department = None
    case.binding = False
