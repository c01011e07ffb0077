"""A stand-in (请假代班) at every door: within the days as the person who is away, before and after as a stranger."""

import pytest

from cases import workflow
from cases.choices import Act, Status
from cases.models import Case, CaseEvent
from cases.notifications import TOPIC
from cases.places import default_grid_id
from cases.refusals import available_actions
from cases.todo import Todo, count
from grids.choices import Role
from liangcheng.accounts.models import User
from liangcheng.common.exceptions import NotPermitted, NotVisible
from liangcheng.common.models import OutboxMessage
from tests import factories
from tests.api import ROOT, client_of
from tests.cases.web import browser
from tests.factories import Tree, fresh, stand_in
from tests.people import People

# (start, days): yesterday was the last day; tomorrow is the first.
OUTSIDE = [(-3, 3), (1, 3)]


@pytest.fixture
def case(tree: Tree, people: People) -> Case:
    """Waits at 文苑一, whose liaison is the person who goes away; `stranger` serves at 凉三."""
    factories.category("0201")
    return factories.case(people.officer, tree.micro, title="楼道渗水")


def doors(person: User, case: Case) -> dict[str, bool]:
    """Through which doors `person` finds the case."""
    User.objects.filter(pk=person.pk).update(is_staff=True)
    page, api = browser(fresh(person)), client_of(person)
    return {
        "list": case.number in page.get("/cases/").content.decode(),
        "search": case.number in page.get("/cases/?q=渗水").content.decode(),
        "detail": page.get(f"/cases/{case.number}/").status_code == 200,
        "act": page.get(f"/cases/{case.number}/note/").status_code == 200,
        "api list": api.get(f"{ROOT}/cases/").json()["total"] == 1,
        "api search": api.get(f"{ROOT}/cases/?q=渗水").json()["total"] == 1,
        "api detail": api.get(f"{ROOT}/cases/{case.number}/").status_code == 200,
        "api grids": api.get(f"{ROOT}/grids/{case.handling_grid.code}/").status_code == 200,
        "admin list": page.get("/admin/cases/case/").context["cl"].result_count == 1,
        "admin detail": page.get(f"/admin/cases/case/{case.pk}/change/").status_code == 200,
    }


def test_open_within_the_days(case: Case, people: People):
    stand_in(people.liaison, people.stranger, start=-1, days=2)
    assert set(doors(people.stranger, case).values()) == {True}


@pytest.mark.parametrize(("start", "days"), OUTSIDE)
def test_closed_the_day_before_and_the_day_after(case: Case, people: People, start: int, days: int):
    stand_in(people.liaison, people.stranger, start=start, days=days)
    assert set(doors(people.stranger, case).values()) == {False}
    for act in (workflow.dispatch, workflow.note):
        given = {"assignee_id": people.officer.pk} if act is workflow.dispatch else {"text": "已看。"}
        with pytest.raises(NotVisible):
            act(case_id=case.pk, actor=fresh(people.stranger), **given)


def test_closed_when_the_account_of_the_person_away_has_ended(case: Case, people: People):
    stand_in(people.liaison, people.stranger)
    User.objects.filter(pk=people.liaison.pk).update(is_active=False)
    assert set(doors(people.stranger, case).values()) == {False}


def test_closed_to_the_stand_in_of_the_stand_in(case: Case, people: People):
    stand_in(people.liaison, people.stranger)
    stand_in(people.stranger, people.far_stranger)
    assert set(doors(people.far_stranger, case).values()) == {False}


def test_a_superusers_sight_is_not_lent(case: Case, tree: Tree, people: People):
    boss = User.objects.create_superuser("boss", "Passw0rd-of-tests", full_name="系统管理员")
    factories.posting(boss, tree.xiuyuan, Role.LIAISON)
    stand_in(boss, people.stranger)
    assert set(doors(people.stranger, case).values()) == {False}


def test_the_stand_in_acts_and_stands_in_the_record(case: Case, people: People):
    stand_in(people.liaison, people.stranger)
    helper = fresh(people.stranger)
    assert available_actions(case, helper) == available_actions(case, fresh(people.liaison))
    workflow.dispatch(case_id=case.pk, actor=helper, assignee_id=people.officer2.pk)
    event = CaseEvent.objects.get(act=Act.DISPATCH)
    assert event.actor == people.stranger


def test_what_is_assigned_by_name_is_the_stand_ins_as_well(case: Case, people: People):
    workflow.dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk)
    stand_in(people.officer2, people.stranger)
    helper = fresh(people.stranger)
    counts, _ = count(helper)
    assert counts[Todo.DISPATCHED] == 1
    assert case.number in browser(helper).get("/cases/?assigned=me").content.decode()
    assert client_of(helper).get(f"{ROOT}/cases/?assigned=me").json()["total"] == 1
    accepted = workflow.accept(case_id=case.pk, actor=helper)
    # It stays the plate of the person who is away, who finds it there again.
    assert (accepted.status, accepted.assignee) == (Status.HANDLING, people.officer2)
    done = workflow.resolve(case_id=case.pk, actor=fresh(people.stranger), text="已修好。")
    assert (done.status, done.resolved_by) == (Status.RESOLVED, people.stranger)


@pytest.mark.parametrize(("start", "days"), OUTSIDE)
def test_the_plate_is_closed_before_and_after(case: Case, people: People, start: int, days: int):
    workflow.dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk)
    stand_in(people.officer2, people.stranger, start=start, days=days)
    helper = fresh(people.stranger)
    assert count(helper)[0][Todo.DISPATCHED] == 0
    assert client_of(helper).get(f"{ROOT}/cases/?assigned=me").json()["total"] == 0
    with pytest.raises(NotVisible):
        workflow.accept(case_id=case.pk, actor=helper)


def test_a_departments_plate_is_lent_with_the_posting(case: Case, people: People):
    workflow.dispatch(case_id=case.pk, actor=people.liaison, department_id=people.chengguan.pk)
    stand_in(people.staff, people.stranger)
    assert count(fresh(people.stranger))[0][Todo.DISPATCHED] == 1
    assert workflow.accept(case_id=case.pk, actor=fresh(people.stranger)).status == Status.HANDLING


def test_what_somebody_found_stays_personal(case: Case, people: People, tree: Tree):
    found = factories.case(people.dispatcher, tree.xiuyuan)
    factories.posting(people.dispatcher, tree.micro2, Role.OFFICER)
    people.dispatcher.postings.filter(grid=tree.street).delete()
    stand_in(people.dispatcher, people.stranger)
    assert Case.objects.visible_to(fresh(people.dispatcher)).filter(pk=found.pk).exists()
    assert not Case.objects.visible_to(fresh(people.stranger)).filter(pk=found.pk).exists()


def test_a_confidential_case_opens_to_the_stand_in_of_its_chain(tree: Tree, people: People):
    factories.category("0201")
    case = factories.case(people.officer, tree.micro, confidential=True)
    stand_in(people.liaison, people.far_stranger)
    stand_in(people.viewer, people.stranger)
    assert Case.objects.visible_to(fresh(people.far_stranger)).filter(pk=case.pk).exists()
    assert not Case.objects.visible_to(fresh(people.stranger)).filter(pk=case.pk).exists()


def test_only_the_acting_account_counts_as_the_resolver(case: Case, people: People):
    """核查回避: nobody verifies what they resolved; whom they stand in for, or who stands in for them, is another."""
    workflow.resolve(case_id=case.pk, actor=people.liaison, text="已修好。")
    stand_in(people.liaison, people.stranger)
    with pytest.raises(NotPermitted) as refused:
        workflow.verify(case_id=case.pk, actor=fresh(people.liaison))
    assert refused.value.code == "own_resolution"
    assert count(fresh(people.stranger))[0][Todo.RESOLVED] == 1
    assert workflow.verify(case_id=case.pk, actor=fresh(people.stranger)).status != Status.RESOLVED


def test_nor_may_a_stand_in_verify_what_they_resolved_in_anothers_place(case: Case, people: People):
    stand_in(people.liaison, people.stranger)
    workflow.resolve(case_id=case.pk, actor=fresh(people.stranger), text="已修好。")
    with pytest.raises(NotPermitted) as refused:
        workflow.verify(case_id=case.pk, actor=fresh(people.stranger))
    assert refused.value.code == "own_resolution"
    assert workflow.verify(case_id=case.pk, actor=fresh(people.liaison)).status != Status.RESOLVED


def test_ones_own_grid_is_offered_first(people: People, tree: Tree):
    stand_in(people.officer, people.stranger)
    assert default_grid_id(fresh(people.stranger)) == tree.liangsan.pk


def told(act: Act) -> set[int]:
    event = CaseEvent.objects.filter(act=act).latest("pk")
    return {m.payload["recipient"] for m in OutboxMessage.objects.filter(topic=TOPIC) if m.payload["event"] == event.pk}


class TestNotices:
    def test_the_stand_in_is_told_too(self, case: Case, people: People):
        stand_in(people.officer2, people.stranger)
        stand_in(people.head, people.far_stranger, start=1)
        workflow.dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk)
        assert told(Act.DISPATCH) == {people.officer2.pk, people.stranger.pk}
        workflow.return_(case_id=case.pk, actor=people.officer2, reason="OTHER", text="请假。")
        assert told(Act.RETURN) == {people.liaison.pk, people.head.pk}

    def test_the_stand_in_who_acted_is_not_told_but_the_person_away_is(self, case: Case, people: People):
        workflow.dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk)
        stand_in(people.officer2, people.stranger)
        workflow.note(case_id=case.pk, actor=fresh(people.stranger), text="已看。")
        assert told(Act.NOTE) == {people.officer2.pk}

    def test_what_the_finder_is_told_is_personal(self, case: Case, people: People):
        stand_in(people.officer, people.stranger)
        workflow.reject(case_id=case.pk, actor=people.liaison, reason="NOT_OURS", text="不属于街道。")
        assert told(Act.REJECT) == {people.officer.pk}


def test_statements_do_not_grow(case: Case, people: People, statements):
    for person in (people.liaison, people.head, people.officer2, people.area_liaison):
        stand_in(person, people.stranger)
    helper = fresh(people.stranger)
    with statements(2):
        list(Case.objects.visible_to(helper))
    page = browser(fresh(people.stranger))
    with statements(12):
        page.get("/")
