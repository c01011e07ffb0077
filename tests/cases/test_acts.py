"""What each act does beyond its edge in the table."""

from datetime import datetime, timedelta

import pytest

from cases.choices import PhotoKind, Satisfaction, Status, Urgency
from cases.models import Case, CaseEvent
from cases.workflow import (
    Idempotency,
    accept,
    assignable_departments,
    assignable_users,
    attach,
    close,
    dispatch,
    escalate,
    hand_down,
    hand_down_targets,
    note,
    reject,
    reopen,
    resolve,
    return_,
    reveal,
    rework,
    verify,
    withdraw,
)
from grids.choices import Role
from liangcheng.common import clock
from liangcheng.common.calendar import SHANGHAI
from liangcheng.common.exceptions import IllegalTransition, InvalidInput, NotPermitted, NotVisible, StaleObject
from tests import factories
from tests.factories import Tree
from tests.people import People

WEDNESDAY = datetime(2026, 11, 18, 10, 0, tzinfo=SHANGHAI)


@pytest.fixture
def case(tree: Tree, people: People) -> Case:
    """Filed on a Wednesday, due the Wednesday after, waiting at 文苑一."""
    factories.category("0201")
    with clock.at(WEDNESDAY):
        return factories.case(people.officer, tree.micro, reporter_name="钱测试", reporter_phone="13000000001")


def handled(case: Case, people: People) -> Case:
    dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk)
    return accept(case_id=case.pk, actor=people.officer2)


def resolved(case: Case, people: People, **inputs: object) -> Case:
    handled(case, people)
    return resolve(case_id=case.pk, actor=people.officer2, text="已修复。", **inputs)


class TestDispatch:
    def test_to_a_person_below_the_handling_grid(self, case: Case, people: People):
        done = dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk, text="请今天去看。")
        assert (done.status, done.assignee, done.assigned_department) == (Status.DISPATCHED, people.officer2, None)
        assert case.events.last().data["assignee"] == people.officer2.full_name

    def test_not_to_people_elsewhere_readers_or_both(self, case: Case, people: People):
        for person in (people.stranger, people.viewer, people.staff, people.area_liaison, factories.user()):
            with pytest.raises(InvalidInput) as refused:
                dispatch(case_id=case.pk, actor=people.liaison, assignee_id=person.pk)
            assert (refused.value.code, refused.value.field) == ("unknown_assignee", "assignee_id")
        with pytest.raises(InvalidInput):
            dispatch(case_id=case.pk, actor=people.liaison)
        with pytest.raises(InvalidInput):
            dispatch(
                case_id=case.pk,
                actor=people.liaison,
                assignee_id=people.officer2.pk,
                department_id=people.chengguan.pk,
            )
        assert Case.objects.get(pk=case.pk).version == 1

    def test_department_gets_it_and_its_staff_act(self, case: Case, tree: Tree, people: People):
        assert list(assignable_departments(case)) == [people.chengguan]
        assert not Case.objects.visible_to(people.staff).exists()
        dispatch(case_id=case.pk, actor=people.liaison, department_id=people.chengguan.pk)
        assert accept(case_id=case.pk, actor=people.staff).assigned_department == people.chengguan
        colleague = factories.posted("colleague", tree.street, Role.OFFICER, people.chengguan)
        assert resolve(case_id=case.pk, actor=colleague, text="已劝离。").status == Status.RESOLVED

    def test_helpers_see_the_case_and_do_not_handle_it(self, case: Case, tree: Tree, people: People):
        police = factories.department(tree.street, "PAICHUSUO", "派出所")
        officer = factories.posted("police", tree.street, Role.OFFICER, police)
        dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk, co_department_ids=[police.pk])
        assert Case.objects.visible_to(officer).filter(pk=case.pk).exists()
        with pytest.raises(NotPermitted):
            accept(case_id=case.pk, actor=officer)

    def test_retired_or_foreign_department_is_refused(self, case: Case, tree: Tree, people: People):
        foreign = factories.department(tree.xiuyuan, "X", "秀苑服务队")
        for field in ("department_id", "co_department_ids"):
            value = foreign.pk if field == "department_id" else [foreign.pk]
            with pytest.raises(InvalidInput) as refused:
                dispatch(
                    case_id=case.pk,
                    actor=people.liaison,
                    **{field: value} | ({} if field == "department_id" else {"assignee_id": people.officer2.pk}),
                )
            assert refused.value.field == field

    def test_binding_is_the_dispatchers_and_forbids_return(self, case: Case, people: People):
        with pytest.raises(NotPermitted) as refused:
            dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk, binding=True)
        assert refused.value.code == "binding_not_permitted"
        dispatch(case_id=case.pk, actor=people.dispatcher, assignee_id=people.officer2.pk, binding=True)
        with pytest.raises(NotPermitted) as refused:
            return_(case_id=case.pk, actor=people.officer2, reason="NOT_MINE", text="不归我管。")
        assert refused.value.code == "binding"

    def test_ended_postings_are_not_offered(self, case: Case, people: People):
        assert people.officer2 in assignable_users(case)
        people.officer2.postings.update(valid_to=WEDNESDAY.date() - timedelta(days=400))
        assert people.officer2 not in assignable_users(case)

    def test_ended_accounts_are_not_offered(self, case: Case, people: People):
        type(people.officer2).objects.filter(pk=people.officer2.pk).update(valid_until=factories.long_ago())
        assert people.officer2 not in assignable_users(case)


class TestReturn:
    def test_back_to_the_desk_counted_and_clock_running(self, case: Case, people: People):
        handled(case, people)
        with pytest.raises(InvalidInput) as refused:
            return_(case_id=case.pk, actor=people.officer2, reason="", text="不归我管。")
        assert (refused.value.code, refused.value.field) == ("missing_reason", "reason")
        done = return_(case_id=case.pk, actor=people.officer2, reason="NOT_MINE", text="不归我管。")
        assert (done.status, done.assignee, done.return_count) == (Status.PENDING, None, 1)
        assert done.due_at == case.due_at
        who = {"who": people.officer2.full_name, "user_id": people.officer2.pk}
        assert case.events.last().data == {"reason": "NOT_MINE", "bounced": False, **who}


class TestResolve:
    def test_meets_or_misses_the_deadline_to_the_minute(self, case: Case, people: People):
        handled(case, people)
        with clock.at(case.due_at):
            assert resolve(case_id=case.pk, actor=people.officer2, text="已修复。").on_time is True
        rework(case_id=case.pk, actor=people.liaison, text="还在漏。")
        late = Case.objects.get(pk=case.pk)
        with clock.at(late.due_at + timedelta(seconds=1)):
            assert resolve(case_id=case.pk, actor=people.officer2, text="又修了。").on_time is False

    def test_needs_words_and_the_photo_that_the_category_demands(self, case: Case, people: People):
        case.category.photo_required = True
        case.category.save()
        handled(case, people)
        with pytest.raises(InvalidInput) as refused:
            resolve(case_id=case.pk, actor=people.officer2, text="   ")
        assert refused.value.field == "text"
        with pytest.raises(InvalidInput) as refused:
            resolve(case_id=case.pk, actor=people.officer2, text="已修复。")
        assert refused.value.field == "photos"
        attach(case_id=case.pk, actor=people.officer2, kind=PhotoKind.AFTER, photos=[factories.photo("AFTER")])
        assert resolve(case_id=case.pk, actor=people.officer2, text="已修复。").resolved_level == "NEIGHBORHOOD"

    def test_own_grid_settles_what_waits_there(self, case: Case, people: People):
        done = resolve(case_id=case.pk, actor=people.liaison, text="电话协调解决。")
        assert (done.status, done.resolved_by) == (Status.RESOLVED, people.liaison)
        with pytest.raises(NotPermitted) as refused:
            verify(case_id=case.pk, actor=people.liaison)
        assert refused.value.code == "own_resolution"


class TestCheck:
    def test_verify_asks_the_reporter_or_closes(self, case: Case, tree: Tree, people: People):
        resolved(case, people)
        assert verify(case_id=case.pk, actor=people.inspector).status == Status.AWAITING_FEEDBACK
        quiet = resolved(factories.case(people.officer, tree.micro), people)
        closed = verify(case_id=quiet.pk, actor=people.liaison)
        assert (closed.status, closed.is_open, closed.satisfaction) == (Status.CLOSED, False, "")
        assert closed.closed_at is not None

    def test_rework_keeps_handler_and_promise_and_sets_three_working_days(self, case: Case, people: People):
        resolved(case, people)
        with clock.at(WEDNESDAY):
            done = rework(case_id=case.pk, actor=people.liaison, text="墙面仍潮湿。")
        assert (done.status, done.assignee, done.rework_count) == (Status.HANDLING, people.officer2, 1)
        assert done.due_at == datetime(2026, 11, 23, 17, 30, tzinfo=SHANGHAI)
        assert done.original_due_at == case.original_due_at
        assert (done.result, done.resolved_level, done.on_time, done.resolved_at) == ("", "", None, None)

    def test_rework_of_an_own_settlement_goes_back_to_whoever_settled_it(self, case: Case, people: People):
        resolve(case_id=case.pk, actor=people.liaison, text="已协调。")
        assert rework(case_id=case.pk, actor=people.head, text="居民称未解决。").assignee == people.liaison

    def test_dissatisfied_needs_words_and_lets_the_inspector_reopen(self, case: Case, people: People):
        resolved(case, people)
        verify(case_id=case.pk, actor=people.liaison)
        with pytest.raises(InvalidInput):
            close(case_id=case.pk, actor=people.inspector, satisfaction=Satisfaction.DISSATISFIED)
        close(case_id=case.pk, actor=people.inspector, satisfaction=Satisfaction.DISSATISFIED, text="又漏了。")
        again = reopen(case_id=case.pk, actor=people.inspector, text="回访不满意。")
        assert (again.status, again.is_open, again.reopen_count) == (Status.PENDING, True, 1)
        assert (again.assignee, again.satisfaction, again.closed_at) == (None, "", None)

    def test_satisfied_is_reopened_by_heads_only_and_not_for_ever(self, case: Case, people: People):
        resolved(case, people)
        verify(case_id=case.pk, actor=people.liaison)
        done = close(case_id=case.pk, actor=people.inspector, satisfaction=Satisfaction.SATISFIED)
        with pytest.raises(NotPermitted):
            reopen(case_id=case.pk, actor=people.inspector, text="再看看。")
        with clock.at(done.closed_at + timedelta(days=31)), pytest.raises(NotPermitted) as refused:
            reopen(case_id=case.pk, actor=people.head, text="再看看。")
        assert refused.value.code == "reopen_too_late"
        assert reopen(case_id=case.pk, actor=people.head, text="再看看。").status == Status.PENDING

    def test_rework_of_what_another_system_settled_goes_to_the_desk(self, tree: Tree, people: People):
        hotline = factories.service("hotline12345", tree.street)
        settled = factories.case(hotline, tree.micro, resolved_on_spot=True, result="已电话答复。")
        again = rework(case_id=settled.pk, actor=people.liaison, text="没有解决。")
        assert (again.status, again.assignee_id, again.rework_count) == (Status.PENDING, None, 1)

    def test_reopened_case_of_an_ended_grid_goes_to_the_one_above(self, case: Case, tree: Tree, people: People):
        from grids.tree import retire_grid

        for grid in (tree.micro, tree.micro2, tree.wenyuan1):
            grid.postings.update(valid_to=factories.long_ago())
            factories.force_status(case, Status.CLOSED, closed_at=case.reported_at)
            retire_grid(grid_id=grid.pk, on=factories.long_ago())
        again = reopen(case_id=case.pk, actor=people.area_head, text="又漏了。")
        assert (again.handling_grid_id, again.handling_level) == (tree.area.pk, "AREA")
        assert again.highest_level == "AREA"


class TestLevels:
    def test_escalation_goes_one_level_up_and_leaves_the_grid(self, case: Case, tree: Tree, people: People):
        handled(case, people)
        done = escalate(case_id=case.pk, actor=people.officer2, text="需多部门协调。", tried="已联系物业三次。")
        assert (done.handling_grid, done.handling_level, done.highest_level) == (tree.area, "AREA", "AREA")
        assert (done.grid, done.status, done.assignee) == (tree.micro, Status.PENDING, None)
        assert done.due_at == case.due_at
        # The level below sees it still, but has nothing more to press than a note.
        assert Case.objects.visible_to(people.liaison).filter(pk=case.pk).exists()
        with pytest.raises(NotPermitted):
            dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk)
        escalate(case_id=case.pk, actor=people.area_liaison, text="需街道统筹。", tried="片区会议未达成一致。")
        with pytest.raises(InvalidInput) as refused:
            escalate(case_id=case.pk, actor=people.dispatcher, text="再上报。", tried="无。")
        assert refused.value.code == "no_higher_grid"

    def test_needs_what_was_tried(self, case: Case, people: People):
        with pytest.raises(InvalidInput) as refused:
            escalate(case_id=case.pk, actor=people.liaison, text="解决不了。", tried="")
        assert (refused.value.code, refused.value.field) == ("missing_tried", "tried")

    def test_only_emergencies_skip_a_level(self, case: Case, tree: Tree, people: People):
        with pytest.raises(InvalidInput) as refused:
            escalate(case_id=case.pk, actor=people.liaison, text="急。", tried="无。", to_level="COMMUNITY")
        assert refused.value.code == "level_skipped"
        urgent = factories.force_status(case, Status.PENDING, urgency=Urgency.EMERGENCY)
        for level in ("MICRO_UNIT", "NONSENSE"):
            with pytest.raises(InvalidInput) as refused:
                escalate(case_id=urgent.pk, actor=people.liaison, text="急。", tried="无。", to_level=level)
            assert refused.value.field == "to_level"
        done = escalate(case_id=urgent.pk, actor=people.liaison, text="急。", tried="无。", to_level="COMMUNITY")
        assert done.handling_grid == tree.street

    def test_nobody_escalates_to_where_the_case_is_already(self, tree: Tree, people: People):
        emergency = factories.case(people.officer, tree.micro, urgency=Urgency.EMERGENCY)
        hand_down(case_id=emergency.pk, actor=people.dispatcher, grid_code=tree.wenyuan1.code, text="请处置。")
        with pytest.raises(InvalidInput) as refused:
            escalate(case_id=emergency.pk, actor=people.head, text="a", tried="b", to_level="NEIGHBORHOOD")
        assert refused.value.code == "unknown_to_level"
        assert CaseEvent.objects.filter(case=emergency).count() == 2

    def test_hand_down_towards_where_it_was_found(self, case: Case, tree: Tree, people: People):
        escalate(case_id=case.pk, actor=people.liaison, text="需协调。", tried="已协商。")
        case = Case.objects.get(pk=case.pk)
        assert hand_down_targets(case) == [tree.wenyuan1, tree.micro]
        for code in (tree.liangsan.code, tree.area.code, "", "x"):
            with pytest.raises(InvalidInput) as refused:
                hand_down(case_id=case.pk, actor=people.area_head, grid_code=code, text="请再沟通。")
            assert refused.value.field == "grid_code"
        done = hand_down(case_id=case.pk, actor=people.area_head, grid_code=tree.micro.code, text="请再沟通。")
        assert (done.handling_grid, done.highest_level) == (tree.micro, "AREA")
        assert resolve(case_id=case.pk, actor=people.officer, text="已解决。").resolved_level == "MICRO_UNIT"


class TestSmallActs:
    def test_reject_and_withdraw_end_the_case(self, case: Case, tree: Tree, people: People):
        done = reject(case_id=case.pk, actor=people.liaison, reason="NOT_OURS", text="请向供水公司反映。")
        assert (done.status, done.is_open, done.reject_reason) == (Status.REJECTED, False, "NOT_OURS")
        other = factories.case(people.officer, tree.micro)
        assert withdraw(case_id=other.pk, actor=people.officer, text="重复登记。").status == Status.WITHDRAWN
        with pytest.raises(IllegalTransition):
            note(case_id=other.pk, actor=people.officer, text="补充。")

    def test_note_and_photos_leave_the_state(self, case: Case, people: People):
        same = factories.photo(mark="same")
        note(case_id=case.pk, actor=people.officer, text="居民又来电。", photos=[same])
        done = attach(case_id=case.pk, actor=people.officer, photos=[same, factories.photo()])
        assert (done.status, done.version, done.attachments.count()) == (Status.PENDING, 3, 2)
        with pytest.raises(InvalidInput):
            attach(case_id=case.pk, actor=people.officer, photos=[])
        with pytest.raises(InvalidInput) as refused:
            attach(case_id=case.pk, actor=people.officer, photos=[factories.photo() for _ in range(29)])
        assert refused.value.code == "too_many_photos"

    def test_reveal_is_written_down_with_its_reason(self, case: Case, tree: Tree, people: People):
        with pytest.raises(InvalidInput):
            reveal(case_id=case.pk, actor=people.liaison, text="")
        seen = reveal(case_id=case.pk, actor=people.liaison, text="电话核实地址。")
        assert seen.reporter_phone == "13000000001"
        event = case.events.last()
        assert (event.act, event.actor, event.text) == ("reveal", people.liaison, "电话核实地址。")
        assert "13000000001" not in str(event.data)
        nobody = factories.case(people.officer, tree.micro)
        with pytest.raises(InvalidInput) as refused:
            reveal(case_id=nobody.pk, actor=people.liaison, text="核实。")
        assert refused.value.code == "no_contact"

    def test_reveal_asked_again_needs_the_right_again(self, tree: Tree, people: People):
        found = factories.case(people.officer, tree.micro, reporter_phone="13000000001")
        again = {"case_id": found.pk, "text": "核实情况。", "idempotency": Idempotency("k1", "f1")}
        assert reveal(actor=people.liaison, **again) == reveal(actor=people.liaison, **again)
        factories.force_status(found, Status.CLOSED)
        with pytest.raises(IllegalTransition):
            reveal(actor=people.liaison, **again)

    def test_without_any_posting_nobody_acts(self, tree: Tree, people: People):
        found = factories.case(people.officer, tree.micro, reporter_phone="13000000001")
        people.officer.postings.update(valid_to=factories.long_ago())
        with pytest.raises(NotPermitted):
            reveal(case_id=found.pk, actor=factories.fresh(people.officer), text="核实情况。")
        with pytest.raises(NotPermitted):
            withdraw(case_id=found.pk, actor=factories.fresh(people.officer), text="不用了。")


class TestEveryAct:
    def test_stale_version_is_refused_before_anything_else(self, case: Case, people: People):
        note(case_id=case.pk, actor=people.officer, text="补充。")
        with pytest.raises(StaleObject):
            dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk, expected_version=1)
        assert (
            dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk, expected_version=2).version
            == 3
        )

    def test_same_key_acts_once(self, case: Case, people: People):
        key = Idempotency("k1", "f" * 64)
        note(case_id=case.pk, actor=people.officer, text="补充。", idempotency=key)
        again = note(case_id=case.pk, actor=people.officer, text="补充。", idempotency=key)
        assert (again.version, CaseEvent.objects.filter(act="note").count()) == (2, 1)

    def test_same_key_for_another_case_is_refused(self, case: Case, tree: Tree, people: People):
        other = factories.case(people.officer, tree.micro)
        key = Idempotency("k1", "f1")
        note(case_id=case.pk, actor=people.liaison, text="甲", idempotency=key)
        with pytest.raises(InvalidInput):
            note(case_id=other.pk, actor=people.liaison, text="甲", idempotency=key)

    def test_outside_the_scope_there_is_nothing(self, case: Case, people: People):
        for person in (people.stranger, people.far_stranger, people.staff, factories.user()):
            with pytest.raises(NotVisible):
                note(case_id=case.pk, actor=person, text="看看。")
        with pytest.raises(NotVisible):
            note(case_id=10**12, actor=people.liaison, text="看看。")

    def test_statements_of_an_act(self, case: Case, people: People, statements):
        liaison, officer2 = factories.fresh(people.liaison), factories.fresh(people.officer2)
        with statements(7):
            dispatch(case_id=case.pk, actor=liaison, assignee_id=officer2.pk)
        with statements(5):
            accept(case_id=case.pk, actor=officer2)


def test_events_cannot_be_changed(case: Case):
    event = case.events.get()
    event.text = "改写"
    with pytest.raises(TypeError):
        event.save()
    with pytest.raises(TypeError):
        event.delete()
    with pytest.raises(TypeError):
        CaseEvent.objects.all().delete()
    with pytest.raises(TypeError):
        CaseEvent.objects.update(text="改写")
