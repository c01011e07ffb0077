"""What the clock does by itself, when, once, and whatever happens beside it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection

from cases import workflow
from cases.choices import Act, Satisfaction, Status, Tick
from cases.models import Case, CaseEvent, ClockRule
from cases.recompute import differences
from cases.sweep import due_cases, sweep
from grids.choices import GridKind
from liangcheng.common import clock
from liangcheng.common.calendar import SHANGHAI
from liangcheng.common.exceptions import IllegalTransition
from liangcheng.common.models import CalendarDay, OutboxMessage
from tests import factories
from tests.common.together import together
from tests.factories import Tree
from tests.people import People


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=SHANGHAI)


# A Wednesday; five working days later is Wednesday the 25th, 17:30.
FILED = at("11-18 10:00")
DUE = at("11-25 17:30")


@pytest.fixture
def case(tree: Tree, people: People) -> Case:
    factories.category("0201")
    with clock.at(FILED):
        return factories.case(people.officer, tree.micro)


def handled(case: Case, people: People, moment: datetime = FILED) -> Case:
    with clock.at(moment):
        workflow.dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk)
        return workflow.accept(case_id=case.pk, actor=people.officer2)


def swept(moment: datetime) -> dict[str, int]:
    with clock.at(moment):
        return dict(sweep())


def fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def told(act: Act) -> set[int]:
    events = CaseEvent.objects.filter(act=act).values_list("pk", flat=True)
    return {row.payload["recipient"] for row in OutboxMessage.objects.all() if row.payload["event"] in set(events)}


@pytest.fixture(autouse=True)
def histories_hold(request: pytest.FixtureRequest) -> Iterator[None]:
    """After every test here: what stands on the rows is what the histories say."""
    if request.node.get_closest_marker("concurrency"):
        yield
        return
    request.getfixturevalue("tree")
    yield
    assert [each for each in differences(Case.objects.all()) if each.field != "clock_at"] == []


class TestLights:
    def test_yellow_on_the_last_working_day_then_red_each_said_once(self, case: Case, people: People):
        handled(case, people)
        # 41 working hours in all: 20 % are left on Tuesday afternoon, before the last day begins.
        assert case.warn_at == at("11-24 16:18")
        assert swept(at("11-24 16:17")) == {}
        assert swept(at("11-24 16:18")) == {"warn": 1}
        assert told(Act.WARN) == {people.officer2.pk, people.liaison.pk, people.head.pk}
        assert swept(at("11-25 10:00")) == {}
        assert swept(DUE) == {"overdue": 1}
        assert told(Act.OVERDUE) == {people.officer2.pk, people.head.pk}
        assert swept(DUE + timedelta(hours=1)) == {}

    def test_both_heads_hear_of_the_red_light(self, case: Case, tree: Tree, people: People):
        second_head = factories.posted("head2", tree.wenyuan1, "HEAD")
        handled(case, people)
        swept(DUE)
        assert told(Act.OVERDUE) == {people.officer2.pk, people.head.pk, second_head.pk}

    def test_a_worker_that_slept_says_the_red_one_only(self, case: Case, people: People):
        handled(case, people)
        assert swept(DUE + timedelta(minutes=1)) == {"overdue": 1}

    def test_an_extension_is_told_anew(self, case: Case, people: People):
        handled(case, people)
        with clock.at(at("11-24 17:00")):
            sweep()
            workflow.extend(case_id=case.pk, actor=people.officer2, days=5, text="等配件。")
            workflow.grant_extension(case_id=case.pk, actor=people.head)
        assert fresh(case).due_at == at("12-02 17:30")
        assert swept(DUE) == {}
        assert swept(at("12-02 10:00")) == {"warn": 1}


class TestEscalation:
    def test_one_level_after_the_grace_with_its_reason(self, case: Case, people: People):
        handled(case, people)
        swept(DUE)
        assert swept(at("11-26 17:29")) == {}
        assert swept(at("11-26 17:30")) == {"escalate": 1}
        now = fresh(case)
        assert (now.handling_level, now.status, now.assignee) == (GridKind.AREA, Status.PENDING, None)
        assert (now.due_at, now.highest_level) == (DUE, GridKind.AREA)
        event = now.events.last()
        assert event is not None
        assert (event.act, event.actor) == (Act.ESCALATE, None)
        assert event.text == "超过处置时限 1 个工作日仍未办结，由系统自动上报。"
        assert event.data["tried"] == "居民区已派给测试officer2。"
        assert told(Act.ESCALATE) >= {people.area_liaison.pk, people.area_head.pk, people.officer2.pk}

    def test_each_level_has_the_grace_to_itself_and_the_street_is_the_end(self, case: Case, people: People):
        assert swept(at("11-30 09:00")) == {"overdue": 1, "escalate": 1}
        assert fresh(case).handling_level == GridKind.AREA
        assert swept(at("12-01 17:30")) == {"escalate": 1}
        assert fresh(case).handling_level == GridKind.COMMUNITY
        assert swept(at("12-31 23:59")) == {}
        assert fresh(case).clock_at is None

    def test_a_micro_unit_below_an_area_goes_to_its_area(self, tree: Tree, people: People):
        factories.category("0201", level=GridKind.MICRO_UNIT)
        officer = factories.posted("academy", tree.academy)
        with clock.at(FILED):
            case = factories.case(officer, tree.academy)
        swept(at("11-30 09:00"))
        assert fresh(case).handling_grid == tree.other_area

    def test_rules_are_rows_per_level_and_urgency(self, case: Case, people: People):
        with clock.at(FILED):
            ClockRule.objects.create(level=GridKind.NEIGHBORHOOD, grace_value=2, grace_unit="CLOCK_HOUR")
            call_command("check_deadlines", "--repair", verbosity=0)
        assert swept(DUE + timedelta(hours=1)) == {"overdue": 1}
        assert swept(DUE + timedelta(hours=2)) == {"escalate": 1}

    def test_no_grace_means_never(self, case: Case, people: People):
        ClockRule.objects.create(grace_value=None, grace_unit="")
        assert swept(at("12-31 12:00")) == {"overdue": 1}
        assert fresh(case).handling_level == GridKind.NEIGHBORHOOD

    def test_emergencies_stand_at_the_street_at_once(self, case: Case, tree: Tree, people: People):
        with clock.at(FILED):
            urgent = factories.case(people.officer, tree.micro, urgency="EMERGENCY")
        assert urgent.handling_level == GridKind.COMMUNITY
        everybody = {people.officer.pk, people.liaison.pk, people.head.pk, people.area_liaison.pk}
        everybody |= {people.area_head.pk, people.dispatcher.pk, people.street_head.pk}
        event = CaseEvent.objects.get(case=urgent)
        reached = {m.payload["recipient"] for m in OutboxMessage.objects.all() if m.payload["event"] == event.pk}
        assert reached == everybody - {people.officer.pk}


class TestDesk:
    def test_not_accepted_in_time_goes_back(self, case: Case, people: People):
        with clock.at(FILED):
            workflow.dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk)
        # Four working hours from 10:00: 1.5 before lunch, 2.5 after it.
        assert swept(at("11-18 15:29")) == {}
        assert swept(at("11-18 15:30")) == {"lapse": 1}
        now = fresh(case)
        assert (now.status, now.assignee, now.due_at, now.return_count) == (Status.PENDING, None, DUE, 0)
        assert told(Act.LAPSE) == {people.liaison.pk, people.head.pk, people.officer2.pk}

    def test_dispatched_anew_waits_anew(self, case: Case, people: People):
        for moment in (FILED, at("11-18 15:00")):
            with clock.at(moment):
                workflow.dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk)
        assert swept(at("11-18 15:30")) == {}
        assert swept(at("11-19 10:30")) == {"lapse": 1}

    def test_accepted_is_accepted(self, case: Case, people: People):
        handled(case, people)
        assert swept(at("11-20 12:00")) == {}


class TestFeedback:
    def test_closes_after_its_window_as_no_answer(self, tree: Tree, people: People, case: Case):
        with clock.at(FILED):
            asked = factories.case(people.officer, tree.micro, wants_reply=True)
            workflow.resolve(case_id=asked.pk, actor=people.liaison, text="已修好。")
            workflow.verify(case_id=asked.pk, actor=people.head)
        assert swept(at("11-23 17:29")) == {}
        assert swept(at("11-23 17:30")) == {"close": 1}
        now = fresh(asked)
        assert (now.status, now.satisfaction) == (Status.CLOSED, Satisfaction.NO_ANSWER)
        assert now.clock_at is None


class TestReminders:
    def test_first_contact(self, tree: Tree, people: People, case: Case):
        with clock.at(FILED):
            asked = factories.case(people.officer, tree.micro, wants_reply=True)
        assert swept(at("11-19 17:30")) == {"contact": 1}
        assert swept(at("11-20 17:30")) == {}
        with clock.at(at("11-20 17:31")):
            workflow.contact(case_id=asked.pk, actor=people.liaison, text="已电话说明。")
        assert CaseEvent.objects.get(act=Act.CONTACT).data == {"in_time": False}

    def test_review_of_a_suspension_at_the_opening_of_its_day(self, case: Case, people: People):
        with clock.at(at("11-19 09:00")):
            workflow.suspend(
                case_id=case.pk, actor=people.area_head, text="等经费。", review_on=at("12-10 00:00").date()
            )
        assert swept(at("12-10 08:59")) == {}
        assert swept(at("12-10 09:00")) == {"review": 1}
        assert told(Act.REMIND) == {people.area_head.pk, people.street_head.pk}
        assert swept(at("12-20 09:00")) == {}

    def test_an_instruction_without_an_answer(self, case: Case, people: People):
        handled(case, people)
        with clock.at(FILED):
            workflow.supervise(case_id=case.pk, actor=people.street_head, text="本周解决。")
        assert swept(at("11-23 17:29")) == {}
        assert swept(at("11-23 17:30")) == {"instruction": 1}
        with clock.at(at("11-23 18:00")):
            workflow.answer(case_id=case.pk, actor=people.officer2, text="明天完成。")
        assert fresh(case).instruction_due_at is None
        assert told(Act.ANSWER) == {people.street_head.pk}


class TestWithstands:
    def test_sweeping_twice_changes_nothing(self, case: Case, people: People):
        swept(at("11-30 09:00"))
        before = list(Case.objects.values()), CaseEvent.objects.count()
        assert swept(at("11-30 09:00")) == {}
        assert (list(Case.objects.values()), CaseEvent.objects.count()) == before

    def test_the_last_minute_of_the_year(self, tree: Tree, people: People):
        CalendarDay.objects.create(day="2027-01-01", is_workday=False, note="元旦")
        factories.category("0201")
        with clock.at(at("12-31 23:59")):
            case = factories.case(people.officer, tree.micro)
            assert sweep() == {}
        # Received on the last day, which does not count; 2027-01-01 is a holiday, then a weekend.
        assert case.due_at == datetime(2027, 1, 8, 17, 30, tzinfo=SHANGHAI)
        assert swept(datetime(2027, 1, 8, 17, 30, tzinfo=SHANGHAI)) == {"overdue": 1}

    def test_one_case_that_fails_does_not_stop_the_others(self, tree: Tree, people: People, case: Case, monkeypatch):
        with clock.at(FILED):
            other = factories.case(people.officer, tree.micro)
        from cases import sweep as module

        def failing(broken: Case, office: object) -> None:
            if broken.pk == case.pk:
                raise RuntimeError
            module.workflow.by_clock(Act.OVERDUE, broken, office)

        monkeypatch.setitem(module._TICKS, Tick.OVERDUE, failing)
        assert swept(DUE) == {"failed": 1, "overdue": 1}
        assert CaseEvent.objects.filter(act=Act.OVERDUE).get().case == other
        assert fresh(case).clock_at == DUE + timedelta(hours=1)
        monkeypatch.undo()
        assert swept(DUE + timedelta(hours=1)) == {"overdue": 1}

    def test_a_case_from_before_the_clock_is_planned_first(self, case: Case, people: People):
        Case.objects.update(clock_at=FILED, warn_at=None)
        assert swept(at("11-18 11:00")) == {}
        assert (fresh(case).warn_at, fresh(case).clock_at) == (case.warn_at, case.warn_at)

    def test_reads_a_range_of_one_index(self, case: Case):
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                # Of a handful of rows it would read the table; that it can use the index is the question.
                cursor.execute("SET LOCAL enable_seqscan = off")
        plan = due_cases().explain()
        assert "case_clock" in plan, plan
        assert "SCAN cases_case\n" not in f"{plan}\n", plan

    def test_the_clock_is_refused_like_everybody(self, case: Case, people: People):
        with pytest.raises(IllegalTransition) as refused:
            workflow.by_clock(Act.LAPSE, case, None)  # type: ignore[arg-type] -- refused before it is looked at
        assert refused.value.code == "illegal_transition"

    def test_the_command_says_what_it_did(self, case: Case, people: People, capsys):
        with clock.at(DUE):
            call_command("sweep")
            call_command("sweep")
        assert capsys.readouterr().out == "红灯提醒：1 件\n目前没有到期的事项。\n"


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_several_workers_handle_each_case_once():
    from tests import people as cast

    tree = Tree()
    people = cast.settle(tree)
    factories.category("0201")
    with clock.at(FILED):
        for _ in range(60):
            factories.case(people.officer, tree.micro)
    moment = at("11-30 09:00")

    def work() -> None:
        with clock.at(moment):
            sweep()

    together(work, times=4)
    assert CaseEvent.objects.filter(act=Act.OVERDUE).count() == 60
    assert CaseEvent.objects.filter(act=Act.ESCALATE).count() == 60
    assert set(Case.objects.values_list("handling_level", "version")) == {(GridKind.AREA, 3)}
    assert OutboxMessage.objects.count() == OutboxMessage.objects.values("key").distinct().count()


def test_what_was_overdue_before_a_pause_has_the_grace_again(tree: Tree, people: People):
    factories.category("0201")
    with clock.at(FILED):
        case = factories.case(people.officer, tree.micro)
    with clock.at(at("11-26 09:00")):
        sweep()
        workflow.suspend(case_id=case.pk, actor=people.area_head, text="等经费。", review_on=at("12-10 00:00").date())
    with clock.at(at("12-10 10:00")):
        workflow.resume(case_id=case.pk, actor=people.area_head, text="经费已到。")
        assert sweep() == {}
    assert swept(at("12-11 17:29")) == {}
    assert swept(at("12-11 17:30")) == {"escalate": 1}
