"""Eight at once: one wins, the others are told so; and the same key at the same instant is one case."""

from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from django.db import connection

from cases.models import Case, CaseCounter, CaseEvent
from cases.workflow import Idempotency, Report, accept, discover, dispatch
from liangcheng.common.exceptions import DomainError, StaleObject
from liangcheng.common.models import OutboxMessage
from tests import factories
from tests import people as cast
from tests.factories import Tree

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]
THREADS = 8


def at_once(act: Callable[[int], object]) -> list[object]:
    """Run `act(i)` in eight threads that start together; their results or the exceptions they ended with."""
    results: list[object] = [None] * THREADS
    barrier = Barrier(THREADS)

    def run(index: int) -> None:
        barrier.wait()
        try:
            results[index] = act(index)
        except Exception as error:  # noqa: BLE001 -- the test looks at whatever it is
            results[index] = error
        finally:
            connection.close()

    threads = [Thread(target=run, args=(index,)) for index in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.fixture
def stage():
    tree = Tree()
    everybody = cast.settle(tree)
    factories.category("0201")
    return tree, everybody


def test_one_dispatch_wins(stage):
    tree, people = stage
    case = factories.case(people.officer, tree.micro)
    results = at_once(
        lambda i: dispatch(
            case_id=case.pk,
            actor=factories.fresh(people.liaison),
            assignee_id=people.officer2.pk,
            expected_version=case.version,
        )
    )
    assert sum(isinstance(result, Case) for result in results) == 1
    assert all(isinstance(result, (Case, StaleObject)) for result in results), results
    assert CaseEvent.objects.filter(case=case).count() == 2


def test_one_accept_wins_even_without_a_version(stage):
    tree, people = stage
    case = factories.case(people.officer, tree.micro)
    dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk)
    results = at_once(lambda i: accept(case_id=case.pk, actor=factories.fresh(people.officer2)))
    assert sum(isinstance(result, Case) for result in results) == 1
    assert all(isinstance(result, (Case, DomainError)) for result in results), results
    assert CaseEvent.objects.filter(case=case, act="accept").count() == 1


def test_same_key_at_the_same_instant_is_one_case(stage):
    tree, people = stage
    report = Report(category_code="0201", description="墙面渗水。", grid_code=tree.micro.code)
    key = Idempotency("same-instant", "f" * 64)
    results = at_once(lambda i: discover(actor=factories.fresh(people.officer), report=report, idempotency=key))
    assert len({result.pk for result in results}) == 1, results
    assert (Case.objects.count(), CaseEvent.objects.count()) == (1, 1)
    assert OutboxMessage.objects.count() == 2


def test_same_external_number_at_the_same_instant_is_one_case(stage):
    tree, _ = stage
    hotline = factories.service("hotline12345", tree.street)
    report = Report(category_code="0201", description="来电反映。", grid_code=tree.micro.code, external_id="H1")
    results = at_once(lambda i: discover(actor=factories.fresh(hotline), report=report))
    assert len({result.pk for result in results}) == 1, results
    assert Case.objects.count() == 1


def test_numbers_have_no_gap_and_no_twin(stage):
    tree, people = stage
    results = at_once(lambda i: [factories.case(factories.fresh(people.officer), tree.micro).number for _ in range(5)])
    assert all(isinstance(result, list) for result in results), results
    numbers = sorted(number for result in results for number in result)
    assert [int(number[-4:]) for number in numbers] == list(range(1, 5 * THREADS + 1))
    assert CaseCounter.objects.get().value == 5 * THREADS
