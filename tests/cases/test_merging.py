"""并案: heat over chains, who is told, what is refused, undoing; and many at once."""

import time

import pytest
from django.urls import reverse

from cases.choices import Act, Satisfaction, Status
from cases.models import Case, CaseEvent, Notice
from cases.notifications import TOPIC, deliver
from cases.workflow import (
    accept,
    close,
    dispatch,
    join,
    merge,
    note,
    refusal,
    reject,
    resolve,
    unmerge,
    verify,
    withdraw,
)
from grids.choices import Role
from grids.merging import merge_grids
from grids.tree import move_grid
from liangcheng.common import clock
from liangcheng.common.exceptions import (
    DomainError,
    IllegalTransition,
    InvalidInput,
    NotPermitted,
    NotVisible,
    StaleObject,
)
from liangcheng.common.models import OutboxMessage
from tests import factories
from tests.cases.web import browser, many
from tests.common.together import together
from tests.factories import Tree
from tests.people import People


@pytest.fixture(autouse=True)
def category(request):
    if "people" in request.fixturenames:
        request.getfixturevalue("people")
        return factories.category("0201")
    return None


def fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def heat(*cases: Case) -> list[int]:
    return [fresh(case).heat for case in cases]


def into(case: Case, main: Case, actor) -> Case:
    return merge(case_id=case.pk, actor=actor, main_number=main.number)


def told(act: Act) -> list[int]:
    event = CaseEvent.objects.filter(act=act).last()
    rows = [m.payload for m in OutboxMessage.objects.filter(topic=TOPIC) if m.payload["event"] == event.pk]
    return sorted(row["recipient"] for row in rows)


def settle(case: Case, people: People, resolver) -> Case:
    """Dispatch, accept, resolve: up to 待核查."""
    dispatch(case_id=case.pk, actor=people.liaison, assignee_id=resolver.pk)
    accept(case_id=case.pk, actor=resolver)
    return resolve(case_id=case.pk, actor=resolver, text="已修复。")


class TestHeat:
    def test_over_a_chain_and_back(self, tree: Tree, people: People):
        a, b, one, two = (factories.case(people.officer, tree.micro) for _ in range(4))
        join(case_id=a.pk, actor=people.officer, text="也遇到")
        into(one, a, people.liaison)
        into(two, a, people.liaison)
        assert heat(a, one, two) == [4, 1, 1]
        into(a, b, people.liaison)
        assert heat(a, b) == [2, 5]
        assert {fresh(case).merged_into_id for case in (a, one, two)} == {b.pk}
        unmerge(case_id=a.pk, actor=people.liaison, text="不是同一件事。")
        assert heat(a, b) == [2, 3]
        assert fresh(one).merged_into_id == b.pk, "what went along stays with the main case"
        unmerge(case_id=one.pk, actor=people.liaison, text="不是同一件事。")
        assert heat(a, b, one, two) == [2, 2, 1, 1]
        assert fresh(one).status == Status.PENDING

    def test_joining_while_it_is_the_main_case_stays_there(self, tree: Tree, people: People):
        a, b = (factories.case(people.officer, tree.micro) for _ in range(2))
        into(a, b, people.liaison)
        join(case_id=b.pk, actor=people.officer)
        unmerge(case_id=a.pk, actor=people.liaison, text="不是同一件事。")
        assert heat(a, b) == [1, 2]

    def test_who_follows_the_registry_hears_that_what_went_along_has_moved(self, tree: Tree, people: People):
        a, b, one = (factories.case(people.officer, tree.micro) for _ in range(3))
        into(one, a, people.liaison)
        before = fresh(one)
        into(a, b, people.liaison)
        assert (fresh(one).version, fresh(one).updated_at > before.updated_at) == (before.version + 1, True)

    def test_undone_it_is_where_it_was(self, tree: Tree, people: People):
        a, b = (factories.case(people.officer, tree.micro) for _ in range(2))
        dispatch(case_id=a.pk, actor=people.liaison, assignee_id=people.officer2.pk)
        accept(case_id=a.pk, actor=people.officer2)
        due = fresh(a).due_at
        into(a, b, people.liaison)
        unmerge(case_id=a.pk, actor=people.liaison, text="不是同一件事。")
        back = fresh(a)
        assert (back.status, back.is_open, back.assignee, back.due_at) == (Status.HANDLING, True, people.officer2, due)
        assert (back.merged_into, back.closed_at) == (None, None)
        assert back.clock_at is not None, "the clock goes on"


class TestToldOnce:
    def reported(self, tree: Tree, people: People) -> Case:
        """Found by `officer`; merged into it one of `officer2`, one more of `officer`; joined by `staff` twice."""
        main = factories.case(people.officer, tree.micro, wants_reply=True)
        into(factories.case(people.officer2, tree.micro2), main, people.liaison)
        into(factories.case(people.officer, tree.micro), main, people.liaison)
        helper = factories.posted("helper", tree.area)
        for _ in range(2):
            join(case_id=main.pk, actor=helper)
        self.helper = helper
        return main

    def test_each_finder_and_joiner_is_told_once(self, tree: Tree, people: People):
        main = self.reported(tree, people)
        finders = sorted([people.officer.pk, people.officer2.pk, self.helper.pk])
        settle(main, people, factories.posted("fixer", tree.micro))
        verify(case_id=main.pk, actor=people.liaison)
        assert told(Act.VERIFY) == finders
        close(case_id=main.pk, actor=people.inspector, satisfaction=Satisfaction.SATISFIED)
        assert told(Act.CLOSE) == finders
        for message in OutboxMessage.objects.filter(topic=TOPIC):
            deliver(message)
        closed = CaseEvent.objects.get(act=Act.CLOSE)
        assert sorted(Notice.objects.filter(event=closed).values_list("recipient", flat=True)) == finders

    def test_of_a_refusal_and_of_a_withdrawal_as_well(self, tree: Tree, people: People):
        main = self.reported(tree, people)
        reject(case_id=main.pk, actor=people.liaison, reason="OTHER", text="不属于街道。")
        assert told(Act.REJECT) == sorted([people.officer.pk, people.officer2.pk, self.helper.pk])
        other = factories.case(people.officer, tree.micro)
        join(case_id=other.pk, actor=people.liaison)
        with pytest.raises(NotPermitted, match="还有其他人反映同一件事"):
            withdraw(case_id=other.pk, actor=people.officer, text="报错了。")
        withdraw(case_id=other.pk, actor=people.head, text="报错了。")
        assert told(Act.WITHDRAW) == sorted([people.officer.pk, people.liaison.pk])
        alone = factories.case(people.officer, tree.micro)
        withdraw(case_id=alone.pk, actor=people.liaison, text="报错了。")
        assert told(Act.WITHDRAW) == []

    def test_somebody_of_a_merged_one_is_asked_before_closing(self, tree: Tree, people: People):
        main = factories.case(people.officer, tree.micro)
        into(factories.case(people.officer, tree.micro, reporter_phone="13000000001"), main, people.liaison)
        settle(main, people, people.officer2)
        assert verify(case_id=main.pk, actor=people.liaison).status == Status.AWAITING_FEEDBACK


class TestRefused:
    def refused(self, case: Case, number: str, actor, code: str) -> str:
        with pytest.raises(InvalidInput) as caught:
            merge(case_id=case.pk, actor=actor, main_number=number)
        assert (caught.value.code, caught.value.field) == (code, "main_number")
        assert fresh(case).status == Status.PENDING
        return caught.value.message

    def test_into_itself(self, tree: Tree, people: People):
        a, b = (factories.case(people.officer, tree.micro) for _ in range(2))
        self.refused(a, a.number, people.liaison, "merged_into_itself")
        into(a, b, people.liaison)
        self.refused(b, a.number, people.liaison, "merged_into_itself")
        self.refused(b, f" {b.number} ", people.liaison, "merged_into_itself")

    def test_into_one_that_was_merged_goes_to_its_main_case(self, tree: Tree, people: People):
        a, b, c = (factories.case(people.officer, tree.micro) for _ in range(3))
        into(a, b, people.liaison)
        # As people type it.
        merge(case_id=c.pk, actor=people.liaison, main_number=f" {a.number.lower().replace('1', '１')} ")
        assert (fresh(c).merged_into_id, heat(b)) == (b.pk, [3])
        assert CaseEvent.objects.get(case=c, act=Act.MERGE).data == {"main": b.number}

    def test_unknown_invisible_or_of_another_street(self, tree: Tree, people: People):
        a = factories.case(people.officer, tree.micro)
        hidden = factories.case(people.stranger, tree.liangsan)
        for number in ("", "LC209901010001", "\x00", "😀", hidden.number):
            self.refused(a, number, people.liaison, "unknown_main")
        other = Tree("310109017")
        factories.posting(people.dispatcher, other.street, Role.DISPATCHER)
        with clock.at(clock.now().replace(year=2025)):
            elsewhere = factories.case(factories.fresh(people.dispatcher), other.micro)
        self.refused(a, elsewhere.number, factories.fresh(people.dispatcher), "unknown_main")

    def test_not_open_any_more(self, tree: Tree, people: People):
        a, b = (factories.case(people.officer, tree.micro) for _ in range(2))
        for status in (Status.CLOSED, Status.REJECTED, Status.WITHDRAWN, Status.TRANSFERRED):
            factories.force_status(b, status)
            assert status.label in self.refused(a, b.number, people.liaison, "main_not_open")

    def test_confidential_only_with_confidential(self, tree: Tree, people: People):
        open_one = factories.case(people.officer, tree.micro)
        secret, secret2 = (factories.case(people.officer, tree.micro, confidential=True) for _ in range(2))
        self.refused(open_one, secret.number, people.liaison, "main_confidential")
        self.refused(secret, open_one.number, people.liaison, "main_confidential")
        assert into(secret, secret2, people.liaison).status == Status.MERGED

    def test_by_who_may_not(self, tree: Tree, people: People):
        a, b = (factories.case(people.officer, tree.micro) for _ in range(2))
        with pytest.raises(DomainError):
            into(a, b, people.officer)
        with pytest.raises(NotVisible):
            into(a, b, people.stranger)

    def test_an_act_on_a_merged_case_names_the_main_case(self, tree: Tree, people: People):
        a, b = (factories.case(people.officer, tree.micro) for _ in range(2))
        into(a, b, people.liaison)
        with pytest.raises(IllegalTransition) as caught:
            note(case_id=a.pk, actor=people.liaison, text="补充。")
        assert caught.value.message == f"案件已并入 {b.number}，不能进行“补充说明”。"
        assert refusal(fresh(b), people.liaison, Act.UNMERGE).message.startswith("案件目前为“待派遣”")

    def test_while_somebody_else_resolves(self, tree: Tree, people: People):
        a, b = (factories.case(people.officer, tree.micro) for _ in range(2))
        seen = fresh(a).version
        settle(a, people, people.officer2)
        with pytest.raises(StaleObject):
            merge(case_id=a.pk, actor=people.liaison, main_number=b.number, expected_version=seen)
        with pytest.raises(IllegalTransition):
            into(a, b, people.liaison)
        assert heat(a, b) == [1, 1]


class TestAfterwards:
    def test_undone_after_the_main_case_was_closed(self, tree: Tree, people: People):
        a, b = (factories.case(people.officer, tree.micro) for _ in range(2))
        into(a, b, people.liaison)
        settle(b, people, people.officer2)
        assert verify(case_id=b.pk, actor=people.liaison).status == Status.CLOSED
        back = unmerge(case_id=a.pk, actor=people.liaison, text="漏水还在。")
        assert (back.status, back.is_open) == (Status.PENDING, True)
        assert (heat(a, b), fresh(b).status) == ([1, 1], Status.CLOSED)
        # It closes by itself from here on, and tells its own finder only.
        settle(a, people, people.officer2)
        verify(case_id=a.pk, actor=people.liaison)
        assert told(Act.VERIFY) == [people.officer.pk]

    def test_the_same_twice_with_one_key_is_one(self, tree: Tree, people: People):
        from cases.workflow import Idempotency

        a, b = (factories.case(people.officer, tree.micro) for _ in range(2))
        key = Idempotency("k", "f" * 64)
        for _ in range(2):
            merge(case_id=a.pk, actor=people.liaison, main_number=b.number, idempotency=key)
        assert heat(a, b) == [1, 2]

    def test_closing_counts_once(self, tree: Tree, people: People):
        a, b = (factories.case(people.officer, tree.micro) for _ in range(2))
        into(a, b, people.liaison)
        settle(b, people, people.officer2)
        verify(case_id=b.pk, actor=people.liaison)
        assert Case.objects.filter(status=Status.CLOSED).count() == 1
        assert not Case.objects.open().exists()

    def test_when_the_main_cases_grid_moves(self, tree: Tree, people: People):
        a = factories.case(people.officer, tree.micro)
        b = factories.case(people.area_liaison, tree.liangsan)
        into(a, b, people.area_liaison)
        move_grid(grid_id=tree.liangsan.pk, parent_id=tree.other_area.pk)
        assert (fresh(b).area_id, fresh(a).merged_into_id) == (tree.other_area.pk, b.pk)
        merge_grids(source_ids=[tree.liangsan.pk], target_id=tree.xiuyuan.pk, on=clock.now().date())
        assert fresh(b).handling_grid_id == tree.xiuyuan.pk
        # The desk of the merged case may no longer see the main one; it takes its own out all the same.
        assert not Case.objects.visible_to(factories.fresh(people.liaison)).filter(pk=b.pk).exists()
        unmerge(case_id=a.pk, actor=factories.fresh(people.liaison), text="各办各的。")
        assert heat(a, b) == [1, 1]


class TestAThousand:
    def test_are_one_case_to_read_and_to_close(self, tree: Tree, people: People, statements):
        main = factories.case(people.officer2, tree.micro2)
        first = into(factories.case(people.officer, tree.micro), main, people.liaison)
        many(first, 989)
        Case.objects.filter(pk=main.pk).update(heat=991)
        began = time.monotonic()
        for _ in range(10):
            into(factories.case(people.officer, tree.micro), main, people.liaison)
        assert time.monotonic() - began < 5
        assert heat(main) == [1001]
        client = browser(people.liaison)
        with statements(12):
            assert client.get(f"{reverse('api:case-list')}{main.number}/").status_code == 200
        settle(main, people, factories.posted("fixer", tree.micro))
        with statements(12):
            verify(case_id=main.pk, actor=factories.fresh(people.liaison))
        assert told(Act.VERIFY) == sorted([people.officer.pk, people.officer2.pk])

    def test_go_along_into_another_one(self, tree: Tree, people: People, statements):
        main, other = factories.case(people.officer2, tree.micro2), factories.case(people.officer, tree.micro)
        many(factories.force_status(main, "MERGED", merged_into=main), 1000)
        Case.objects.filter(pk=main.pk).update(merged_into=None, status="PENDING", is_open=True, heat=1001)
        with statements(20):
            into(main, other, factories.fresh(people.liaison))
        assert heat(main, other) == [1, 1002]


@pytest.fixture
def stage():
    from tests import people as cast

    tree = Tree()
    everybody = cast.settle(tree)
    factories.category("0201")
    return tree, everybody


def attempt(errors: list[DomainError], work) -> None:
    """Refusals in words are fine; anything else, a deadlock above all, fails the test."""
    try:
        work()
    except DomainError as error:
        errors.append(error)


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    @pytest.mark.parametrize("attempt_number", range(5))
    def test_crosswise_one_wins(self, stage, attempt_number: int):
        tree, people = stage
        a, b = (factories.case(people.officer, tree.micro) for _ in range(2))
        pairs, errors = [(a, b), (b, a)] * 4, []
        together(lambda: attempt(errors, lambda: into(*pairs.pop(), factories.fresh(people.liaison))), times=8)
        assert len(errors) == 7, errors
        merged = [case for case in (fresh(a), fresh(b)) if case.status == Status.MERGED]
        assert len(merged) == 1
        assert sorted(heat(a, b)) == [1, 2]

    @pytest.mark.parametrize("attempt_number", range(3))
    def test_round_about_there_is_no_circle(self, stage, attempt_number: int):
        tree, people = stage
        cases = [factories.case(people.officer, tree.micro) for _ in range(4)]
        pairs = [(case, cases[(i + step) % 4]) for step in (1, 3) for i, case in enumerate(cases)]
        errors: list[DomainError] = []
        together(lambda: attempt(errors, lambda: into(*pairs.pop(), factories.fresh(people.liaison))), times=8)
        rows = [fresh(case) for case in cases]
        [main] = [row for row in rows if row.merged_into_id is None]
        assert {row.merged_into_id for row in rows} == {None, main.pk}
        assert (main.heat, sum(row.heat for row in rows)) == (4, 7)

    def test_eight_into_the_same_count_exactly(self, stage):
        tree, people = stage
        main, *cases = [factories.case(people.officer, tree.micro) for _ in range(9)]
        waiting = list(cases)
        together(lambda: into(waiting.pop(), main, factories.fresh(people.liaison)), times=8)
        assert heat(main, *cases) == [9, *[1] * 8]
        waiting = list(cases)
        together(
            lambda: unmerge(case_id=waiting.pop().pk, actor=factories.fresh(people.liaison), text="各办各的。"), times=8
        )
        assert heat(main, *cases) == [1] * 9

    def test_joining_while_others_merge(self, stage):
        tree, people = stage
        main, *cases = [factories.case(people.officer, tree.micro) for _ in range(5)]
        work = [lambda case=case: into(case, main, factories.fresh(people.liaison)) for case in cases]
        work += [lambda: join(case_id=main.pk, actor=factories.fresh(people.officer))] * 4
        together(lambda: work.pop()(), times=8)
        assert heat(main) == [9]
