"""Serving: the port is tested first, the worker is started again, a dead server is told with its log."""

import http.server
import socket
import threading
import time

import pytest

from tools import processes, serve
from tools.console import RunError


def test_a_taken_port_is_refused_in_words_that_name_the_way_out():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(RunError, match=f"端口 {port} 已被占用.*./run --port 8000") as caught:
            serve.check_port(port)
    assert caught.value.code == 1
    serve.check_port(port)


def test_a_taken_port_stops_the_start_before_any_work(monkeypatch):
    monkeypatch.setattr(serve.environment, "ensure", lambda kind: pytest.fail("slow work before the port was tested"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(RunError):
            serve.serve(serve.Request("serve", port=taken.getsockname()[1]))


@pytest.fixture
def logs(tmp_path, monkeypatch):
    monkeypatch.setattr(serve, "LOGS", tmp_path)
    return tmp_path


def test_a_worker_that_ends_is_started_again_and_ever_later(logs, capsys):
    child = serve.Child("worker", ["true"], {})
    for delay in (1, 2, 4):
        child.start()
        child.process.wait(10)
        now = time.monotonic()
        serve.keep_worker(child, now)
        assert f"{delay} 秒后重启" in capsys.readouterr().out
        serve.keep_worker(child, now + delay - 0.5)
        assert child.process is None
        serve.keep_worker(child, now + delay)
        assert child.process is not None
        child.process.wait(10)


def test_a_worker_that_ran_long_is_started_again_quickly(logs):
    child = serve.Child("worker", ["true"], {}, delay=32)
    child.start()
    child.process.wait(10)
    serve.keep_worker(child, time.monotonic() + 120)
    assert child.delay == 2


def test_a_server_that_dies_is_told_with_the_end_of_its_log(logs):
    child = serve.Child("server", ["sh", "-c", "echo 找不到模块; exit 1"], {"PATH": "/usr/bin:/bin"})
    child.start()
    child.process.wait(10)
    with pytest.raises(RunError, match=r"网页服务停了.*\n    找不到模块"):
        serve.wait_until_up(child, 1)


class Health(http.server.BaseHTTPRequestHandler):
    """Answers 200 on /healthz only."""

    def do_GET(self):
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, *words):
        pass


def test_up_means_that_the_health_page_says_so(logs):
    with http.server.HTTPServer(("127.0.0.1", 0), Health) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        child = serve.Child("server", ["sleep", "60"], {"PATH": "/usr/bin:/bin"})
        child.start()
        try:
            serve.wait_until_up(child, site.server_port, patience=10)
        finally:
            processes.end(child.process)
            site.shutdown()


def test_an_overlong_log_is_moved_aside(logs, monkeypatch):
    monkeypatch.setattr(serve, "_LONGEST_LOG", 3)
    (logs / "worker.log").write_text("long")
    assert not serve._log("worker").exists()
    assert (logs / "worker.log.1").read_text() == "long"
