"""Sets of what people did and took on. Rows of a party member are read with that right only."""

from datetime import date
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Count, Q
from django.utils import timezone

from grids.querysets import AnchoredQuerySet
from liangcheng.common.clock import now
from members.choices import ClaimState, OfferState, ServiceState

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from liangcheng.accounts.models import User


def own_condition(user: "User") -> Q:
    """Condition on rows of one person (`member` or `contact`): they are the user's own, by their account."""
    return Q(member__user_id=user.pk) | Q(contact__user_id=user.pk)


class ServiceQuerySet(AnchoredQuerySet):
    """志愿服务. Whoever may not read members still counts their hours (`countable_by`)."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Records in the subtrees of the user's postings: of contacts all, of party members with the right to read."""
        from grids.scoping import scope_of

        scope = scope_of(user)
        if scope.everything:
            return self
        return self.filter(Q(member__isnull=True) & scope.subtree_condition() | scope.party_condition())

    def reachable_by(self, user: "User") -> Self:
        """What the user may open: what is visible to them, and their own."""
        return self.filter(Q(pk__in=self.visible_to(user).order_by().values("pk")) | own_condition(user))

    def countable_by(self, user: "User | AnonymousUser") -> Self:
        """All records of the user's subtrees. For counts and sums only."""
        return super().visible_to(user)

    def own(self, user: "User") -> Self:
        return self.filter(own_condition(user))

    def confirmed(self) -> Self:
        return self.filter(state=ServiceState.CONFIRMED)


class OfferQuerySet(AnchoredQuerySet):
    """认领事项. `visible_to` is what the desks see; whom an offer is made to sees it by `open_to`."""

    def claimable(self, day: date | None = None) -> Self:
        """Open, not past its day, and its case (if any) still open and not confidential."""
        running = Q(case__isnull=True) | Q(case__is_open=True, case__confidential=False)
        return self.filter(running, state=OfferState.OPEN, closes_on__gte=day or timezone.localdate(now()))

    def lapsed(self, day: date | None = None) -> Self:
        """Those that nobody can claim any more, though no one has closed them."""
        open_ones = self.filter(state__in=(OfferState.OPEN, OfferState.FILLED))
        late = Q(state=OfferState.OPEN, closes_on__lt=day or timezone.localdate(now()))
        return open_ones.filter(late | Q(case__is_open=False) | Q(case__confidential=True))

    def open_to(self, people: "list[Any]") -> Self:
        """Offers whose subtree holds one of these people who also has the skill that is wanted."""
        condition = Q(pk__in=())
        for person in people:
            here = Q(grid_id__in=[grid_id for grid_id in person.path_ids().values() if grid_id])
            skilled = Q(skill__isnull=True) | Q(skill__in=person.skills.order_by().values("pk"))
            condition |= here & skilled
        return self.filter(condition)

    def with_taken(self) -> Self:
        """`taken`: how many places somebody has."""
        return self.annotate(taken=Count("claims", filter=~Q(claims__state=ClaimState.GIVEN_UP)))


class ClaimQuerySet(models.QuerySet):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Claims of people whom the user may read."""
        from grids.scoping import scope_of

        scope = scope_of(user)
        if scope.everything:
            return self
        return self.filter(
            Q(contact__isnull=False) & scope.subtree_condition("contact__")
            | Q(member__isnull=False) & scope.with_party.subtree_condition("member__")
        )

    def own(self, user: "User") -> Self:
        return self.filter(own_condition(user))

    def active(self) -> Self:
        """Those that hold a place."""
        return self.exclude(state=ClaimState.GIVEN_UP)


class ClimbQuerySet(models.QuerySet):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Progress of members whom the user may read."""
        from grids.scoping import scope_of

        scope = scope_of(user)
        return self if scope.everything else self.filter(scope.with_party.subtree_condition("member__"))
