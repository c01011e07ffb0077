"""The table against the oracle of tests.cases.walk: every state, act and person."""

import pytest

from cases.choices import Act, Status
from cases.models import Case, CaseEvent
from cases.transitions import TABLE
from cases.workflow import ACTS, available_actions, refusal
from liangcheng.common.exceptions import DomainError, IllegalTransition, NotPermitted, NotVisible
from tests import factories
from tests.cases import walk
from tests.factories import Tree
from tests.people import People


def test_table_and_functions_cover_the_same_acts():
    assert set(TABLE) == set(ACTS) == set(walk.ACTS)


@pytest.mark.parametrize("status", list(Status))
def test_refusal_agrees_with_the_oracle(tree: Tree, people: People, status: Status):
    case = walk.stage(tree, people, status)
    for name in walk.EVERYBODY:
        person = getattr(people, name)
        sees = Case.objects.visible_to(person).filter(pk=case.pk).exists()
        assert sees == (name in walk.SEES[status]), (status, name)
        if sees:
            expected = [act for act in TABLE if name in walk.ALLOWED[status].get(act, set())]
            assert available_actions(case, person) == expected, (status, name)


@pytest.mark.parametrize("act", walk.ACTS)
@pytest.mark.parametrize("status", list(Status))
def test_act_is_done_or_refused_whole(tree: Tree, people: People, status: Status, act: Act):
    allowed = walk.ALLOWED[status].get(act, set())
    case = walk.stage(tree, people, status)
    for name in walk.EVERYBODY:
        if name in allowed:
            continue
        before = Case.objects.filter(pk=case.pk).values().get()
        with pytest.raises(DomainError) as refused:
            ACTS[act](case_id=case.pk, actor=getattr(people, name), **walk.inputs(act, tree, people))
        if name not in walk.SEES[status]:
            assert isinstance(refused.value, NotVisible)
        elif act not in walk.ALLOWED[status]:
            assert isinstance(refused.value, IllegalTransition)
        else:
            assert isinstance(refused.value, NotPermitted)
        assert Case.objects.filter(pk=case.pk).values().get() == before
    assert CaseEvent.objects.filter(case=case).count() == 1
    if allowed:
        actor = getattr(people, sorted(allowed)[0])
        done = ACTS[act](case_id=case.pk, actor=actor, **walk.inputs(act, tree, people))
        event = CaseEvent.objects.filter(case=case).last()
        assert (event.act, event.from_status, event.to_status) == (act, status, done.status)
        assert (event.actor_id, done.version) == (actor.pk, case.version + 1)
        assert Case.objects.filter(pk=case.pk).values().get()["status"] == done.status


def test_clock_may_only_escalate_and_close(tree: Tree, people: People):
    for status in Status:
        case = walk.stage(tree, people, status)
        acts = set(available_actions(case, None))
        expected = {
            Status.PENDING: {Act.ESCALATE},
            Status.DISPATCHED: {Act.ESCALATE},
            Status.HANDLING: {Act.ESCALATE},
            Status.AWAITING_FEEDBACK: {Act.CLOSE},
        }
        assert acts == expected.get(status, set())


def test_superuser_without_posting_sees_all_and_does_nothing(tree: Tree, people: People):
    admin = factories.user("root", is_superuser=True, is_staff=True)
    case = walk.stage(tree, people, Status.PENDING)
    assert Case.objects.visible_to(admin).filter(pk=case.pk).exists()
    assert available_actions(case, admin) == []
    assert refusal(case, admin, Act.NOTE).code == "not_permitted"
