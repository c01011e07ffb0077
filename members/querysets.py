"""Sets of registered people and units."""

from datetime import date
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, NoReturn, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from grids.querysets import AnchoredQuerySet
from liangcheng.common.exceptions import DomainError

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from liangcheng.accounts.models import User


def _words(text: str) -> list[str]:
    """What to look for: every word must occur. Nobody types more than five on purpose."""
    return text.split()[:5]


class RegisterQuerySet(AnchoredQuerySet):
    """Rows of a register: they have a name, its pinyin initials, and are retired rather than deleted."""

    def active(self) -> Self:
        return self.filter(is_active=True)

    def search(self, text: str) -> Self:
        """Rows whose name or initials hold every word of `text`."""
        found = self
        for word in _words(text):
            found = found.filter(self._holds(word))
        return found

    def _holds(self, word: str) -> Q:
        return Q(name__icontains=word) | Q(name_pinyin__icontains=word.lower())


class AnchoredMembersQuerySet(AnchoredQuerySet):
    """Rows that say who is a party member: seen with that right only."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Rows in the subtrees of the user's postings that may read members (grids/scoping.py)."""
        from grids.scoping import scope_of

        return self.filter(scope_of(user).party_condition())


class MemberQuerySet(RegisterQuerySet):
    """党员. `visible_to` asks for the right to read members; who has none still counts them."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Members in the subtrees of the user's postings that may read them."""
        from grids.scoping import scope_of

        return self.filter(scope_of(user).party_condition())

    def countable_by(self, user: "User | AnonymousUser") -> Self:
        """Members that the user's figures hold: the subtree's, whatever the right to read. For counts only."""
        return super().visible_to(user)

    def active(self) -> Self:
        """In use, and not merged into another row."""
        return self.filter(is_active=True, merged_into=None)

    def of_organization(self, organization_id: int) -> Self:
        """Members of an organization and of all below it: 党工委、党总支、党支部、党小组 are four levels."""
        path = ("organization", *("__".join(("organization", *["parent"] * up)) for up in (1, 2, 3)))
        return self.filter(reduce(or_, (Q(**{f"{step}_id": organization_id}) for step in path)))


class TransferQuerySet(AnchoredMembersQuerySet):
    """转接; they say who is a party member."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Those from or into the subtrees of the postings that may read members: both desks follow them."""
        from grids.scoping import scope_of

        scope = scope_of(user).with_party
        if scope.everything:
            return self.filter()
        places = ("", "from_grid__", "to_organization__")
        return self.filter(reduce(or_, (scope.subtree_condition(place) for place in places)))

    def waiting(self) -> Self:
        return self.filter(state="WAITING")

    def awaiting(self, user: "User | AnonymousUser") -> Self:
        """Waiting ones that the user may take: with the desk and the right to read members at every place asked."""
        from grids.scoping import scope_of

        if scope_of(user).everything:
            return self.waiting()
        here, there = member_desk_condition(user), member_desk_condition(user, "to_organization__")
        return self.waiting().filter(Q(asks_grid=False) | here, Q(asks_organization=False) | there)


def member_desk_condition(user: "User | AnonymousUser", prefix: str = "") -> Q:
    """Condition on path columns (reached by `prefix`): where the user runs the desk and may read members."""
    from grids.authority import desk_condition
    from grids.scoping import scope_of

    return desk_condition(user, prefix) & scope_of(user).with_party.subtree_condition(prefix)


class ChairTermQuerySet(AnchoredQuerySet):
    def current(self, day: date | None = None) -> Self:
        """Terms that hold on `day` (None: today); both ends inclusive."""
        day = day or timezone.localdate()
        return self.filter(starts_on__lte=day, ends_on__gte=day)


class AccessLogQuerySet(models.QuerySet):
    """Append-only. Read by the office of the street, and by everybody as far as they did it themselves."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Entries of the streets whose office the user runs, and the user's own."""
        from grids.authority import office_condition

        return self.filter(office_condition(user) | Q(user_id=user.pk))

    def update(self, **kwargs: object) -> NoReturn:
        raise DomainError("append_only", "使用记录不能修改。")

    def delete(self) -> NoReturn:
        raise DomainError("append_only", "使用记录不能删除。")


class UnitQuerySet(RegisterQuerySet):
    """成员单位; one on the border of two grids is seen from both sides."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Units in the subtrees that the user serves, also by their neighbouring grid."""
        from grids.scoping import scope_of

        scope = scope_of(user)
        if scope.everything:
            return self
        return self.filter(scope.subtree_condition() | scope.subtree_condition("second_grid__"))

    def _holds(self, word: str) -> Q:
        return super()._holds(word) | Q(address__icontains=word) | Q(code=word)


class BuildingQuerySet(RegisterQuerySet):
    """楼栋: also by road, lane (弄) and the unit's name."""

    def _holds(self, word: str) -> Q:
        return super()._holds(word) | Q(road__icontains=word) | Q(lane=word) | Q(unit__name__icontains=word)
