"""The table against the oracle of tests.cases.walk: every state, act and person."""

import pytest
from django.db import transaction

from cases.choices import Act, Status
from cases.models import Case, CaseEvent, CoHandler
from cases.transitions import OFFERED, TABLE, edges_from
from cases.workflow import ACTS, available_actions, refusal
from liangcheng.common.exceptions import DomainError, IllegalTransition, InvalidInput, NotPermitted, NotVisible
from tests import factories
from tests.cases import walk
from tests.factories import Tree
from tests.people import People


def test_table_and_functions_cover_the_same_acts():
    assert set(TABLE) == set(ACTS) == set(walk.ACTS)
    assert set(OFFERED) == set(walk.OFFERED)


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


@pytest.mark.parametrize("status", list(Status))
def test_act_is_done_or_refused_whole(tree: Tree, people: People, status: Status):
    walk.another(tree, people)
    for act in walk.ACTS:
        with transaction.atomic():
            _walk(tree, people, status, act)
            transaction.set_rollback(True)


def _walk(tree: Tree, people: People, status: Status, act: Act) -> None:
    """One act in one state: everybody who may not is refused and nothing changes; the first who may, does it."""
    allowed = walk.ALLOWED[status].get(act, set())
    case = walk.stage(tree, people, status)
    given = walk.inputs(act, tree, people)
    before = Case.objects.filter(pk=case.pk).values().get()
    for name in walk.EVERYBODY:
        if name in allowed:
            continue
        with pytest.raises(DomainError) as refused:
            ACTS[act](case_id=case.pk, actor=getattr(people, name), **given)
        if name not in walk.SEES[status]:
            assert isinstance(refused.value, NotVisible)
        elif not edges_from(act, status):
            assert isinstance(refused.value, IllegalTransition)
        elif act in walk.RULED_OUT or (act is Act.HAND_OVER and case.assignee_id is None):
            assert isinstance(refused.value, NotPermitted | InvalidInput)
        else:
            assert isinstance(refused.value, NotPermitted), (act, name, refused.value.code)
    assert Case.objects.filter(pk=case.pk).values().get() == before
    assert CaseEvent.objects.filter(case=case).count() == 1
    if allowed:
        actor = getattr(people, sorted(allowed)[0])
        done = ACTS[act](case_id=case.pk, actor=actor, **given)
        event = CaseEvent.objects.filter(case=case).last()
        assert (event.act, event.from_status, event.to_status) == (act, status, done.status)
        assert (event.actor_id, done.version) == (actor.pk, case.version + 1)
        assert Case.objects.filter(pk=case.pk).values().get()["status"] == done.status


def test_clock_does_its_own_and_nothing_else(tree: Tree, people: People):
    running = {Act.ESCALATE, Act.WARN, Act.OVERDUE, Act.REMIND, Act.RECALCULATE}
    expected = {
        Status.PENDING: running,
        Status.DISPATCHED: running | {Act.LAPSE},
        Status.HANDLING: running,
        Status.SUSPENDED: {Act.REMIND, Act.RECALCULATE},
        Status.RESOLVED: {Act.REMIND, Act.RECALCULATE},
        Status.AWAITING_FEEDBACK: {Act.CLOSE, Act.REMIND, Act.RECALCULATE},
    }
    for status in Status:
        case = walk.stage(tree, people, status)
        assert set(available_actions(case, None)) == expected.get(status, set()), status
        CoHandler.objects.all().delete()


def test_superuser_without_posting_sees_all_and_does_nothing(tree: Tree, people: People):
    admin = factories.user("root", is_superuser=True, is_staff=True)
    case = walk.stage(tree, people, Status.PENDING)
    assert Case.objects.visible_to(admin).filter(pk=case.pk).exists()
    assert available_actions(case, admin) == []
    assert refusal(case, admin, Act.NOTE).code == "not_permitted"
