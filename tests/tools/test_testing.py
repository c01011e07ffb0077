"""How `./run test` turns words into pytest's arguments, and pytest's report into totals."""

import sys

import pytest

from tools import checks, environment, testing
from tools.totals import Outcome, count, exit_code, judge, verdict


@pytest.fixture
def root(tmp_path):
    for folder in ("cases", "browser"):
        (tmp_path / "tests" / folder).mkdir(parents=True)
    (tmp_path / "tests" / "cases" / "test_flow.py").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["cases", "-k", "dispatch"], ["tests/cases", "-k", "dispatch"]),
        (["-k", "cases"], ["-k", "cases"]),
        (["tests/cases"], ["tests/cases"]),
        (["cases/test_flow.py::test_x"], ["tests/cases/test_flow.py::test_x"]),
        (["nowhere", "--lf", "browser"], ["nowhere", "--lf", "tests/browser"]),
        (["/cases", "./cases"], ["/cases", "./cases"]),
    ],
)
def test_a_bare_word_that_names_a_folder_becomes_its_path(root, words, expected):
    assert testing.expand(words, root) == expected


@pytest.mark.parametrize(
    ("words", "filtered"),
    [
        ([], False),
        (["-x", "-n", "4"], False),
        (["-k", "x"], True),
        (["tests/cases"], True),
        (["-m", "slow"], True),
        (["--lf"], True),
    ],
)
def test_filters_are_told_from_other_options(words, filtered):
    assert testing.is_filtered(words) is filtered


def test_our_marker_and_the_users_become_one(tmp_path):
    line = testing.command("sqlite", ["-m", "slow or fast", "-x"], tmp_path / "r.xml")
    assert line[3:5] == ["-m", "(slow or fast) and (not browser)"]
    assert line.count("-m") == 2  # python -m pytest, and one marker
    assert testing.take_marker(["-mslow", "--maxfail", "1"]) == ("slow", ["--maxfail", "1"])


@pytest.mark.parametrize(
    ("name", "words", "number"),
    [("sqlite", [], "2"), ("browser", [], "0"), ("sqlite", ["--pdb"], "0"), ("postgres", ["-n", "4"], "4")],
)
def test_number_of_processes(tmp_path, name, words, number):
    line = testing.command(name, words, tmp_path / "r.xml")
    assert line.count("-n") == 1
    assert line[line.index("-n") + 1] == number


def test_bytecode_is_kept_apart_where_none_may_lie_beside_the_sources():
    assert environment.with_bytecode({"A": "1"}) == {"A": "1"}
    kept = environment.with_bytecode({"PYTHONDONTWRITEBYTECODE": "1"})
    assert kept == {"PYTHONPYCACHEPREFIX": str(environment.VAR / "bytecode")}


def test_all_checks_are_told_in_their_order_and_what_a_failed_one_said(monkeypatch, capsys):
    def check(name: str, code: str) -> checks.Check:
        return checks.Check(name, f"关于{name}", [sys.executable, "-c", code])

    found = [check("a", "print('quiet')"), check("b", "print('wrong here'); raise SystemExit(3)"), check("c", "")]
    monkeypatch.setattr(checks, "all_checks", lambda: found)
    monkeypatch.setattr(environment, "ensure", lambda kind: None)
    assert checks.run_checks() == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[:4]] == [["ok", "a"], ["failed", "b"], ["wrong", "here"], ["ok", "c"]]
    assert lines[4] == "检查未通过：关于b。"


REPORT = """<?xml version="1.0"?><testsuites><testsuite tests="6" failures="1" errors="2" skipped="1">
<testcase classname="a" name="good"/>
<testcase classname="a" name="bad"><failure/></testcase>
<testcase classname="a" name="setup"><error/></testcase>
<testcase classname="a" name="left out"><skipped/></testcase>
<testcase classname="a" name="good, then broken teardown"/>
<testcase classname="a" name="good, then broken teardown"><error/></testcase>
</testsuite></testsuites>"""


def test_counts_come_from_the_report_each_test_once_and_errors_are_failures(tmp_path):
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    assert count(report) == {"passed": 1, "failed": 3, "skipped": 1}
    assert judge("sqlite", 1, report).line() == "sqlite: 1 passed, 3 failed, 1 skipped"


@pytest.mark.parametrize(("code", "text"), [(3, REPORT), (4, ""), (-9, REPORT), (0, "<testsu"), (1, "")])
def test_what_pytest_did_not_finish_is_never_a_result(tmp_path, code, text):
    report = tmp_path / "report.xml"
    if text:
        report.write_text(text)
    outcome = judge("postgres", code, report)
    assert not outcome.ran
    assert outcome.line().startswith("postgres: not run — ")
    assert exit_code([outcome, Outcome("sqlite", passed=1)], all_required=False, filtered=True) == 2


def test_nothing_matched_is_not_a_success_of_a_run(tmp_path):
    assert judge("browser", 5, tmp_path / "none").line().startswith("browser: not run — nothing matched")


GOOD = Outcome("sqlite", passed=3)
BAD = Outcome("postgres", passed=2, failed=1, code=1)
ABSENT = Outcome("browser", missing="没有找到 Chromium; apt-get install chromium")
EMPTY = Outcome("browser", matched=False)


@pytest.mark.parametrize(
    ("outcomes", "all_required", "filtered", "code"),
    [
        ([GOOD, GOOD, GOOD], True, False, 0),
        ([GOOD, BAD, GOOD], False, False, 1),
        ([GOOD, BAD, ABSENT], True, False, 1),
        ([GOOD, GOOD, ABSENT], False, False, 0),
        ([GOOD, GOOD, ABSENT], True, False, 2),
        ([GOOD, GOOD, EMPTY], False, True, 0),
        ([GOOD, GOOD, EMPTY], True, False, 2),
        ([EMPTY, EMPTY, EMPTY], False, True, 2),
        ([ABSENT, ABSENT, ABSENT], False, False, 2),
    ],
)
def test_exit_codes(outcomes, all_required, filtered, code):
    assert exit_code(outcomes, all_required=all_required, filtered=filtered) == code


def test_failed_and_not_run_are_said_apart():
    assert verdict([GOOD, GOOD, GOOD], 0) == "测试全部通过。"
    assert verdict([GOOD, BAD, ABSENT], 1) == "失败：postgres；未能运行：browser。"
    assert verdict([GOOD, GOOD, ABSENT], 0) == "未能运行：browser；其余通过。"
    assert verdict([GOOD, GOOD, EMPTY], 0) == "没有符合条件的测试：browser；其余通过。"


def test_a_run_that_pytest_itself_calls_failed_is_bad_even_without_a_failed_test(tmp_path):
    report = tmp_path / "report.xml"
    report.write_text('<testsuite><testcase classname="a" name="b"/></testsuite>')
    assert judge("sqlite", 1, report).bad
