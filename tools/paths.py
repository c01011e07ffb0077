"""Where things are. Everything that changes at run time lives below var/, which git ignores.

VAR_DIR puts that folder elsewhere (a data disk), as the Django settings understand it too.
"""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VAR = ROOT / (os.environ.get("VAR_DIR") or "var")
LOGS = VAR / "log"
MANAGE = ROOT / "manage.py"


def make_folders() -> None:
    """Make var/ and the folders in it; only the owner may look inside, for it holds people's data."""
    VAR.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("log", "media", "static"):
        (VAR / name).mkdir(exist_ok=True)


def shown(path: Path) -> str:
    """Name a path the way the user sees it: relative to the project."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
