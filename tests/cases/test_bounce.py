"""退单拉锯: a reason each time; after too many the grid above dispatches, bindingly; it stands in the figures."""

import pytest

from cases.choices import Act, Status, Urgency
from cases.models import Case, CaseEvent, CaseReturn, ClockRule
from cases.notifications import TOPIC
from cases.refusals import refusal
from cases.timekeeping import office
from cases.workflow import (
    accept,
    close,
    dispatch,
    escalate,
    hand_down,
    lapse,
    reopen,
    resolve,
    return_,
    verify,
)
from grids.choices import GridKind, Role
from liangcheng.accounts.models import User
from liangcheng.common.exceptions import InvalidInput, NotPermitted
from liangcheng.common.models import OutboxMessage
from tests import factories
from tests.factories import Tree, fresh
from tests.people import People


@pytest.fixture
def case(tree: Tree, people: People) -> Case:
    """Waits at 文苑一."""
    factories.category("0201")
    return factories.case(people.officer, tree.micro)


def bounce(case: Case, desk: User, handler: User, times: int = 1, **inputs: object) -> Case:
    """Dispatch and return `times` times."""
    for _ in range(times):
        dispatch(case_id=case.pk, actor=fresh(desk), **(inputs or {"assignee_id": handler.pk}))
        case = return_(case_id=case.pk, actor=fresh(handler), reason="NOT_MINE", text="不归我管。")
    return case


def code(case: Case, person: User, act: Act = Act.DISPATCH) -> str | None:
    refused = refusal(Case.objects.get(pk=case.pk), fresh(person), act)
    return refused.code if refused else None


class TestReason:
    def test_needed_in_code_and_in_words(self, case: Case, people: People):
        dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk)
        for given, field in (
            ({"reason": "", "text": "不归我管。"}, "reason"),
            ({"reason": "BORED", "text": "不归我管。"}, "reason"),
            ({"reason": "NOT_MINE", "text": " "}, "text"),
        ):
            with pytest.raises(InvalidInput) as refused:
                return_(case_id=case.pk, actor=people.officer2, **given)
            assert refused.value.field == field
        assert not CaseReturn.objects.exists()

    def test_kept_for_the_person(self, case: Case, people: People):
        bounce(case, people.liaison, people.officer2)
        row = CaseReturn.objects.get()
        assert (row.person, row.department, row.actor) == (people.officer2, None, people.officer2)
        assert (row.reason, row.community_id) == ("NOT_MINE", case.community_id)

    def test_kept_for_the_department_whoever_of_it_refuses(self, case: Case, people: People):
        bounce(case, people.liaison, people.staff, department_id=people.chengguan.pk)
        row = CaseReturn.objects.get()
        assert (row.person, row.department, row.actor) == (None, people.chengguan, people.staff)


class TestOnlyTheGridAbove:
    def test_after_two_the_own_desk_is_refused(self, case: Case, people: People):
        once = bounce(case, people.liaison, people.officer2)
        assert (once.bounced, code(case, people.liaison)) == (False, None)
        twice = bounce(case, people.head, people.officer2)
        assert (twice.bounced, twice.return_count) == (True, 2)
        for person in (people.liaison, people.head):
            assert code(case, person) == "only_parent_dispatches"
        for person in (people.area_liaison, people.area_head, people.dispatcher, people.street_head):
            assert code(case, person) is None, person
        assert code(case, people.inspector) == "not_permitted"

    def test_always_bindingly_and_then_it_cannot_be_returned(self, case: Case, people: People):
        bounce(case, people.liaison, people.officer2, 2)
        done = dispatch(case_id=case.pk, actor=people.area_liaison, assignee_id=people.officer2.pk)
        assert (done.binding, done.bounced) == (True, True)
        assert case.events.last().data["binding"] is True
        with pytest.raises(NotPermitted) as refused:
            return_(case_id=case.pk, actor=people.officer2, reason="NOT_MINE", text="不归我管。")
        assert refused.value.code == "binding"
        accept(case_id=case.pk, actor=people.officer2)
        assert code(case, people.officer2, Act.RETURN) == "binding"
        # Nor does the own desk put it elsewhere meanwhile.
        assert code(case, people.liaison) == "only_parent_dispatches"

    def test_binding_otherwise_is_the_dispatchers(self, case: Case, people: People):
        with pytest.raises(NotPermitted) as refused:
            dispatch(case_id=case.pk, actor=people.area_head, assignee_id=people.officer2.pk, binding=True)
        assert refused.value.code == "binding_not_permitted"
        assert dispatch(case_id=case.pk, actor=people.dispatcher, assignee_id=people.officer2.pk, binding=True).binding

    def test_taken_back_unaccepted_it_is_still_the_parents(self, case: Case, people: People):
        bounce(case, people.liaison, people.officer2, 2)
        dispatch(case_id=case.pk, actor=people.area_liaison, assignee_id=people.officer2.pk)
        lapse(case_id=case.pk, actor=None)
        assert code(case, people.liaison) == "only_parent_dispatches"
        assert code(case, people.area_liaison) is None

    def test_at_the_street_its_dispatcher_or_head(self, tree: Tree, people: People):
        kind = factories.category("0901", GridKind.COMMUNITY)
        case = factories.case(people.officer, tree.micro, kind)
        liaison = factories.posted("street_liaison", tree.street, Role.LIAISON)
        bounce(case, liaison, people.officer2, 2)
        assert code(case, liaison) == "only_parent_dispatches"
        assert code(case, people.dispatcher) is None
        assert code(case, people.street_head) is None

    def test_a_micro_unit_directly_under_an_area(self, tree: Tree, people: People):
        kind = factories.category("0902", GridKind.MICRO_UNIT)
        officer = factories.posted("academy_officer", tree.academy, Role.OFFICER)
        head = factories.posted("academy_head", tree.academy, Role.HEAD)
        above = factories.posted("area1_liaison", tree.other_area, Role.LIAISON)
        case = factories.case(officer, tree.academy, kind)
        assert case.handling_grid == tree.academy
        bounce(case, head, officer, 2)
        assert code(case, head) == "only_parent_dispatches"
        assert code(case, above) is None
        assert code(case, people.dispatcher) is None
        assert dispatch(case_id=case.pk, actor=above, assignee_id=officer.pk).binding

    def test_the_desk_above_is_told(self, case: Case, people: People):
        def told() -> set[int]:
            event = CaseEvent.objects.filter(act=Act.RETURN).last()
            rows = OutboxMessage.objects.filter(topic=TOPIC, payload__event=event.pk)
            return {row.payload["recipient"] for row in rows}

        own = {people.liaison.pk, people.head.pk}
        bounce(case, people.liaison, people.officer2)
        assert told() == own
        bounce(case, people.liaison, people.officer2)
        assert told() == own | {people.area_liaison.pk, people.area_head.pk}


class TestTheClockRunsOn:
    def test_no_deadline_begins_anew(self, case: Case, people: People):
        before = (case.due_at, case.original_due_at, case.warn_at, case.first_contact_due_at)
        back = bounce(case, people.liaison, people.officer2, 2)
        done = dispatch(case_id=case.pk, actor=people.area_head, assignee_id=people.officer2.pk)
        for row in (back, done):
            assert (row.due_at, row.original_due_at, row.warn_at, row.first_contact_due_at) == before


class TestWhatIsPast:
    def test_another_grid_begins_with_none(self, case: Case, people: People):
        bounce(case, people.liaison, people.officer2, 2)
        up = escalate(case_id=case.pk, actor=people.liaison, text="需要协调。", tried="已协商。")
        assert (up.bounced, up.return_count) == (False, 2)
        once = bounce(case, people.area_liaison, people.officer2)
        assert (once.bounced, once.return_count) == (False, 3)
        assert code(case, people.area_liaison) is None
        assert bounce(case, people.area_liaison, people.officer2).bounced
        assert code(case, people.area_liaison) == "only_parent_dispatches"
        assert code(case, people.dispatcher) is None

    def test_handed_down_it_begins_with_none(self, case: Case, people: People, tree: Tree):
        escalate(case_id=case.pk, actor=people.liaison, text="需要协调。", tried="已协商。")
        bounce(case, people.area_liaison, people.officer2, 2)
        with pytest.raises(NotPermitted, match="须由上级网格签派"):
            hand_down(case_id=case.pk, actor=people.area_head, grid_code=tree.wenyuan1.code, text="请办理。")
        hand_down(case_id=case.pk, actor=people.street_head, grid_code=tree.wenyuan1.code, text="请办理。")
        assert code(case, people.liaison) is None
        assert not bounce(case, people.liaison, people.officer2).bounced

    def test_taken_up_again_it_begins_with_none(self, case: Case, people: People):
        bounce(case, people.liaison, people.officer2, 2)
        dispatch(case_id=case.pk, actor=people.area_head, assignee_id=people.officer2.pk)
        accept(case_id=case.pk, actor=people.officer2)
        resolve(case_id=case.pk, actor=people.officer2, text="已修复。")
        done = verify(case_id=case.pk, actor=people.liaison)
        if done.status != Status.CLOSED:
            close(case_id=case.pk, actor=people.liaison, satisfaction="SATISFIED")
        again = reopen(case_id=case.pk, actor=people.head, text="又坏了。")
        assert (again.bounced, again.binding, again.return_count) == (False, False, 2)
        once = bounce(case, people.liaison, people.officer2)
        assert (once.bounced, once.return_count) == (False, 3)
        assert bounce(case, people.liaison, people.officer2).bounced


class TestHowOften:
    def test_the_rule_of_level_and_urgency(self, case: Case, people: People):
        ClockRule.objects.create(level=GridKind.NEIGHBORHOOD, urgency=Urgency.NORMAL, returns=1)
        ClockRule.objects.create(level=GridKind.AREA, returns=5)
        assert bounce(case, people.liaison, people.officer2).bounced
        escalate(case_id=case.pk, actor=people.liaison, text="需要协调。", tried="已协商。")
        assert not bounce(case, people.area_liaison, people.officer2, 4).bounced
        assert bounce(case, people.area_liaison, people.officer2).bounced

    def test_the_most_particular_wins(self, db: None):
        def asked() -> int:
            return office("").thresholds(GridKind.AREA, Urgency.URGENT).returns

        assert asked() == 2
        for level, urgency, returns in (
            ("", "", 6),
            ("", Urgency.URGENT, 5),
            (GridKind.AREA, "", 4),
            (GridKind.AREA, Urgency.URGENT, 3),
        ):
            ClockRule.objects.create(level=level, urgency=urgency, returns=returns)
            assert asked() == returns
        assert office("").thresholds(GridKind.MICRO_UNIT, Urgency.NORMAL).returns == 6
        assert office("").thresholds(GridKind.MICRO_UNIT, Urgency.URGENT).returns == 5
        assert office("").thresholds(GridKind.AREA, Urgency.NORMAL).returns == 4

    def test_more_returns_than_the_rule_still_need_the_parent(self, case: Case, people: People):
        """The rule is lowered between: the next return reaches it."""
        ClockRule.objects.create(returns=4)
        assert not bounce(case, people.liaison, people.officer2, 2).bounced
        ClockRule.objects.get().delete()
        assert bounce(case, people.liaison, people.officer2).bounced
