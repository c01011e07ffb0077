"""`./run test`: one suite three ways, and an honest line for each."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tools import environment, packages, postgres, processes
from tools.console import RunError, say
from tools.paths import ROOT, VAR
from tools.totals import Outcome, exit_code, judge, verdict

# Options of pytest whose value is the next word, so that the value is not taken for a folder.
_WITH_VALUE = {
    *("-k", "-m", "-n", "-p", "-c", "-o", "-W", "-r", "--maxfail", "--tb", "--durations", "--ignore", "--deselect"),
    *("--numprocesses", "--dist", "--rootdir", "--cov", "--cov-report", "--capture", "--color"),
}
_FILTERS = ("-k", "-m", "--lf", "--last-failed", "--sw", "--stepwise", "--ignore", "--deselect")


def expand(words: list[str], root: Path = ROOT) -> list[str]:
    """Turn a bare word that names a folder of tests into its path: `cases` into `tests/cases`."""
    result = []
    for before, word in zip(["", *words], words, strict=False):
        place = root / "tests" / word.split("::")[0]
        bare = word and not word.startswith(("-", ".", "/", "tests/")) and before not in _WITH_VALUE
        result.append(f"tests/{word}" if bare and place.exists() else word)
    return result


def is_filtered(words: list[str]) -> bool:
    """Tell whether these arguments leave tests out on purpose."""
    for before, word in zip(["", *words], words, strict=False):
        if word.startswith(_FILTERS) or (not word.startswith("-") and before not in _WITH_VALUE):
            return True
    return False


def take_marker(words: list[str]) -> tuple[str, list[str]]:
    """Take `-m` out of the arguments: pytest heeds only the last, so ours and the user's must become one."""
    rest, marker, following = [], "", False
    for word in words:
        if following:
            marker, following = word, False
        elif word == "-m":
            following = True
        elif word.startswith("-m") and not word.startswith("--"):
            marker = word[2:].removeprefix("=")
        else:
            rest.append(word)
    return marker, rest


def command(name: str, words: list[str], report: Path) -> list[str]:
    """Build the command line of one run."""
    marker, rest = take_marker(words)
    ours = "browser" if name == "browser" else "not browser"
    result = [str(environment.PYTHON), "-m", "pytest", "-m", f"({marker}) and ({ours})" if marker else ours]
    if "--reuse-db" not in rest:
        result.append("--create-db")  # a database left by an earlier run may lack the newest migration
    own_number = any(word.startswith(("-n", "--numprocesses")) for word in rest)
    if not own_number:
        result += ["-n", "0" if name == "browser" or "--pdb" in rest else "2"]
    if not any(word.startswith("--dist") for word in rest):
        result += ["--dist", "loadgroup"]  # what shares costly rows stays in one process
    return [*result, *rest, f"--junitxml={report}"]


def _run(name: str, words: list[str], extra: dict[str, str]) -> Outcome:
    report = VAR / f"test-{name}.xml"
    report.unlink(missing_ok=True)
    env = environment.with_bytecode(environment.variables()) | {"TEST_RUN": name}
    env.pop("DATABASE_URL", None)
    say(f"\n── {name} ──")
    code = processes.run(command(name, words, report), cwd=ROOT, env=env | extra, ending=signal.SIGINT)
    return judge(name, code, report)


def run_sqlite(words: list[str]) -> Outcome:
    """Run the suite on SQLite."""
    return _run("sqlite", words, {})


@contextmanager
def database() -> Iterator[str]:
    """Yield the address of a PostgreSQL: the user's own, else a private one; a RunError names what is missing."""
    own = os.environ.get("DATABASE_URL", "")
    if postgres.is_postgres(own):
        yield own
        return

    def missing() -> list[str]:
        return [] if postgres.find_binaries() else ["postgresql"]

    lacking = packages.provide(missing, "没有找到 PostgreSQL")
    binaries = postgres.find_binaries()
    if binaries is None:
        raise RunError(f"没有找到 PostgreSQL，也没有设 DATABASE_URL; {packages.command_for(lacking)}", 2)
    with postgres.private_cluster(binaries) as url:
        yield url


def run_postgres(words: list[str]) -> Outcome:
    """Run the suite on PostgreSQL."""
    try:
        with database() as url:
            return _run("postgres", words, {"DATABASE_URL": url})
    except RunError as problem:
        return Outcome("postgres", missing=" ".join(str(problem).split()))


def run_browser(words: list[str]) -> Outcome:
    """Run the browser tests. Playwright's own loop makes Django think it is async, hence the variable."""
    if lacking := packages.provide(packages.missing_for_browser, "浏览器测试缺少 Chromium 或中文字体"):
        reason = "没有找到 Chromium" if "chromium" in lacking else "没有中文字体"
        return Outcome("browser", missing=f"{reason}; {packages.command_for(lacking)}")
    return _run("browser", words, {"CHROMIUM": packages.chromium() or "", "DJANGO_ALLOW_ASYNC_UNSAFE": "1"})


RUNS: tuple[Callable[[list[str]], Outcome], ...] = (run_sqlite, run_postgres, run_browser)


def run_tests(words: list[str]) -> int:
    """Run all three, then say what came of them; the totals are the last lines."""
    all_required = "--all-required" in words
    words = expand([word for word in words if word != "--all-required"])
    environment.ensure("dev")
    outcomes = [run(words) for run in RUNS]
    code = exit_code(outcomes, all_required=all_required, filtered=is_filtered(words))
    say(f"\n{verdict(outcomes, code)}")
    for outcome in outcomes:
        say(outcome.line())
    return code
