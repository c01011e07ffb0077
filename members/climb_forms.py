"""Forms of 登高计划. Shape only; what is right members/climbing.py knows."""

from typing import Any

from django import forms
from django.utils import timezone

from liangcheng.common.web import PlainField
from members.climbing import Reached
from members.models.climbing import MOST_STEPS
from members.service_forms import RuleForm, day_field


class LevelForm(RuleForm):
    """One item's step. `words`: what each step stands for; step 0 is not begun."""

    level = forms.TypedChoiceField(
        label="登到",
        coerce=int,
        error_messages=dict.fromkeys(("required", "invalid_choice"), "请选择级数。"),
    )
    on = day_field("达到日期")
    note = PlainField(label="说明", required=False)

    def __init__(self, *args: Any, words: list[str], **kwargs: Any) -> None:
        kwargs["initial"] = {"on": timezone.localdate()} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        steps = [(str(step), f"第 {step} 级 {word}".strip()) for step, word in enumerate(words, start=1)]
        self.fields["level"].choices = [("0", "未开始"), *steps]  # type: ignore[attr-defined]

    def reached(self) -> Reached:
        return Reached(self.cleaned_data["level"], self.cleaned_data["on"], self.cleaned_data["note"])


class FreeItemForm(RuleForm):
    title = PlainField(label="自选项目", error_messages={"required": "请写自选项目的名称。"})
    steps = forms.TypedChoiceField(
        label="级数", coerce=int, initial=3, choices=[(step, f"{step} 级") for step in range(1, MOST_STEPS + 1)]
    )
