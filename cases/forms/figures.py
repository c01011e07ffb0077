"""Of which cases and days figures are wanted: one form for pages, reports and API."""

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from cases.choices import Nature, Source
from cases.figures.selection import Selection
from cases.figures.tables import default_grid
from cases.models import Category
from cases.periods import PeriodKind, between, period_of
from grids.models import Grid
from liangcheng.common.exceptions import InvalidInput

_NO_DATE = {"invalid": "日期请写成 2026-01-31。"}


def _day() -> forms.DateField:
    return forms.DateField(
        required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"), error_messages=_NO_DATE
    )


def _choice(label: str, choices: Any) -> forms.ChoiceField:
    wrong = {"invalid_choice": f"没有“%(value)s”这个{label}。"}
    return forms.ChoiceField(label=label, choices=[("", "全部"), *choices], required=False, error_messages=wrong)


class SelectionForm(forms.Form):
    """Everything may be left out: this month, the user's highest grid, all cases. `selection()` after is_valid()."""

    period = _choice("时段", PeriodKind.choices)
    on = _day()
    # "from" is no name for an attribute.
    locals()["from"] = _day()
    to = _day()
    grid = forms.CharField(label="网格", required=False, max_length=20)
    category = forms.CharField(label="类别", required=False, max_length=20)
    major = forms.CharField(label="大类", required=False, max_length=10)
    source = _choice("来源", Source.choices)
    nature = _choice("性质", Nature.choices)

    def __init__(self, data: Any, *, user: Any, usual: PeriodKind = PeriodKind.MONTH) -> None:
        super().__init__(data)
        self.user, self.usual = user, usual

    def clean_grid(self) -> Grid | None:
        code = self.cleaned_data["grid"]
        if not code:
            return default_grid(self.user)
        found = Grid.objects.visible_to(self.user).filter(code=code).first()
        if found is None:
            raise forms.ValidationError("没有这个网格，或不在您的网格范围内。", code="unknown")
        return found

    def clean_category(self) -> Category | None:
        code = self.cleaned_data["category"]
        found = Category.objects.filter(code=code).first() if code else None
        if code and found is None:
            raise forms.ValidationError("没有这个案件类别。", code="unknown")
        return found

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        if self.errors:
            return given
        kind = PeriodKind(given["period"] or self.usual)
        try:
            if kind is PeriodKind.FREE:
                given["days"] = self._free()
            else:
                day: date = given["on"] or timezone.localdate()
                between(day, day)
                given["days"] = period_of(kind, day)
        except InvalidInput as error:
            name = "on" if kind is not PeriodKind.FREE else error.field or "from"
            self.add_error(name, forms.ValidationError(error.message, code=error.code))
        return given

    def _free(self) -> Any:
        first, last = self.cleaned_data["from"], self.cleaned_data["to"]
        for name, value in (("from", first), ("to", last)):
            if value is None:
                raise InvalidInput("missing_date", "请填写日期。", field=name)
        return between(first, last)

    def selection(self) -> Selection:
        given = self.cleaned_data
        return Selection(
            period=given["days"],
            grid=given["grid"],
            category=given["category"],
            major=given["major"],
            source=given["source"],
            nature=given["nature"],
        )
