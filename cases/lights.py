"""The deadline light and its words, in one place; the sets behind it are CaseQuerySet's (overdue, due_soon …)."""

from datetime import datetime, timedelta

from cases.choices import RUNNING_STATUSES, ContactLight, Light, Status, Urgency
from cases.models import Case
from liangcheng.common.clock import now as clock_now


def light_of(
    *,
    status: str,
    urgency: str,
    due_at: datetime | None,
    warn_at: datetime | None,
    on_time: bool | None,
    now: datetime | None = None,
) -> Light:
    """From a case's plain values, so that lists need no model instances."""
    if status == Status.SUSPENDED:
        return Light.PAUSED
    if status not in RUNNING_STATUSES:
        if on_time is None:
            return Light.NONE
        return Light.DONE_IN_TIME if on_time else Light.DONE_LATE
    now = now or clock_now()
    if due_at is not None and due_at < now:
        return Light.RED
    if urgency == Urgency.EMERGENCY:
        return Light.AT_ONCE
    if due_at is None:
        return Light.NONE
    return Light.YELLOW if warn_at is not None and warn_at <= now else Light.GREEN


def light(case: Case, now: datetime | None = None) -> Light:
    return light_of(
        status=case.status,
        urgency=case.urgency,
        due_at=case.due_at,
        warn_at=case.warn_at,
        on_time=case.on_time,
        now=now,
    )


def contact_light(case: Case, now: datetime | None = None) -> ContactLight:
    """先行联系: owed where the reporter can be reached, within its own limit."""
    due_at, done_at = case.first_contact_due_at, case.first_contact_at
    if done_at is not None:
        return ContactLight.DONE_LATE if due_at is not None and done_at > due_at else ContactLight.IN_TIME
    if due_at is None or status_is_over(case.status):
        return ContactLight.NONE
    return ContactLight.LATE if due_at < (now or clock_now()) else ContactLight.WAITING


def status_is_over(status: str) -> bool:
    """Whether the handlers' part has ended: nobody is to be contacted first any more."""
    return status not in RUNNING_STATUSES and status != Status.SUSPENDED


def light_text(case: Case, now: datetime | None = None) -> str:
    """ "还剩 2 小时", "超期 3 天": never colour alone. Days and hours are clock time."""
    return light_text_of(light(case, now), case.due_at, now)


def light_text_of(shown: Light, due_at: datetime | None, now: datetime | None = None) -> str:
    if shown in {Light.RED, Light.YELLOW, Light.GREEN} and due_at is not None:
        now = now or clock_now()
        return f"超期 {_span(now - due_at)}" if shown == Light.RED else f"还剩 {_span(due_at - now)}"
    return shown.label if shown != Light.NONE else ""


def _span(length: timedelta) -> str:
    minutes = max(int(length.total_seconds() // 60), 1)
    if minutes < 60:
        return f"{minutes} 分钟"
    if minutes < 48 * 60:
        return f"{minutes // 60} 小时"
    return f"{minutes // (24 * 60)} 天"
