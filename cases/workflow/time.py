"""Acts that concern time: first contact, 延期, 挂账, and what the clock says and recomputes by itself."""

from collections.abc import Iterable
from datetime import date, datetime

from django.conf import settings

from cases import timekeeping
from cases.choices import Act, Status, Tick
from cases.deadlines import ClockMark, local_day, replay
from cases.models import Case
from cases.refusals import need_days, need_text, optional_text
from cases.workflow.core import Step, act, move_clock
from liangcheng.common import office_time
from liangcheng.common.clock import now
from liangcheng.common.exceptions import InvalidInput


@act(Act.CONTACT)
def contact(step: Step, *, text: str) -> None:
    """先行联系: the reporter was called first; in or out of its own limit (1 working day)."""
    case = step.case
    step.text = need_text(text, "text", "请写明何时怎样联系、反映人怎么说。")
    if case.first_contact_at is None:
        case.first_contact_at = step.at
        step.data = {"in_time": case.first_contact_due_at is None or step.at <= case.first_contact_due_at}


@act(Act.EXTEND)
def extend(step: Step, *, days: int, text: str) -> None:
    """申请延期, before the deadline: how many working days and why. The head decides; until then nothing changes."""
    case = step.case
    case.extension_days = need_days(days, most=settings.EXTENSION_DAYS_MOST)
    step.text = need_text(text, "text", "请写明延期原因。")
    case.extension_asked_by = step.actor
    step.data = {"days": case.extension_days}


@act(Act.GRANT_EXTENSION)
def grant_extension(step: Step, *, days: int | None = None, text: str = "") -> None:
    """同意延期, perhaps for fewer days than asked: the granted deadline moves, the original one stays on the case."""
    case = step.case
    asked = case.extension_days or 0
    granted = need_days(asked if days is None else days, most=asked)
    step.text = optional_text(text)
    step.data = {"days": granted, "asked": asked, "before": timekeeping.iso(case.due_at)}
    case.extension_count += 1
    case.extension_days, case.extension_asked_by = None, None
    move_clock(step)


def extended_due_at(case: Case, days: int) -> datetime | None:
    """What the deadline would be with `days` more working days granted now. Two statements; writes nothing."""
    marks = [*timekeeping.history(case), timekeeping.mark_of(Act.GRANT_EXTENSION, now(), {"days": days})]
    return replay(marks, timekeeping.office(office_time.mark()).calendar).due_at


@act(Act.REFUSE_EXTENSION)
def refuse_extension(step: Step, *, text: str) -> None:
    """不同意延期: with the reason; the deadline stands as it is."""
    case = step.case
    step.text = need_text(text, "text", "请写明不同意的理由。")
    step.data = {"asked": case.extension_days}
    case.extension_days, case.extension_asked_by = None, None


@act(Act.SUSPEND)
def suspend(step: Step, *, text: str, review_on: date) -> None:
    """挂账: cannot be solved now (money, law). The clock stops; on the review date the head is reminded."""
    case = step.case
    step.text = need_text(text, "text", "请写明挂账原因。")
    today = local_day(step.at)
    if not today < review_on <= today.replace(year=today.year + 2, day=min(today.day, 28)):
        raise InvalidInput("bad_review_on", "复核日期应在明天以后、两年以内。", field="review_on")
    case.review_on = review_on
    case.suspended_from = case.status
    case.suspend_count += 1
    step.data = {"review_on": review_on.isoformat()}
    timekeeping.forget(case, Tick.REVIEW)
    move_clock(step)


@act(Act.RESUME)
def resume(step: Step, *, text: str) -> None:
    """恢复办理: back to where it was; as much working time is left as there was."""
    case = step.case
    step.text = need_text(text, "text", "请写明恢复办理的原因。")
    step.goes_to(case.suspended_from or Status.PENDING)
    case.suspended_from, case.review_on = "", None
    # Overdue before the pause: the grace before it is lifted begins anew, else it would be gone within a minute.
    case.arrived_at = step.at
    timekeeping.forget(case, Tick.REVIEW)
    move_clock(step)


@act(Act.WARN)
def warn(step: Step) -> None:
    """黄灯: said once per deadline."""
    step.text = "时限将到，请抓紧处置。"
    timekeeping.tell(step.case, Tick.WARN)


@act(Act.OVERDUE)
def overdue(step: Step) -> None:
    """红灯: said once per deadline, to the handler and the heads; the yellow one is then no longer worth saying."""
    step.text = "已超过处置时限。"
    timekeeping.tell(step.case, Tick.WARN, Tick.OVERDUE)


_REMINDERS = {
    Tick.CONTACT: "先行联系时限已到，还没有联系反映人。",
    Tick.REVIEW: "挂账复核日期已到，请决定是否恢复办理。",
    Tick.INSTRUCTION: "批示督办的答复期限已到，还没有答复。",
}


@act(Act.REMIND)
def remind(step: Step, *, tick: Tick) -> None:
    """到期提醒 for what has a date of its own: first contact, review of a 挂账, answer to a 批示."""
    step.text = _REMINDERS[tick]
    step.data = {"tick": tick.value}
    timekeeping.tell(step.case, tick)


@act(Act.RECALCULATE)
def recalculate(step: Step, *, marks: Iterable[ClockMark] | None = None) -> None:
    """期限重算: the office's calendar has changed; the deadline is what the history says by the new one.

    `marks`: the clock marks of the history, where the caller has read them already.
    """
    case = step.case
    before = timekeeping.iso(case.due_at)
    timekeeping.set_moments(case, timekeeping.history(case) if marks is None else marks, step.office)
    step.text = "工作日历有变动，期限重新计算。"
    step.data = {"before": before, "due_at": timekeeping.iso(case.due_at)}
