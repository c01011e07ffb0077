"""Accounts of people as a street's office keeps them."""

from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from grids.models import Posting
from liangcheng.accounts.models import User

if TYPE_CHECKING:
    from collections.abc import Collection


def people_of_office(streets: "Collection[int] | None") -> "QuerySet[User]":
    """People who serve or served in these streets, and those without any posting yet; None: everybody.

    Never another system; superusers only among everybody.
    """
    people = User.objects.filter(is_service=False)
    if streets is None:
        return people
    postings = Posting.objects.filter(user_id=OuterRef("pk")).order_by()
    mine = postings.filter(grid__community_id__in=streets)
    return people.filter(Exists(mine) | ~Exists(postings), is_superuser=False)


def without_posting(people: "QuerySet[User]") -> "QuerySet[User]":
    """Of these, who can sign in but serves nowhere today: a posting that has ended or not begun is none.

    Superusers need no posting.
    """
    today = timezone.localdate()
    current = Posting.objects.current(user=OuterRef("pk")).order_by()
    return people.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gte=today), ~Exists(current), is_active=True, is_superuser=False
    )
