"""延期: asked before the deadline, once, by who has the case; decided by somebody else; told to both."""

from datetime import datetime

import pytest

from cases import workflow
from cases.choices import Act
from cases.models import Case, CaseEvent
from liangcheng.common import clock
from liangcheng.common.calendar import SHANGHAI
from liangcheng.common.exceptions import InvalidInput, NotPermitted
from liangcheng.common.models import OutboxMessage
from tests import factories
from tests.factories import Tree
from tests.people import People


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=SHANGHAI)


DUE = at("11-25 17:30")


@pytest.fixture
def case(tree: Tree, people: People) -> Case:
    """In the hands of officer2 until Wednesday the 25th, 17:30."""
    factories.category("0201")
    with clock.at(at("11-18 10:00")):
        made = factories.case(people.officer, tree.micro)
        workflow.dispatch(case_id=made.pk, actor=people.liaison, assignee_id=people.officer2.pk)
        return workflow.accept(case_id=made.pk, actor=people.officer2)


def ask(case: Case, people: People, moment: datetime, days: int = 5) -> Case:
    with clock.at(moment):
        return workflow.extend(case_id=case.pk, actor=people.officer2, days=days, text="等配件。")


def told(act: Act) -> set[int]:
    event = CaseEvent.objects.filter(act=act).latest("pk")
    return {row.payload["recipient"] for row in OutboxMessage.objects.all() if row.payload["event"] == event.pk}


def test_until_the_last_moment_and_not_after(case: Case, people: People):
    assert ask(case, people, DUE).extension_days == 5
    with clock.at(DUE):
        workflow.refuse_extension(case_id=case.pk, actor=people.head, text="请抓紧。")
    with pytest.raises(InvalidInput) as refused:
        ask(case, people, at("11-25 17:31"))
    assert refused.value.code == "extension_too_late"


def test_once_a_case(case: Case, people: People):
    ask(case, people, at("11-24 10:00"))
    with pytest.raises(InvalidInput) as twice:
        ask(case, people, at("11-24 11:00"))
    assert twice.value.code == "extension_pending"
    with clock.at(at("11-24 12:00")):
        done = workflow.grant_extension(case_id=case.pk, actor=people.head)
    assert (done.extension_count, done.extension_days, done.due_at) == (1, None, at("12-02 17:30"))
    with pytest.raises(InvalidInput) as used:
        ask(case, people, at("11-30 10:00"))
    assert used.value.code == "extension_used"


@pytest.mark.parametrize("days", [0, 16, -1])
def test_within_reason(case: Case, people: People, days: int):
    with pytest.raises(InvalidInput) as refused:
        ask(case, people, at("11-24 10:00"), days)
    assert (refused.value.code, refused.value.field) == ("bad_days", "days")


def test_fewer_may_be_granted_and_no_more(case: Case, people: People):
    ask(case, people, at("11-24 10:00"), 5)
    with clock.at(at("11-24 12:00")):
        with pytest.raises(InvalidInput):
            workflow.grant_extension(case_id=case.pk, actor=people.head, days=6)
        done = workflow.grant_extension(case_id=case.pk, actor=people.head, days=2)
    assert (done.due_at, done.original_due_at) == (at("11-27 17:30"), DUE)


def test_both_heads_hear_of_it_and_the_handler_of_the_answer(case: Case, tree: Tree, people: People):
    second = factories.posted("head2", tree.wenyuan1, "HEAD")
    ask(case, people, at("11-24 10:00"))
    assert told(Act.EXTEND) == {people.head.pk, second.pk}
    with clock.at(at("11-24 12:00")):
        workflow.grant_extension(case_id=case.pk, actor=people.head)
    assert told(Act.GRANT_EXTENSION) == {people.officer2.pk}


def test_at_a_micro_unit_the_heads_above_hear_of_it(tree: Tree, people: People):
    factories.category("0201", level="MICRO_UNIT")
    with clock.at(at("11-18 10:00")):
        case = factories.case(people.officer, tree.micro)
        workflow.extend(case_id=case.pk, actor=people.officer, days=5, text="等配件。")
    assert told(Act.EXTEND) == {people.head.pk}


def test_nobody_decides_for_their_own_plate(case: Case, people: People):
    """Neither who asked, nor the head whose stand-in asks for the head's own case."""
    with clock.at(at("11-19 10:00")):
        workflow.dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.head.pk)
        workflow.extend(case_id=case.pk, actor=people.head, days=5, text="等配件。")
        for act in (workflow.grant_extension, workflow.refuse_extension):
            with pytest.raises(NotPermitted) as refused:
                act(case_id=case.pk, actor=people.head, text="同意。")
            assert refused.value.code == "own_extension"
        assert workflow.grant_extension(case_id=case.pk, actor=people.area_head).extension_count == 1


def test_the_request_goes_with_the_plate(case: Case, people: People):
    ask(case, people, at("11-24 10:00"))
    with clock.at(at("11-24 11:00")):
        back = workflow.return_(case_id=case.pk, actor=people.officer2, reason="NOT_MINE", text="不归我管。")
    assert (back.extension_days, back.extension_asked_by) == (None, None)


def test_the_promise_in_hours_is_paused_in_hours_after_a_rework_in_days(tree: Tree, people: People):
    """Each deadline is carried over a pause in its own unit."""
    factories.category("0201", resolve=(48, "CLOCK_HOUR"))
    with clock.at(at("11-18 10:00")):
        case = factories.case(people.officer, tree.micro)
        workflow.resolve(case_id=case.pk, actor=people.liaison, text="已修好。")
        workflow.rework(case_id=case.pk, actor=people.head, text="没有修好。")
    with clock.at(at("11-19 10:00")):
        workflow.suspend(case_id=case.pk, actor=people.area_head, text="等经费。", review_on=at("12-01 00:00").date())
    with clock.at(at("11-21 10:00")):
        done = workflow.resume(case_id=case.pk, actor=people.area_head, text="经费已到。")
    # 24 clock hours were left of the promise; of the rework's three working days 20 working hours.
    assert done.original_due_at == at("11-22 10:00")
    assert done.due_at == at("11-25 16:30")
