"""One migrated database, copied for every process of a run: migrating takes half a minute, copying a moment.

The template is made by the migrations, as an installation is, and only for exactly this code: any changed line of
the apps or of the locked packages makes a new one.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent
_SOURCES = ("liangcheng", "grids", "members", "cases")


def fingerprint() -> str:
    """What a template depends on, in short."""
    files = [path for folder in _SOURCES for path in sorted((ROOT / folder).rglob("*.py"))]
    digest = hashlib.sha256()
    for path in [*files, ROOT / "requirements.lock", ROOT / "tests" / "settings.py"]:
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


class SqliteTemplate:
    """A file beside the database of the tests; its name says for which code it is."""

    def __init__(self, mark: str) -> None:
        self.path = settings.VAR_DIR / f"test-template-{mark}.sqlite3"
        self.making = str(self.path.with_suffix(".making"))

    def is_current(self) -> bool:
        return self.path.exists()

    def finish(self) -> None:
        for older in settings.VAR_DIR.glob("test-template-*.sqlite3"):
            older.unlink()
        os.replace(self.making, self.path)

    def has(self, name: str) -> bool:
        return Path(name).exists()

    def copy_to(self, name: str) -> None:
        for ending in ("-journal", "-wal", "-shm"):
            Path(f"{name}{ending}").unlink(missing_ok=True)
        shutil.copyfile(self.path, name)


class PostgresTemplate:
    """A database on the same server; its comment says for which code it is."""

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self.making = f"test_{connection.settings_dict['NAME']}_template"

    def _ask(self, sql: str, *values: str) -> Any:
        with connection.creation._nodb_cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchone() if cursor.description else None

    def is_current(self) -> bool:
        about = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
        return self._ask(about, self.making) == (self.mark,)

    def finish(self) -> None:
        self._ask(f"COMMENT ON DATABASE \"{self.making}\" IS '{self.mark}'")

    def has(self, name: str) -> bool:
        return self._ask("SELECT 1 FROM pg_database WHERE datname = %s", name) is not None

    def copy_to(self, name: str) -> None:
        self._ask(f'DROP DATABASE IF EXISTS "{name}"')
        self._ask(f'CREATE DATABASE "{name}" TEMPLATE "{self.making}"')


def _template() -> SqliteTemplate | PostgresTemplate:
    return (SqliteTemplate if connection.vendor == "sqlite" else PostgresTemplate)(fingerprint())


@contextmanager
def _alone() -> Iterator[None]:
    """One process at a time makes a template or copies it."""
    with (settings.VAR_DIR / "test-template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make() -> None:
    """Migrate a template unless there is one for this code."""
    with _alone():
        template = _template()
        if template.is_current():
            return
        name = connection.settings_dict["NAME"]
        connection.settings_dict["TEST"]["NAME"] = template.making
        connection.creation.create_test_db(verbosity=0, autoclobber=True)
        connection.close()
        settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name
        template.finish()


def start_making() -> "subprocess.Popen[bytes]":
    """Make it in a process of its own, so that what migrations load and patch stays out of the tests."""
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    return subprocess.Popen([sys.executable, "-m", "tests.database"], cwd=ROOT, env=env)


def provide(*, afresh: bool) -> bool:
    """Put a copy where this process has its database; False: there was one, and it stays."""
    template, name = _template(), str(connection.creation._get_test_db_name())
    if not afresh and template.has(name):
        return False
    if start_making().wait():
        raise RuntimeError("the database of the tests could not be made; the reason stands above")
    connection.close()
    with _alone():
        template.copy_to(name)
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name
    return True


if __name__ == "__main__":
    import django

    django.setup()
    make()
