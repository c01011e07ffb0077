"""The office's calendar out of its rows."""

import logging
from datetime import date

import pytest

from liangcheng.common import office_time
from liangcheng.common.models import CalendarDay
from liangcheng.common.office_time import office_calendar


@pytest.mark.django_db
class TestOfficeCalendar:
    def test_one_statement_and_rows_win_over_the_week(self, statements):
        CalendarDay.objects.create(day=date(2026, 10, 1), is_workday=False, note="国庆节")
        CalendarDay.objects.create(day=date(2026, 10, 10), is_workday=True, note="调休上班")
        with statements(1):
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
