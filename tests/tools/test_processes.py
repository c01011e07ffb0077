"""Nothing that was started stays behind: groups, grandchildren, and those that slip into their own session."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools import processes
from tools.paths import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="process tables are read from /proc")

# A parent that ignores SIGTERM, a child in its group, and a grandchild that has left for its own session.
TREE = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
near = subprocess.Popen(["sleep", "300"])
far = subprocess.Popen(["sleep", "300"], start_new_session=True)
print(os.getpid(), near.pid, far.pid, flush=True)
time.sleep(300)
"""


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pids: list[int], patience: float = 10) -> list[int]:
    until = time.monotonic() + patience
    while (left := [pid for pid in pids if alive(pid)]) and time.monotonic() < until:
        time.sleep(0.05)
    return left


def test_end_takes_the_whole_tree_even_if_it_does_not_want_to():
    process = processes.start([sys.executable, "-c", TREE], cwd=ROOT, output=subprocess.PIPE)
    assert process.stdout
    pids = [int(word) for word in process.stdout.readline().split()]
    assert set(processes.family(process.pid)) == set(pids[1:])
    processes.end(process, grace=0.3)
    process.stdout.close()
    assert wait_until_gone(pids) == []


# A tree that ends when asked.
WILLING = TREE.replace("signal.signal(signal.SIGTERM, signal.SIG_IGN)\n", "")

# What ./run does: start a tree, then wait for the signal that ends it.
RUNNER = f"""
import sys
from tools import processes
from tools.paths import ROOT
processes.listen()
try:
    processes.run([sys.executable, "-c", {WILLING!r}], cwd=ROOT)
except processes.Stopped as stopped:
    sys.exit(100 + stopped.number)
finally:
    processes.end_all(grace=1)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything_below(number):
    runner = subprocess.Popen([sys.executable, "-c", RUNNER], cwd=ROOT, stdout=subprocess.PIPE)
    assert runner.stdout
    pids = [int(word) for word in runner.stdout.readline().split()]
    assert all(alive(pid) for pid in pids)
    runner.send_signal(number)
    assert runner.wait(30) == 100 + number
    runner.stdout.close()
    assert wait_until_gone(pids) == []


def test_a_child_gets_word_when_we_are_killed_outright():
    script = "import sys\nfrom tools import processes\nfrom tools.paths import ROOT\n" + (
        "child = processes.start(['sleep', '300'], cwd=ROOT)\nprint(child.pid, flush=True)\nchild.wait()"
    )
    runner = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE)
    assert runner.stdout
    pid = int(runner.stdout.readline())
    runner.kill()
    runner.wait(10)
    runner.stdout.close()
    assert wait_until_gone([pid]) == []


def test_family_knows_nobody_below_a_process_without_children():
    assert processes.family(os.getpid() + 10**6) == {}
