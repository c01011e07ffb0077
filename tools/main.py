"""Choose what `./run` was asked for, and leave nothing running behind."""

import contextlib
import os
from typing import NoReturn

from tools import arguments, checks, console, environment, processes, serve, testing
from tools.arguments import HELP, Request
from tools.console import RunError, complain, say
from tools.paths import ROOT


def _become(words: list[str]) -> NoReturn:
    """Give the terminal and the signals to a Django command, by becoming it."""
    environment.ensure("runtime")
    env = environment.variables()
    os.chdir(ROOT)
    processes.become(words, env)


def _bench(words: list[str]) -> int:
    environment.ensure("dev")
    given = os.environ.get("DATABASE_URL")
    with contextlib.nullcontext(given) if given else testing.database() as url:
        env = environment.variables() | {"DATABASE_URL": url}
        return processes.run([environment.PYTHON, "-m", "bench", *words], cwd=ROOT, env=env)


def dispatch(request: Request) -> int:
    """Do what was asked for and return the exit code."""
    match request.command:
        case "help":
            say(HELP.rstrip())
            return 0
        case "check":
            return checks.run_checks()
        case "test":
            return testing.run_tests(request.rest)
        case "bench":
            return _bench(request.rest)
        case "worker":
            return _become(environment.manage("worker"))
        case "manage":
            return _become(environment.manage(*request.rest))
        case _:
            return serve.serve(request)


def main(words: list[str]) -> int:
    """Run one request; a problem is a sentence, not a traceback."""
    console.prepare()
    processes.listen()
    try:
        return dispatch(arguments.parse(words))
    except RunError as problem:
        complain(str(problem))
        return problem.code
    except processes.Stopped as stopped:
        complain("\n已中断，正在收尾……")
        return 128 + stopped.number
    finally:
        processes.end_all()
