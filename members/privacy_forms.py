"""Forms about personal data. Shape only; what is right members/privacy.py and members/identity.py know."""

from typing import Any

from django import forms

from liangcheng.common.fields import NameInput, PhoneInput
from liangcheng.common.web import PlainField, TextField
from members import identity
from members.access import MOST_REASON
from members.choices import AccessKind


def reason_field(placeholder: str) -> TextField:
    return TextField(
        label="事由",
        most=MOST_REASON,
        rows=2,
        placeholder=placeholder,
        help_text="会长期留在使用记录里，不要写姓名和号码。",
        error_messages={"required": "请写明事由。"},
    )


class RevealForm(forms.Form):
    reason = reason_field("如：电话通知本周六的志愿服务")
    with_identity = forms.BooleanField(label="同时查看身份证号", required=False)

    def __init__(self, *args: Any, identity: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not identity:
            del self.fields["with_identity"]


class IdentityForm(forms.Form):
    number = PlainField(
        label="身份证号",
        required=False,
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "characters"}),
        help_text="18 位。空着保存就是删除已登记的号码。",
    )


class SubjectForm(forms.Form):
    """Whom somebody asks about."""

    name = NameInput(label="姓名", error_messages={"required": "请填写完整姓名。"})
    phone = PhoneInput(
        label="电话",
        help_text="手机，或带区号的座机。",
        error_messages={"required": "只凭姓名会找到同名的人，请再填手机号。"},
    )
    identity = PlainField(label="身份证号", required=False, widget=forms.TextInput({"autocomplete": "off"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if identity.enabled():
            # Either of the two; the rule asks for one.
            self.fields["phone"].required = False
        else:
            del self.fields["identity"]

    def inputs(self) -> dict[str, str]:
        """What privacy.subject_of takes."""
        given = self.cleaned_data
        return {"name": given["name"], "phone": given["phone"], "number": given.get("identity", "")}


class LogFilterForm(forms.Form):
    """个人信息使用记录: by whom, what, when."""

    who = PlainField(label="人员", required=False, widget=forms.TextInput({"autocomplete": "off"}))
    kind = forms.ChoiceField(
        label="事项",
        required=False,
        choices=[("", "不限"), *AccessKind.choices],
        error_messages={"invalid_choice": "没有“%(value)s”这个选项。"},
    )
    since = forms.DateField(label="从", required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    until = forms.DateField(label="到", required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, *args: Any, office: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("since", "until"):
            self.fields[name].error_messages["invalid"] = "日期请写成 2026-01-31。"
        if not office:
            del self.fields["who"]
