"""A private PostgreSQL for tests and benchmarks, from the Debian package's binaries; nothing of it stays behind.

PostgreSQL refuses to run as root, so root runs it as another user. The server is a child of ours, not a daemon:
it ends with us even when we are killed. fsync is off, for nothing in it is worth keeping.
"""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools import processes
from tools.console import RunError, tail

_INSTALLED = Path("/usr/lib/postgresql")
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "100",
}


def find_binaries(installed: Path = _INSTALLED) -> Path | None:
    """Return the folder of the newest server that is complete."""

    def version(folder: Path) -> float:
        return float(folder.parent.name) if folder.parent.name.replace(".", "", 1).isdigit() else 0

    needed = ("initdb", "postgres", "pg_isready")
    found = [folder for folder in installed.glob("*/bin") if all((folder / name).exists() for name in needed)]
    return max(found, key=version, default=None)


def free_port() -> int:
    """Ask the system for a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _owner() -> tuple[str | None, int | None]:
    """Return the user and group to run as: ourselves, or as root the package's own user, else nobody."""
    if os.geteuid() != 0:
        return None, None
    for name in ("postgres", "nobody"):
        try:
            return name, pwd.getpwnam(name).pw_gid
        except KeyError:
            continue
    raise RunError("PostgreSQL 不能以 root 运行，而系统里没有 postgres 或 nobody 用户。", 2)


class Cluster:
    """One server in one temporary folder."""

    def __init__(self, binaries: Path) -> None:
        self.binaries = binaries
        self.user, self.group = _owner()
        # As root: a place that the other user can reach, whatever TMPDIR says.
        self.folder = Path(tempfile.mkdtemp(prefix="liangcheng-pg-", dir="/tmp" if self.user else None))
        self.password = secrets.token_hex(16)
        self.port = 0
        self.server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address for DATABASE_URL."""
        return f"postgres://postgres:{self.password}@127.0.0.1:{self.port}/postgres"

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        env = {"PATH": os.defpath, "HOME": str(self.folder), "LC_ALL": "C.UTF-8"}
        with (self.folder / "log").open("ab") as log:
            return processes.start(
                [self.binaries / command[0], *command[1:]],
                cwd=self.folder,
                env=env,
                output=log,
                user=self.user,
                group=self.group,
            )

    def _initialize(self) -> None:
        password_file = self.folder / "password"
        password_file.write_text(self.password)
        if self.user:
            shutil.chown(self.folder, self.user, self.group)
            shutil.chown(password_file, self.user, self.group)
        words = ["-D", "data", "-U", "postgres", "-A", "scram-sha-256", "--pwfile", str(password_file)]
        making = self._start("initdb", *words, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        if making.wait():
            raise RunError(f"PostgreSQL 的数据目录没有建成：\n{tail(self.folder / 'log')}", 2)
        password_file.unlink()

    def _is_up(self, patience: float = 60) -> bool:
        ready = [str(self.binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        until = time.monotonic() + patience
        while self.server and self.server.poll() is None and time.monotonic() < until:
            if subprocess.run(ready, check=False).returncode == 0:
                return True
            time.sleep(0.1)
        return False

    def start(self) -> None:
        """Make the cluster and start it; a port that was taken in between is tried again with another."""
        self._initialize()
        settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
        for _ in range(3):
            self.port = free_port()
            self.server = self._start("postgres", "-D", "data", "-p", str(self.port), *settings)
            if self._is_up():
                return
            processes.end(self.server, signal.SIGQUIT)
        raise RunError(f"PostgreSQL 没有启动：\n{tail(self.folder / 'log')}", 2)

    def stop(self) -> None:
        """End the server without waiting for its clients, and remove its folder."""
        with processes.undisturbed():
            if self.server:
                processes.end(self.server, signal.SIGINT)
            shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def private_cluster(binaries: Path) -> Iterator[str]:
    """Run a cluster for as long as the block lasts, and yield its DATABASE_URL."""
    cluster = Cluster(binaries)
    try:
        cluster.start()
        yield cluster.url
    finally:
        cluster.stop()


def is_postgres(url: str) -> bool:
    """Tell whether a DATABASE_URL means PostgreSQL."""
    return url.startswith(("postgres://", "postgresql://"))
