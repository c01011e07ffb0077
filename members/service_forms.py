"""Forms and filters of 志愿服务. Shape only; what is right members/services.py knows."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Q
from django.utils import timezone

from grids.models import Grid
from liangcheng.common.exceptions import DomainError
from liangcheng.common.text import normalize
from liangcheng.common.web import PlainField, Segments, TextField
from members.choices import ServiceKind, ServiceState
from members.models import ServiceRecord
from members.services import Deed

_NOT_A_CHOICE = {"invalid_choice": "没有“%(value)s”这个选项。"}


class RuleForm(forms.Form):
    """A form whose refusals come from a rule."""

    def refuse(self, error: DomainError) -> None:
        """Show a refusal where it can be mended."""
        self.add_error(error.field if error.field in self.fields else None, error.message)


def day_field(label: str, **kwargs: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": f"请选择{label}。", "invalid": "日期请写成 2026-01-31。"},
        **kwargs,
    )


class DeedForm(RuleForm):
    """What was done. `sure`: what looks recorded already is another one; asked for only then."""

    on = day_field("日期")
    hours = forms.DecimalField(
        label="时长（小时）",
        min_value=Decimal("0.1"),
        max_digits=4,
        decimal_places=2,
        widget=forms.NumberInput({"step": "0.5", "min": "0.5", "max": "24", "inputmode": "decimal"}),
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_digits", "max_decimal_places", "max_whole_digits"),
            "时长请填 0.5–24 小时，以半小时为单位。",
        ),
        help_text="每位的时长，以半小时为单位。",
    )
    kind = forms.CharField(
        label="类别", widget=Segments(choices=ServiceKind.choices), error_messages={"required": "请选择服务类别。"}
    )
    what = TextField(label="服务内容", most=300, rows=3, placeholder="如：小区夜间巡逻；帮 3 楼独居老人修灯")
    sure = forms.BooleanField(label="确实是另一次服务", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"on": timezone.localdate()} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.fields["what"].error_messages["required"] = "请写明做了什么。"

    @property
    def asks(self) -> bool:
        """Whether `sure` is to be shown."""
        return bool(self.errors.get("sure")) or bool(self.data.get("sure"))

    def deed(self) -> Deed:
        return Deed(*(self.cleaned_data[name] for name in ("on", "hours", "kind", "what")))


class ServiceForm(DeedForm):
    """One activity of one's own (`names` goes), of a person that the page was opened for, or of several by name."""

    field_order = ("names", "on", "hours", "kind", "what", "case_number", "sure")
    names = PlainField(
        label="参加人员",
        widget=forms.Textarea({"rows": 4}),
        error_messages={"required": "请填写姓名，一行一位。"},
        help_text="一行一位；同名的在姓名后加手机后四位，如“王小明 5678”。须已在党员或居民骨干底册里登记。",
    )
    case_number = PlainField(label="相关案件编号", required=False)

    def __init__(self, *args: Any, fixed: bool, case: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if fixed:
            del self.fields["names"]
        if not case:
            del self.fields["case_number"]


class ReasonForm(RuleForm):
    reason = PlainField(label="原因", error_messages={"required": "请写明原因。"})


class ServiceFilterForm(forms.Form):
    """`grids` are the grids that the asking user sees, by code."""

    grids: Mapping[str, Grid] = {}

    def clean_q(self) -> str:
        return normalize(self.cleaned_data["q"])

    def clean_grid(self) -> Grid | None:
        code = self.cleaned_data["grid"]
        if code and code not in self.grids:
            raise forms.ValidationError("没有这个网格，或不在您的网格范围内。", code="unknown")
        return self.grids[code] if code else None


def _day(label: str, lookup: str) -> filters.DateFilter:
    return filters.DateFilter(
        label=label, field_name="on", lookup_expr=lookup, error_messages={"invalid": "日期请写成 2026-01-31。"}
    )


class ServiceFilterSet(filters.FilterSet):
    """Of the rows it is given: the caller narrows them to `visible_to(user)` first."""

    q = filters.CharFilter(
        label="姓名", method="by_name", max_length=30, error_messages={"max_length": "最多 %(limit_value)d 个字。"}
    )
    grid = filters.CharFilter(label="网格", method="by_subtree", max_length=20)
    state = filters.ChoiceFilter(label="状态", choices=ServiceState.choices, error_messages=_NOT_A_CHOICE)
    kind = filters.ChoiceFilter(label="类别", choices=ServiceKind.choices, error_messages=_NOT_A_CHOICE)
    since = _day("起", "gte")
    until = _day("止", "lte")

    class Meta:
        model = ServiceRecord
        fields: list[str] = []
        form = ServiceFilterForm

    def by_name(self, rows: Any, name: str, value: str) -> Any:
        holds = Q()
        for who in ("member", "contact"):
            holds |= Q(**{f"{who}__name__icontains": value}) | Q(**{f"{who}__name_pinyin__icontains": value.lower()})
        return rows.filter(holds)

    def by_subtree(self, rows: Any, name: str, value: Grid) -> Any:
        return rows.within(value)
