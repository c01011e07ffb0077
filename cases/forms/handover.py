"""工作交接 of all cases of a person: who takes over, and why. What is right cases/handover.py knows."""

import uuid
from collections.abc import Iterable
from typing import Any

from django import forms

from cases.forms.base import is_id, text_field
from grids.models import Posting

TO_DESK = "desk"


class HandOverAllForm(forms.Form):
    """`to` is the id of the successor, or TO_DESK. `key` makes a second tap harmless and names the result page."""

    key = forms.RegexField(r"^[0-9a-f]{32}$", widget=forms.HiddenInput)
    to = forms.ChoiceField(
        label="接手人",
        error_messages={"required": "请选择接手人。", "invalid_choice": "请在列出的人员中选择接手人。"},
        help_text="只列出您网格范围内的在岗人员。接手人不在某件案件负责网格任职的，那件案件交回该网格重新派遣。",
    )
    text = text_field("交接原因", placeholder="如 岗位调整、退休")
    # Errors of the rule whose field has another name here.
    shown_at = {"to_user_id": "to"}

    def __init__(self, *args: Any, successors: Iterable[Posting], person_id: int, **kwargs: Any) -> None:
        kwargs["initial"] = {"key": uuid.uuid4().hex} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        people = [
            (str(row.user_id), f"{row.user}（{row.grid.short_name} {row.get_role_display()}）")
            for row in successors
            if row.user_id != person_id
        ]
        desk = (TO_DESK, "不指定接手人，全部交回负责网格重新派遣")
        self.fields["to"].choices = [("", "请选择"), *people, desk]  # type: ignore[attr-defined]

    def to_user_id(self) -> int | None:
        """The successor's id out of the cleaned form; None for back to the desks."""
        chosen = self.cleaned_data["to"]
        return int(chosen) if is_id(chosen) else None

    def refuse(self, error: Any) -> None:
        """Show a refusal of the rule where it can be mended."""
        name = self.shown_at.get(error.field, error.field)
        self.add_error(name if name in self.fields else None, error.message)
