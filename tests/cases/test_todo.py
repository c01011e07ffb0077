"""To-dos that the acts of time and of working together make: whom they wait for, and whom not."""

from datetime import timedelta

import pytest

from cases import todo
from cases.choices import Status
from cases.deadlines import local_day
from cases.models import Case, CoHandler
from cases.todo import Todo
from cases.workflow import convene, dispatch, escalate, extend, instruct, return_
from grids.choices import Role
from liangcheng.common.clock import now
from tests import factories
from tests.cases.test_web_pages import listed, text, tiles
from tests.cases.web import browser
from tests.factories import Tree
from tests.people import People

EVERYBODY = (
    "officer", "officer2", "liaison", "head", "area_liaison", "area_head", "dispatcher", "street_head", "inspector",
    "viewer", "staff", "stranger", "far_stranger",
)  # fmt: skip


@pytest.fixture
def case(tree: Tree, people: People) -> Case:
    factories.category("0201")
    return factories.case(people.officer, tree.micro, reporter_phone="13000000001")


def have(people: People, wanted: Todo) -> set[str]:
    """Whose to-do it is; and the tile that says so leads to a list of as many."""
    found = set()
    for name in EVERYBODY:
        person = factories.fresh(getattr(people, name))
        counts, _ = todo.count(person)
        client = browser(person)
        assert tiles(text(client.get("/"))).get(wanted.value, 0) == counts[wanted], name
        assert len(listed(text(client.get(f"/cases/?todo={wanted.value}")))) == counts[wanted], name
        if counts[wanted]:
            found.add(name)
    return found


def test_an_instruction_waits_for_who_has_the_case(case: Case, people: People):
    assert have(people, Todo.INSTRUCTED) == set()
    instruct(case_id=case.pk, actor=people.street_head, text="请说明情况。")
    assert have(people, Todo.INSTRUCTED) == {"liaison", "head"}
    dispatch(case_id=case.pk, actor=people.liaison, department_id=people.chengguan.pk)
    assert have(people, Todo.INSTRUCTED) == {"liaison", "head", "staff"}


def test_an_extension_waits_for_the_heads_and_not_for_who_asked(case: Case, tree: Tree, people: People):
    dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.head.pk)
    extend(case_id=case.pk, actor=people.head, days=3, text="等材料")
    assert have(people, Todo.EXTENSION) == set()
    second = factories.posted("second_head", tree.wenyuan1, Role.HEAD)
    counts, _ = todo.count(second)
    assert counts[Todo.EXTENSION] == 1
    Case.objects.update(extension_asked_by=people.officer2)
    assert have(people, Todo.EXTENSION) == {"head"}


def test_an_extension_at_a_micro_unit_waits_directly_above(case: Case, tree: Tree, people: People):
    Case.objects.update(
        handling_grid=tree.micro, handling_level="MICRO_UNIT", extension_days=3, extension_asked_by=people.officer
    )
    assert have(people, Todo.EXTENSION) == {"head"}


def bounce(case: Case, people: People) -> None:
    for _ in range(2):
        dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk)
        return_(case_id=case.pk, actor=people.officer2, reason="NOT_MINE", text="不归我管")


class TestBounced:
    def test_waits_for_the_grid_above(self, case: Case, people: People):
        bounce(case, people)
        assert have(people, Todo.PENDING) == set()
        assert have(people, Todo.BOUNCED) == {"area_liaison", "area_head"}
        # The handling desk may still pass it upwards: it does not vanish from their sight.
        assert have(people, Todo.RETURNED) == {"liaison", "head"}

    def test_passed_upwards_it_is_an_ordinary_case_of_that_desk(self, case: Case, people: People):
        bounce(case, people)
        escalate(case_id=case.pk, actor=people.liaison, text="请上级定", tried="已派两次")
        assert have(people, Todo.BOUNCED) == set()
        assert have(people, Todo.PENDING) == {"area_liaison", "area_head"}

    def test_at_the_street_it_stays_where_it_is(self, case: Case, tree: Tree, people: People):
        Case.objects.update(handling_grid=tree.street, handling_level="COMMUNITY", bounced=True, return_count=2)
        assert have(people, Todo.PENDING) == {"dispatcher", "street_head"}
        assert have(people, Todo.BOUNCED) == set()

    def test_below_the_street_and_over_a_missing_level(self, case: Case, tree: Tree, people: People):
        Case.objects.update(handling_grid=tree.area, handling_level="AREA", bounced=True, return_count=2)
        assert have(people, Todo.BOUNCED) == {"dispatcher", "street_head"}
        odd = factories.case(factories.posted("odd", tree.academy), tree.academy)
        Case.objects.filter(pk=odd.pk).update(
            handling_grid=tree.academy, handling_level="MICRO_UNIT", bounced=True, return_count=2
        )
        head = factories.posted("other_head", tree.other_area, Role.HEAD)
        counts, _ = todo.count(head)
        assert counts[Todo.BOUNCED] == 1

    def test_whoever_stands_above_may_really_dispatch_it(self, case: Case, people: People):
        bounce(case, people)
        done = dispatch(case_id=case.pk, actor=people.area_liaison, assignee_id=people.officer2.pk)
        assert (done.status, done.binding) == (Status.DISPATCHED, True)


def test_a_review_that_has_come_waits_for_senior_heads(case: Case, tree: Tree, people: People):
    today = local_day(now())
    factories.force_status(case, Status.SUSPENDED, review_on=today + timedelta(days=5))
    assert have(people, Todo.REVIEW) == set()
    Case.objects.update(review_on=today - timedelta(days=2))
    assert have(people, Todo.REVIEW) == {"area_head", "street_head"}
    Case.objects.update(handling_grid=tree.street, handling_level="COMMUNITY")
    assert have(people, Todo.REVIEW) == {"street_head"}


def test_help_waits_until_it_is_finished(case: Case, tree: Tree, people: People):
    convene(
        case_id=case.pk,
        actor=people.liaison,
        text="商量",
        place="会议室",
        meets_at=now() + timedelta(days=1),
        department_ids=[people.chengguan.pk],
    )
    # Invited is not helping.
    assert have(people, Todo.CO_HANDLING) == set()
    CoHandler.objects.update(role="HELPER")
    assert have(people, Todo.CO_HANDLING) == {"staff"}
    factories.force_status(case, Status.RESOLVED)
    assert have(people, Todo.CO_HANDLING) == set()
    factories.force_status(case, Status.HANDLING)
    CoHandler.objects.update(done_at=now())
    assert have(people, Todo.CO_HANDLING) == set()


def test_first_contact_is_late_for_who_has_the_case(case: Case, people: People):
    assert have(people, Todo.CONTACT_LATE) == set()
    Case.objects.update(first_contact_due_at=now() - timedelta(hours=1), assignee=people.officer2)
    assert have(people, Todo.CONTACT_LATE) == {"liaison", "head", "officer2"}
    Case.objects.update(first_contact_at=now())
    assert have(people, Todo.CONTACT_LATE) == set()


def test_the_page_stays_calm(case: Case, people: People):
    """Tiles of what most people never have stand there only when there is something."""
    shown = tiles(text(browser(people.liaison).get("/")))
    assert not {each.value for each in todo.RARE} & set(shown)


def test_all_counts_are_one_statement(case: Case, people: People, statements):
    person = factories.fresh(people.staff)
    todo.scope_of(person)
    with statements(1):
        todo.count(person)
