"""Deliver what the outbox holds: at least once, by as many workers as there are, whatever dies in between (ADR 0004)."""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.db import connection, transaction

from liangcheng.common.clock import now
from liangcheng.common.models import OutboxMessage, OutboxState

logger = logging.getLogger(__name__)
Handler = Callable[[OutboxMessage], None]
_handlers: dict[str, Handler] = {}
# A claimed message that is not finished within the lease is taken up again by whoever comes next.
LEASE = timedelta(minutes=2)
MAX_ATTEMPTS = 8


def register_handler(topic: str, handler: Handler) -> None:
    """Called by apps when they start: who delivers messages of `topic`."""
    _handlers[topic] = handler


def claim(limit: int) -> list[OutboxMessage]:
    """Take up to `limit` due messages: their `run_at` moves to the end of the lease, their attempts rise."""
    moment = now()
    with transaction.atomic():
        due = OutboxMessage.objects.filter(state=OutboxState.WAITING, run_at__lte=moment).order_by("run_at", "id")
        skip = connection.features.has_select_for_update_skip_locked
        messages = list(due.select_for_update(skip_locked=skip)[:limit])
        for message in messages:
            message.attempts += 1
            message.run_at = moment + LEASE
        OutboxMessage.objects.bulk_update(messages, ["attempts", "run_at"])
    return messages


def deliver_due(limit: int = 100) -> int:
    """Deliver up to `limit` due messages; returns how many were tried."""
    messages = claim(limit)
    for message in messages:
        _deliver(message)
    return len(messages)


def _deliver(message: OutboxMessage) -> None:
    try:
        with transaction.atomic():
            _handlers[message.topic](message)
            _finish(message, state=OutboxState.DELIVERED, delivered_at=now(), last_error="")
    except Exception as error:  # noqa: BLE001 -- whatever it is, the next message must still go out
        logger.warning("outbox_failed id=%s attempt=%s error=%s", message.pk, message.attempts, type(error).__name__)
        state = OutboxState.DEAD if message.attempts >= MAX_ATTEMPTS else OutboxState.WAITING
        _finish(message, state=state, run_at=now() + backoff(message.attempts), last_error=type(error).__name__)


def backoff(attempts: int) -> timedelta:
    """30 seconds, doubled with each attempt, an hour at most."""
    return min(timedelta(seconds=30 * 2 ** (attempts - 1)), timedelta(hours=1))


def _finish(message: OutboxMessage, **values: object) -> None:
    """Only for the attempt that was claimed: a worker that comes back to life must not finish another's run."""
    OutboxMessage.objects.filter(pk=message.pk, attempts=message.attempts).update(**values)
