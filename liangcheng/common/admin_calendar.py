"""The reminder that next year's calendar is missing."""

from datetime import date

from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone

from liangcheng.common.admin_base import runs_office
from liangcheng.common.models import CalendarDay


def missing_calendar_year(today: date) -> int | None:
    """From 1 November on: next year, as long as nobody has entered a day of it."""
    following = today.year + 1
    if today.month < 11 or CalendarDay.objects.filter(day__year=following).exists():
        return None
    return following


def warn_of_missing_calendar(request: HttpRequest) -> None:
    """The State Council publishes next year's holidays in November; deadlines reach into it from then on."""
    year = missing_calendar_year(timezone.localdate())
    if year is not None and request.method == "GET" and runs_office(request.user):
        messages.warning(
            request, f"{year} 年的工作日历还没有录入，跨年的期限暂按周一至周五计算。请按国务院放假通知录入或导入。"
        )
