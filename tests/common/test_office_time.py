"""The office's calendar out of its rows."""

import logging
import threading
import time
from datetime import date

import pytest
from django.db import connection, connections, transaction

from liangcheng.common import office_time
from liangcheng.common.models import CalendarDay, OfficeMark
from liangcheng.common.office_time import office_calendar


@pytest.mark.django_db
class TestOfficeCalendar:
    def test_two_statements_and_rows_win_over_the_week(self, statements):
        CalendarDay.objects.create(day=date(2026, 10, 1), is_workday=False, note="国庆节")
        CalendarDay.objects.create(day=date(2026, 10, 10), is_workday=True, note="调休上班")
        with statements(2):
            calendar = office_calendar(date(2026, 9, 30), date(2026, 10, 31))
        assert not calendar.is_workday(date(2026, 10, 1))
        assert calendar.is_workday(date(2026, 10, 10))
        assert calendar.is_workday(date(2026, 10, 12))
        assert not calendar.is_workday(date(2026, 10, 11))

    def test_a_year_without_rows_is_worked_from_monday_to_friday_and_warned_of_once(self, caplog, monkeypatch):
        monkeypatch.setattr(office_time, "_warned", set())
        CalendarDay.objects.create(day=date(2026, 10, 1), is_workday=False)
        with caplog.at_level(logging.WARNING):
            for _ in range(2):
                calendar = office_calendar(date(2026, 12, 1), date(2027, 1, 31))
        assert calendar.is_workday(date(2027, 1, 1))
        assert [record.getMessage() for record in caplog.records] == [
            "calendar_year_missing year=2027 worked=monday-friday"
        ]

    def test_kept_under_its_mark_and_read_anew_after_a_change(self, statements):
        with transaction.atomic():
            under = office_time.held()
        office_time.calendar(under)
        with statements(1), transaction.atomic():
            assert office_time.calendar(office_time.held()).is_workday(date(2026, 10, 1))
        CalendarDay.objects.create(day=date(2026, 10, 1), is_workday=False)
        with transaction.atomic():
            assert office_time.held() != under
            assert not office_time.calendar(office_time.held()).is_workday(date(2026, 10, 1))

    def test_change_days_writes_all_and_calls_the_followers(self, monkeypatch):
        monkeypatch.setattr(office_time, "_followers", [])
        office_time.on_change(lambda: "重算 3 件")
        office_time.on_change(lambda: "")
        CalendarDay.objects.create(day=date(2026, 10, 9), is_workday=False)
        said = office_time.change_days({date(2026, 10, 1): (False, "国庆节"), date(2026, 10, 9): None})
        assert said == ["重算 3 件"]
        assert list(CalendarDay.objects.values_list("day", "is_workday", "note")) == [
            (date(2026, 10, 1), False, "国庆节")
        ]


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_a_change_waits_for_who_holds_the_mark():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one transaction write at a time")
    OfficeMark.renew()
    order: list[str] = []
    held = threading.Event()

    def promise() -> None:
        with transaction.atomic():
            office_time.held()
            held.set()
            time.sleep(0.4)
            order.append("promised")
        connections.close_all()

    promising = threading.Thread(target=promise)
    promising.start()
    assert held.wait(5)
    with office_time.changing():
        order.append("changed")
    promising.join(5)
    assert order == ["promised", "changed"]
