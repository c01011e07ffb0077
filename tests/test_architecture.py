"""The house stays in shape: floors, sizes, and the few places that may do certain things."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parent.parent
APPS = ("liangcheng", "grids", "members", "cases")
SOURCES = [
    path
    for folder in (*APPS, "tools", "bench", "tests")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts
]
PRODUCT = [path for path in SOURCES if path.relative_to(ROOT).parts[0] in APPS]
MOST_LINES, MOST_FUNCTION_LINES = 400, 50


def lines_matching(pattern: str, allowed: set[str]) -> list[str]:
    found = []
    for path in PRODUCT:
        name = str(path.relative_to(ROOT))
        if name in allowed:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if re.search(pattern, line):
                found.append(f"{name}:{number}: {line.strip()}")
    return found


def test_floors_and_rooms():
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_sizes(path: Path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= MOST_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            assert node.end_lineno - node.lineno < MOST_FUNCTION_LINES, node.name


def test_a_state_is_written_in_the_workflow_only():
    # cases/discovery.py sets the first state of a case that nobody has seen yet.
    workflow = {str(path.relative_to(ROOT)) for path in (ROOT / "cases" / "workflow").glob("*.py")}
    allowed = {*workflow, "cases/discovery.py"}
    assert lines_matching(r"\bcase\.status\s*=[^=]|update\([^)]*\bstatus=", allowed) == []


def test_tree_columns_stay_in_grids():
    # Besides the querysets only the checker, and the builder that lays down a whole new tree at once.
    allowed = {"grids/querysets.py", "grids/models.py", "grids/checks.py", "grids/planting.py"}
    assert lines_matching(r"\b(lft|rght|tree_id)\b", allowed) == []


def test_only_one_place_writes_vendor_sql():
    allowed = {"liangcheng/common/db.py"}
    assert lines_matching(r"\.raw\(|cursor\(\)|connection\.vendor|RunSQL", allowed) == []


def test_no_address_of_another_machine():
    pages = [*ROOT.glob("templates/**/*.html"), *ROOT.glob("static/**/*")]
    for path in pages:
        if path.is_file() and path.suffix in {".html", ".css", ".js", ".svg"}:
            text = path.read_text(encoding="utf-8").replace("http://www.w3.org/", "")
            assert not re.search(r"https?://|(src|href)=[\"']//", text), path


def test_every_model_is_named_in_some_test():
    tested = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    own = [
        model.__name__
        for app in ("common", "accounts", "grids", "members", "cases")
        for model in apps.get_app_config(app).get_models()
        if not model.__name__.startswith("Historical")
    ]
    assert [name for name in own if name not in tested] == []
