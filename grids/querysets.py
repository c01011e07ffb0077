"""Sets of grids and of what is anchored to them. The only file that knows lft and rght (ADR 0001)."""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any, NoReturn, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from mptt.exceptions import InvalidMove
from mptt.managers import TreeManager
from mptt.querysets import TreeQuerySet

from grids.choices import PATH_FIELD
from liangcheng.common.exceptions import DomainError

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from grids.models import Grid
    from liangcheng.accounts.models import User


def within(grid: "Grid", prefix: str = "") -> Q:
    """Condition on path columns (reached by `prefix`): the row lies in the subtree of `grid`, itself included."""
    return Q(**{f"{prefix}{PATH_FIELD[grid.kind]}_id": grid.pk})


def matching(text: str) -> Q:
    """Condition: name, short name or pinyin initials hold `text`, or the code begins with it."""
    word = text.strip()
    return (
        Q(name__icontains=word)
        | Q(short_name__icontains=word)
        | Q(code__startswith=word)
        | Q(name_pinyin__icontains=word.lower())
    )


# Parents before children, siblings by code.
TREE_ORDER = ("tree_id", "lft")


class GridQuerySet(TreeQuerySet):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """The subtrees that the user serves, and the path above them."""
        from grids.scoping import scope_of  # the one way back: scoping reads Posting, which needs these querysets

        return self.filter(scope_of(user).grid_condition())

    def active(self) -> Self:
        return self.filter(is_active=True)

    def within(self, grid: "Grid") -> Self:
        return self.filter(within(grid))

    def trees_of(self, grid_ids: Iterable[int]) -> Self:
        """All grids of the streets in which `grid_ids` lie."""
        return self.filter(tree_id__in=self.filter(pk__in=list(grid_ids)).order_by().values("tree_id"))

    def in_tree_order(self) -> Self:
        return self.order_by(*TREE_ORDER)

    def delete(self) -> NoReturn:
        raise DomainError("never_deleted", "网格不能删除，只能停用：历史案件还挂在上面。")

    def search(self, text: str) -> Self:
        """Grids that `matching` accepts (wyy finds 文苑一)."""
        return self.filter(matching(text))


class GridManager(TreeManager.from_queryset(GridQuerySet)):  # type: ignore[misc]
    """mptt's manager; a move by its own methods (the admin's drag) is handed to grids.tree."""

    def move_node(self, node: "Grid", target: "Grid | None", position: str = "last-child") -> None:
        """Move `node` by the rules; among its siblings it stands by its code, whatever `position` says.

        Raises mptt's InvalidMove with the Chinese reason.
        """
        from grids.tree import move_grid

        beside = position in ("left", "right")
        parent_id = None if target is None else target.parent_id if beside else target.pk
        try:
            move_grid(grid_id=node.pk, parent_id=parent_id)
        except DomainError as error:
            raise InvalidMove(error.message) from error
        node.refresh_from_db()
        node._mptt_meta.update_mptt_cached_fields(node)


class AnchoredQuerySet(models.QuerySet):
    """Rows of a GridAnchored model."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Rows in the subtrees that the user serves: the only filter on the way out of every door."""
        from grids.scoping import scope_of

        return self.filter(scope_of(user).subtree_condition())

    def within(self, grid: "Grid") -> Self:
        """Rows in the subtree of `grid`: one equality on an indexed column (ADR 0003)."""
        return self.filter(within(grid))

    def anchored_to(self, grid_ids: Iterable[int]) -> Self:
        return self.filter(grid_id__in=list(grid_ids))


class StandInQuerySet(models.QuerySet):
    def in_force(self, day: date | None = None) -> Self:
        """Those that lend their postings on `day` (None: today; both ends inclusive), to a person with a valid account.

        Whether the person who is away still has anything to lend, their postings say (PostingQuerySet.current).
        """
        day = day or timezone.localdate()
        return self.filter(
            Q(stand_in__valid_until__isnull=True) | Q(stand_in__valid_until__gte=day),
            ended_at__isnull=True,
            valid_from__lte=day,
            valid_to__gte=day,
            stand_in__is_active=True,
            stand_in__is_service=False,
        )

    def upcoming(self) -> Self:
        """In force now or to come, by their days."""
        return self.filter(ended_at__isnull=True, valid_to__gte=timezone.localdate()).order_by("valid_from", "pk")


class PostingQuerySet(models.QuerySet):
    def current(self, **conditions: Any) -> Self:
        """Postings in force today (dates inclusive) of accounts, grids and departments that are in use."""
        today = timezone.localdate()
        return self.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=today),
            Q(valid_to__isnull=True) | Q(valid_to__gte=today),
            Q(user__valid_until__isnull=True) | Q(user__valid_until__gte=today),
            Q(department__isnull=True) | Q(department__is_active=True),
            user__is_active=True,
            grid__is_active=True,
            **conditions,
        )

    def lasting(self) -> Self:
        """In force today or to come, in grids and departments that are in use; whatever their account's state."""
        return self.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gte=timezone.localdate()),
            Q(department__isnull=True) | Q(department__is_active=True),
            grid__is_active=True,
        )
