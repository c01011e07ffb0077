"""kill -9 of the real server while cases are being filed: what was acknowledged is there whole, the rest not at all."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from threading import Thread

import pytest
from django.db import connection
from knox.models import AuthToken

from cases.models import Case, CaseEvent
from liangcheng.common.models import OutboxMessage
from tests import factories
from tests import people as cast
from tests.factories import Tree

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]


def database_url() -> str:
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    password = f":{values['PASSWORD']}" if values["PASSWORD"] else ""
    return f"postgres://{values['USER']}{password}@{values['HOST']}:{values['PORT']}/{values['NAME']}"


def start_server(port: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "gunicorn", "--worker-class", "gthread", "--workers", "2", "--threads", "4"]
    server = subprocess.Popen(
        [*command, "--bind", f"127.0.0.1:{port}", "--log-level", "error", "liangcheng.wsgi:application"],
        env={**os.environ, "DATABASE_URL": database_url(), "SECRET_KEY": "tests", "LOG_LEVEL": "ERROR"},
        start_new_session=True,
    )
    for _ in range(200):
        time.sleep(0.1)
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            continue
        return server
    raise AssertionError("the server did not start")


def file_cases(port: int, token: str, grid: str, acknowledged: list[str]) -> None:
    """File one case after the other until the server is gone; remember what it has acknowledged."""
    body = json.dumps({"category_code": "0201", "grid_code": grid, "description": "墙面渗水。"})
    headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}
    while True:
        try:
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            client.request("POST", "/api/v1/cases/", body.encode(), headers)
            answer = client.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            return
        assert answer.status == 201, content
        acknowledged.append(json.loads(content)["number"])


def test_kill_in_the_middle_of_filing():
    tree = Tree()
    cast.settle(tree)
    factories.category("0201")
    _, token = AuthToken.objects.create(user=factories.service("hotline12345", tree.street))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = start_server(port)
    acknowledged: list[str] = []
    writers = [Thread(target=file_cases, args=(port, token, tree.micro.code, acknowledged)) for _ in range(6)]
    try:
        for writer in writers:
            writer.start()
        while len(acknowledged) < 20 and any(writer.is_alive() for writer in writers):
            time.sleep(0.05)
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
    for writer in writers:
        writer.join(timeout=30)
    time.sleep(0.5)
    assert len(acknowledged) >= 20
    stored = set(Case.objects.values_list("number", flat=True))
    assert set(acknowledged) <= stored
    assert CaseEvent.objects.count() == len(stored)
    assert set(CaseEvent.objects.values_list("case__number", flat=True)) == stored
    # Two people are told of each: the liaison and the head of 文苑一.
    assert OutboxMessage.objects.count() == 2 * len(stored)
