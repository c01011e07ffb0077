"""The worker as a process: it works, ends when asked, and outlives a database that goes away."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection

from liangcheng.common import jobs, outbox
from liangcheng.common.management.commands.worker import Command
from liangcheng.common.models import OutboxMessage, OutboxState

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def quiet(monkeypatch) -> None:
    """No recurring jobs but those of the test."""
    monkeypatch.setattr(jobs, "JOBS", {})


@pytest.mark.django_db
def test_once_works_off_everything_that_is_due(monkeypatch, quiet):
    ran: list[str] = []
    jobs.register_minutely("tick", lambda: ran.append("tick"))
    monkeypatch.setitem(outbox.HANDLERS, "t", lambda message: ran.append(message.key))
    OutboxMessage.objects.bulk_create(OutboxMessage(topic="t", key=f"{n:03}") for n in range(120))
    call_command("worker", "--once")
    assert len(ran) == 121
    assert not OutboxMessage.objects.exclude(state=OutboxState.DELIVERED).exists()


class TestRound:
    """One turn of the loop, with a database that fails and comes back."""

    def worker(self) -> Command:
        command = Command()
        command.stopping = False
        return command

    @pytest.mark.django_db(transaction=True)
    def test_a_lost_connection_is_replaced(self, monkeypatch, quiet):
        def lost(limit: int = 1) -> int:
            raise OperationalError("server closed the connection")

        command = self.worker()
        with monkeypatch.context() as patch:
            patch.setattr(outbox, "deliver_due", lost)
            assert command.round() == (False, True)
        assert connection.connection is None
        assert command.round() == (False, False)

    def test_pauses_grow_while_it_fails_and_shrink_when_it_works(self, monkeypatch):
        command, pauses = self.worker(), []
        rounds = iter([(False, True)] * 7 + [(False, False), (True, False), (False, False)])

        def next_round() -> tuple[bool, bool]:
            found = next(rounds, None)
            command.stopping = found is None
            return found or (True, False)

        monkeypatch.setattr(command, "round", next_round)
        monkeypatch.setattr(command, "sleep", pauses.append)
        command.loop(1.0)
        assert pauses == [2, 4, 8, 16, 30, 30, 30, 1, 1]

    def test_a_signal_during_the_pause_ends_it_at_once(self):
        command = self.worker()
        before = signal.signal(signal.SIGALRM, command.stop)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            started = time.monotonic()
            command.sleep(20)
        finally:
            signal.signal(signal.SIGALRM, before)
        assert time.monotonic() - started < 2


def start(env: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "worker", "--pause", "0.1"],
        env=env,
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def environment() -> dict[str, str]:
    """The worker's environment, with the database of the tests."""
    values = connection.settings_dict
    if connection.vendor == "postgresql":
        login = f"{values['USER']}:{values['PASSWORD']}@" if values["USER"] else ""
        url = f"postgres://{login}{values['HOST']}:{values['PORT']}/{values['NAME']}"
    else:
        url = f"sqlite:///{values['NAME']}"
    return {**os.environ, "DATABASE_URL": url, "SECRET_KEY": "k" * 50, "DJANGO_SETTINGS_MODULE": "liangcheng.settings"}


def tried(key: str):
    """A message that nobody delivers; whether the worker has tried it."""
    row = OutboxMessage.objects.create(topic="nobody.knows", key=key)
    return lambda: OutboxMessage.objects.filter(pk=row.pk, attempts=1).exists()


def wait_until(condition) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until, "nothing happened within 30 seconds"
        time.sleep(0.1)


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_process_runs_jobs_and_ends_cleanly_on_a_signal(environment, number):
    worker = start(environment)
    try:
        wait_until(tried("first"))
        worker.send_signal(number)
        _, log = worker.communicate(timeout=10)
    finally:
        worker.kill()
    assert worker.returncode == 0
    assert "worker_started" in log
    assert "worker_stopped" in log
    assert "Traceback" not in log


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_process_outlives_broken_connections(environment):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no server that could cut a connection")
    worker = start(environment)
    try:
        wait_until(tried("first"))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert cursor.fetchone()[0] >= 1
        wait_until(tried("after the cut"))
        assert worker.poll() is None
    finally:
        worker.terminate()
        worker.communicate(timeout=10)
