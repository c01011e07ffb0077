"""The stamp that lets a second start skip the installation, and the lock files it stands for."""

import re

import pytest

from tools import environment, packages
from tools.console import RunError


def test_a_stamp_holds_until_its_lock_changes(tmp_path):
    lock, stamp = tmp_path / "requirements.lock", tmp_path / "installed.json"
    lock.write_text("django==5.2.19\n")
    assert not environment.is_current(stamp, "runtime", lock)
    environment.write_stamp(stamp, "runtime", lock)
    assert environment.is_current(stamp, "runtime", lock)
    lock.write_text("django==5.2.20\n")
    assert not environment.is_current(stamp, "runtime", lock)


def test_each_lock_has_its_own_entry(tmp_path):
    runtime, dev, stamp = tmp_path / "a.lock", tmp_path / "b.lock", tmp_path / "installed.json"
    runtime.write_text("a")
    dev.write_text("b")
    environment.write_stamp(stamp, "dev", dev)
    assert not environment.is_current(stamp, "runtime", runtime)
    environment.write_stamp(stamp, "runtime", runtime)
    assert environment.is_current(stamp, "dev", dev)


@pytest.mark.parametrize("content", ["", "{", "[]", '"x"'])
def test_a_broken_stamp_counts_as_none(tmp_path, content):
    stamp = tmp_path / "installed.json"
    stamp.write_text(content)
    assert environment.read_stamp(stamp) == {}


def test_the_dev_lock_holds_the_runtime_lock_unchanged():
    def pins(kind):
        return set(re.findall(r"^[a-z0-9._-]+(?:\[[a-z,]+\])?==\S+", environment.LOCKS[kind].read_text(), re.M))

    assert pins("runtime")
    assert pins("runtime") <= pins("dev")


def test_the_locks_name_no_machine_and_no_host():
    for lock in environment.LOCKS.values():
        text = lock.read_text()
        assert "://" not in text
        assert "--index" not in text


def test_without_venv_and_without_root_one_command_is_named(monkeypatch, tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr(packages.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(packages.shutil, "which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(RunError) as caught:
        packages.need_venv(str(python))
    assert 'sudo sh -c "apt-get update && apt-get install -y python3-venv"' in str(caught.value)


def test_as_root_with_apt_a_missing_package_is_installed_and_said(monkeypatch, capsys):
    there: list[str] = []
    monkeypatch.setattr(packages, "can_install", lambda: True)
    monkeypatch.setattr(packages, "_apt", lambda *words: there.append(words[-1]) or True)
    missing = packages.provide(lambda: [] if "postgresql" in there else ["postgresql"], "没有找到 PostgreSQL")
    assert missing == []
    assert "正在用 apt 安装 postgresql" in capsys.readouterr().out


def test_what_apt_could_not_install_stays_missing(monkeypatch):
    monkeypatch.setattr(packages, "can_install", lambda: True)
    monkeypatch.setattr(packages, "_apt", lambda *words: False)
    assert packages.provide(lambda: ["chromium"], "没有找到浏览器") == ["chromium"]
