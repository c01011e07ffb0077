"""Forms of what a unit does besides: 轮值主席, 自荐网格长."""

from typing import Any

from django import forms

from grids.authority import desk_condition, kept_condition, runs_street
from grids.models import Grid
from grids.postings import may_be_posted
from liangcheng.accounts.models import User
from liangcheng.common.web import PlainField, Segments, TextField
from members.models import Nomination, ResidentUnit
from members.register_forms import GridChoice
from members.units import NOMINATED_KINDS


def _day(label: str, help_text: str = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text=help_text,
        error_messages={"required": f"请填写{label}。", "invalid": "日期请写成 2026-01-31。"},
    )


def _grids(rows: Any, label: str = "网格") -> GridChoice:
    messages = {"required": "请选择网格。", "invalid_choice": "没有这个网格，或不由您的岗位登记。"}
    return GridChoice(rows.active().in_tree_order(), label=label, empty_label="请选择", error_messages=messages)


class TermForm(forms.Form):
    """From when until when the unit has the chair, and of which grid: one that the unit lies in."""

    starts_on = _day("任期起")
    ends_on = _day("任期止", "含当天。")
    note = PlainField(label="备注", required=False)

    def __init__(self, *args: Any, user: User, unit: ResidentUnit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        above = [grid_id for grid_id in unit.path_ids().values() if grid_id]
        rows = Grid.objects.filter(kept_condition(user), pk__in=above)
        self.fields["grid"] = _grids(rows, "哪个网格的轮值主席")
        self.order_fields(["grid"])

    def inputs(self) -> dict[str, Any]:
        """What members.units.set_term takes besides the unit."""
        data = dict(self.cleaned_data)
        return {"grid_id": data.pop("grid").pk, **data}


class NominationForm(forms.Form):
    """Whom the unit offers as 网格长 of which grid, and why."""

    nominee_name = PlainField(label="人选姓名", error_messages={"required": "请填写人选姓名。"})
    nominee_phone = PlainField(label="人选手机", required=False)
    statement = TextField(label="自荐理由", most=300, error_messages={"required": "请填写自荐理由。"})

    def __init__(self, *args: Any, user: User, unit: ResidentUnit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Grid.objects.filter(desk_condition(user), community_id=unit.community_id)
        self.fields["grid"] = _grids(rows.filter(kind__in=NOMINATED_KINDS), "担任哪个网格的网格长")
        self.fields["grid"].initial = unit.grid_id
        self.order_fields(["grid"])

    def inputs(self) -> dict[str, Any]:
        """What members.units.nominate takes besides the unit."""
        data = dict(self.cleaned_data)
        return {"grid_id": data.pop("grid").pk, **data}


class AccountChoice(forms.ModelChoiceField):
    def label_from_instance(self, account: Any) -> str:
        title = f"，{account.title}" if account.title else ""
        return f"{account.full_name}（{account.username}{title}）"


def _accounts(user: User, *, required: bool) -> AccountChoice:
    return AccountChoice(
        may_be_posted(user).order_by("full_name", "pk"),
        label="授予岗位的账号",
        required=required,
        empty_label="请选择" if required else "先不授予",
        help_text="选中的账号即日起任该网格的网格长；还没有账号的，先在管理后台建立账号。",
        error_messages={"required": "请选择账号。", "invalid_choice": "没有这个账号，或不能由您授予岗位，请重新选择。"},
    )


class DecisionForm(forms.Form):
    """Yes or no; who runs the street's office may give the posting at once."""

    accept = forms.ChoiceField(
        label="审核结果",
        choices=[("yes", "同意"), ("no", "不采纳")],
        widget=Segments,
        error_messages={"required": "请选择审核结果。", "invalid_choice": "请选择同意或不采纳。"},
    )
    note = TextField(label="审核意见", most=200, rows=3, required=False, help_text="不采纳必须写明原因。")

    def __init__(self, *args: Any, user: User, nomination: Nomination, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if runs_street(user, nomination):
            self.fields["user"] = _accounts(user, required=False)
            self.order_fields(["accept", "user"])

    def inputs(self) -> dict[str, Any]:
        """What members.units.decide_nomination takes besides the nomination."""
        account = self.cleaned_data.get("user")
        return {
            "accept": self.cleaned_data["accept"] == "yes",
            "note": self.cleaned_data["note"],
            "user_id": account.pk if account else None,
        }


class AppointForm(forms.Form):
    """The account that gets the posting which a yes has left open."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"] = _accounts(user, required=True)
