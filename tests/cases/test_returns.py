"""Figures of 退单: counted from what happened, within the reader's grids, in four statements."""

from datetime import date, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from cases import returns, workflow
from cases.choices import Act, Status
from cases.models import Case, CaseEvent
from cases.periods import Period, between, last_days, month_of, quarter_of
from cases.returns import Figure
from cases.workflow import dispatch, hand_over, return_
from grids.choices import Role
from liangcheng.accounts.models import User
from liangcheng.common import clock
from liangcheng.common.calendar import SHANGHAI
from liangcheng.common.exceptions import InvalidInput
from tests import factories
from tests.cases.web import stray_english
from tests.factories import Tree, fresh
from tests.people import People


@pytest.fixture
def case(tree: Tree, people: People) -> Case:
    factories.category("0201")
    return factories.case(people.officer, tree.micro)


def refuse(case: Case, desk: User, to: User, reason: str = "NOT_MINE", **given: object) -> None:
    dispatch(case_id=case.pk, actor=fresh(desk), **(given or {"assignee_id": to.pk}))
    return_(case_id=case.pk, actor=fresh(to), reason=reason, text="不归我管。")


def told(rows: list[Figure]) -> list[tuple[str, int, int, str]]:
    return [(row.key, row.received, row.returned, row.rate) for row in rows]


class TestFigures:
    def test_by_person_and_department(self, case: Case, people: People):
        refuse(case, people.liaison, people.officer2)
        refuse(case, people.liaison, people.officer2, "WRONG_PLACE")
        dispatch(case_id=case.pk, actor=people.area_head, assignee_id=people.officer2.pk)
        other = factories.case(people.officer, case.grid)
        refuse(other, people.liaison, people.staff, department_id=people.chengguan.pk)
        dispatch(case_id=other.pk, actor=people.liaison, assignee_id=people.head.pk)
        shown = returns.report(fresh(people.liaison), last_days(90))
        assert told(shown.rows) == [
            (f"u{people.officer2.pk}", 3, 2, "67%"),
            (f"d{people.chengguan.pk}", 1, 1, "100%"),
        ]
        person, department = shown.rows
        assert (person.name, department.name, department.is_department) == (str(people.officer2), "城管中队", True)
        assert person.by_reason == [("不属于本岗位或本部门职责", 1), ("不在管辖范围", 1)]
        assert (shown.total.received, shown.total.returned, shown.total.rate) == (5, 3, "60%")

    def test_a_refusal_that_did_not_stand(self, case: Case, people: People):
        refuse(case, people.liaison, people.officer2)
        refuse(case, people.liaison, people.officer2)
        dispatch(case_id=case.pk, actor=people.area_head, assignee_id=people.officer2.pk)
        other = factories.case(people.officer, case.grid)
        refuse(other, people.liaison, people.officer2)
        dispatch(case_id=other.pk, actor=people.dispatcher, assignee_id=people.officer.pk, binding=True)
        [row] = returns.report(fresh(people.head), last_days(90)).rows
        # Back to the same one without 签派, with it, and 签派 to somebody else: only the second counts.
        assert (row.returned, row.overruled) == (3, 1)

    def test_what_was_handed_over_was_received_too(self, case: Case, people: People):
        dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk)
        hand_over(case_id=case.pk, actor=people.liaison, to_user_id=people.officer.pk, text="调岗。")
        return_(case_id=case.pk, actor=fresh(people.officer), reason="OTHER", text="不归我管。")
        dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk)
        hand_over(case_id=case.pk, actor=people.liaison, to_user_id=None, text="调岗。")
        shown = returns.report(fresh(people.liaison), last_days(90))
        assert told(shown.rows) == [(f"u{people.officer.pk}", 1, 1, "100%")]
        assert (shown.total.received, shown.uncounted) == (3, 0)

    def test_events_of_older_versions_are_counted_apart(self, case: Case, people: People):
        old = CaseEvent(
            community_id=case.community_id,
            case=case,
            actor=people.liaison,
            act=Act.DISPATCH,
            to_status=Status.DISPATCHED,
            to_grid=case.handling_grid,
            level=case.handling_level,
            data={"assignee": people.officer2.full_name, "binding": False},
        )
        old.save()
        factories.force_status(case, Status.DISPATCHED, assignee=people.officer2)
        return_(case_id=case.pk, actor=people.officer2, reason="OTHER", text="不归我管。")
        shown = returns.report(fresh(people.liaison), last_days(90))
        assert told(shown.rows) == [(f"u{people.officer2.pk}", 0, 1, "–")]
        assert shown.uncounted == 1

    def test_only_within_the_days(self, case: Case, people: People):
        refuse(case, people.liaison, people.officer2)
        today = timezone.localdate()
        yesterday = today - timedelta(days=1)
        assert returns.report(people.liaison, Period(today, today)).total.returned == 1
        assert returns.report(people.liaison, Period(yesterday, yesterday)).rows == []

    def test_a_day_ends_at_the_offices_midnight(self, tree: Tree, people: People):
        factories.category("0201")
        with clock.at(datetime(2026, 11, 18, 23, 59, tzinfo=SHANGHAI)):
            case = factories.case(people.officer, tree.micro)
            refuse(case, people.liaison, people.officer2)
        for day, number in ((17, 0), (18, 1), (19, 0)):
            days = Period(date(2026, 11, day), date(2026, 11, day))
            assert returns.report(people.liaison, days).total.returned == number


class TestWhoReads:
    def test_only_the_readers_own_grids(self, case: Case, tree: Tree, people: People):
        refuse(case, people.liaison, people.officer2)
        elsewhere = factories.case(people.stranger, tree.liangsan)
        refuse(elsewhere, people.stranger, people.stranger)
        days = last_days(90)
        for who, number in (("liaison", 1), ("stranger", 1), ("far_stranger", 0), ("area_head", 2), ("viewer", 2)):
            assert returns.report(fresh(getattr(people, who)), days).total.returned == number, who
        for who in ("officer", "officer2", "staff"):
            person = fresh(getattr(people, who))
            assert not returns.may_read(person)
            assert returns.report(person, days).rows == []

    def test_a_case_found_elsewhere_is_not_in_ones_figures(self, case: Case, tree: Tree, people: People):
        """Who sees a case only because they found it does not see who refuses over there."""
        factories.posting(people.far_stranger, tree.micro, Role.OFFICER)
        found = factories.case(fresh(people.far_stranger), tree.micro)
        refuse(found, people.liaison, people.officer2)
        people.far_stranger.postings.filter(grid=tree.micro).delete()
        assert Case.objects.visible_to(fresh(people.far_stranger)).filter(pk=found.pk).exists()
        assert returns.report(fresh(people.far_stranger), last_days(90)).rows == []

    def test_not_of_confidential_cases_that_the_reader_may_not_see(self, tree: Tree, people: People):
        factories.category("0201")
        secret = factories.case(people.officer, tree.micro, confidential=True)
        refuse(secret, people.liaison, people.officer2)
        assert returns.report(fresh(people.viewer), last_days(90)).rows == []
        assert returns.report(fresh(people.head), last_days(90)).total.returned == 1

    def test_ones_own_and_ones_departments(self, case: Case, people: People):
        refuse(case, people.liaison, people.officer2)
        dispatch(case_id=case.pk, actor=people.liaison, department_id=people.chengguan.pk)
        assert told(returns.own(fresh(people.officer2))) == [(f"u{people.officer2.pk}", 1, 1, "100%")]
        assert told(returns.own(fresh(people.staff))) == [(f"d{people.chengguan.pk}", 1, 0, "0%")]
        assert returns.own(fresh(people.officer)) == []


class TestPeriods:
    def test_months_and_quarters(self):
        assert month_of(date(2026, 2, 14)) == Period(date(2026, 2, 1), date(2026, 2, 28))
        assert month_of(date(2026, 12, 31)) == Period(date(2026, 12, 1), date(2026, 12, 31))
        for month, first, last in (
            (1, (1, 1), (3, 31)),
            (5, (4, 1), (6, 30)),
            (9, (7, 1), (9, 30)),
            (12, (10, 1), (12, 31)),
        ):
            assert quarter_of(date(2026, month, 15)) == Period(date(2026, *first), date(2026, *last))
        assert (last_days(90).last - last_days(90).first).days == 89

    def test_wrong_days(self):
        for first, last in ((date(2026, 2, 2), date(2026, 2, 1)), (date(1, 1, 1), date(2026, 1, 1))):
            with pytest.raises(InvalidInput):
                between(first, last)


class TestPage:
    def test_words_and_links(self, client, case: Case, people: People):
        refuse(case, people.liaison, people.officer2)
        client.force_login(people.liaison)
        page = client.get("/cases/returns/").content.decode()
        assert f"?returned_by=u{people.officer2.pk}" in page
        assert "100%" in page
        assert stray_english(page, str(people.officer2), str(people.liaison)) == []
        for period in ("month", "last-month", "quarter", "last-quarter", "90", "nonsense"):
            assert client.get(f"/cases/returns/?period={period}").status_code == 200
        assert "退单统计" in client.get(reverse("accounts:me")).content.decode()

    def test_days_of_ones_own(self, client, case: Case, people: People):
        refuse(case, people.liaison, people.officer2)
        client.force_login(people.liaison)
        today = timezone.localdate()
        address = "/cases/returns/?period=custom&from={}&to={}"
        assert "100%" in client.get(address.format(today, today)).content.decode()
        for first, last, said in (
            (today, today - timedelta(days=1), "结束日期不能早于开始日期"),
            ("", today, "请填写日期"),
            ("x", today, "日期请写成"),
            ("0001-01-01", "9999-12-31", "2000 年到 2100 年"),
        ):
            assert said in client.get(address.format(first, last)).content.decode()

    def test_strangers(self, client, case: Case, people: People):
        for person in (people.officer, people.staff):
            client.force_login(person)
            assert client.get("/cases/returns/").status_code == 403
        client.logout()
        assert client.get("/cases/returns/").status_code == 302

    def test_staff_see_their_departments_on_their_own_page(self, client, case: Case, people: People):
        refuse(case, people.liaison, people.staff, department_id=people.chengguan.pk)
        client.force_login(people.staff)
        assert "城管中队：接到 1 次，退单 1 次" in client.get(reverse("accounts:me")).content.decode()


def test_four_statements_whatever_the_size(tree: Tree, people: People, statements):
    factories.category("0201")
    handlers = [people.officer2]
    for size in (1, 6):
        handlers += [factories.posted(f"more{size}{i}", tree.micro2) for i in range(size)]
        for handler in handlers:
            case = factories.case(people.officer, tree.micro)
            refuse(case, people.liaison, handler)
            refuse(case, people.liaison, people.staff, department_id=people.chengguan.pk)
        reader = fresh(people.liaison)
        Case.objects.visible_to(reader).first()
        with statements(4):
            assert len(returns.report(reader, last_days(90)).rows) == len(handlers) + 1
        with statements(4):
            returns.own(reader)


def test_the_dispatch_names_by_id(case: Case, people: People):
    dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk)
    assert case.events.last().data["user_id"] == people.officer2.pk
    workflow.dispatch(case_id=case.pk, actor=people.liaison, department_id=people.chengguan.pk)
    data = case.events.last().data
    assert (data["department"], data["department_id"]) == ("城管中队", people.chengguan.pk)
    assert "user_id" not in data
