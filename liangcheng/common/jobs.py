"""What recurs: apps register a function, any number of workers tick, each slot runs once.

A slot is a minute or a day. The row (job, slot) is claimed with a lease like an outbox message, so a job whose
worker was killed runs again, and one that fails is tried again while its slot lasts. Jobs must be idempotent.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from liangcheng.common.clock import now
from liangcheng.common.models import JobRun
from liangcheng.common.outbox import backoff, place_of

logger = logging.getLogger(__name__)
# Longer than any job takes; until then nobody else takes it up.
LEASE = timedelta(minutes=30)
MAX_ATTEMPTS = 5
KEPT_DAYS = 14
_NIGHT = time(2, 30)


@dataclass(frozen=True)
class Job:
    """`daily_at` None: every minute; else once a day, at that local time or as soon after it as a worker runs."""

    name: str
    run: Callable[[], object]
    daily_at: time | None = None

    def slot(self, moment: datetime) -> str | None:
        """The slot that is due at `moment`; None when today's time has not come yet."""
        local = timezone.localtime(moment)
        if self.daily_at is None:
            return f"{local:%Y-%m-%dT%H:%M}"
        return f"{local:%Y-%m-%d}" if local.time() >= self.daily_at else None


JOBS: dict[str, Job] = {}


def register_minutely(name: str, run: Callable[[], object]) -> None:
    """Run this every minute, in one worker."""
    JOBS[name] = Job(name, run)


def register_daily(name: str, run: Callable[[], object], at: time = _NIGHT) -> None:
    """Run this once a day, in one worker, from the local time `at` on."""
    JOBS[name] = Job(name, run, at)


def run_due() -> int:
    """Run what is due and not taken by another worker; returns how many ran. A failing job does not stop the next."""
    return sum(_run(job) for job in list(JOBS.values()))


def _run(job: Job) -> bool:
    slot = job.slot(now())
    run = claim(job.name, slot) if slot else None
    if run is None:
        return False
    try:
        job.run()
    except Exception as error:  # noqa: BLE001 -- the other jobs and the deliveries must go on
        reason = place_of(error)
        logger.warning("job_failed job=%s slot=%s attempt=%s error=%s", job.name, slot, run.attempts, reason)
        _finish(run, run_at=now() + backoff(run.attempts), last_error=reason[:100])
    else:
        _finish(run, finished_at=now(), last_error="")
    return True


def claim(name: str, slot: str) -> JobRun | None:
    """The run of this slot if it is ours to make now: first, or after a failure, or after a lease that ran out."""
    moment = now()
    known = JobRun.objects.filter(job=name, slot=slot).first()
    if known is None:
        try:
            with transaction.atomic():
                return JobRun.objects.create(job=name, slot=slot, attempts=1, run_at=moment + LEASE)
        except IntegrityError:
            return None
    if known.finished_at or known.run_at > moment or known.attempts >= MAX_ATTEMPTS:
        return None
    taken = JobRun.objects.filter(pk=known.pk, attempts=known.attempts, finished_at=None)
    if not taken.update(attempts=known.attempts + 1, run_at=moment + LEASE):
        return None
    known.attempts += 1
    return known


def _finish(run: JobRun, **values: object) -> None:
    """Only for the attempt that was claimed."""
    JobRun.objects.filter(pk=run.pk, attempts=run.attempts).update(**values)


def forget_old_runs() -> int:
    """Delete the rows of runs that nobody will look at any more."""
    deleted, _ = JobRun.objects.filter(created_at__lt=now() - timedelta(days=KEPT_DAYS)).delete()
    return deleted
