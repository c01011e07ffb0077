"""Random secrets of one installation, each in a file that only its owner may read."""

import contextlib
import os
import secrets
from pathlib import Path

# No 0/O, 1/l/I: a person reads the demo password from a screen and types it on a phone.
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"


def random_password() -> str:
    """Make a password that is easy to read out, hard to guess (about 59 bits) and mixed enough for our own rules."""
    while True:
        password = "-".join("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(3))
        if any(sign.isdigit() for sign in password) and any(sign.isalpha() for sign in password):
            return password


def random_key() -> str:
    """Make a signing key for Django."""
    return secrets.token_urlsafe(50)


def read(path: Path) -> str:
    """Return the secret kept in a file, or nothing."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def write(path: Path, value: str) -> None:
    """Keep a secret: whole or not at all, and never readable by others, not even for a moment."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(value + "\n")
    fresh.replace(path)


def secret_key(folder: Path) -> str:
    """Return the signing key: from SECRET_KEY, else the installation's own, made once."""
    if given := os.environ.get("SECRET_KEY"):
        return given
    path = folder / "secret-key"
    if not (kept := read(path)):
        kept = random_key()
        write(path, kept)
    path.chmod(0o600)
    return kept


def demo_password(folder: Path) -> str:
    """Return the demo accounts' password: from DEMO_PASSWORD, else the one kept, else a new one.

    One that was given is kept too: the accounts go on having it when the next start does not give it again.
    """
    path = folder / "demo-password"
    kept = read(path)
    wanted = os.environ.get("DEMO_PASSWORD") or kept or random_password()
    if wanted != kept:
        write(path, wanted)
    path.chmod(0o600)
    return wanted
