"""What the pages of the calendar share: the reminder of a missing year, and the one way to change days."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from liangcheng.common import office_time
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
        words = (
            "{} 年的工作日历还没有录入，跨年的期限暂按周一至周五计算。请按国务院放假通知录入或导入。<a href='{}'>{}</a>"
        )
        address = reverse("admin:common_calendarday_notice", args=[year])
        messages.warning(request, format_html(words, year, address, "粘贴放假通知"))


@contextmanager
def calendar_change(request: HttpRequest) -> Iterator[None]:
    """Around writes of the calendar in the admin: whatever transaction they stand in, followers work after it.

    Django's own pages commit before the answer leaves, so that the message still appears on the next page.
    A roll-back lets nobody follow.
    """
    with office_time.changing():
        yield
        transaction.on_commit(lambda: tell(request, office_time.changed()))


def tell(request: HttpRequest, said: Iterable[str]) -> None:
    """What followers did of a change, on the next page."""
    for sentence in said:
        messages.info(request, sentence)


def log_change(request: HttpRequest, words: str) -> None:
    """Who changed several days at once, in the log of the admin."""
    LogEntry.objects.create(
        user_id=request.user.pk,  # type: ignore[misc]
        content_type=ContentType.objects.get_for_model(CalendarDay),
        object_repr=words[:200],
        action_flag=CHANGE,
        change_message=words,
    )


def change_days(
    request: HttpRequest, changes: "dict[date, tuple[bool, str] | None]", *, logged: str, message: str
) -> None:
    """Write days, say so, say what followed, keep who did it."""
    with calendar_change(request):
        office_time.write_days(changes)
        log_change(request, logged)
        messages.success(request, message)
