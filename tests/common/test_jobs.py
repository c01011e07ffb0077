"""Recurring jobs: every slot once, whatever dies or fails."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from liangcheng.common import clock, jobs
from liangcheng.common.jobs import Job
from liangcheng.common.models import JobRun
from tests.common.together import together

NOON = datetime(2026, 3, 4, 12, 0, 30, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def ran(monkeypatch) -> list[str]:
    seen: list[str] = []
    monkeypatch.setattr(jobs, "JOBS", {})
    jobs.register_minutely("tick", lambda: seen.append("tick"))
    jobs.register_daily("night", lambda: seen.append("night"), at=time(13))
    return seen


def run_at(moment: datetime) -> int:
    with clock.at(moment):
        return jobs.run_due()


class TestSlot:
    def test_minute_and_day_are_local(self):
        minutely, daily = Job("m", list), Job("d", list, time(2, 30))
        utc = datetime(2026, 3, 4, 18, 31, tzinfo=ZoneInfo("UTC"))
        assert minutely.slot(utc) == "2026-03-05T02:31"
        assert daily.slot(utc) == "2026-03-05"
        assert daily.slot(utc - timedelta(minutes=2)) is None


@pytest.mark.django_db
class TestRuns:
    def test_each_slot_once(self, ran):
        assert [run_at(NOON), run_at(NOON + timedelta(seconds=20)), run_at(NOON + timedelta(minutes=1))] == [1, 0, 1]
        assert ran == ["tick", "tick"]

    def test_daily_waits_for_its_time_and_makes_up_for_a_missed_one(self, ran):
        run_at(NOON)
        assert "night" not in ran
        for hours in (1, 2, 30):
            run_at(NOON + timedelta(hours=hours))
        assert ran.count("night") == 2

    def test_failing_job_is_tried_again_and_does_not_stop_the_others(self, monkeypatch, ran):
        def fail() -> None:
            raise ValueError("张三")

        monkeypatch.setitem(jobs.JOBS, "bad", Job("bad", fail, time(0)))
        jobs.register_daily("after", lambda: ran.append("after"), at=time(0))
        run_at(NOON)
        assert ran == ["tick", "after"]
        run = JobRun.objects.get(job="bad")
        assert (run.attempts, run.finished_at) == (1, None)
        assert run.last_error.startswith("ValueError test_jobs.py")
        for minutes in range(1, 300):
            run_at(NOON + timedelta(minutes=minutes))
        run.refresh_from_db()
        assert run.attempts == jobs.MAX_ATTEMPTS

    def test_job_of_a_killed_worker_runs_again_after_the_lease(self, ran):
        with clock.at(NOON + timedelta(hours=1)):
            assert jobs.claim("night", "2026-03-04") is not None  # and here the worker is killed
        run_at(NOON + timedelta(hours=1, minutes=29))
        assert "night" not in ran
        run_at(NOON + timedelta(hours=1) + jobs.LEASE)
        run_at(NOON + timedelta(hours=2))
        assert ran.count("night") == 1

    def test_old_runs_are_forgotten(self, ran):
        run_at(NOON)
        JobRun.objects.update(created_at=NOON - timedelta(days=jobs.KEPT_DAYS + 1))
        with clock.at(NOON):
            jobs.claim("tick", "young")
            JobRun.objects.filter(slot="young").update(created_at=NOON)
            assert jobs.forget_old_runs() == 1
        assert list(JobRun.objects.values_list("slot", flat=True)) == ["young"]


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_one_of_many_workers_gets_a_slot():
    taken: list[object] = []
    together(lambda: taken.append(jobs.claim("tick", "2026-03-04T12:00")), times=6)
    assert sum(run is not None for run in taken) == 1
    late = clock.now() + jobs.LEASE + timedelta(seconds=1)

    def take_over() -> None:
        with clock.at(late):
            taken.append(jobs.claim("tick", "2026-03-04T12:00"))

    taken.clear()
    together(take_over, times=6)
    assert sum(run is not None for run in taken) == 1
