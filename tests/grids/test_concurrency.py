"""Several writers at once on one tree, on both databases: sound afterwards, nobody refused, nobody deadlocked."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Event

import pytest
from django.db import connections, transaction

from grids.choices import GridKind
from grids.merging import merge_grids
from grids.models import Grid
from grids.tree import create_grid, move_grid, retire_grid
from liangcheng.common.exceptions import DomainError
from members.models import Building, ResidentUnit
from tests import factories
from tests.factories import Tree

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]
WRITERS = 8


def at_once(*works: Callable[[], None]) -> None:
    """Run each in a thread with a connection of its own; the first error of any is raised here."""

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        for future in [pool.submit(run, work) for work in works]:
            future.result()


@pytest.fixture
def street(transactional_db: None) -> Tree:
    return Tree()


def writer(tree: Tree, number: int) -> Callable[[], None]:
    """Makes a 居民区 with three micro-units, scatters them, moves the 居民区 and merges it into 凉三."""

    def work() -> None:
        code = f"31010901620{number}"
        own = create_grid(parent_id=tree.area.pk, kind=GridKind.NEIGHBORHOOD, code=code, name=f"甲{number}")
        micros = [
            create_grid(parent_id=own.pk, kind=GridKind.MICRO_UNIT, code=f"{code}00{n}", name=f"甲{number}微{n}")
            for n in range(1, 4)
        ]
        factories.unit(micros[1], code=f"U{number}")
        move_grid(grid_id=micros[0].pk, parent_id=tree.xiuyuan.pk)
        move_grid(grid_id=own.pk, parent_id=tree.other_area.pk)
        retire_grid(grid_id=micros[2].pk, on=date(2021, 12, 31))
        merge_grids(source_ids=[own.pk], target_id=tree.liangsan.pk, on=date(2021, 12, 31))

    return work


def test_eight_writers_under_one_root(street: Tree) -> None:
    at_once(*(writer(street, number) for number in range(WRITERS)))
    # The fixture sound_tree checks every invariant after the test.
    assert Grid.objects.filter(parent=street.liangsan).count() == 2 * WRITERS
    assert Grid.objects.filter(parent=street.xiuyuan).count() == WRITERS
    assert ResidentUnit.objects.within(street.liangsan).count() == WRITERS
    assert Grid.objects.filter(successor=street.liangsan).count() == WRITERS


def test_new_streets_at_once_get_trees_of_their_own(transactional_db: None) -> None:
    def found(number: int) -> Callable[[], None]:
        return lambda: void(
            create_grid(parent_id=None, kind=GridKind.COMMUNITY, code=f"31010901{number}000", name=f"街道{number}")
        )

    at_once(*(found(number) for number in range(WRITERS)))
    assert len(set(Grid.objects.values_list("tree_id", flat=True))) == WRITERS


def test_the_same_code_at_once_is_given_once(street: Tree) -> None:
    refusals: list[str] = []

    def take() -> None:
        try:
            create_grid(parent_id=street.area.pk, kind=GridKind.NEIGHBORHOOD, code="310109016099", name="甲")
        except DomainError as error:
            refusals.append(error.code)

    at_once(*[take] * WRITERS)
    assert refusals == ["code_taken"] * (WRITERS - 1)


def test_a_move_waits_for_the_row_that_is_being_filed(street: Tree) -> None:
    """The row holds its grid FOR SHARE from reading the path until it is written (SCALE 2)."""
    unit = factories.unit(street.micro)
    anchored = Event()

    def file() -> None:
        with transaction.atomic():
            house = Building(unit=unit, road="凉城路", lane="9", number="9")
            house.anchor(pk=street.micro.pk)
            anchored.set()
            time.sleep(0.4)
            house.save()

    def move() -> None:
        anchored.wait(5)
        move_grid(grid_id=street.wenyuan1.pk, parent_id=street.other_area.pk)

    at_once(file, move)
    assert Building.objects.get().area_id == street.other_area.pk


def test_rows_filed_while_their_grid_moves(street: Tree) -> None:
    unit = factories.unit(street.micro)
    areas = [street.other_area.pk, street.area.pk] * 5

    def move() -> None:
        for area in areas:
            move_grid(grid_id=street.wenyuan1.pk, parent_id=area)

    def file(road: str) -> Callable[[], None]:
        def work() -> None:
            for number in range(15):
                factories.building(street.micro, unit, road=road, number=str(number))

        return work

    at_once(move, *(file(f"{letter}路") for letter in "甲乙丙丁"))
    assert Building.objects.within(street.area).count() == 60


def void(_: object) -> None:
    """For lambdas that are asked for nothing."""
