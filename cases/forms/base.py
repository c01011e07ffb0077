"""What the forms of all acts share. Shape only; what is right the workflow knows."""

import uuid
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from cases.choices import PhotoKind
from cases.models import Case
from cases.photos import Photo, read_photo
from liangcheng.accounts.models import User
from liangcheng.common.web import FilesField, FilesInput, PlainField, Segments, TextField

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


def is_id(text: str) -> bool:
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


def choice_field(label: str, choices: Any, *, required: bool = True) -> forms.CharField:
    """One of few, as segments. Whether it is one of them, the rule says."""
    field = forms.CharField(label=label, widget=Segments(choices=choices), required=required)
    field.error_messages["required"] = f"请选择{label}。"
    return field


def text_field(label: str, *, required: bool = True, placeholder: str = "") -> TextField:
    field = TextField(label=label, required=required, placeholder=placeholder)
    field.error_messages["required"] = f"请填写{label}。"
    return field


def days_field(label: str, *, most: int, initial: int) -> forms.IntegerField:
    """A number of working days. The rule says how many at most; here only what a browser may offer."""
    wrong = f"请填写 1 到 {most} 的整数。"
    return forms.IntegerField(
        label=label,
        initial=initial,
        min_value=1,
        max_value=1000,
        widget=forms.NumberInput({"inputmode": "numeric", "min": 1, "max": most}),
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), wrong),
    )


def line_field(label: str, *, required: bool = True, placeholder: str = "", **attrs: str) -> PlainField:
    """One line of text."""
    field = PlainField(label=label, required=required, widget=forms.TextInput({"placeholder": placeholder, **attrs}))
    field.error_messages["required"] = f"请填写{label}。"
    return field


def several_field(label: str, *, required: bool = False) -> forms.TypedMultipleChoiceField:
    """Several rows by id, as checkboxes. `offer` fills it; whether they are the right ones, the rule asks."""
    field = forms.TypedMultipleChoiceField(
        label=label, coerce=int, required=required, widget=forms.CheckboxSelectMultiple
    )
    field.error_messages["required"] = f"请选择{label}。"
    field.valid_value = is_id  # type: ignore[assignment, method-assign]
    return field
