"""One signed POST to a receiver that nobody trusts: it may hang, drip, redirect, or be a name for our own network.

The name is resolved once and exactly the address that was looked at is connected to, so that a second answer of the
DNS changes nothing. Errors carry codes, never the address, the body or an answer's text (ADR 0008).
"""

import hashlib
import hmac
import http.client
import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import quote, urlsplit

from django.conf import settings

from liangcheng.common.outbox import DeliveryFailed, PermanentFailure

MOST_ANSWER = 64 * 1024
# 408 Request Timeout, 425 Too Early, 429 Too Many Requests: come again later.
_LATER = frozenset({408, 425, 429})
_SAFE_IN_PATH = "/%:@!$&'()*+,;=~-._?[]"
Address = IPv4Address | IPv6Address


@dataclass(frozen=True)
class Target:
    """An address taken apart: scheme, host (ASCII), port, path with query."""

    secure: bool
    host: str
    port: int
    path: str


class _Deadline:
    """The end of one delivery, whatever it is just doing: cuts the connection from outside when time is up."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._timer: threading.Timer | None = None
        self._spare: socket.socket | None = None

    def left(self) -> float:
        """Seconds that remain; raises TimeoutError when there are none."""
        rest = self._end - time.monotonic()
        if rest <= 0:
            raise TimeoutError
        return rest

    @property
    def over(self) -> bool:
        return time.monotonic() >= self._end

    def watch(self, sock: socket.socket) -> None:
        """A timeout of the socket counts from each byte; this one counts from the beginning."""
        self._spare = sock.dup()
        self._timer = threading.Timer(self.left(), self._cut, (self._spare,))
        self._timer.daemon = True
        self._timer.start()

    @staticmethod
    def _cut(sock: socket.socket) -> None:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._spare is not None:
            self._spare.close()


class _Pinned(http.client.HTTPConnection):
    """A connection to one of the addresses that were checked; the host is only a name in headers and certificates."""

    def __init__(self, target: Target, addresses: list[Address], deadline: _Deadline) -> None:
        super().__init__(target.host, target.port)
        self.default_port = 443 if target.secure else 80
        self._target, self._addresses, self._deadline = target, addresses, deadline

    def connect(self) -> None:
        sock = self._first_that_answers()
        self.sock = sock
        self._deadline.watch(sock)
        if self._target.secure:
            self.sock = ssl.create_default_context().wrap_socket(sock, server_hostname=self._target.host)

    def _first_that_answers(self) -> socket.socket:
        problem: OSError = OSError()
        for place, address in enumerate(self._addresses):
            # An address that swallows packets must leave time for the next.
            share = self._deadline.left() / (len(self._addresses) - place)
            try:
                sock = socket.create_connection((str(address), self._target.port), share)
            except OSError as error:
                problem = error
            else:
                sock.settimeout(self._deadline.left())
                return sock
        raise problem


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What stands in X-Liangcheng-Signature: `sha256=` and the HMAC of "timestamp.body" in hex."""
    mac = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={mac.hexdigest()}"


def parse(url: str) -> Target:
    """Take an address apart. Raises PermanentFailure (webhook_url) when it is none we would send to."""
    wrong = PermanentFailure("webhook_url", "推送地址不对，应以 https:// 或 http:// 开头，不带用户名和密码。")
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").encode("idna").decode().rstrip(".")
        port = parts.port
    except (ValueError, UnicodeError):
        raise wrong from None
    if parts.scheme not in {"http", "https"} or not host or port == 0 or "@" in parts.netloc:
        raise wrong
    secure = parts.scheme == "https"
    path = quote(parts.path or "/", safe=_SAFE_IN_PATH) + (
        f"?{quote(parts.query, safe=_SAFE_IN_PATH)}" if parts.query else ""
    )
    return Target(secure, host, port or (443 if secure else 80), path)


def post(url: str, body: bytes, *, content_type: str, key: str, secret: str = "") -> bytes:
    """Send `body` once and return the answer's first 64 KB when it was taken (2xx).

    `key` goes out as Idempotency-Key; with a `secret` the request is signed. Never takes longer than WEBHOOK_TIMEOUT.
    Raises PermanentFailure when trying again would not help (address, inside network, redirect, most of 4xx), else
    DeliveryFailed.
    """
    target = parse(url)
    headers = {"Content-Type": content_type, "Idempotency-Key": key, "User-Agent": "Liangcheng", "Connection": "close"}
    if secret:
        timestamp = str(int(time.time()))
        headers |= {
            "X-Liangcheng-Timestamp": timestamp,
            "X-Liangcheng-Signature": signature(secret, timestamp, body),
        }
    deadline = _Deadline(settings.WEBHOOK_TIMEOUT)
    try:
        connection = _Pinned(target, addresses_of(target.host, deadline), deadline)
        try:
            connection.request("POST", target.path, body, headers)
            return _answer(connection.getresponse())
        finally:
            connection.close()
    except DeliveryFailed:
        raise
    except Exception as error:  # noqa: BLE001 -- a receiver may break in any way; what is kept is one of our codes
        raise _in_words(error, deadline) from None
    finally:
        deadline.close()


def _answer(response: http.client.HTTPResponse) -> bytes:
    status = response.status
    if 300 <= status < 400:
        raise PermanentFailure("webhook_redirect", REASONS["webhook_redirect"])
    if not 200 <= status < 300:
        kind = PermanentFailure if 400 <= status < 500 and status not in _LATER else DeliveryFailed
        raise kind(f"webhook_status_{status}", reason_in_words(f"webhook_status_{status}"))
    body = b""
    # The status has said that it was taken; a body that drips or breaks off does not take that back.
    with suppress(OSError, http.client.HTTPException, ValueError):
        body = response.read(MOST_ANSWER)
    return body


def _in_words(error: Exception, deadline: _Deadline) -> DeliveryFailed:
    code = "webhook_broken"
    if deadline.over or isinstance(error, TimeoutError):
        code = "webhook_timeout"
    elif isinstance(error, ssl.SSLError):
        code = "webhook_tls"
    elif isinstance(error, OSError) and not isinstance(error, http.client.RemoteDisconnected):
        code = "webhook_connect"
    elif isinstance(error, ValueError):
        # http.client refuses what would break a header or a request line.
        return PermanentFailure("webhook_url", REASONS["webhook_url"])
    return DeliveryFailed(code, REASONS[code])


# -- where it may go


def addresses_of(host: str, deadline: _Deadline) -> list[Address]:
    """What `host` resolves to now, each looked at. Raises DeliveryFailed (webhook_dns) when nothing is found in time,
    PermanentFailure (webhook_inside) when any of it lies inside and is not allowed by WEBHOOK_ALLOWED_HOSTS.
    """
    found = [_plain(text) for text in _resolve(host, deadline)]
    if not found:
        raise DeliveryFailed("webhook_dns", REASONS["webhook_dns"])
    if any(is_inside(address) and not _allowed(host, address) for address in found):
        raise PermanentFailure("webhook_inside", REASONS["webhook_inside"])
    return found


def _resolve(host: str, deadline: _Deadline) -> list[str]:
    """In a thread of its own: the system's resolver knows no timeout."""
    found: list[str] = []

    def ask() -> None:
        with suppress(OSError, UnicodeError):
            answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(str(answer[4][0]) for answer in answers))

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(deadline.left())
    deadline.left()
    return list(found)


def _plain(text: str) -> Address:
    """The address itself; an IPv4 one that comes dressed as IPv6 is taken as what it is."""
    address = ip_address(text)
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def is_inside(address: Address) -> bool:
    """Whether an address is ours or nobody's: private, loopback, link-local, reserved, multicast, unspecified;
    or a tunnel to such a one.
    """
    if isinstance(address, IPv6Address):
        within = _carried(address)
        if address.is_site_local or (within is not None and is_inside(within)):
            return True
    return not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified


def _carried(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one leads to: mapped, 6to4, Teredo. (What NAT64 uses counts as reserved.)"""
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address.sixtofour:
        return address.sixtofour
    return address.teredo[1] if address.teredo else None


def _allowed(host: str, address: Address) -> bool:
    for entry in settings.WEBHOOK_ALLOWED_HOSTS:
        if entry.lower().rstrip(".") == host.lower():
            return True
        with suppress(ValueError):
            if address in ip_network(entry, strict=False):
                return True
    return False


# -- what the office reads

REASONS = {
    "webhook_url": "推送地址不对，请在“发送通道”里改正",
    "webhook_dns": "找不到对方的域名",
    "webhook_inside": "地址在内部网络，未获准推送",
    "webhook_connect": "连不上对方",
    "webhook_tls": "对方的安全证书有问题",
    "webhook_timeout": "对方没有在规定时间内回答",
    "webhook_broken": "对方中断了连接或答非所问",
    "webhook_redirect": "对方要求转到别的地址，不跟随转址",
    "webhook_refused": "对方收下请求但报告失败，请核对模板和密钥",
}
_STATUS = "webhook_status_"


def reason_in_words(code: str) -> str:
    """The sentence for a code of this module; the code itself when it is none."""
    if code.startswith(_STATUS):
        return f"对方返回错误（状态 {code.removeprefix(_STATUS)}）"
    return REASONS.get(code, code)
