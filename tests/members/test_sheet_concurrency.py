"""Two imports at once, and imports while the tree moves: on both databases, whole or not at all."""

from threading import Event

import pytest
from django.db import connection

from grids.tree import move_grid
from liangcheng.accounts.models import User
from members.models import ResidentContact, ResidentUnit, SheetJob
from members.sheets import SHEETS, jobs
from tests import factories
from tests import people as cast
from tests.factories import Tree
from tests.grids.test_concurrency import at_once
from tests.members.test_sheets import CONTACT, UNIT
from tests.sheets import Row, book

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]


class Quiet:
    """Progress that nobody asks for."""

    def __call__(self, done: int) -> None:
        pass


def ready(user: User, register: str, *rows: Row) -> SheetJob:
    from django.core.files.uploadedfile import SimpleUploadedFile

    job = jobs.upload(factories.fresh(user), SHEETS[register], SimpleUploadedFile("a.xlsx", book(*rows)))
    jobs._check(job, Quiet())
    assert SheetJob.objects.filter(pk=job.pk, state="READY").update(state="IMPORTING")
    return SheetJob.objects.get(pk=job.pk)


def take(job: SheetJob):
    return lambda: jobs._import(job, Quiet())


@pytest.mark.parametrize("register", ["units", "contacts"])
def test_the_later_of_two_imports_of_the_same_rows_is_told(tree: Tree, register: str):
    people = cast.settle(tree)
    factories.unit(tree.micro, "U7", "旧名")
    rows = {"units": [UNIT, UNIT | {"单位编号": "U8"}], "contacts": [CONTACT]}[register]
    both = [ready(people.area_liaison, register, *rows), ready(people.area_head, register, *rows)]
    at_once(*map(take, both))
    states = sorted(SheetJob.objects.values_list("state", flat=True))
    assert states == ["DONE", "REFUSED"]
    refused = SheetJob.objects.get(state="REFUSED")
    assert all("检查之后" in words for _, _, words in refused.problems)
    assert (ResidentUnit.objects.count(), ResidentContact.objects.count()) == (
        (2, 0) if register == "units" else (1, 1)
    )


def test_an_import_waits_for_a_moving_tree_or_is_seen_by_it(tree: Tree):
    people = cast.settle(tree)
    for number in range(20):
        factories.unit(tree.micro2, f"O{number}")
    rows = [UNIT | {"单位编号": f"{kind}{number}", "类别": "小区"} for kind in "NO" for number in range(20)]
    job = ready(people.dispatcher, "units", *rows)
    areas = [tree.other_area.pk, tree.area.pk] * 4 + [tree.other_area.pk]

    def move() -> None:
        for area in areas:
            move_grid(grid_id=tree.wenyuan1.pk, parent_id=area)

    at_once(take(job), move)
    assert SheetJob.objects.get().state == "DONE"
    assert ResidentUnit.objects.within(tree.other_area).count() == 40
    assert ResidentUnit.objects.filter(name="凉城商务楼").count() == 40


def test_a_row_edited_in_the_middle_of_an_import(tree: Tree, monkeypatch):
    """Between the second check and the writing: the import checks once more, and is told."""
    people = cast.settle(tree)
    unit = factories.unit(tree.micro, "U7", "旧名")
    job = ready(people.area_liaison, "units", UNIT)
    checked, edited = jobs.check, Event()

    def check(*args, **kwargs):
        plan = checked(*args, **kwargs)
        if not edited.is_set():
            edited.set()
            unit.note = "刚改的"
            unit.save()
        return plan

    monkeypatch.setattr(jobs, "check", check)
    take(job)()
    assert SheetJob.objects.get().state == "REFUSED"
    assert ResidentUnit.objects.get().note == "刚改的"
    assert connection.in_atomic_block is False
