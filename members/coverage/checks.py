"""What is lacking in a street as a whole: accounts, and what upper apps check (categories). They register here in
AppConfig.ready(); members never imports them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.urls import reverse

from grids.authority import office_streets, runs_street
from grids.people import people_of_office, without_posting

if TYPE_CHECKING:
    from grids.models import Grid
    from liangcheng.accounts.models import User


@dataclass(frozen=True)
class Missing:
    """A row that lacks something: what it is called, more words about it, and where it is mended ("" if not by you)."""

    title: str
    detail: str = ""
    link: str = ""


@dataclass(frozen=True)
class StreetCheck:
    """One more line of a street's coverage. `rows` gives what lacks something: counted, and listed on the page.

    `may_read` says who sees the line at all, besides having the whole street in their scope.
    """

    key: str
    label: str
    measure: str
    mended_by: str
    rows: "Callable[[User, Grid], QuerySet[Any]]"
    show: "Callable[[User, Grid, Iterable[Any]], list[Missing]]"
    may_read: "Callable[[User, Grid], bool]" = lambda user, street: True


_checks: list[StreetCheck] = []


def register_check(check: StreetCheck) -> None:
    """Add a line; a line with the same key is there only once. The order of registering is that on the page."""
    if all(each.key != check.key for each in _checks):
        _checks.append(check)


def checks_for(user: "User", street: "Grid") -> list[StreetCheck]:
    """The lines that this user may read of a street that they see as a whole."""
    return [check for check in (ACCOUNTS, *_checks) if check.may_read(user, street)]


def _accounts(user: "User", street: "Grid") -> "QuerySet[Any]":
    rows = without_posting(people_of_office(frozenset({street.pk})))
    return rows.prefetch_related("postings__grid").order_by("username")


def _show_accounts(user: "User", street: "Grid", rows: Iterable[Any]) -> list[Missing]:
    """An account that also served elsewhere is the other office's as well: superusers mend it (PeopleAdmin)."""
    streets = office_streets(user)
    found = []
    for row in rows:
        mine = user.is_staff and (streets is None or _only_in(row, streets))
        link = reverse("admin:accounts_user_change", args=[row.pk]) if mine else ""
        found.append(Missing(str(row), f"登录名 {row.username}", link))
    return found


def _only_in(person: Any, streets: frozenset[int]) -> bool:
    return all(posting.grid.community_id in streets for posting in person.postings.all())


ACCOUNTS = StreetCheck(
    "accounts_without_posting",
    "启用的账号没有在任岗位",
    "个",
    "由街道网格长或派遣员在管理后台登记岗位或停用账号",
    _accounts,
    _show_accounts,
    runs_street,
)
