"""Lines of a street's coverage that are about cases: 每项事务有人抓 (members/coverage/checks.py)."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlencode

from cases.models import Category, CategoryOwner
from cases.querysets import departments_without_staff
from grids.authority import runs_street
from grids.choices import SHORT_LEVEL, Role
from members.coverage.checks import Missing, StreetCheck

if TYPE_CHECKING:
    from grids.models import Grid
    from liangcheng.accounts.models import User


def _categories(user: "User", street: "Grid") -> "QuerySet[Any]":
    return Category.objects.without_owner(street).order_by("code")


def _show_categories(user: "User", street: "Grid", rows: Iterable[Any]) -> list[Missing]:
    may = user.is_staff and runs_street(user, street)
    said = dict(CategoryOwner.objects.filter(community=street).order_by().values_list("category_id", "pk"))
    return [
        Missing(
            f"{row.code} {row.name}",
            f"{row.major_name} · 首办层级：{SHORT_LEVEL[row.default_level]}",
            _owner_form(street, row, said) if may else "",
        )
        for row in rows
    ]


def _owner_form(street: "Grid", category: Category, said: dict[int, int]) -> str:
    if category.pk in said:
        return reverse("admin:cases_categoryowner_change", args=[said[category.pk]])
    query = urlencode({"category": category.pk, "community": street.pk})
    return f"{reverse('admin:cases_categoryowner_add')}?{query}"


def _departments(user: "User", street: "Grid") -> "QuerySet[Any]":
    return departments_without_staff(street).select_related("grid").order_by("kind", "code")


def _show_departments(user: "User", street: "Grid", rows: Iterable[Any]) -> list[Missing]:
    may = user.is_staff and runs_street(user, street)
    return [Missing(row.name, row.get_kind_display(), _posting_form(row) if may else "") for row in rows]


def _posting_form(department: Any) -> str:
    query = {"grid": department.grid_id, "department": department.pk, "role": Role.OFFICER.value}
    return f"{reverse('admin:grids_posting_add')}?{urlencode(query)}"


CATEGORIES = StreetCheck(
    "categories_without_owner",
    "案件类别没有主责部门",
    "类",
    "由街道网格长或派遣员在管理后台“类别归口”中登记",
    _categories,
    _show_categories,
)
DEPARTMENTS = StreetCheck(
    "departments_without_staff",
    "主责部门没有在任人员",
    "个",
    "由街道网格长或派遣员在管理后台登记岗位",
    _departments,
    _show_departments,
)
