"""Two handovers of the same person's cases at the same instant: one wins, nothing is lost, nobody blocks for good."""

import pytest

from cases.choices import Act, Status
from cases.handover import Handover, hand_over_all
from cases.models import Case, CaseEvent
from cases.workflow import dispatch
from liangcheng.common.exceptions import DomainError
from tests import factories
from tests import people as cast
from tests.cases.test_concurrency import THREADS, at_once
from tests.cases.test_handover import crowd
from tests.factories import Tree

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]
MANY = 20


@pytest.fixture
def stage():
    tree = Tree()
    people = cast.settle(tree)
    factories.category("0201")
    first = factories.case(people.officer2, tree.micro2)
    crowd(factories.force_status(first, Status.HANDLING, assignee=people.officer2), MANY - 1)
    return people


def test_one_of_eight_handovers_wins(stage):
    people = stage
    successors = [people.officer, people.liaison, people.head, None]

    def act(index: int) -> Handover:
        actor = factories.fresh([people.liaison, people.area_head][index % 2])
        to = successors[index % 4]
        return hand_over_all(
            actor=actor, from_user_id=people.officer2.pk, to_user_id=to.pk if to else None, text="调岗。"
        )

    results = at_once(act)
    done = [result for result in results if isinstance(result, Handover)]
    assert [row.handed + row.back for row in done] == [MANY], results
    refused = [result for result in results if not isinstance(result, Handover)]
    assert {type(error) for error in refused} == {DomainError}, results
    assert {error.code for error in refused} == {"nothing_to_hand_over"}
    assert CaseEvent.objects.filter(act=Act.HAND_OVER).count() == MANY
    assert not Case.objects.filter(assignee=people.officer2).exists()


def test_a_handover_and_single_acts_queue(stage):
    """While one person's cases are handed over, others dispatch the same cases: each case has its events in a row."""
    people = stage
    ids = list(Case.objects.order_by("-pk").values_list("pk", flat=True))

    def act(index: int) -> object:
        if index == 0:
            return hand_over_all(
                actor=factories.fresh(people.liaison),
                from_user_id=people.officer2.pk,
                to_user_id=people.officer.pk,
                text="调岗。",
            )
        head = factories.fresh(people.head)
        return [dispatch(case_id=pk, actor=head, assignee_id=people.liaison.pk) for pk in ids[index:MANY:THREADS]]

    results = at_once(act)
    assert all(isinstance(result, Handover | list | DomainError) for result in results), results
    assert not Case.objects.filter(assignee=people.officer2).exists()
    for case in Case.objects.all():
        written = case.events.exclude(act=Act.DISCOVER).count()
        assert case.version == 1 + written
