"""Sets of registered people and units."""

from datetime import date
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


class SheetJobQuerySet(models.QuerySet):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """The user's own: an uploaded sheet holds what others may not see."""
        return self.filter(user_id=user.pk)
