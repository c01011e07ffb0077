"""kill -9 of a worker in the middle of a webhook: another takes over, nothing is lost, nothing counts twice."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from django.utils import timezone

from cases.models import Notice
from liangcheng.accounts.models import User
from liangcheng.common import channels
from liangcheng.common.models import DeliveryChannel, OutboxMessage, OutboxState
from tests import factories
from tests import people as cast
from tests.cases.test_kill import database_url
from tests.common.receiver import Receiver, receiver
from tests.factories import Tree

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]
ROOT = Path(__file__).resolve().parents[2]


def worker(*arguments: str) -> "subprocess.Popen[bytes]":
    """A real one, on the database of the tests."""
    env = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "liangcheng.settings",
        "SECRET_KEY": "k" * 50,
        "LOG_LEVEL": "ERROR",
        "WEBHOOK_ALLOWED_HOSTS": "127.0.0.1",
        "WEBHOOK_TIMEOUT": "20",
    }
    command = [sys.executable, str(ROOT / "manage.py"), "worker", "--pause", "0.1", *arguments]
    return subprocess.Popen(command, env=env, cwd=ROOT)


def once() -> None:
    assert worker("--once").wait(60) == 0


def leases_run_out() -> None:
    """As if two minutes had gone by."""
    OutboxMessage.objects.filter(state=OutboxState.WAITING).update(run_at=timezone.now())


def settled(there: Receiver, cases: int) -> None:
    """Cases whose notices wait, and a channel of everybody to the receiver."""
    tree = Tree()
    people = cast.settle(tree)
    factories.category("0201")
    DeliveryChannel.objects.create(code="wecom", name="企业微信", url=there.url, secret="s")
    for _ in range(cases):
        factories.case(people.liaison, tree.micro)


def test_killed_while_the_receiver_thinks():
    with receiver("hang") as there:
        settled(there, 1)
        first = worker()
        try:
            assert there.came.wait(60)
        finally:
            first.send_signal(signal.SIGKILL)
            first.wait()
        [message] = OutboxMessage.objects.filter(topic=channels.TOPIC)
        assert (message.state, message.attempts) == (OutboxState.WAITING, 1)
        there.behave = 200
        once()
        assert len(there.got) == 1, "the lease is still the dead one's"
        leases_run_out()
        once()
    message.refresh_from_db()
    assert (message.state, message.attempts) == (OutboxState.DELIVERED, 2)
    assert [got.headers["Idempotency-Key"] for got in there.got] == [message.key] * 2
    assert Notice.objects.count() == 1
    assert User.objects.get(username="head").unread == 1


def test_two_workers_and_one_of_them_killed():
    with receiver() as there:
        settled(there, 25)
        doomed, other = worker(), worker()
        try:
            until = time.monotonic() + 60
            while len(there.got) < 5 and time.monotonic() < until:
                time.sleep(0.02)
            doomed.send_signal(signal.SIGKILL)
            doomed.wait()
            left = OutboxMessage.objects.exclude(state=OutboxState.DELIVERED)
            while left.exists() and time.monotonic() < until:
                time.sleep(0.2)
                leases_run_out()
        finally:
            for each in (doomed, other):
                each.kill()
                each.wait()
    assert not left.exists()
    keys = Counter(got.headers["Idempotency-Key"] for got in there.got)
    assert set(keys) == set(OutboxMessage.objects.filter(topic=channels.TOPIC).values_list("key", flat=True))
    assert len(keys) == Notice.objects.count() == 25
    assert User.objects.get(username="head").unread == 25
