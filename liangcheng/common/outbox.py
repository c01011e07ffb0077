"""Deliver what the outbox holds: at least once, by any number of workers, whatever dies in between (ADR 0004)."""

import logging
import traceback
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.db import connection, transaction
from django.db.models import F, QuerySet

from liangcheng.common.clock import now
from liangcheng.common.exceptions import DomainError
from liangcheng.common.models import OutboxMessage, OutboxState

logger = logging.getLogger(__name__)
Handler = Callable[[OutboxMessage], None]
HANDLERS: dict[str, Handler] = {}
# Topics whose handler runs outside any transaction: it talks to other machines, and must not hold a lock meanwhile.
OUTSIDE: set[str] = set()
# Topics among them that take many seconds: one per round, and they renew their lease as they go on.
SLOW: set[str] = set()
# A claimed message that is not finished within the lease is taken up again by whoever comes next. Longer than any
# handler takes: a row, or one request with its own bound (WEBHOOK_TIMEOUT), for which the lease is begun anew.
LEASE = timedelta(minutes=2)
# So few slow ones per round, so that notices do not wait behind a receiver that hangs.
_OUTSIDE_AT_ONCE = 4
MAX_ATTEMPTS = 8
# What stands in `last_error` from claiming to finishing; found there later, the worker died over this message.
INTERRUPTED = "处理中断"


class DeliveryFailed(DomainError):
    """A receiver did not take it; tried again later. `code` is kept with the message and shown in words."""


class PermanentFailure(DeliveryFailed):
    """Trying again would not help until somebody changes something: dead at once."""


class Superseded(Exception):
    """The lease ran out and somebody else has this message now: take back what this attempt wrote."""


def register_handler(topic: str, handler: Handler, *, transactional: bool = True, slow: bool = False) -> None:
    """Called by apps when they start: who delivers messages of `topic`. May be called twice for one message.

    `transactional`: what the handler writes and the finish are one transaction. Else the handler runs outside any,
    and only the finish is written after it; killed in between, the message is sent again with the same key.
    `slow`: runs outside any transaction and for longer; calls `renew` while it goes on.
    """
    HANDLERS[topic] = handler
    for topics, belongs in ((OUTSIDE, slow or not transactional), (SLOW, slow)):
        if belongs:
            topics.add(topic)
        else:
            topics.discard(topic)


def claim(limit: int) -> list[OutboxMessage]:
    """Take up to `limit` due messages: their `run_at` moves to the end of the lease, their attempts rise.

    PostgreSQL skips rows that another worker is claiming; SQLite's IMMEDIATE transactions come one after the other.
    """
    moment = now()
    due = OutboxMessage.objects.filter(state=OutboxState.WAITING, run_at__lte=moment).order_by("run_at", "id")
    if not due.exists():
        # Without this, an idle worker would ask SQLite for its one write lock every second.
        return []
    with transaction.atomic():
        skip = connection.features.has_select_for_update_skip_locked
        free = due.select_for_update(skip_locked=skip)
        found = list(free.exclude(topic__in=OUTSIDE)[:limit])
        if len(found) < limit:
            found += free.filter(topic__in=OUTSIDE - SLOW)[: min(limit - len(found), _OUTSIDE_AT_ONCE)]
        if SLOW and len(found) < limit:
            found += free.filter(topic__in=SLOW)[:1]
        killers = [message.pk for message in found if _kills(message)]
        messages = [message for message in found if message.pk not in killers]
        OutboxMessage.objects.filter(pk__in=killers).update(state=OutboxState.DEAD)
        OutboxMessage.objects.filter(pk__in=[message.pk for message in messages]).update(
            attempts=F("attempts") + 1, run_at=moment + LEASE, last_error=INTERRUPTED
        )
    for message in messages:
        message.attempts += 1
    return messages


def _kills(message: OutboxMessage) -> bool:
    """Whether every attempt so far ended with the worker's death; the last one would be no different."""
    return message.attempts >= MAX_ATTEMPTS and message.last_error == INTERRUPTED


def deliver_due(limit: int = 50) -> int:
    """Deliver up to `limit` due messages; returns how many were tried. A failing one does not stop the next."""
    messages = claim(limit)
    for message in messages:
        _deliver(message)
    return len(messages)


def _deliver(message: OutboxMessage) -> None:
    """One attempt; see register_handler for what is one transaction with the finish."""
    try:
        if message.topic in OUTSIDE:
            # The others of this round have taken their time: from here on the lease is this message's alone.
            if not _finish(message, run_at=now() + LEASE):
                raise Superseded
            _attempt(message)
        else:
            with transaction.atomic():
                _attempt(message)
    except Superseded:
        logger.warning("outbox_superseded id=%s attempt=%s", message.pk, message.attempts)
    except Exception as error:  # noqa: BLE001 -- whatever it is, the next message must still go out
        _put_off(message, error)


def _attempt(message: OutboxMessage) -> None:
    HANDLERS[message.topic](message)
    if not _finish(message, state=OutboxState.DELIVERED, delivered_at=now(), last_error=""):
        raise Superseded


def renew(message: OutboxMessage) -> None:
    """Begin the lease anew, in the middle of long work. Raises Superseded: somebody else has it, stop."""
    if not _finish(message, run_at=now() + LEASE):
        raise Superseded


def _put_off(message: OutboxMessage, error: Exception) -> None:
    """Try again later, or give up; what is kept of the error names no person."""
    reason = error.code if isinstance(error, DomainError) else place_of(error)
    if message.topic not in HANDLERS:
        reason = f"没有处理程序：{message.topic}"
    logger.warning("outbox_failed id=%s attempt=%s error=%s", message.pk, message.attempts, reason)
    hopeless = message.attempts >= MAX_ATTEMPTS or isinstance(error, PermanentFailure)
    state = OutboxState.DEAD if hopeless else OutboxState.WAITING
    _finish(message, state=state, run_at=now() + backoff(message.attempts), last_error=reason[:500])


def place_of(error: Exception) -> str:
    """ "KeyError notifications.py:103": enough to find it. Its message may quote a row, and so a person."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


def backoff(attempts: int) -> timedelta:
    """30 seconds, doubled with each attempt, an hour at most."""
    return min(timedelta(seconds=30 * 2 ** min(attempts - 1, 10)), timedelta(hours=1))


def _finish(message: OutboxMessage, **values: object) -> int:
    """Only for the attempt that was claimed: a worker that comes back to life must not finish another's run."""
    return OutboxMessage.objects.filter(pk=message.pk, attempts=message.attempts).update(**values)


def send_again(messages: "QuerySet[OutboxMessage]") -> int:
    """Put undelivered messages back in line at once; returns how many. The attempt number goes on counting."""
    # What a worker has in hand at this moment is not sent beside it.
    undelivered = messages.exclude(state=OutboxState.DELIVERED).exclude(last_error=INTERRUPTED, run_at__gt=now())
    return undelivered.update(state=OutboxState.WAITING, run_at=now(), last_error="")
