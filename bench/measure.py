"""What one request costs: CPU of this process and of its database connection, statements, wall clock."""

import io
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test.utils import CaptureQueriesContext

_TICKS = os.sysconf("SC_CLK_TCK")
_CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


@dataclass(frozen=True)
class Request:
    """A request as the server would hand it on. `body` is made anew for each, so that nothing is answered twice."""

    path: str
    cookie: str = ""
    token: str = ""
    method: str = "GET"
    body: Callable[[], bytes] = bytes
    expect: int = 200


@dataclass(frozen=True)
class Cost:
    """Milliseconds per request, statements per request; wall clock as median and 95th percentile."""

    app: float
    database: float
    statements: int
    p50: float
    p95: float

    @property
    def cpu(self) -> float:
        return self.app + self.database


class Meter:
    def __init__(self) -> None:
        self.handler = WSGIHandler()
        # Past the request's end Django would close what it finds old; one connection must serve the whole run.
        connection.settings_dict["CONN_MAX_AGE"] = None

    def cost(self, request: Request, times: int) -> Cost:
        """Mean CPU over `times` requests after a warm-up."""
        for _ in range(3):
            self._send(request)
        with CaptureQueriesContext(connection) as captured:
            self._send(request)
        # Now: the next request clears the log.
        statements = sum(not query["sql"].startswith(_CONTROL) for query in captured)
        walls = []
        database, app = self._database_cpu(), time.process_time()
        for _ in range(times):
            began = time.perf_counter()
            self._send(request)
            walls.append((time.perf_counter() - began) * 1000)
        app, database = time.process_time() - app, self._database_cpu() - database
        walls.sort()
        return Cost(
            app / times * 1000,
            database / times * 1000,
            statements,
            statistics.median(walls),
            walls[int(len(walls) * 0.95) - 1],
        )

    def _send(self, request: Request) -> None:
        body = request.body()
        environ: dict[str, Any] = {
            "REQUEST_METHOD": request.method,
            "PATH_INFO": request.path.partition("?")[0],
            "QUERY_STRING": request.path.partition("?")[2],
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.input": io.BytesIO(body),
            "wsgi.url_scheme": "http",
            "wsgi.errors": io.StringIO(),
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": "application/json",
        }
        if request.cookie:
            environ["HTTP_COOKIE"] = request.cookie
        if request.token:
            environ["HTTP_AUTHORIZATION"] = f"Token {request.token}"
        answered: list[str] = []
        response = self.handler(environ, lambda status, headers, *rest: answered.append(status))
        content = b"".join(response)
        response.close()
        if int(answered[0][:3]) != request.expect:
            raise SystemExit(
                f"{request.method} {request.path}: {answered[0]}\n{content[:500].decode(errors='replace')}"
            )

    def _database_cpu(self) -> float:
        """CPU seconds of our PostgreSQL backend, as the operating system counts them; 0 when it runs elsewhere."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            [pid] = cursor.fetchone()
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / _TICKS


def cookie(user) -> str:
    """A signed-in session, as the browser would send it."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
