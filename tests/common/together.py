"""Run something in several threads, each with its own connection, and hear what went wrong."""

import threading
from collections.abc import Callable

from django.db import connections


def together(work: Callable[[], object], *, times: int) -> None:
    """Start `work` `times` times at the same moment and wait; the first error of any thread is raised here."""
    gate = threading.Barrier(times)
    errors: list[BaseException] = []

    def run() -> None:
        try:
            gate.wait(10)
            work()
        except BaseException as error:  # noqa: BLE001 -- an assertion in a thread must fail the test
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "a thread hangs"
    if errors:
        raise errors[0]
