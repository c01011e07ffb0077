"""Forms of 双报到、双报告. Shape and choices; what is right, the rules know (members/reporting.py, letters.py)."""

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from django import forms
from django.utils import timezone

from grids.authority import may_keep
from grids.models import Grid
from liangcheng.accounts.models import User
from liangcheng.common.web import PlainField, Segments, TextField
from members.choices import Delivery, RegistrationKind, RegistrationTie
from members.confirmation import Match, organizations, unit_matches
from members.employers import FIRST_YEAR
from members.links import MOST_DAYS, desk_grids
from members.models import Registration, Skill
from members.reporting import Given, problems

_NEW = "new"
_INCOMPLETE = "页面不完整，请重新打开后再填。"


def _line(label: str, *, required: bool = True, help_text: str = "", **attrs: str) -> PlainField:
    return PlainField(
        label=label,
        required=required,
        help_text=help_text,
        widget=forms.TextInput(attrs),
        error_messages={"required": f"请填写{label}。"},
    )


def _day(label: str, help_text: str = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text=help_text,
        error_messages={"required": f"请填写{label}。", "invalid": "日期请写成 2026-01-31。"},
    )


def _choice(label: str, choices: Iterable[tuple[str, Any]], **kwargs: Any) -> forms.ChoiceField:
    messages = {"required": f"请选择{label}。", "invalid_choice": f"请在列出的选项中选择{label}。"}
    return forms.ChoiceField(label=label, choices=list(choices), error_messages=messages, **kwargs)


def _reason(label: str, help_text: str = "") -> TextField:
    return TextField(
        label=label, most=100, rows=2, help_text=help_text, error_messages={"required": f"请填写{label}。"}
    )


def in_tree(grids: Iterable[Grid]) -> list[tuple[str, str]]:
    return [(grid.code, f"{chr(0x3000) * grid.level}{grid.short_name}") for grid in grids]


class RegistrationForm(forms.Form):
    """What a unit's organization, or a member in service, says about itself."""

    tie = _choice("报到类型", RegistrationTie.choices, widget=Segments)
    name = _line("姓名", autocomplete="name")
    phone = _line("手机", inputmode="tel", autocomplete="tel")
    unit_name = _line(
        "工作单位", help_text="填单位全称，报到结果会反馈给这家单位的党组织。", autocomplete="organization"
    )
    uscc = _line("统一社会信用代码", required=False, help_text="营业执照上的 18 位代码。", autocomplete="off")
    organization_name = _line("所在党组织", required=False, help_text="组织关系所在的党组织，如“某某公司党支部”。")
    skills = forms.MultipleChoiceField(
        label="特长",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "请在列出的特长中选择。", "invalid_list": "请在列出的特长中选择。"},
    )
    availability = _line("可服务时间", required=False, help_text="如：周末、工作日晚上、寒暑假。")
    remark = TextField(label="说明", required=False, most=200, rows=2)
    consent = forms.BooleanField(error_messages={"required": "需要您同意后才能提交。"})

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        if kind == RegistrationKind.UNIT:
            for name in ("tie", "skills", "availability"):
                del self.fields[name]
            self.fields["name"].label = "联系人"
            self.fields["name"].error_messages["required"] = "请填写联系人。"
            self.fields["phone"].label = "联系电话"
            self.fields["phone"].error_messages["required"] = "请填写联系电话。"
            self.fields["unit_name"].label = "单位名称"
            self.fields["unit_name"].help_text = "填单位全称。"
            self.fields["organization_name"].label = "单位党组织"
            self.fields["organization_name"].required = True
            self.fields["organization_name"].help_text = "填全称，如“某某公司党支部”。"
            self.fields["organization_name"].error_messages["required"] = "请填写单位党组织。"
            self.order_fields(["unit_name", "uscc", "organization_name", "name", "phone"])
        else:
            del self.fields["uscc"]
            skills = Skill.objects.filter(is_active=True).values_list("pk", "name")
            self.fields["skills"].choices = [(str(pk), name) for pk, name in skills]  # type: ignore[attr-defined]
            if not self.fields["skills"].choices:  # type: ignore[attr-defined]
                del self.fields["skills"]

    def given(self) -> Given:
        data = self.cleaned_data
        texts = {name: data.get(name, "") for name in Given.__dataclass_fields__ if name not in ("skills", "consent")}
        skills = tuple(int(pk) for pk in data.get("skills", ()))
        return Given(**texts, skills=skills, consent=data.get("consent", False))

    def clean(self) -> dict[str, Any]:
        """All that is wrong at once; the rule would name one thing after the other."""
        for name, message in problems(self.kind, self.given()).items():
            if name in self.fields and name not in self.errors:
                self.add_error(name, message)
        return self.cleaned_data


class PublicForm(RegistrationForm):
    """The same without signing in. `homepage` is for machines: no person sees it."""

    homepage = forms.CharField(
        required=False, max_length=200, widget=forms.TextInput({"tabindex": "-1", "autocomplete": "off"})
    )
    nonce = forms.UUIDField(widget=forms.HiddenInput, error_messages={"required": _INCOMPLETE, "invalid": _INCOMPLETE})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["nonce"].initial = uuid4
        self.fields["consent"].label = "我已阅读并同意以上说明，自愿提供党员身份等个人信息用于双报到。"
        if self.kind == RegistrationKind.UNIT:
            self.fields["consent"].label = "我已阅读并同意以上说明，并受单位党组织委托办理报到。"

    def shown(self) -> list[forms.BoundField]:
        """The fields that a person fills in, the consent apart."""
        return [field for field in self.visible_fields() if field.name not in ("homepage", "consent")]


class DeskForm(RegistrationForm):
    """Entered by the liaison, for somebody who has come or called."""

    grid = _choice("报到网格", ())

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        grids = in_tree(desk_grids(user))
        self.fields["grid"].choices = [("", "请选择"), *grids] if len(grids) != 1 else grids  # type: ignore[attr-defined]
        self.order_fields(["grid", *(name for name in self.fields if name != "grid")])
        self.fields["consent"].label = "已向本人说明用途，本人同意登记"
        self.fields["consent"].error_messages["required"] = "请先征得本人同意。"


class ConfirmMemberForm(forms.Form):
    member = _choice("核对结果", (), widget=forms.RadioSelect)
    grid = _choice("报到微单元", ())
    organization = _choice("编入党组织（新登记的党员必选）", (), required=False, help_text="已在底册里的不变。")
    unit = _choice("工作单位", (), required=False, help_text="单位在本街道底册里的，选上便于反馈和统计。")

    def __init__(self, *args: Any, user: User, registration: Registration, found: list[Match], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        certain = [match for match in found if match.certain]
        people = [(str(match.member.pk), _about(match)) for match in found]
        if not certain:
            people.append((_NEW, "底册里没有，新登记为在职党员"))
        _fill(self, "member", people, certain[0].member.pk if certain else "" if people[1:] else _NEW)
        micro = [grid for grid in desk_grids(user) if _fits(grid, registration)]
        own = registration.grid.code
        _fill(self, "grid", in_tree(micro), own if own in {grid.code for grid in micro} else "", empty="请选择")
        rows = [(str(row.pk), f"{row.name}（{row.grid.short_name}）") for row in _organizations(user, registration)]
        _fill(self, "organization", rows, rows[0][0] if len(rows) == 1 else "", empty="请选择")
        units = unit_matches(user, registration)
        same = [unit.code for unit in units if unit.name == registration.unit_name]
        _fill(self, "unit", [(unit.code, unit.name) for unit in units], "".join(same[:1]), empty="底册里没有，只记名称")

    def shown(self) -> list[forms.BoundField]:
        """Without choices that have nothing to choose from."""
        return [field for field in self.visible_fields() if getattr(field.field, "choices", True)]

    def inputs(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "grid_code": data["grid"],
            "member_id": None if data["member"] == _NEW else int(data["member"]),
            "organization_id": int(data["organization"]) if data["organization"] else None,
            "unit_code": data["unit"],
        }


def _organizations(user: User, registration: Registration) -> Any:
    return organizations(user, registration).select_related("grid")


def _about(match: Match) -> str:
    member, same = match.member, []
    same += ["姓名相同"] if match.same_name else []
    same += ["手机相同"] if match.same_phone else []
    return "，".join([
        f"{member.masked_name} {member.masked_phone or '未登记手机'}",
        member.get_kind_display(),
        member.grid.short_name,
        *same,
    ])  # fmt: skip


def _fits(grid: Grid, registration: Registration) -> bool:
    if grid.kind != "MICRO_UNIT":
        return False
    if registration.neighborhood_id is None:
        return grid.pk == registration.grid_id
    return grid.neighborhood_id == registration.neighborhood_id


def _fill(form: forms.Form, name: str, choices: list[tuple[str, str]], initial: Any, empty: str = "") -> None:
    field: Any = form.fields[name]
    field.choices = [("", empty), *choices] if empty else choices
    field.initial = str(initial)


class ConfirmUnitForm(forms.Form):
    unit = _choice("底册里的单位", (), required=False, widget=forms.RadioSelect)
    code = _line("单位编号", required=False, help_text="上面没有、底册里有的，到“成员单位”里查到编号填在这里。")
    organization = _choice("底册里的党组织", (), required=False)

    def __init__(self, *args: Any, user: User, registration: Registration, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        units = unit_matches(user, registration)
        choices = [
            (unit.code, f"{unit.name}（{unit.get_kind_display()}，{unit.address or '地址未登记'}）") for unit in units
        ]
        if may_keep(user, registration):
            choices.append((f"+{_NEW}", "底册里没有，新登记为驻区单位，并登记它的党组织"))
        _fill(self, "unit", choices, units[0].code if len(units) == 1 else "")
        rows = [(str(row.pk), f"{row.name}（{row.grid.short_name}）") for row in _organizations(user, registration)]
        _fill(self, "organization", rows, "", empty="没有，只记名称")

    def shown(self) -> list[forms.BoundField]:
        """Without choices that have nothing to choose from."""
        return [field for field in self.visible_fields() if getattr(field.field, "choices", True)]

    def inputs(self) -> dict[str, Any]:
        data = self.cleaned_data
        create = data["unit"] == f"+{_NEW}" and not data["code"]
        return {
            "unit_code": data["code"] or ("" if create else data["unit"]),
            "create": create,
            "organization_id": int(data["organization"]) if data["organization"] else None,
        }


class ReasonForm(forms.Form):
    reason = _reason("原因", "不要写无关的个人情况。")


class LinkForm(forms.Form):
    kind = _choice("报到类别", RegistrationKind.choices, widget=Segments, initial=RegistrationKind.MEMBER)
    grid = _choice("报到网格", ())
    label = _line("用途", required=False, help_text="如：小区门口海报、单位工作群。")
    expires_on = _day("有效期至", f"最长 {MOST_DAYS} 天；到期自动停用。")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        grids = in_tree(desk_grids(user))
        self.fields["grid"].choices = [("", "请选择"), *grids] if len(grids) != 1 else grids  # type: ignore[attr-defined]

    def inputs(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "grid_code": data["grid"],
            "kind": data["kind"],
            "label": data["label"],
            "expires_on": data["expires_on"],
        }


class DeliverForm(forms.Form):
    how = _choice("送达方式", Delivery.choices, widget=Segments)
    on = _day("送达日期")
    note = _line("送达说明", required=False, help_text="如：收函人职务、快递单号。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on"].initial = timezone.localdate


class YearLetterForm(forms.Form):
    comment = TextField(label="综合评价", required=False, most=500, rows=4, help_text="写进函里；空着就只列服务情况。")


def years() -> list[int]:
    """The years that can be reported on, this one first."""
    return list(range(timezone.localdate().year, FIRST_YEAR - 1, -1))
