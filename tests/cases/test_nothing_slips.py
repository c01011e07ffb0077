"""Ways round the rules that were found once: each stays closed."""

import pytest

from cases import notifications, workflow
from cases.choices import Status
from cases.models import Case, Notice
from cases.sweep import sweep
from grids.models import Posting
from liangcheng.common import clock
from liangcheng.common.exceptions import NotPermitted
from liangcheng.common.models import OutboxMessage
from tests import factories
from tests.api import get, post
from tests.factories import Tree
from tests.people import People


@pytest.fixture
def case(tree: Tree, people: People) -> Case:
    factories.category("0201")
    return factories.case(people.officer, tree.micro)


def bounced(case: Case, people: People) -> Case:
    for _ in range(2):
        workflow.dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk)
        workflow.return_(case_id=case.pk, actor=people.officer2, reason="NOT_MINE", text="不归我管。")
    return Case.objects.get(pk=case.pk)


def test_the_title_of_a_case_out_of_sight_is_told_to_nobody(tree: Tree, people: People):
    factories.category("0201")
    main = factories.case(people.officer, tree.micro, confidential=True, description="举报某某非法行医")
    own = factories.case(people.officer2, tree.micro2, confidential=True, description="某处非法行医")
    workflow.merge(case_id=own.pk, actor=people.liaison, main_number=main.number)
    workflow.dispatch(case_id=main.pk, actor=people.liaison, assignee_id=people.officer.pk)
    workflow.accept(case_id=main.pk, actor=people.officer)
    workflow.resolve(case_id=main.pk, actor=people.officer, text="已取缔。")
    workflow.verify(case_id=main.pk, actor=people.liaison)
    for message in OutboxMessage.objects.filter(topic=notifications.TOPIC):
        notifications.deliver(message)
    told = list(Notice.objects.filter(recipient=people.officer2, event__case=main).values_list("text", flat=True))
    assert told
    assert not any("某某" in text or main.number in text for text in told)
    assert all(own.number in text for text in told)


@pytest.mark.parametrize("act", ["reject", "withdraw", "merge"])
def test_the_desk_that_cannot_place_a_case_cannot_end_it_either(case: Case, tree: Tree, people: People, act: str):
    bounced(case, people)
    other = factories.case(people.officer, tree.micro)
    given = {
        "reject": {"reason": "OTHER", "text": "说明。"},
        "withdraw": {"text": "说明。"},
        "merge": {"main_number": other.number},
    }[act]
    with pytest.raises(NotPermitted) as refused:
        getattr(workflow, act)(case_id=case.pk, actor=people.liaison, **given)
    assert refused.value.code == "only_parent_dispatches"
    assert not getattr(workflow, act)(case_id=case.pk, actor=people.area_head, **given).is_open


def test_nobody_below_undoes_a_binding_dispatch(case: Case, people: People):
    workflow.dispatch(case_id=case.pk, actor=people.dispatcher, assignee_id=people.officer2.pk, binding=True)
    for act, given in (
        ("dispatch", {"assignee_id": people.officer2.pk}),
        ("hand_over", {"to_user_id": None, "text": "说明。"}),
    ):
        with pytest.raises(NotPermitted) as refused:
            getattr(workflow, act)(case_id=case.pk, actor=people.liaison, **given)
        assert refused.value.code == "binding"


def test_letting_a_binding_dispatch_lapse_leaves_it_to_the_grid_above(case: Case, people: People):
    workflow.dispatch(case_id=case.pk, actor=people.dispatcher, assignee_id=people.officer2.pk, binding=True)
    with clock.at(Case.objects.get(pk=case.pk).clock_at):
        assert sweep()["lapse"] == 1
    with pytest.raises(NotPermitted) as refused:
        workflow.dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk)
    assert refused.value.code == "only_parent_dispatches"
    again = workflow.dispatch(case_id=case.pk, actor=people.area_head, assignee_id=people.officer2.pk)
    assert again.binding


def test_numbers_of_unseen_cases_stay_hidden_at_the_api(case: Case, tree: Tree, people: People):
    hidden = factories.case(people.liaison, tree.micro, confidential=True)
    workflow.link(case_id=case.pk, actor=people.liaison, number=hidden.number)
    assert hidden.number not in get(people.officer, f"cases/{case.number}/events/").content.decode()
    assert hidden.number in get(people.liaison, f"cases/{case.number}/events/").content.decode()


def test_a_meeting_in_the_year_one_is_a_wrong_date(case: Case, people: People):
    body = {"text": "商量。", "place": "会议室", "residents": ["王测试"], "meets_at": "0001-01-01T00:00:00"}
    assert post(people.liaison, f"cases/{case.number}/convene/", body).status_code == 400


def test_unmerged_and_reworked_cases_find_somebody_who_still_serves(case: Case, tree: Tree, people: People):
    workflow.dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk)
    workflow.accept(case_id=case.pk, actor=people.officer2)
    second = factories.case(people.officer, tree.micro)
    workflow.dispatch(case_id=second.pk, actor=people.liaison, assignee_id=people.officer2.pk)
    workflow.accept(case_id=second.pk, actor=people.officer2)
    workflow.resolve(case_id=second.pk, actor=people.officer2, text="已修好。")
    main = factories.case(people.officer, tree.micro)
    workflow.merge(case_id=case.pk, actor=people.liaison, main_number=main.number)
    Posting.objects.filter(user=people.officer2).delete()
    for done in (
        workflow.unmerge(case_id=case.pk, actor=people.liaison, text="不是一件事。"),
        workflow.rework(case_id=second.pk, actor=people.liaison, text="没有修好。"),
    ):
        assert (done.status, done.assignee_id) == (Status.PENDING, None)
