"""退单统计: who gave cases back, why and how often, in the user's grids and a period."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from cases import returns as figures
from cases.periods import Period, between, last_days, month_of, quarter_of
from liangcheng.accounts.current import signed_in
from liangcheng.common.exceptions import InvalidInput, NotPermitted
from liangcheng.common.web import add_refusal, refuse

_CUSTOM = "custom"


class DaysForm(forms.Form):
    """The two days of a period of one's own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in (("from", "从"), ("to", "到")):
            self.fields[name] = forms.DateField(
                label=label,
                widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
                error_messages={"required": "请填写日期。", "invalid": "日期请写成 2026-01-31。"},
            )

    def period(self) -> Period | None:
        """None where the days are not right; the reason then stands in the form."""
        if not self.is_valid():
            return None
        try:
            return between(self.cleaned_data["from"], self.cleaned_data["to"])
        except InvalidInput as error:
            add_refusal(self, error)
            return None


@login_required
@require_safe
def returns(request: HttpRequest) -> HttpResponse:
    """?period= one of the presets, or custom with from and to; without it the last 90 days."""
    user = signed_in(request)
    if not figures.may_read(user):
        return refuse(
            request, NotPermitted("not_permitted", "退单统计供联络员、网格长、派遣员、核查员和只读人员查看。")
        )
    presets, wanted = _presets(timezone.localdate()), request.GET.get("period", "")
    if wanted == _CUSTOM:
        form = DaysForm(request.GET)
        period = form.period()
    else:
        wanted = wanted if wanted in presets else "90"
        period = presets[wanted][1]
        form = DaysForm(initial={"from": period.first, "to": period.last})
    context = {
        "period": period,
        "report": figures.report(user, period) if period else None,
        "form": form,
        "presets": [(key, label, key == wanted) for key, (label, _) in presets.items()],
    }
    return render(request, "cases/returns.html", context)


def _presets(today: date) -> dict[str, tuple[str, Period]]:
    month, quarter = month_of(today), quarter_of(today)
    return {
        "90": (f"近 {figures.DEFAULT_DAYS} 天", last_days(figures.DEFAULT_DAYS)),
        "month": ("本月", month),
        "last-month": ("上月", month_of(month.first - timedelta(days=1))),
        "quarter": ("本季度", quarter),
        "last-quarter": ("上季度", quarter_of(quarter.first - timedelta(days=1))),
    }
