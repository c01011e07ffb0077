"""Start children so that they can always be ended again, with whatever they started themselves.

Each child leads a session of its own, gets a signal from the kernel if we are killed, and what it loses on the
way (a browser that detaches itself, a worker whose master died) falls to us, because we adopt orphans.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO, Any, NoReturn

_SET_PDEATHSIG = 1
_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A signal asked us to end. Not an Exception: nothing on the way up may take it for an error of its own."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _raise_stopped(number: int, _frame: FrameType | None) -> None:
    raise Stopped(number)


def listen() -> None:
    """Turn the ending signals into `Stopped`, and adopt orphans. Under nohup a closed terminal stays ignored."""
    for number in ENDING:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _raise_stopped)
    if _LIBC:
        _LIBC.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def become(words: list[str], env: Mapping[str, str]) -> NoReturn:
    """Turn into another program, which gets the terminal and the signals as if it had been called itself."""
    if _LIBC:
        _LIBC.prctl(_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
    os.execve(words[0], words, env)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Clear up without being interrupted: a second Ctrl-C must not leave half of it running."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_with_parent() -> None:
    if _LIBC:
        _LIBC.prctl(_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def start(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    output: IO[Any] | int | None = None,
    user: str | None = None,
    group: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child in its own session; its output goes where we say, its errors with it."""
    return subprocess.Popen(
        [str(word) for word in command],
        cwd=cwd,
        env=env,
        stdin=None if output is None else subprocess.DEVNULL,
        stdout=output,
        stderr=None if output is None else subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_end_with_parent,
        user=user,
        group=group,
        extra_groups=[] if user else None,
    )


def _table() -> dict[int, tuple[int, str, str]]:
    """Read the process table: id → (parent, state, start time). The start time tells a reused id from the old one."""
    table = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
            table[int(folder.name)] = (int(fields[1]), fields[0], fields[19])
    return table


def family(pid: int) -> dict[int, str]:
    """Return the living descendants of a process, each with its start time."""
    table = _table()
    found: dict[int, str] = {}
    parents = {pid}
    while parents:
        parents = {child for child, (parent, *_) in table.items() if parent in parents and child not in found}
        found |= {child: table[child][2] for child in parents}
    return {child: started for child, started in found.items() if table[child][1] != "Z"}


def _send(members: Mapping[int, str], number: int) -> None:
    table = _table()
    for pid, started in members.items():
        if pid in table and table[pid][2] == started:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)


def _wait_for(members: Mapping[int, str], patience: float) -> None:
    """Wait until these have ended; a zombie has."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        table = _table()
        if not any(pid in table and table[pid][1:] != ("Z", s) and table[pid][2] == s for pid, s in members.items()):
            return
        time.sleep(0.05)


def end(process: subprocess.Popen[bytes], number: int = signal.SIGTERM, grace: float = 10) -> None:
    """End a child and all below it: ask first, and make sure when the grace has passed."""
    with undisturbed():
        members = family(process.pid)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace)
            _wait_for(members, 3)
        _send(members, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def end_all(grace: float = 5) -> None:
    """End everything below us, the last thing before we leave. What we started directly is normally gone by now."""
    with undisturbed():
        for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 2.0)):
            until = time.monotonic() + patience
            _send(family(os.getpid()), number)
            while family(os.getpid()) and time.monotonic() < until:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(-1, os.WNOHANG)
                time.sleep(0.05)


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    output: IO[Any] | int | None = None,
    ending: int = signal.SIGTERM,
) -> int:
    """Run a child to its end and return its exit code; if we are stopped meanwhile, it ends first."""
    process = start(command, cwd=cwd, env=env, output=output)
    try:
        return process.wait()
    except BaseException:
        end(process, ending)
        raise
