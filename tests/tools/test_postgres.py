"""The private PostgreSQL: comes up, answers, goes, and leaves nothing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.tools.test_processes import alive, wait_until_gone
from tools import postgres
from tools.paths import ROOT

BINARIES = postgres.find_binaries()
needs_server = pytest.mark.skipif(BINARIES is None, reason="no PostgreSQL server binaries on this machine")


def install(folder: Path, version: str, *names: str) -> Path:
    binaries = folder / version / "bin"
    binaries.mkdir(parents=True)
    for name in names:
        (binaries / name).touch()
    return binaries


def test_the_newest_complete_server_is_taken(tmp_path):
    assert postgres.find_binaries(tmp_path) is None
    install(tmp_path, "9.6", "initdb", "postgres", "pg_isready")
    newest = install(tmp_path, "15", "initdb", "postgres", "pg_isready")
    install(tmp_path, "17", "pg_isready")  # the client package alone
    assert postgres.find_binaries(tmp_path) == newest


@needs_server
def test_a_cluster_answers_and_leaves_nothing():
    with postgres.private_cluster(BINARIES) as url:
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT current_setting('server_encoding'), current_setting('fsync')").fetchone()
            folder = Path(connection.execute("SHOW data_directory").fetchone()[0])
        assert row == ("UTF8", "off")
        pid = int((folder / "postmaster.pid").read_text().split()[0])
        assert alive(pid)
    assert wait_until_gone([pid]) == []
    assert not folder.parent.exists()


@needs_server
def test_a_cluster_is_closed_to_those_without_its_password():
    with postgres.private_cluster(BINARIES) as url:
        place = url.rpartition("@")[2]
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(f"postgres://postgres:wrong@{place}")


HOLDER = """
import time
from pathlib import Path
from tools import postgres, processes
processes.listen()
try:
    cluster = postgres.Cluster(postgres.find_binaries())
    try:
        cluster.start()
        print(cluster.server.pid, cluster.folder, flush=True)
        time.sleep(300)
    finally:
        cluster.stop()
except processes.Stopped:
    pass
"""


@needs_server
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_cluster_goes_when_a_signal_ends_us(number):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER], cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ
    )
    assert holder.stdout
    pid, folder = holder.stdout.readline().split()
    holder.send_signal(number)
    holder.wait(30)
    holder.stdout.close()
    assert wait_until_gone([int(pid)]) == []
    assert not Path(folder).exists()


@pytest.mark.parametrize(
    ("url", "answer"), [("postgres://a/b", True), ("postgresql://a/b", True), ("sqlite:///x", False), ("", False)]
)
def test_addresses_of_postgres_are_told_from_others(url, answer):
    assert postgres.is_postgres(url) is answer
