"""Make .venv from a lock file, and do nothing when it is there already.

uv installs about three times as fast as pip, so it is fetched first; when that fails (no wheel for this machine,
a mirror without it), pip does the same from the same lock.
"""

import fcntl
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tools import packages, private_files, processes
from tools.console import RunError, say, tail
from tools.paths import LOGS, MANAGE, ROOT, VAR, VENV, make_folders, shown

LOCKS = {"runtime": ROOT / "requirements.lock", "dev": ROOT / "requirements-dev.lock"}
PYTHON = VENV / "bin" / "python"
_STAMP = VENV / "installed.json"
_UV = Path(__file__).parent / "uv-requirements.txt"


def fingerprint(lock: Path) -> str:
    """Return what the stamp compares."""
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def read_stamp(path: Path) -> dict[str, str]:
    """Return which locks are installed; an unreadable stamp counts as none."""
    with suppress(OSError, ValueError):
        stamp = json.loads(path.read_text())
        if isinstance(stamp, dict):
            return stamp
    return {}


def write_stamp(path: Path, kind: str, lock: Path) -> None:
    """Note that a lock has been installed, beside the others."""
    path.write_text(json.dumps(read_stamp(path) | {kind: fingerprint(lock)}, indent=1))


def is_current(path: Path, kind: str, lock: Path) -> bool:
    """Tell whether this lock, as it is now, is what was installed."""
    return read_stamp(path).get(kind) == fingerprint(lock)


@contextmanager
def _alone() -> Iterator[None]:
    """Let one `./run` at a time change the environment; a second waits and then finds the work done."""
    make_folders()
    with (VAR / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("另一个 ./run 正在准备环境，稍等……")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _works(*words: str) -> bool:
    """Tell whether the environment's Python runs this; a moved or half-made environment does not."""
    if not PYTHON.exists():
        return False
    return subprocess.run([PYTHON, *words], capture_output=True, check=False, cwd=ROOT).returncode == 0


def _is_ready(kind: str) -> bool:
    """Tell whether there is nothing to do. Django is asked for: a replaced Python no longer finds its packages."""
    return is_current(_STAMP, kind, LOCKS[kind]) and _works("-c", "import django")


def _variables() -> dict[str, str]:
    """Settings of the installers: no questions, and uv told of the mirror that pip has been set to use."""
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PIP_TARGET", "PIP_PREFIX")}
    env |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    env = {"UV_SYSTEM_CERTS": "1", "UV_HTTP_TIMEOUT": "30"} | env
    mirror = subprocess.run(
        [PYTHON, "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True, check=False, env=env
    ).stdout.strip()
    if mirror := os.environ.get("PIP_INDEX_URL") or mirror:
        env.setdefault("UV_DEFAULT_INDEX", mirror)
    return env


def _make(log_path: Path) -> None:
    packages.need_venv(sys.executable)
    say("正在建虚拟环境 .venv……")
    with log_path.open("ab") as log:
        code = processes.run([sys.executable, "-m", "venv", "--clear", VENV], cwd=ROOT, output=log)
    if code:
        raise RunError(f"虚拟环境没有建成（{shown(log_path)}）：\n{tail(log_path)}")


def _install(lock: Path, log_path: Path) -> None:
    say(f"正在按 {lock.name} 安装依赖……")
    env = _variables()
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--require-hashes", "-r"]
    uv = str(VENV / "bin" / "uv")
    with log_path.open("ab") as log:
        if not Path(uv).exists():
            processes.run([*pip, str(_UV), "--only-binary", ":all:"], cwd=ROOT, env=env, output=log)
        words = [uv, "pip", "install", "--quiet", "--python", str(PYTHON), "--require-hashes", "-r", str(lock)]
        if Path(uv).exists() and processes.run(words, cwd=ROOT, env=env, output=log) == 0:
            return
        say("快速安装没有成功，改用 pip，会慢一些……")
        code = processes.run([*pip, str(lock)], cwd=ROOT, env=env, output=log)
    if code:
        hint = "请检查网络；单位若有自己的 PyPI 镜像，先用 pip config set global.index-url 设好。"
        raise RunError(f"依赖没有装上。{hint}最后几行（全文见 {shown(log_path)}）：\n{tail(log_path)}")


def ensure(kind: str) -> None:
    """Bring the environment up to what a lock says: "runtime" to serve, "dev" to test and check."""
    lock, log_path = LOCKS[kind], LOGS / "install.log"
    if _is_ready(kind):
        return
    with _alone():
        if _is_ready(kind):
            return
        if not _works("-m", "pip", "--version"):
            _make(log_path)
        _install(lock, log_path)
        write_stamp(_STAMP, kind, lock)


def variables() -> dict[str, str]:
    """Return the environment the project runs in: what the user set stands, the rest gets its value here."""
    make_folders()
    env = dict(os.environ)
    env.pop("PYTHONHOME", None)
    env |= {"PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1", "SECRET_KEY": private_files.secret_key(VAR)}
    env.setdefault("DEBUG", "0")
    env.setdefault("ALLOWED_HOSTS", "127.0.0.1,localhost")
    return env


def with_bytecode(env: dict[str, str]) -> dict[str, str]:
    """Add a place for bytecode where none may be written beside the sources: a run starts Python twenty times."""
    if not env.get("PYTHONDONTWRITEBYTECODE"):
        return env
    kept = {name: value for name, value in env.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {"PYTHONPYCACHEPREFIX": str(VAR / "bytecode")} | kept


def manage(*words: str) -> list[str]:
    """Return the command line of a Django management command."""
    return [str(PYTHON), str(MANAGE), *words]
