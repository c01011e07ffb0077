"""Reporters' names and numbers are forgotten after some years, where the street wants it; the cases stay."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cases.models import Case, JointReport
from liangcheng.common.jobs import JOBS
from tests import factories
from tests.factories import Tree
from tests.people import People


@pytest.fixture
def old_cases(people: People, tree: Tree) -> dict[str, Case]:
    """Ended long ago, ended lately, open, and merged into one that is open."""
    found = {
        name: factories.case(people.officer, tree.micro, reporter_name="王阿妹", reporter_phone="13000001111")
        for name in ("long_ago", "lately", "open", "merged")
    }
    now = timezone.now()
    for name, status, days in (("long_ago", "REJECTED", 800), ("lately", "CLOSED", 700), ("merged", "MERGED", 800)):
        found[name] = factories.force_status(found[name], status, closed_at=now - timedelta(days=days))
    Case.objects.filter(pk=found["merged"].pk).update(merged_into=found["open"])
    for name in found:
        JointReport.objects.create(case=found[name], joined_by=people.officer, reporter_phone="13000002222", text=name)
    return found


def test_off_by_default_and_by_years(old_cases: dict[str, Case], settings):
    job = JOBS["cases.forget_reporters"].run
    assert job() == 0
    settings.REPORTER_KEEP_YEARS = 2
    before = old_cases["long_ago"]
    assert job() == 2
    assert job() == 0
    left = {row.pk: row for row in Case.objects.all()}
    forgotten = left[before.pk]
    assert (forgotten.reporter_name, forgotten.reporter_phone, forgotten.status) == ("", "", "REJECTED")
    assert forgotten.version == before.version + 1
    assert forgotten.description == before.description
    for name in ("lately", "open", "merged"):
        assert left[old_cases[name].pk].reporter_phone == "13000001111"
    assert set(JointReport.objects.exclude(reporter_phone="").values_list("text", flat=True)) == {
        *("lately", "open", "merged")
    }
    Case.objects.filter(pk=old_cases["open"].pk).update(is_open=False, closed_at=timezone.now() - timedelta(days=800))
    assert job() == 4
