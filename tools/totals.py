"""What came of a test run: the counts, taken from the report that pytest wrote, or why there are none."""

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

_RANK = {"passed": 0, "skipped": 1, "failed": 2}


@dataclass(frozen=True)
class Outcome:
    """One run. `missing` says why there was none, `matched` whether the filters left any test."""

    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    missing: str = ""
    matched: bool = True
    code: int = 0

    @property
    def ran(self) -> bool:
        """Tell whether tests were run at all."""
        return self.matched and not self.missing

    @property
    def bad(self) -> bool:
        """Tell whether a test failed, or pytest ended otherwise than well though every test that ran passed."""
        return self.ran and (self.failed > 0 or self.code != 0)

    def line(self) -> str:
        """Return the line of totals."""
        if self.missing:
            return f"{self.name}: not run — {self.missing}"
        if not self.matched:
            return f"{self.name}: not run — nothing matched; 没有符合条件的测试"
        return f"{self.name}: {self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def count(report: Path) -> dict[str, int]:
    """Count the tests of a JUnit report. A test that passed and then broke in its teardown counts once, as failed."""
    worst: dict[tuple[str, str], str] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        tags = {child.tag for child in case}
        result = "failed" if tags & {"failure", "error"} else "skipped" if "skipped" in tags else "passed"
        key = (case.get("classname", ""), case.get("name", ""))
        worst[key] = max(worst.get(key, "passed"), result, key=_RANK.__getitem__)
    results = list(worst.values())
    return {name: results.count(name) for name in _RANK}


def judge(name: str, code: int, report: Path) -> Outcome:
    """Turn pytest's exit code and report into an outcome; what pytest did not finish is not given as a result."""
    if code == 5:
        return Outcome(name, matched=False)
    try:
        counts = count(report)
    except (OSError, ElementTree.ParseError):
        counts = {}
    if code not in (0, 1, 2) or not counts or (code == 2 and not sum(counts.values())):
        return Outcome(name, missing=f"pytest 中途退出（{code}），没有结果；原因见上面的输出", code=code or 1)
    return Outcome(name, counts["passed"], counts["failed"], counts["skipped"], code=code)


def exit_code(outcomes: list[Outcome], *, all_required: bool, filtered: bool) -> int:
    """Return 1 when tests failed, 2 when a run that was required could not be made or none was."""
    if any(outcome.bad for outcome in outcomes):
        return 1
    crashed = any(outcome.missing and outcome.code for outcome in outcomes)
    absent = any(outcome.missing for outcome in outcomes)
    empty = any(not outcome.matched for outcome in outcomes)
    nothing = not any(outcome.ran for outcome in outcomes)
    if crashed or nothing or (empty and not filtered) or (absent and all_required):
        return 2
    return 0


def verdict(outcomes: list[Outcome], code: int) -> str:
    """Say in a sentence what the totals mean; failed and not run are different things."""
    failed = "、".join(outcome.name for outcome in outcomes if outcome.bad)
    absent = "、".join(outcome.name for outcome in outcomes if outcome.missing)
    empty = "、".join(outcome.name for outcome in outcomes if not outcome.matched)
    parts = [f"失败：{failed}"] if failed else []
    parts += [f"未能运行：{absent}"] if absent else []
    parts += [f"没有符合条件的测试：{empty}"] if empty else []
    if not parts:
        return "测试全部通过。"
    return "；".join(parts) + ("。" if code else "；其余通过。")
