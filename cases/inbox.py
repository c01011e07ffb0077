"""The inbox in this site: one of the channels, and the only place that writes who has read what.

`User.unread` counts a person's unread notices, so that pages need not. It rises in the transaction that creates a
notice; whoever marks notices as read holds the person's row first and then counts anew, so that a notice which
arrives meanwhile is added to the new number and not lost in the old one.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, F, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from cases.models import CaseEvent, Notice
from liangcheng.accounts.models import User
from liangcheng.common.channels import Delivery
from liangcheng.common.clock import now
from members.models import Offer


@dataclass(frozen=True)
class InboxChannel:
    """Where one event is put before one person; a Channel (common/channels.py)."""

    event: CaseEvent
    user_id: int

    def send(self, delivery: Delivery) -> None:
        """Write the notice and count it; sent twice, it is there once and counted once."""
        with transaction.atomic():
            _, created = Notice.objects.get_or_create(
                recipient_id=self.user_id,
                event=self.event,
                defaults={"text": delivery.text[:200], "created_at": self.event.created_at},
            )
            if created:
                User.objects.filter(pk=self.user_id).update(unread=F("unread") + 1)


def tell_offer(offer: Offer, user_ids: Iterable[int], text: str) -> None:
    """Tell these people of an offer (认领), each once however often this is called. Three statements."""
    with transaction.atomic():
        told = Notice.objects.filter(offer=offer).values_list("recipient_id", flat=True)
        fresh = sorted(set(user_ids) - set(told))
        Notice.objects.bulk_create(
            Notice(recipient_id=user_id, offer=offer, text=text[:200], created_at=now()) for user_id in fresh
        )
        User.objects.filter(pk__in=fresh).update(unread=F("unread") + 1)


def mark_read(user: User, pk: int | None = None) -> int:
    """Mark the user's unread notices as read: all of them, or the one with `pk`; returns how many it were."""
    with transaction.atomic():
        # A new notice refers to this row: only its number is held, not the row itself.
        User.objects.select_for_update(no_key=True).order_by().get(pk=user.pk)
        rows = Notice.objects.filter(recipient=user, read_at__isnull=True)
        marked = (rows if pk is None else rows.filter(pk=pk)).update(read_at=now())
        recount(User.objects.filter(pk=user.pk))
    return marked


def recount(users: "QuerySet[User]") -> None:
    """Set `unread` of these people to what their inboxes hold."""
    unread = Notice.objects.filter(recipient=OuterRef("pk"), read_at__isnull=True).order_by().values("recipient")
    counted = Subquery(unread.annotate(found=Count("pk")).values("found"), output_field=IntegerField())
    users.update(unread=Coalesce(counted, 0))
