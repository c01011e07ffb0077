"""Forms of 认领. Shape only; what is right members/offers.py knows."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from grids.models import Grid
from liangcheng.common.web import PlainField, Segments, TextField
from members.choices import OfferKind
from members.models import Skill
from members.offers import Draft
from members.service_forms import RuleForm, day_field

_NEEDS = [choice for choice in OfferKind.choices if choice[0] != OfferKind.CASE]


class OfferForm(RuleForm):
    """A need that a desk offers. `grids` are those whose desk the user runs."""

    kind = forms.CharField(label="类别", widget=Segments(choices=_NEEDS), error_messages={"required": "请选择类别。"})
    title = PlainField(label="标题", error_messages={"required": "请写一个标题。"})
    description = TextField(label="说明", most=500, rows=4, placeholder="做什么、什么时候、在哪里集合")
    grid = forms.ChoiceField(
        label="面向哪个网格的人员",
        error_messages={"required": "请选择网格。", "invalid_choice": "请在列出的网格中选择。"},
        help_text="该网格及其下级网格的党员和居民骨干可以认领。",
    )
    skill = forms.ChoiceField(
        label="需要的特长", required=False, error_messages={"invalid_choice": "请在列出的特长中选择。"}
    )
    places = forms.IntegerField(
        label="名额",
        initial=1,
        widget=forms.NumberInput({"inputmode": "numeric", "min": 1, "max": 200}),
        min_value=1,
        max_value=10_000,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), "名额请填 1–200 的整数。"),
    )
    closes_on = day_field("截止日期")

    def __init__(self, *args: Any, grids: Iterable[Grid], **kwargs: Any) -> None:
        kwargs["initial"] = {"closes_on": timezone.localdate() + timedelta(days=14)} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.fields["description"].error_messages["required"] = "请写明要做什么。"
        names = [(str(grid.pk), f"{chr(0x3000) * grid.level}{grid.short_name}") for grid in grids]
        skills = Skill.objects.filter(is_active=True).values_list("pk", "name")
        self.fields["grid"].choices = names if len(names) == 1 else [("", "请选择"), *names]  # type: ignore[attr-defined]
        self.fields["skill"].choices = [("", "不限"), *((str(pk), name) for pk, name in skills)]  # type: ignore[attr-defined]

    def draft(self) -> Draft:
        given = self.cleaned_data
        return Draft(
            kind=given["kind"],
            title=given["title"],
            description=given["description"],
            grid_id=int(given["grid"]),
            closes_on=given["closes_on"],
            places=given["places"],
            skill_id=int(given["skill"]) if given["skill"] else None,
        )


class NameForm(RuleForm):
    """Whom the desk writes down as the claimer."""

    names = PlainField(
        label="姓名",
        error_messages={"required": "请填写姓名。"},
        help_text="本人没有账号、电话或当面认领的，在这里登记。同名的在姓名后加手机后四位。",
    )
