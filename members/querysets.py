"""Sets of registered people and units."""

from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, NoReturn, Self

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from grids.querysets import AnchoredQuerySet
from liangcheng.common.checks import LEAST_LOG_DAYS
from liangcheng.common.clock import now
from liangcheng.common.exceptions import DomainError

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from liangcheng.accounts.models import User


def _words(text: str) -> list[str]:
    """What to look for: every word must occur. Nobody types more than five on purpose."""
    return text.split()[:5]


# A building's 楼组长 who cannot answer for it: none, or no longer in the register.
NO_MEMBER_LEADS = (
    Q(leader_member=None)
    | Q(leader_member__is_active=False)
    | Q(leader_member__erased_at__isnull=False)
    | Q(leader_member__merged_into__isnull=False)
)
NO_CONTACT_LEADS = (
    Q(leader_contact=None) | Q(leader_contact__is_active=False) | Q(leader_contact__erased_at__isnull=False)
)
# Nobody to ask for, or no number to call.
NO_CONTACT = Q(contact_name="") | Q(contact_phone="")
# Members hang on a micro-unit in use: where they live, or where they have reported in.
NO_MICRO_UNIT = Q(micro_unit=None) | Q(grid__is_active=False)
NO_ORGANIZATION = Q(organization__is_active=False)
NO_UNIT = Q(unit__is_active=False)


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


class OrganizationQuerySet(RegisterQuerySet):
    """党组织."""

    def without_contact(self) -> Self:
        """Nobody to ask for, or no number to call."""
        return self.filter(NO_CONTACT)


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

    def without_micro_unit(self) -> Self:
        """Hung on a grid above the micro-unit, or on one that is out of use."""
        return self.filter(NO_MICRO_UNIT)

    def without_organization(self) -> Self:
        """Their organization is out of use."""
        return self.filter(NO_ORGANIZATION)


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

        # An empty condition means all of them; joined by "or" it would mean none.
        theirs = office_condition(user)
        return self.filter(theirs | Q(user_id=user.pk)) if theirs else self.all()

    def forget_before(self, moment: datetime) -> int:
        """Delete what is older than `moment`; returns how many. What is younger than 180 days stays, whoever asks."""
        moment = min(moment, now() - timedelta(days=LEAST_LOG_DAYS))
        return super(AccessLogQuerySet, self.filter(at__lt=moment)).delete()[0]

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

    def without_contact(self) -> Self:
        """Nobody to ask for, or no number to call."""
        return self.filter(NO_CONTACT)

    def without_building(self) -> Self:
        """Estates of which no building is registered: the address book does not find them."""
        return self.filter(no_building())

    def _holds(self, word: str) -> Q:
        return super()._holds(word) | Q(address__icontains=word) | Q(code=word)


class BuildingQuerySet(RegisterQuerySet):
    """楼栋: also by road, lane (弄), another address of it, and the unit's name and initials."""

    def without_leader(self) -> Self:
        """Nobody answers for it (R14): no 楼组长, or one who is no longer in the register."""
        return self.filter(NO_MEMBER_LEADS, NO_CONTACT_LEADS)

    def without_unit(self) -> Self:
        """Its unit is out of use."""
        return self.filter(NO_UNIT)

    def _holds(self, word: str) -> Q:
        road = Q(road__icontains=word) | Q(lane=word)
        unit = Q(unit__name__icontains=word) | Q(unit__name_pinyin__icontains=word.lower())
        alias = Q(aliases__road__icontains=word) | Q(aliases__lane=word)
        other = self.model._base_manager.filter(alias).order_by().values("pk")
        return super()._holds(word) | road | unit | Q(pk__in=other)


def no_building() -> Q:
    """Condition on units: an estate without any building in use."""
    houses = apps.get_model("members", "Building").objects.filter(unit=OuterRef("pk"), is_active=True).order_by()
    return Q(~Exists(houses), kind="ESTATE")


class RegistrationQuerySet(AnchoredQuerySet):
    """双报到: a unit's is seen by whoever serves there, a member's with the right to read members only."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Registrations in the user's subtrees, as far as their kind may be read."""
        from grids.scoping import scope_of

        scope = scope_of(user)
        if scope.everything:
            return self
        return self.filter(Q(scope.subtree_condition(), kind="UNIT") | Q(scope.party_condition(), kind="MEMBER"))

    def search(self, text: str) -> Self:
        """Rows whose name, unit or receipt number holds every word of `text`."""
        found = self
        for word in _words(text):
            found = found.filter(Q(name__icontains=word) | Q(unit_name__icontains=word) | Q(number__iexact=word))
        return found

    def unreported(self) -> Self:
        """Confirmed, and the unit has not been told yet: without a letter, or with one that was not delivered."""
        return self.filter(Q(letter=None) | Q(letter__delivered_on=None), state="CONFIRMED", erased_at=None)


class LinkQuerySet(AnchoredQuerySet):
    def open(self) -> Self:
        """Links that take registrations today."""
        return self.filter(revoked_at=None, expires_on__gte=timezone.localdate(), grid__is_active=True)


class SheetJobQuerySet(models.QuerySet):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """The user's own: an uploaded sheet holds what others may not see."""
        return self.filter(user_id=user.pk)
