"""A change of the calendar moves what is open, and only that; every deadline is what its history says."""

import contextlib
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cases import notifications, recompute, workflow
from cases.choices import Act, LimitUnit, Status
from cases.models import Case, CaseEvent, ClockRule
from cases.recompute import differences, recompute_open
from liangcheng.common import clock, office_time
from liangcheng.common.calendar import SHANGHAI
from liangcheng.common.exceptions import DomainError
from liangcheng.common.models import CalendarDay, OutboxMessage
from tests import factories
from tests.common.together import together
from tests.examples import MANY
from tests.factories import Tree
from tests.people import People

# A Wednesday. Five working days later: Wednesday the 25th.
FILED = datetime(2026, 11, 18, 10, 0, tzinfo=SHANGHAI)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=SHANGHAI)


@pytest.fixture
def case(tree: Tree, people: People) -> Case:
    factories.category("0201")
    with clock.at(FILED):
        return factories.case(people.officer, tree.micro, wants_reply=True)


def fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


class TestCalendarChanges:
    def test_a_holiday_moves_open_cases_later_and_says_so(self, case: Case, tree: Tree, people: People):
        with clock.at(FILED):
            hourly = factories.category("0301", resolve=(2, LimitUnit.CLOCK_HOUR))
            untouched = factories.case(people.officer, tree.micro, hourly)
            said = office_time.change_days({date(2026, 11, 20): (False, "测试休息")})
        assert said == ["未办结案件重算 2 件：期限提前 0 件，推后 1 件，不变 1 件。"]
        moved = fresh(case)
        assert moved.due_at == moved.original_due_at == at("11-26 17:30")
        assert (moved.version, fresh(untouched).version) == (case.version + 1, untouched.version)
        event = moved.events.last()
        assert event is not None
        assert (event.act, event.actor) == (Act.RECALCULATE, None)
        assert event.data == {"before": at("11-25 17:30").isoformat(), "due_at": at("11-26 17:30").isoformat()}

    def test_a_worked_weekend_moves_them_earlier_and_tells_the_handler(self, case: Case, people: People):
        with clock.at(FILED):
            workflow.dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk)
            said = office_time.change_days({date(2026, 11, 21): (True, "调休上班")})
        assert said == ["未办结案件重算 1 件：期限提前 1 件，推后 0 件，不变 0 件。"]
        assert fresh(case).due_at == at("11-24 17:30")
        event = CaseEvent.objects.get(act=Act.RECALCULATE)
        told = [row.payload["recipient"] for row in OutboxMessage.objects.all() if row.payload["event"] == event.pk]
        assert told == [people.officer2.pk]

    def test_taking_the_day_out_again_restores_everything(self, case: Case):
        with clock.at(FILED):
            office_time.change_days({date(2026, 11, 20): (False, "测试休息")})
            said = office_time.change_days({date(2026, 11, 20): None})
        assert said == ["未办结案件重算 1 件：期限提前 1 件，推后 0 件，不变 0 件。"]
        now = fresh(case)
        assert (now.due_at, now.warn_at, now.clock_at) == (case.due_at, case.warn_at, case.clock_at)

    def test_what_has_ended_keeps_what_it_was_promised(self, case: Case, people: People, capsys):
        with clock.at(FILED):
            workflow.withdraw(case_id=case.pk, actor=people.liaison, text="误报。")
        office_time.change_days({date(2026, 11, 20): (False, "测试休息")})
        assert fresh(case).due_at == case.due_at
        call_command("check_deadlines")
        assert "期限按当时的日历" in capsys.readouterr().out

    def test_the_moved_deadline_is_told_anew(self, case: Case):
        from cases.sweep import sweep

        with clock.at(at("11-25 17:30")):
            assert dict(sweep()) == {"contact": 1, "overdue": 1}
            office_time.change_days({date(2026, 11, 25): (False, "测试休息")})
        with clock.at(at("11-26 17:30")):
            assert dict(sweep()) == {"overdue": 1}

    def test_rules_of_the_clock_move_the_agenda_without_an_event(self, case: Case):
        ClockRule.objects.create(warn_percent=50, warn_last_day=False)
        assert recompute_open().text == "未办结案件重算 1 件：期限提前 0 件，推后 0 件，不变 1 件。"
        assert fresh(case).warn_at < case.warn_at
        assert case.events.count() == 1

    def test_more_than_a_request_can_bear_go_to_the_worker(self, case: Case, monkeypatch):
        monkeypatch.setattr(recompute, "AT_ONCE", 0)
        said = office_time.change_days({date(2026, 11, 20): (False, "测试休息")})
        assert said == ["未办结案件较多，期限正在后台重算，几分钟后生效。"]
        assert fresh(case).due_at == case.due_at
        recompute.deliver(OutboxMessage.objects.get(topic=recompute.TOPIC))
        assert fresh(case).due_at == at("11-26 17:30")

    def test_statements_do_not_grow_with_the_cases_that_stay(self, case: Case, tree: Tree, people: People, statements):
        with clock.at(FILED):
            for _ in range(30):
                factories.case(people.officer, tree.micro)
        with statements(6):
            recompute_open()


class TestCheck:
    def test_names_what_does_not_follow(self, case: Case, capsys):
        Case.objects.update(due_at=FILED)
        with pytest.raises(CommandError, match="有 1 件案件的期限与记录不符"):
            call_command("check_deadlines")
        assert f"{case.number} due_at：保存的是" in capsys.readouterr().out
        call_command("check_deadlines", "--repair", "--open")
        assert fresh(case).due_at == case.due_at

    def test_a_promise_of_an_older_version_stands_as_it_is(self, case: Case):
        """Events written before limits were kept in them: the deadline on record is the promise."""
        row = CaseEvent.objects.get(case=case)
        kept = {"category": "0201", "due_at": case.due_at.isoformat()}
        CaseEvent._base_manager.filter(pk=row.pk)._update(  # past the guard, as an old version has written it
            [(CaseEvent._meta.get_field("data"), None, kept)]
        )
        fields = {each.field for each in differences(Case.objects.all())}
        assert "due_at" not in fields
        assert "original_due_at" not in fields


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(
            ["suspend", "resume", "extend", "grant", "refuse", "resolve", "rework", "verify", "close", "reopen", "note",
             "escalate", "dispatch", "return", "contact", "supervise", "merge", "unmerge", "calendar", "hand_over"]
        ),
        st.integers(10, 6 * 24 * 60),
        st.integers(1, 12),
    ),
    min_size=1,
    max_size=6,
)  # fmt: skip


@settings(
    max_examples=MANY,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(actions=ACTIONS)
def test_whatever_happens_the_rows_are_what_the_histories_say(
    tree: Tree, people: People, walked: Case, monkeypatch, actions
):
    """Random histories through the workflow itself, among them changes of the calendar."""
    with transaction.atomic():
        moment = FILED
        for name, minutes, number in actions:
            moment += timedelta(minutes=minutes)
            with clock.at(moment):
                _try(name, number, walked, people, moment)
        # What has ended keeps what it was promised, whatever the calendar says since.
        assert list(differences(Case.objects.open().filter(pk=walked.pk))) == []
        transaction.set_rollback(True)


@pytest.fixture
def walked(case: Case, people: People, tree: Tree, monkeypatch) -> Case:
    """A case in work, and one beside it to merge into. Nobody is told: that is tested elsewhere and costs time."""
    monkeypatch.setattr(notifications, "enqueue", lambda event, case: None)
    with clock.at(FILED):
        factories.case(people.officer, tree.micro, title="主案件")
        workflow.dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk)
        return workflow.accept(case_id=case.pk, actor=people.officer2)


def _try(name: str, number: int, case: Case, people: People, moment: datetime) -> None:
    text = {"text": "说明。"}
    acts: dict[str, Any] = {
        "suspend": (workflow.suspend, people.area_head, {"review_on": moment.date() + timedelta(days=20), **text}),
        "resume": (workflow.resume, people.area_head, text),
        "extend": (workflow.extend, people.officer2, {"days": number, **text}),
        "grant": (workflow.grant_extension, people.head, {}),
        "refuse": (workflow.refuse_extension, people.head, text),
        "resolve": (workflow.resolve, people.officer2, text),
        "rework": (workflow.rework, people.head, text),
        "verify": (workflow.verify, people.head, {}),
        "close": (workflow.close, people.head, {"satisfaction": "SATISFIED"}),
        "reopen": (workflow.reopen, people.street_head, text),
        "note": (workflow.note, people.head, text),
        "escalate": (workflow.escalate, people.liaison, {"tried": "试过。", **text}),
        "dispatch": (workflow.dispatch, people.area_head, {"assignee_id": people.officer2.pk}),
        "return": (workflow.return_, people.officer2, {"reason": "OTHER", **text}),
        "contact": (workflow.contact, people.area_head, text),
        "supervise": (workflow.supervise, people.street_head, text),
        "merge": (workflow.merge, people.area_head, {"main_number": "LC202611180002"}),
        "unmerge": (workflow.unmerge, people.area_head, text),
        "hand_over": (workflow.hand_over, people.area_head, {"to_user_id": people.liaison.pk, **text}),
    }
    if name == "calendar":
        day = moment.date() + timedelta(days=number)
        worked = day.weekday() >= 5
        office_time.change_days({day: (worked, "测试")})
        return
    act, actor, inputs = acts[name]
    with contextlib.suppress(DomainError):
        act(case_id=case.pk, actor=actor, **inputs)


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_a_calendar_changed_while_cases_are_filed_leaves_none_behind():
    from tests import people as cast

    tree = Tree()
    people = cast.settle(tree)
    factories.category("0201")
    changes = iter([{date(2026, 12, 1 + n): (False, "测试休息")} for n in range(4)])

    def file_or_change() -> None:
        with clock.at(FILED + timedelta(days=7)):
            for number in range(12):
                if number == 5 and (change := next(changes, None)):
                    office_time.change_days(change)
                else:
                    factories.case(people.officer, tree.micro)

    together(file_or_change, times=4)
    assert Case.objects.count() == 4 * 11
    assert list(differences(Case.objects.all())) == []
    assert set(Case.objects.values_list("due_at", flat=True)) == {at("12-08 17:30")}
    assert CalendarDay.objects.count() == 4


def test_suspended_cases_are_recomputed_as_well(case: Case, people: People):
    with clock.at(FILED):
        workflow.suspend(case_id=case.pk, actor=people.area_head, text="等经费。", review_on=date(2026, 12, 30))
    with clock.at(FILED + timedelta(days=2)):
        office_time.change_days({date(2026, 11, 23): (False, "测试休息")})
    assert fresh(case).status == Status.SUSPENDED
    assert fresh(case).due_at == at("11-26 17:30")
    assert connection.in_atomic_block
