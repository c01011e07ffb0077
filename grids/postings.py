"""Giving somebody a posting by a rule of another app (自荐网格长); by hand it is done in the admin. Office only."""

from typing import TYPE_CHECKING, cast

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from grids.authority import office_streets, runs_street
from grids.models import Grid, Posting
from liangcheng.common.db import share_locked
from liangcheng.common.exceptions import InvalidInput, NotPermitted, NotVisible

if TYPE_CHECKING:
    from liangcheng.accounts.models import User


def may_be_posted(actor: "User") -> "QuerySet[User]":
    """Accounts that the office may give a posting: people of its streets, and those who serve nowhere yet."""
    today = timezone.localdate()
    people = get_user_model()._default_manager.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gte=today), is_service=False, is_active=True
    )
    streets = office_streets(actor)
    if streets is not None:
        postings = Posting.objects.filter(user_id=OuterRef("pk")).order_by()
        mine = postings.filter(grid__community_id__in=sorted(streets))
        people = people.filter(Exists(mine) | ~Exists(postings), is_superuser=False)
    return cast("QuerySet[User]", people)


def give_posting(*, actor: "User", user_id: int, grid_id: int, role: str) -> Posting:
    """Let the account serve at the grid in that role from today on; whoever does so already keeps that posting.

    One that has ended begins anew (its history keeps the earlier days). Refusals: not_found, not_permitted,
    unknown_user.
    """
    with transaction.atomic():
        grids = share_locked(Grid.objects.active().filter(pk=grid_id).order_by())
        if not grids:
            raise NotVisible("没有这个网格，或已经停用。")
        if not runs_street(actor, grids[0]):
            raise NotPermitted("not_permitted", "岗位由街道派遣员或街道网格长授予。")
        # The account's row makes two who post the same person queue.
        user = may_be_posted(actor).select_for_update(no_key=True, of=("self",)).filter(pk=user_id).order_by().first()
        if user is None:
            raise InvalidInput("unknown_user", "没有这个账号，或不能由您授予岗位，请重新选择。", field="user")
        same = {"user": user, "grid": grids[0], "role": role, "department": None}
        known = Posting.objects.filter(**same).first()
        if known is None:
            return Posting.objects.create(**same, valid_from=timezone.localdate())
        if not Posting.objects.current(pk=known.pk).exists():
            known.valid_from, known.valid_to = timezone.localdate(), None
            known.save(update_fields=["valid_from", "valid_to", "updated_at"])
        return known
