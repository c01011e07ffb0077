"""A receiver of webhooks on 127.0.0.1 that behaves as badly as it is told to, and remembers what it got."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Got:
    """One request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """`behave`: a status, or "hang", "drip" (one byte of the head at a time), "drip-body", "close", "noise"."""

    behave: int | str = 200
    answer: bytes = b"{}"
    headers: str = ""
    got: list[Got] = field(default_factory=list)
    port: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)
    came: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?key=s3cret"

    def serve(self, sock: Any) -> None:
        with suppress(OSError), sock:
            sock.settimeout(20)
            got = _read(sock)
            if got is None:
                return
            self.got.append(got)
            self.came.set()
            self._answer(sock)

    def _answer(self, sock: Any) -> None:
        if self.behave == "hang":
            self.stopped.wait(30)
        elif self.behave == "drip":
            self._drip(sock, b"HTTP/1.1 200 OK\r\n" + b"X-Pad: " + b"x" * 1000)
        elif self.behave == "drip-body":
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            self._drip(sock, b"x" * 1000)
        elif self.behave == "noise":
            sock.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
        elif self.behave != "close":
            head = f"HTTP/1.1 {self.behave} X\r\nContent-Length: {len(self.answer)}\r\n{self.headers}\r\n"
            sock.sendall(head.encode() + self.answer)

    def _drip(self, sock: Any, data: bytes) -> None:
        for byte in data:
            if self.stopped.is_set():
                return
            sock.sendall(bytes([byte]))
            time.sleep(0.1)


def _read(sock: Any) -> Got | None:
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            return None
        data += more
    head, body = data.split(b"\r\n\r\n", 1)
    first, *rest = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in rest)
    while len(body) < int(headers.get("Content-Length", "0")):
        body += sock.recv(65536)
    return Got(first, headers, body)


@contextmanager
def receiver(behave: int | str = 200, certificate: Path | None = None, **more: Any) -> Iterator[Receiver]:
    """A running one; with a `certificate` (key and certificate in one file) it speaks TLS."""
    kept = Receiver(behave, **more)
    listening = socket.create_server(("127.0.0.1", 0))
    kept.port = listening.getsockname()[1]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if certificate else None
    if context:
        context.load_cert_chain(str(certificate))

    def accept() -> None:
        while True:
            try:
                sock, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(sock,), daemon=True).start()

    def talk(sock: socket.socket) -> None:
        with suppress(OSError):
            kept.serve(context.wrap_socket(sock, server_side=True) if context else sock)

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield kept
    finally:
        kept.stopped.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
