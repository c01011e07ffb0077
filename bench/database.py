"""A database of the benchmark's own, beside the one that DATABASE_URL names; kept, so that a second run is quick."""

import os
from urllib.parse import urlsplit, urlunsplit


def use(name: str) -> None:
    """Point DATABASE_URL at database `name` on the same server, made if it is missing. PostgreSQL only."""
    url = os.environ.get("DATABASE_URL", "")
    parts = urlsplit(url)
    if not parts.scheme.startswith("postgres"):
        raise SystemExit("基准测试需要 PostgreSQL:请设置 DATABASE_URL，或用 ./run bench 自动启动一个。")
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
        if not known:
            connection.execute(f'CREATE DATABASE "{name}"')
    os.environ["DATABASE_URL"] = urlunsplit(parts._replace(path=f"/{name}"))
