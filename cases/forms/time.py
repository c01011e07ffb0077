"""Forms of the acts that concern time, and of what those above press for."""

from datetime import datetime
from typing import cast

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from cases.choices import InstructionKind
from cases.deadlines import SUPERVISE_DAYS
from cases.forms.base import ActForm, choice_field, days_field, is_id, text_field
from cases.models import Instruction
from cases.workflow import extended_due_at

_LONGEST_ANSWER = 30


class ContactForm(ActForm):
    text = text_field("联系情况", placeholder="何时怎样联系的，反映人怎么说")
    hint = "先行联系反映人，说明已经受理、由谁办理。"


class ExtendForm(ActForm):
    days = days_field("延长几个工作日", most=settings.EXTENSION_DAYS_MOST, initial=5)
    text = text_field("延期原因", placeholder="为什么不能按时完成，准备怎么办")
    hint = "由网格长审批；批准前时限不变，原时限一直保留。"


class GrantExtensionForm(ActForm):
    days = days_field("同意延长几个工作日", most=settings.EXTENSION_DAYS_MOST, initial=1)
    text = text_field("审批意见", required=False)

    def prepare(self) -> None:
        asked = self.case.extension_days or 0
        self.initial["days"] = asked
        self.fields["days"].widget.attrs["max"] = asked
        who = self.case.extension_asked_by
        asking = f"{who.full_name if who else '处置人'}申请延长 {asked} 个工作日；可以少给，不能多给。"
        # Worked out only where the form is shown.
        self.hint = cast(str, SimpleLazyObject(lambda: asking + self._deadlines(asked)))

    def _deadlines(self, days: int) -> str:
        due_at, then = self.case.due_at, extended_due_at(self.case, days) if days else None
        if due_at is None or then is None:
            return ""
        return f"现在的期限是 {_moment(due_at)}，延长 {days} 个工作日到 {_moment(then)}。"


class RefuseExtensionForm(ActForm):
    text = text_field("不同意的理由")


class SuspendForm(ActForm):
    review_on = forms.DateField(
        label="复核日期",
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "请填写复核日期。", "invalid": "日期请写成 2026-11-23 这样。"},
        help_text="到这一天提醒片区和街道网格长：条件具备的恢复办理，不具备的恢复后重新挂账。",
    )
    text = text_field("挂账原因", placeholder="缺什么条件，等什么结果")
    hint = "挂账期间不计时；恢复后，剩下的工作时间和挂账前一样多。"


class ResumeForm(ActForm):
    text = text_field("恢复办理的原因")


class UrgeForm(ActForm):
    text = text_field("催办事项")


class SuperviseForm(ActForm):
    text = text_field("督办要求")
    days = days_field("几个工作日内答复", most=_LONGEST_ANSWER, initial=SUPERVISE_DAYS)


class InstructForm(ActForm):
    text = text_field("批示内容")
    days = days_field("几个工作日内答复", most=_LONGEST_ANSWER, initial=SUPERVISE_DAYS)


class AnswerForm(ActForm):
    instruction_id = choice_field("答复哪一条", (), required=False)
    text = text_field("答复内容")

    def prepare(self) -> None:
        if self.is_bound and not self.data.get("instruction_id"):
            # Sent without a choice there was only one, and the rule takes it.
            del self.fields["instruction_id"]
            return
        waiting = list(self.case.instructions.filter(answered_at__isnull=True).select_related("given_by"))
        self.fields["instruction_id"].show_optional = False  # type: ignore[attr-defined]
        if len(waiting) < 2:
            del self.fields["instruction_id"]
        else:
            self.fields["instruction_id"].widget.choices = [(str(row.pk), _brief(row)) for row in waiting]  # type: ignore[attr-defined]
            self.initial["instruction_id"] = str(waiting[0].pk)
        self.hint = _brief(waiting[0]) if len(waiting) == 1 else ""

    def inputs(self) -> dict[str, object]:
        found = super().inputs()
        chosen = str(found.pop("instruction_id", ""))
        return found | ({"instruction_id": int(chosen)} if is_id(chosen) else {})


def _moment(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return f"{local.year} 年 {local.month} 月 {local.day} 日 {local:%H:%M}"


def _brief(row: Instruction) -> str:
    until = timezone.localtime(row.due_at)
    return f"{row.given_by.full_name}{InstructionKind(row.kind).label}（{until:%m-%d %H:%M} 前答复）：{row.text[:40]}"
