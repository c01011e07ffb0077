"""System packages: install them where that is ours to do (root, apt), else name the one command that does."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from tools import processes
from tools.console import RunError, complain, say, tail
from tools.paths import LOGS, ROOT, make_folders, shown

_APT_LISTS = Path("/var/lib/apt/lists")


def can_install() -> bool:
    """Tell whether we may install system packages ourselves."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def command_for(names: list[str]) -> str:
    """Name the one command that installs these packages, fit for the user who reads it."""
    install = f"apt-get update && apt-get install -y {' '.join(names)}"
    if shutil.which("apt-get") is None:
        return f"请用系统的软件包管理器安装 {' '.join(names)}"
    if os.geteuid() == 0:
        return install
    return f'sudo sh -c "{install}"' if shutil.which("sudo") else f'su -c "{install}"'


def _apt(*words: str) -> bool:
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    command = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=120", *words]
    make_folders()
    with (LOGS / "apt.log").open("ab") as log:
        return processes.run(command, cwd=ROOT, env=env, output=log) == 0


def install(names: list[str], reason: str) -> bool:
    """Install packages as root, saying so. The lists are fetched when there are none or they have grown stale."""
    say(f"{reason}，正在用 apt 安装 {'、'.join(names)}……")
    words = ("install", "-y", "--no-install-recommends", *names)
    fresh = not any(_APT_LISTS.glob("*_Packages*"))
    if fresh:
        _apt("update")
    if _apt(*words) or (not fresh and _apt("update") and _apt(*words)):
        return True
    log = LOGS / "apt.log"
    complain(f"apt 没有装上 {'、'.join(names)}，最后几行（全文见 {shown(log)}）：\n{tail(log, 8)}")
    return False


def provide(missing: Callable[[], list[str]], reason: str) -> list[str]:
    """Install what is missing if we may, and return what is missing still."""
    names = missing()
    if names and can_install():
        install(names, reason)
        names = missing()
    return names


def need_venv(python: str) -> None:
    """Make sure that this Python can make environments: bare Debian keeps that in a package of its own."""

    def missing() -> list[str]:
        words = "import venv, ensurepip; ensurepip.version()"
        able = subprocess.run([python, "-c", words], capture_output=True, check=False)
        return [] if able.returncode == 0 else ["python3-venv"]

    if names := provide(missing, "这台机器的 Python 不能建虚拟环境"):
        raise RunError(f"这台机器的 Python 不能建虚拟环境。请先运行：\n  {command_for(names)}\n然后再运行 ./run")


# --- what the tests need -------------------------------------------------------------------------------------------

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")
_CHINESE_FONTS = ("wqy", "cjk", "arphic", "uming", "ukai", "fallback", "simsun", "simhei", "msyh", "sourcehan")


def chromium() -> str | None:
    """Find the browser on the PATH."""
    return next((found for name in _BROWSERS if (found := shutil.which(name))), None)


def has_chinese_font() -> bool:
    """Tell whether pages would show characters and not boxes; asks the font list, or the folders if there is none."""
    if listing := shutil.which("fc-list"):
        found = subprocess.run([listing, ":lang=zh", "family"], capture_output=True, check=False)
        return bool(found.stdout.strip())
    files = (file.name.lower() for folder in _FONT_FOLDERS for file in Path(folder).expanduser().rglob("*.[to]t[cf]"))
    return any(mark in name for name in files for mark in _CHINESE_FONTS)


def missing_for_browser() -> list[str]:
    """Name the packages that the browser tests still need."""
    present = {"chromium": chromium() is not None, "fonts-wqy-microhei": has_chinese_font()}
    return [name for name, there in present.items() if not there]
