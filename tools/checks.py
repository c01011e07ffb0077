"""`./run check`: everything that can be said about the code without running its tests."""

import subprocess
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tools import environment
from tools.console import say
from tools.paths import ROOT, VAR


@dataclass(frozen=True)
class Check:
    """One tool, and what it looks after."""

    name: str
    about: str
    command: list[str]


def _type_targets() -> list[str]:
    """Return what mypy is to read: what its settings say, else everything."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text()).get("tool", {}).get("mypy", {})
    return [] if settings.keys() & {"files", "packages", "modules"} else ["."]


def all_checks() -> list[Check]:
    """List the checks, the quick ones first."""
    python, manage = str(environment.PYTHON), environment.manage
    contracts = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    schema = ("spectacular", "--validate", "--fail-on-warn", "--file", str(VAR / "schema.yml"))
    return [
        Check("ruff check", "代码规范", [python, "-m", "ruff", "check", "--output-format", "concise", ".", "run"]),
        Check("ruff format", "代码格式", [python, "-m", "ruff", "format", "--check", ".", "run"]),
        Check("lint-imports", "分层约束", [python, "-c", contracts]),
        Check("manage.py check", "系统检查", manage("check")),
        Check("makemigrations", "迁移齐全", manage("makemigrations", "--check", "--dry-run")),
        Check("spectacular", "接口文档", manage(*schema)),
        Check("mypy", "类型", [python, "-m", "mypy", *_type_targets()]),
    ]


def run_one(check: Check, env: dict[str, str]) -> tuple[bool, str]:
    """Run a check; whether it passed, and its line with what it complained about below."""
    started = time.monotonic()
    done = subprocess.run(
        check.command, cwd=ROOT, env=env, text=True, errors="replace", stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    word = "failed" if done.returncode else "ok"
    lines = [f"{word:<6}  {check.name:<15}  {check.about}  {time.monotonic() - started:.1f} 秒"]
    if done.returncode:
        lines += [f"        {line}" for line in done.stdout.strip().splitlines()]
    return done.returncode == 0, "\n".join(lines)


def run_checks() -> int:
    """Run them all, whatever the first ones say: mypy, the longest, beside the others, each told in its turn."""
    environment.ensure("dev")
    env = environment.with_bytecode(environment.variables())
    checks = all_checks()
    failed = []
    with ThreadPoolExecutor(2) as pool:
        running = {check.name: pool.submit(run_one, check, env) for check in reversed(checks)}
        for check in checks:
            passed, lines = running[check.name].result()
            say(lines)
            if not passed:
                failed.append(check)
    if failed:
        say(f"检查未通过：{'、'.join(check.about for check in failed)}。")
        return 1
    say("检查全部通过。")
    return 0
