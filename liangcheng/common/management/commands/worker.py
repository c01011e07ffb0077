"""manage.py worker [--once]: deliver the outbox and run recurring jobs. As many at once as you like."""

import logging
import signal
import time
from argparse import ArgumentParser
from collections.abc import Callable
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from liangcheng.common import jobs, outbox

logger = logging.getLogger(__name__)
# Short naps, so that a signal ends the worker at once, without a lock that a handler could block on.
_NAP = 0.2
_PATIENCE = 30.0


class Command(BaseCommand):
    help = "后台任务：发送消息、运行定时任务。可以同时开多个。"
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="办完眼下到期的就结束")
        parser.add_argument("--pause", type=float, default=1.0, help="没有事情时隔几秒再看（默认 1）")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stopping = False
        if options["once"]:
            self.work_off()
            return
        before = {number: signal.signal(number, self.stop) for number in (signal.SIGTERM, signal.SIGINT)}
        logger.info("worker_started")
        try:
            self.loop(options["pause"])
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            logger.info("worker_stopped")

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Finish what is in hand, then end."""
        self.stopping = True

    def work_off(self) -> None:
        jobs.run_due()
        while not self.stopping and outbox.deliver_due():
            pass

    def loop(self, pause: float) -> None:
        """Rounds until a signal comes; after a failing one ever longer pauses, up to half a minute."""
        wait = pause
        while not self.stopping:
            worked, failed = self.round()
            wait = min(max(wait, pause) * 2, _PATIENCE) if failed else pause
            if not worked:
                self.sleep(wait)

    def round(self) -> tuple[bool, bool]:
        """Everything that is due once; (there may be more at once, something failed). Never raises."""
        close_old_connections()
        steps: tuple[Callable[[], int], ...] = (outbox.deliver_due, jobs.run_due)
        worked = failed = False
        for step in steps:
            if self.stopping:
                break
            try:
                worked = bool(step()) or worked
            except (DatabaseError, InterfaceError) as error:
                # The database restarts, or SQLite is busy for longer than its timeout: come back with a new connection.
                logger.warning("worker_database error=%s", outbox.place_of(error))
                connection.close()
                failed = True
        return worked and not failed, failed

    def sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self.stopping and time.monotonic() < until:
            time.sleep(min(_NAP, max(0.0, until - time.monotonic())))
