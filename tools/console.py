"""What the user reads. One place, so that every message looks the same and survives any terminal."""

import contextlib
import io
import sys
from pathlib import Path


class RunError(Exception):
    """Something the user has to know; the text is shown as it is, without a traceback."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


def prepare() -> None:
    """Make Chinese printable under any locale, and each line visible at once when piped into a file."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace", line_buffering=True)


def say(text: str = "") -> None:
    """Print a line; a reader that went away (`| head`, a closed terminal) must not stop the clearing up."""
    with contextlib.suppress(BrokenPipeError, OSError):
        print(text, flush=True)


def complain(text: str) -> None:
    """Print a line to the error stream."""
    with contextlib.suppress(BrokenPipeError, OSError):
        print(text, file=sys.stderr, flush=True)


def tail(path: Path, lines: int = 20) -> str:
    """Return the last lines of a log, indented, to be shown under a sentence that says what went wrong."""
    try:
        with path.open("rb") as log:
            log.seek(0, io.SEEK_END)
            log.seek(max(0, log.tell() - 200 * lines))
            text = log.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])
