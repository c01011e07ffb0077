"""The outbox: claims, leases, back-off, and what a rollback leaves."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from liangcheng.common import clock, outbox
from liangcheng.common.exceptions import InvalidInput
from liangcheng.common.models import CalendarDay, OutboxMessage, OutboxState
from tests.common.together import together

TOPIC = "test.topic"


@pytest.fixture
def delivered(monkeypatch) -> list[int]:
    """Ids as the handler of TOPIC got them."""
    seen: list[int] = []
    monkeypatch.setitem(outbox.HANDLERS, TOPIC, lambda message: seen.append(message.pk))
    return seen


def message(key: str = "1", **fields) -> OutboxMessage:
    return OutboxMessage.objects.create(topic=TOPIC, key=key, **fields)


def failing(monkeypatch, error: Exception) -> None:
    def handler(message: OutboxMessage) -> None:
        raise error

    monkeypatch.setitem(outbox.HANDLERS, TOPIC, handler)


@pytest.mark.django_db
class TestDelivery:
    def test_due_messages_in_order_and_each_once(self, delivered):
        moment = timezone.now()
        later = message("later", run_at=moment + timedelta(hours=1))
        second = message("b", run_at=moment - timedelta(minutes=1))
        first = message("a", run_at=moment - timedelta(minutes=2))
        assert outbox.deliver_due() == 2
        assert outbox.deliver_due() == 0
        assert delivered == [first.pk, second.pk]
        states = dict(OutboxMessage.objects.values_list("pk", "state"))
        assert states == {first.pk: "delivered", second.pk: "delivered", later.pk: "waiting"}

    def test_limit(self, delivered):
        for number in range(5):
            message(str(number))
        assert [outbox.deliver_due(2), outbox.deliver_due(2), outbox.deliver_due(2)] == [2, 2, 1]

    def test_what_a_handler_wrote_goes_when_it_fails(self, monkeypatch):
        def handler(message: OutboxMessage) -> None:
            CalendarDay.objects.create(day="2030-01-01")
            raise RuntimeError

        monkeypatch.setitem(outbox.HANDLERS, TOPIC, handler)
        message()
        outbox.deliver_due()
        assert not CalendarDay.objects.exists()

    def test_failing_message_is_put_off_and_the_next_still_goes_out(self, monkeypatch):
        seen = []

        def handler(message: OutboxMessage) -> None:
            if message.key == "bad":
                raise KeyError("张三 13000000001")
            seen.append(message.key)

        monkeypatch.setitem(outbox.HANDLERS, TOPIC, handler)
        bad = message("bad", run_at=timezone.now() - timedelta(minutes=1))
        message("good")
        outbox.deliver_due()
        bad.refresh_from_db()
        assert seen == ["good"]
        assert (bad.state, bad.attempts) == (OutboxState.WAITING, 1)
        assert bad.run_at > timezone.now() + timedelta(seconds=25)
        assert bad.last_error.startswith("KeyError test_outbox.py:")
        assert "张三" not in bad.last_error

    def test_back_off_grows_then_the_message_is_dead(self, monkeypatch):
        failing(monkeypatch, InvalidInput("gone", "没有了。"))
        row, moment, pauses = message(), timezone.now(), []
        for _ in range(outbox.MAX_ATTEMPTS):
            with clock.at(moment):
                assert outbox.deliver_due() == 1
            row.refresh_from_db()
            pauses.append(row.run_at - moment)
            moment = row.run_at
        assert pauses == sorted(pauses)
        assert pauses[0] == timedelta(seconds=30)
        assert max(pauses) <= timedelta(hours=1)
        assert (row.state, row.last_error) == (OutboxState.DEAD, "gone")
        with clock.at(moment + timedelta(days=9)):
            assert outbox.deliver_due() == 0

    def test_unknown_topic_is_named_and_not_lost(self, delivered):
        row = OutboxMessage.objects.create(topic="nobody.knows", key="x")
        outbox.deliver_due()
        row.refresh_from_db()
        assert row.state == OutboxState.WAITING
        assert "nobody.knows" in row.last_error

    def test_dead_ones_can_be_sent_again(self, monkeypatch, delivered):
        row = message(state=OutboxState.DEAD, attempts=outbox.MAX_ATTEMPTS, last_error=outbox.INTERRUPTED)
        done = message("done", state=OutboxState.DELIVERED)
        assert outbox.send_again(OutboxMessage.objects.all()) == 1
        assert outbox.deliver_due() == 1
        assert delivered == [row.pk]
        done.refresh_from_db()
        assert done.attempts == 0


@pytest.mark.django_db
class TestLease:
    def test_message_of_a_killed_worker_comes_back_after_the_lease(self, delivered):
        row, moment = message(), timezone.now()
        with clock.at(moment):
            assert [claimed.pk for claimed in outbox.claim(10)] == [row.pk]  # and here the worker is killed
        with clock.at(moment + outbox.LEASE - timedelta(seconds=1)):
            assert outbox.deliver_due() == 0
        with clock.at(moment + outbox.LEASE):
            assert outbox.deliver_due() == 1
        row.refresh_from_db()
        assert (delivered, row.state, row.attempts) == ([row.pk], OutboxState.DELIVERED, 2)

    def test_revived_worker_cannot_finish_the_run_of_another(self, monkeypatch):
        row, moment = message(), timezone.now()
        monkeypatch.setitem(outbox.HANDLERS, TOPIC, lambda m: CalendarDay.objects.create(day="2030-01-01"))
        with clock.at(moment):
            [zombie] = outbox.claim(1)
        with clock.at(moment + outbox.LEASE):
            [current] = outbox.claim(1)
        outbox._deliver(zombie)
        row.refresh_from_db()
        assert row.state == OutboxState.WAITING
        assert not CalendarDay.objects.exists(), "the zombie's writing must be taken back"
        outbox._deliver(current)
        row.refresh_from_db()
        assert (row.state, CalendarDay.objects.count()) == (OutboxState.DELIVERED, 1)

    def test_message_that_kills_every_worker_ends_dead(self, delivered):
        row, moment = message(), timezone.now()
        for number in range(outbox.MAX_ATTEMPTS):
            with clock.at(moment + number * outbox.LEASE):
                assert len(outbox.claim(1)) == 1
        with clock.at(moment + outbox.MAX_ATTEMPTS * outbox.LEASE):
            assert outbox.claim(1) == []
        row.refresh_from_db()
        assert row.state == OutboxState.DEAD


@pytest.mark.django_db(transaction=True)
def test_rollback_drops_the_row(delivered):
    def refused() -> None:
        with transaction.atomic():
            message()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        refused()
    assert outbox.deliver_due() == 0
    assert not OutboxMessage.objects.exists()


@pytest.mark.django_db
def test_idle_worker_asks_once_and_locks_nothing(statements):
    with statements(1) as seen:
        outbox.deliver_due()
    assert "FOR UPDATE" not in seen[0]


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_deliver_each_message_once(monkeypatch):
    counted: Counter[int] = Counter()
    lock = threading.Lock()

    def handler(message: OutboxMessage) -> None:
        with lock:
            counted[message.pk] += 1

    monkeypatch.setitem(outbox.HANDLERS, TOPIC, handler)
    ids = {message(str(number)).pk for number in range(60)}

    def work() -> None:
        while outbox.deliver_due(5):
            pass

    together(work, times=4)
    assert set(counted) == ids
    assert set(counted.values()) == {1}
    assert OutboxMessage.objects.filter(state=OutboxState.DELIVERED, attempts=1).count() == 60


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_a_row_that_another_worker_is_claiming_is_passed_over(delivered):
    if not connection.features.has_select_for_update_skip_locked:
        pytest.skip("SQLite has one writer at a time: nothing to pass over")
    first, second = message("1"), message("2")
    found: list[list[int]] = []
    with transaction.atomic():
        OutboxMessage.objects.select_for_update().get(pk=first.pk)
        together(lambda: found.append([claimed.pk for claimed in outbox.claim(10)]), times=1)
    assert found == [[second.pk]]
