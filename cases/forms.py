"""The form of each act but discover (that one: cases/filing.py). Shape only; what is right the workflow knows."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from cases.choices import Act, PhotoKind, RejectReason, ReturnReason, Satisfaction, Urgency
from cases.models import Case
from cases.photos import Photo, read_photo
from cases.scoping import parties_of
from cases.transitions import Party
from cases.workflow import assignable_departments, assignable_users, hand_down_targets
from grids.choices import KINDS, RANK, SHORT_LEVEL
from liangcheng.accounts.models import User
from liangcheng.common.exceptions import InvalidInput
from liangcheng.common.web import FilesField, FilesInput, Segments, TextField

PHOTO_TYPES = "image/jpeg,image/png,image/webp"
MOST_PHOTOS = 9
_TOO_MANY = f"一次最多选 {MOST_PHOTOS} 张照片。"


class PhotosField(FilesField):
    """Photos from the camera or the album, unread."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", "照片")
        kwargs.setdefault("required", False)
        kwargs.setdefault("error_messages", {"required": "请选择要上传的照片。"})
        super().__init__(widget=FilesInput({"accept": PHOTO_TYPES, "multiple": True, "data-photos": "1"}), **kwargs)

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        files = super().clean(data, initial)
        if len(files) > MOST_PHOTOS:
            raise forms.ValidationError(_TOO_MANY, code="too_many")
        return files


def read_photos(files: list[UploadedFile], kind: str) -> list[Photo]:
    """Slow: before the act, outside its transaction. Raises InvalidInput (field `photos`)."""
    return [read_photo(file, kind) for file in files]


def _is_id(text: str) -> bool:
    """Shaped like an id that fits the column; whether it names anything, the rule asks."""
    return text.isascii() and text.isdigit() and len(text) < 19


class ActForm(forms.Form):
    """One act on one case. `version` is what the user had before their eyes; `key` makes a second tap harmless."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31)
    key = forms.CharField(widget=forms.HiddenInput, max_length=100, required=False)
    photo_kind: str = PhotoKind.BEFORE
    # Errors of the rule whose field has another name here.
    shown_at: Mapping[str, str] = {}
    hint = ""

    def __init__(self, *args: Any, case: Case, user: User, **kwargs: Any) -> None:
        kwargs["initial"] = {"version": case.version, "key": uuid.uuid4().hex} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.case = case
        self.user = user
        self.prepare()

    def prepare(self) -> None:
        """Offer what this case offers."""

    def inputs(self) -> dict[str, Any]:
        """The act's own inputs out of the cleaned form. Raises InvalidInput for what is no photo."""
        found = {name: value for name, value in self.cleaned_data.items() if name not in {"version", "key"}}
        if "photos" in found:
            found["photos"] = read_photos(found["photos"], found.get("kind") or self.photo_kind)
        return found

    def refuse(self, error: Any) -> None:
        """Show a refusal where it can be mended."""
        name = self.shown_at.get(error.field, error.field)
        self.add_error(name if name in self.fields else None, error.message)

    def typed(self) -> list[tuple[str, str]]:
        """What was typed, by label: to be shown when the form itself cannot be any more."""
        return [
            (str(field.label), self.data[name])
            for name, field in self.fields.items()
            if isinstance(field, TextField) and self.data.get(name)
        ]


def _choice(label: str, choices: Any, *, required: bool = True) -> forms.CharField:
    """One of few, as segments. Whether it is one of them, the rule says."""
    field = forms.CharField(label=label, widget=Segments(choices=choices), required=required)
    field.error_messages["required"] = f"请选择{label}。"
    return field


def _text(label: str, *, required: bool = True, placeholder: str = "") -> TextField:
    field = TextField(label=label, required=required, placeholder=placeholder)
    field.error_messages["required"] = f"请填写{label}。"
    return field


class AcceptForm(ActForm):
    text = _text("备注", required=False)
    hint = "接单后由您负责处置，时限从上报时起算。"


class ResolveForm(ActForm):
    text = _text("处置结果", placeholder="做了什么，现在怎样")
    photos = PhotosField(label="处置后照片")
    photo_kind = PhotoKind.AFTER

    def prepare(self) -> None:
        category = self.case.category
        if category.photo_required:
            self.fields["photos"].help_text = f"“{category.name}”须附处置后照片。"
            self.fields["photos"].show_optional = False  # type: ignore[attr-defined]
        if category.close_condition:
            self.hint = f"结案条件：{category.close_condition}"


class DispatchForm(ActForm):
    target = forms.CharField(label="派给", widget=forms.Select, error_messages={"required": "请选择处置人或处置部门。"})
    co_department_ids = forms.TypedMultipleChoiceField(
        label="协办部门", coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    binding = forms.BooleanField(label="签派（不得退单）", required=False)
    text = _text("办理要求", required=False, placeholder="需要注意什么，先联系谁")
    shown_at = {"assignee_id": "target", "department_id": "target"}

    def prepare(self) -> None:
        self._departments: list[tuple[int, str]] | None = None
        self.fields["target"].widget.choices = self._targets  # type: ignore[attr-defined]
        # Asked for only when shown; the rule checks what comes back.
        self.fields["co_department_ids"].widget.choices = self._helpers  # type: ignore[attr-defined]
        self.fields["co_department_ids"].valid_value = _is_id  # type: ignore[attr-defined]
        if Party.DISPATCHER not in parties_of(self.case, self.user):
            del self.fields["binding"]
        suggested = self.case.category.responsible_department_id
        if suggested:
            self.initial["target"] = f"d{suggested}"

    def _helpers(self) -> list[tuple[int, str]]:
        if self._departments is None:
            self._departments = [(row.pk, row.short_name) for row in assignable_departments(self.case)]
        return self._departments

    def _targets(self) -> list[Any]:
        people = [
            (f"u{row.pk}", f"{row.full_name}{f'（{row.title}）' if row.title else ''}")
            for row in assignable_users(self.case)
        ]
        groups = [("网格人员", people), ("条线部门", [(f"d{pk}", name) for pk, name in self._helpers()])]
        return [("", "请选择"), *(group for group in groups if group[1])]

    def inputs(self) -> dict[str, Any]:
        found = super().inputs()
        target = found.pop("target")
        kind, number = target[:1], target[1:]
        if kind not in {"u", "d"} or not _is_id(number):
            raise InvalidInput("unknown_assignee", "请选择处置人或处置部门。", field="assignee_id")
        return found | {"assignee_id" if kind == "u" else "department_id": int(number)}


class HandDownForm(ActForm):
    grid_code = _choice("交办给", ())
    text = _text("交办要求")

    def prepare(self) -> None:
        self.fields["grid_code"].widget.choices = self._targets  # type: ignore[attr-defined]

    def _targets(self) -> list[tuple[str, str]]:
        return [(grid.code, f"{SHORT_LEVEL[grid.kind]}：{grid.short_name}") for grid in hand_down_targets(self.case)]


class VerifyForm(ActForm):
    text = _text("核查意见", required=False)

    def prepare(self) -> None:
        if self.case.category.close_condition:
            self.hint = f"结案条件：{self.case.category.close_condition}"


class CloseForm(ActForm):
    satisfaction = _choice("回访结果", Satisfaction.choices)
    text = _text("回访情况", required=False, placeholder="不满意的，请写明原因")


class ReworkForm(ActForm):
    text = _text("返工原因和要求")
    hint = "案件回到原处置人，新的时限为 3 个工作日。"


class EscalateForm(ActForm):
    text = _text("上报原因")
    tried = _text("已采取的措施", placeholder="找过谁，做过什么，为什么解决不了")
    to_level = _choice("上报到", (), required=False)
    hint = "由上一级网格接着办理，时限不重新计算。"

    def prepare(self) -> None:
        above = [kind for kind in KINDS[: RANK[self.case.handling_level]] if self.case.grid_id_at(kind)]
        if self.case.urgency != Urgency.EMERGENCY or len(above) < 2:
            del self.fields["to_level"]
            return
        self.fields["to_level"].widget.choices = [(kind, SHORT_LEVEL[kind]) for kind in reversed(above)]  # type: ignore[attr-defined]
        self.fields["to_level"].help_text = "突发事件可以越级上报；不选就报上一级。"


class ReturnForm(ActForm):
    reason = _choice("退单原因", ReturnReason.choices)
    text = _text("退单理由")
    hint = "退单后回到派遣人，时限继续计算。"


class RejectForm(ActForm):
    reason = _choice("不予受理的原因", RejectReason.choices)
    text = _text("给反映人的说明")


class ReopenForm(ActForm):
    text = _text("重新处置的原因")


class NoteForm(ActForm):
    text = _text("补充内容")
    photos = PhotosField()


class AttachForm(ActForm):
    kind = _choice("照片类型", PhotoKind.choices)
    photos = PhotosField(required=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, initial={"kind": PhotoKind.BEFORE}, **kwargs)

    def inputs(self) -> dict[str, Any]:
        if self.cleaned_data["kind"] not in PhotoKind.values:
            raise InvalidInput("unknown_kind", "请选择照片类型。", field="kind")
        return super().inputs()


class RevealForm(ActForm):
    text = _text("查看原因", placeholder="如：联系反映人核实情况")
    hint = "查看会记入案件记录，写明谁在什么时候、为什么查看。"


class WithdrawForm(ActForm):
    text = _text("撤案原因")


ACT_FORMS: dict[Act, Callable[..., ActForm]] = {
    Act.ACCEPT: AcceptForm,
    Act.RESOLVE: ResolveForm,
    Act.DISPATCH: DispatchForm,
    Act.HAND_DOWN: HandDownForm,
    Act.VERIFY: VerifyForm,
    Act.CLOSE: CloseForm,
    Act.REWORK: ReworkForm,
    Act.ESCALATE: EscalateForm,
    Act.RETURN: ReturnForm,
    Act.REJECT: RejectForm,
    Act.REOPEN: ReopenForm,
    Act.NOTE: NoteForm,
    Act.ATTACH: AttachForm,
    Act.REVEAL: RevealForm,
    Act.WITHDRAW: WithdrawForm,
}
