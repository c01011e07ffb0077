"""The secrets of one installation: made once, kept, and readable by their owner only."""

import stat

import pytest

from tools import private_files


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def nothing_given(monkeypatch):
    monkeypatch.delenv("DEMO_PASSWORD", raising=False)
    monkeypatch.delenv("SECRET_KEY", raising=False)


@pytest.mark.parametrize(
    ("make", "name"), [(private_files.demo_password, "demo-password"), (private_files.secret_key, "secret-key")]
)
def test_made_once_and_kept_for_the_owner(tmp_path, make, name):
    first = make(tmp_path)
    assert make(tmp_path) == first
    assert mode(tmp_path / name) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [name]
    (tmp_path / name).unlink()
    assert make(tmp_path) != first


def test_a_file_opened_to_others_is_closed_again(tmp_path):
    private_files.demo_password(tmp_path)
    (tmp_path / "demo-password").chmod(0o644)
    private_files.demo_password(tmp_path)
    assert mode(tmp_path / "demo-password") == 0o600


def test_a_given_demo_password_is_taken_and_remembered(tmp_path, monkeypatch):
    monkeypatch.setenv("DEMO_PASSWORD", "网格-Demo-2026")
    assert private_files.demo_password(tmp_path) == "网格-Demo-2026"
    monkeypatch.delenv("DEMO_PASSWORD")
    assert private_files.demo_password(tmp_path) == "网格-Demo-2026"


def test_a_given_key_is_used_and_not_written(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "given")
    assert private_files.secret_key(tmp_path) == "given"
    assert not (tmp_path / "secret-key").exists()


def test_passwords_satisfy_our_own_rules_and_have_no_lookalikes():
    for _ in range(200):
        password = private_files.random_password()
        assert len(password) >= 10
        assert any(sign.isdigit() for sign in password)
        assert any(sign.isalpha() for sign in password)
        assert not set(password) & set("0O1lI")
