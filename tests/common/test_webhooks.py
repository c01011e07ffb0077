"""One webhook against receivers that behave badly, and addresses that lead inside."""

import hashlib
import hmac
import socket
import subprocess
import time
from ipaddress import ip_address

import pytest

from liangcheng.common import webhooks
from liangcheng.common.outbox import DeliveryFailed, PermanentFailure
from tests.common.receiver import Receiver, receiver

LOCAL = ["127.0.0.0/8"]


@pytest.fixture(autouse=True)
def _bounds(settings) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = LOCAL
    settings.WEBHOOK_TIMEOUT = 1


def post(url: str, secret: str = "", body: bytes = b'{"text": "\xe4\xbd\xa0\xe5\xa5\xbd"}') -> bytes:
    return webhooks.post(url, body, content_type="application/json", key="k:1", secret=secret)


def refusal(url: str) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        post(url)
    return caught.value


class TestRequest:
    def test_is_signed_and_carries_its_key(self):
        with receiver() as there:
            assert post(there.url, "geheim") == b"{}"
        [got] = there.got
        assert got.line == "POST /hook?key=s3cret HTTP/1.1"
        assert got.headers["Idempotency-Key"] == "k:1"
        assert got.headers["Content-Type"] == "application/json"
        timestamp = got.headers["X-Liangcheng-Timestamp"]
        assert abs(int(timestamp) - time.time()) < 5
        mac = hmac.new(b"geheim", timestamp.encode() + b"." + got.body, hashlib.sha256).hexdigest()
        assert got.headers["X-Liangcheng-Signature"] == f"sha256={mac}"

    def test_without_a_secret_is_not_signed(self):
        with receiver() as there:
            post(there.url)
        assert not [name for name in there.got[0].headers if name.startswith("X-Liangcheng")]

    def test_host_is_the_name_and_not_the_address(self, monkeypatch):
        names(monkeypatch, ["127.0.0.1"])
        with receiver() as there:
            post(f"http://gateway.example.cn:{there.port}/a b/中?q=中")
        assert there.got[0].headers["Host"] == f"gateway.example.cn:{there.port}"
        assert there.got[0].line == "POST /a%20b/%E4%B8%AD?q=%E4%B8%AD HTTP/1.1"

    def test_a_long_answer_is_read_so_far_only(self):
        with receiver(answer=b"x" * 300_000) as there:
            assert len(post(there.url)) == webhooks.MOST_ANSWER


class TestBadReceivers:
    @pytest.mark.parametrize("status", [500, 502, 503, 408, 425, 429])
    def test_comes_again_later(self, status: int):
        with receiver(status, answer=b"secret of the other side") as there:
            error = refusal(there.url)
        assert error.code == f"webhook_status_{status}"
        assert not isinstance(error, PermanentFailure)
        assert "secret" not in error.message

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
    def test_is_over(self, status: int):
        with receiver(status) as there:
            error = refusal(there.url)
        assert (error.code, type(error)) == (f"webhook_status_{status}", PermanentFailure)

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_redirects_are_not_followed(self, status: int):
        with receiver() as other:
            with receiver(status, headers=f"Location: {other.url}\r\n") as there:
                error = refusal(there.url)
            assert (error.code, type(error)) == ("webhook_redirect", PermanentFailure)
            assert "不跟随转址" in error.message
            assert other.got == []

    @pytest.mark.parametrize("behave", ["hang", "drip"])
    def test_time_is_bounded_in_all(self, behave: str):
        with receiver(behave) as there:
            started = time.monotonic()
            error = refusal(there.url)
            took = time.monotonic() - started
        assert error.code == "webhook_timeout"
        assert not isinstance(error, PermanentFailure)
        assert 0.8 < took < 2.5

    def test_a_body_that_drips_does_not_take_back_the_status(self):
        with receiver("drip-body") as there:
            started = time.monotonic()
            post(there.url)
        assert time.monotonic() - started < 2.5

    @pytest.mark.parametrize("behave", ["close", "noise"])
    def test_no_answer_at_all(self, behave: str):
        with receiver(behave) as there:
            assert refusal(there.url).code == "webhook_broken"

    def test_nobody_listens(self):
        with receiver() as there:
            pass
        assert refusal(there.url).code == "webhook_connect"


class TestTls:
    @pytest.fixture
    def certificate(self, tmp_path):
        """Key and certificate of gateway.example.cn, signed by itself."""
        file, key = tmp_path / "both.pem", tmp_path / "key.pem"
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", str(key)]
        command += ["-out", str(file), "-subj", "/CN=gateway.example.cn"]
        command += ["-addext", "subjectAltName=DNS:gateway.example.cn"]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("no openssl here that could make a certificate")
        file.write_bytes(key.read_bytes() + file.read_bytes())
        return file

    def test_a_certificate_that_nobody_vouches_for(self, certificate):
        with receiver(certificate=certificate) as there:
            error = refusal(there.url.replace("http:", "https:"))
        assert error.code == "webhook_tls"
        assert there.got == []

    def test_the_certificate_is_checked_against_the_name(self, certificate, monkeypatch):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        names(monkeypatch, ["127.0.0.1"])
        with receiver(certificate=certificate) as there:
            assert post(f"https://gateway.example.cn:{there.port}/") == b"{}"
            assert refusal(f"https://other.example.cn:{there.port}/").code == "webhook_tls"
        assert len(there.got) == 1


def names(monkeypatch, addresses: list[str]) -> list[str]:
    """Let every name resolve to `addresses`; returns the list of names that were asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def answer(host: str, *args, **kwargs):
        try:
            ip_address(host)
        except ValueError:
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 0)) for each in addresses]
        return real(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


class TestInside:
    @pytest.fixture
    def there(self, settings):
        settings.WEBHOOK_ALLOWED_HOSTS = []
        with receiver() as running:
            yield running

    @pytest.mark.parametrize(
        "host",
        [
            *("127.0.0.1", "localhost", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
            *("0.0.0.0", "255.255.255.255", "224.0.0.1", "240.0.0.1", "192.0.2.1", "2130706433", "0x7f.1"),
            *(
                "[::1]",
                "[::]",
                "[fe80::1]",
                "[fc00::1]",
                "[fec0::1]",
                "[ff02::1]",
                "[::ffff:127.0.0.1]",
                "[::ffff:10.0.0.1]",
            ),
            *("[64:ff9b::7f00:1]", "[2002:7f00:1::]"),
        ],
    )
    def test_is_refused_at_once(self, there: Receiver, host: str):
        error = refusal(f"http://{host}:{there.port}/")
        assert (error.code, type(error)) == ("webhook_inside", PermanentFailure)
        assert there.got == []

    @pytest.mark.parametrize("text", ["8.8.8.8", "223.5.5.5", "2400:3200::1"])
    def test_the_world_is_outside(self, text: str):
        assert not webhooks.is_inside(ip_address(text))

    def test_one_inside_address_among_public_ones_is_enough(self, there: Receiver, monkeypatch):
        names(monkeypatch, ["223.5.5.5", "127.0.0.1"])
        assert refusal(f"http://mixed.example.cn:{there.port}/").code == "webhook_inside"

    def test_a_name_is_asked_for_once(self, there: Receiver, monkeypatch, settings):
        settings.WEBHOOK_ALLOWED_HOSTS = LOCAL
        asked = names(monkeypatch, ["127.0.0.1"])
        post(f"http://rebinding.example.cn:{there.port}/")
        assert asked == ["rebinding.example.cn"]

    @pytest.mark.parametrize("entry", ["127.0.0.1", "127.0.0.0/8", "127.0.0.1/8", "Gateway.Example.CN"])
    def test_what_the_setting_names_is_allowed(self, there: Receiver, monkeypatch, settings, entry: str):
        names(monkeypatch, ["127.0.0.1"])
        settings.WEBHOOK_ALLOWED_HOSTS = ["10.0.0.0/8", entry]
        assert post(f"http://gateway.example.cn:{there.port}/") == b"{}"
        assert len(there.got) == 1

    def test_another_network_in_the_setting_does_not_help(self, there: Receiver, settings):
        settings.WEBHOOK_ALLOWED_HOSTS = ["10.0.0.0/8", "gateway.example.cn"]
        assert refusal(there.url).code == "webhook_inside"

    def test_a_name_that_nobody_knows_may_be_known_later(self, monkeypatch):
        names(monkeypatch, [])
        error = refusal("http://gone.example.cn/")
        assert (error.code, type(error)) == ("webhook_dns", DeliveryFailed)

    def test_a_resolver_that_hangs_is_not_waited_for(self, monkeypatch):
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: time.sleep(3) or [])
        started = time.monotonic()
        assert refusal("http://slow.example.cn/").code == "webhook_timeout"
        assert time.monotonic() - started < 2.5


@pytest.mark.parametrize(
    "url",
    [
        *("", "gateway", "ftp://a.cn/", "file:///etc/passwd", "gopher://a.cn/", "http://", "https:///x", "//a.cn/"),
        *("http://user:pass@a.cn/", "http://a.cn@b.cn/", "http://a.cn:0/", "http://a.cn:99999/", "http://a..cn/"),
        *("http://[::1", "http://a.cn:x/"),
    ],
)
def test_what_is_no_address_is_refused(url: str):
    error = refusal(url)
    assert (error.code, type(error)) == ("webhook_url", PermanentFailure)
    assert "a.cn" not in error.message


def test_every_code_has_its_words():
    for code in (*webhooks.REASONS, "webhook_status_500"):
        assert not any(letter.isascii() and letter.isalpha() for letter in webhooks.reason_in_words(code))
    assert webhooks.reason_in_words("KeyError x.py:1") == "KeyError x.py:1"
