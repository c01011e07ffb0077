"""System checks: loud where an installation is unsafe, quiet on the demo."""

import pytest
from django.core.checks import run_checks
from django.db import connection
from django.test import override_settings

from liangcheng.common import checks


def ids(found) -> set[str]:
    return {message.id for message in found}


@override_settings(SECRET_KEY="k" * 60, ALLOWED_HOSTS=["127.0.0.1", "localhost"], DEBUG=False, HTTPS=False)
def test_demo_set_up_is_quiet():
    assert run_checks() == []


@override_settings(
    SECRET_KEY="insecure-development-key-of-the-grid-case-registry", DEBUG=False, ALLOWED_HOSTS=["127.0.0.1"]
)
def test_public_key_is_refused():
    assert ids(run_checks()) == {"liangcheng.E001"}
    with override_settings(DEBUG=True):
        assert run_checks() == []


@pytest.mark.parametrize(
    ("hosts", "https", "expected"),
    [
        ([], False, {"liangcheng.E002"}),
        (["*"], True, {"liangcheng.W001"}),
        (["anjian.example.cn"], False, {"liangcheng.W002"}),
        (["anjian.example.cn"], True, set()),
    ],
)
def test_host_names(hosts: list[str], https: bool, expected: set[str]):
    with override_settings(ALLOWED_HOSTS=hosts, HTTPS=https, SECRET_KEY="k" * 60, DEBUG=False):
        assert ids(run_checks(tags=["security"])) == expected


@pytest.mark.parametrize(("seconds", "expected"), [(10, set()), (0, {"liangcheng.E005"}), (120, {"liangcheng.E005"})])
def test_a_webhook_ends_before_the_lease(settings, seconds: int, expected: set[str]):
    settings.WEBHOOK_TIMEOUT = seconds
    assert ids(checks.check_webhook_timeout(None)) == expected


@pytest.mark.django_db
class TestDatabase:
    def test_database_of_the_tests_is_as_it_should_be(self):
        assert run_checks(tags=["database"], databases=["default"]) == []

    @pytest.mark.skipif(connection.vendor != "sqlite", reason="looks at SQLite's options")
    @pytest.mark.parametrize(
        "broken", [{"transaction_mode": None}, {"timeout": 1}, {"init_command": "PRAGMA journal_mode=WAL"}]
    )
    def test_sqlite_without_one_of_the_three_is_refused(self, monkeypatch, broken: dict[str, object]):
        options = {**connection.settings_dict["OPTIONS"], **broken}
        monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
        assert ids(checks.check_databases(None, databases=["default"])) == {"liangcheng.E003"}

    @pytest.mark.parametrize(
        ("row", "expected"),
        [
            (("UTF8", "C"), {"liangcheng.W003"}),
            (("UTF8", "C.UTF-8"), set()),
            (("SQL_ASCII", "C"), {"liangcheng.E004"}),
        ],
    )
    def test_postgresql_encoding_and_ctype(self, monkeypatch, row: tuple[str, str], expected: set[str]):
        monkeypatch.setattr(checks, "postgresql_locale", lambda alias: row)
        assert ids(checks._check_postgresql("default")) == expected
