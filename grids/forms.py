"""The form by which somebody names their own stand-in. Shape only; what is right grids/standins.py knows."""

from collections.abc import Iterator
from typing import Any

from django import forms

from grids.models import Posting
from grids.standins import candidates
from liangcheng.accounts.models import User
from liangcheng.common.web import PlainField


def _day(label: str, help_text: str = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text=help_text,
        error_messages={"required": f"请填写{label}。", "invalid": "日期请写成 2026-01-31。"},
    )


class StandInForm(forms.Form):
    """Who takes over, and in which days."""

    stand_in = forms.ChoiceField(
        label="代班人",
        error_messages={"required": "请选择代班人。", "invalid_choice": "请在列出的人员中选择代班人。"},
    )
    valid_from = _day("开始日期")
    valid_to = _day("结束日期", "含当天。")
    reason = PlainField(
        label="事由",
        required=False,
        help_text="如年休假、外出培训；不要写病情等隐私。",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups = candidates(user)
        self.people = {str(row.user_id): row.user for _, rows in groups for row in rows}
        self.fields["stand_in"].choices = [("", "请选择"), *_options(groups)]  # type: ignore[attr-defined]

    def inputs(self) -> dict[str, Any]:
        """What grids.standins.appoint takes, out of the cleaned form."""
        return self.cleaned_data | {"stand_in": self.people[self.cleaned_data["stand_in"]]}


def _options(groups: list[tuple[str, list[Posting]]]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    for heading, rows in groups:
        yield heading, [(str(row.user_id), f"{row.user}（{_place(row)}）") for row in rows]


def _place(posting: Posting) -> str:
    """文苑一 联络员, or the department: two of one name are told apart by where they serve."""
    if posting.department:
        return posting.department.short_name
    return f"{posting.grid.short_name} {posting.get_role_display()}"
