"""Columns and form fields for names and numbers of people: brought to one form before they are checked.

In migrations they are Django's own CharField with the validators they had, so that using them changes no table.
"""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.deconstruct import deconstructible

from liangcheng.common.text import is_person_name, is_phone, normalize_name, normalize_phone

BAD_PHONE = "请填 11 位手机号，或带区号的座机（如 021-65551234）。"
BAD_NAME = "姓名请填 2–30 个汉字或字母，少数民族姓名中间用“·”。"


@deconstructible(path="django.core.validators.RegexValidator")
class PhoneValidator(RegexValidator):
    """is_phone as a validator; in a migration it is the pattern that it was made of."""

    def __call__(self, value: Any) -> None:
        if not is_phone(str(value)):
            raise ValidationError(self.message, code="bad_phone", params={"value": value})


class _FoldedInput(forms.CharField):
    """A form field that folds what was typed before anything looks at it."""

    fold: Callable[[str], str]

    def to_python(self, value: Any) -> str:
        return type(self).fold(super().to_python(value) or "")


class PhoneInput(_FoldedInput):
    """A phone number in a form: 138 1234 5678, +86…, full-width digits are all welcome. Empty if not required."""

    fold = staticmethod(normalize_phone)
    widget = forms.TextInput({"type": "tel", "autocomplete": "off"})

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and not is_phone(value):
            raise ValidationError(BAD_PHONE, code="bad_phone")


class NameInput(_FoldedInput):
    """Somebody's name in a form."""

    fold = staticmethod(normalize_name)
    widget = forms.TextInput({"autocomplete": "off"})

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and not is_person_name(value):
            raise ValidationError(BAD_NAME, code="bad_name")


class _FoldedField(models.CharField):
    """Folds on the way in: from forms and sheets (to_python, so before the validators) and from code (pre_save)."""

    fold: Callable[[str], str]

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return type(self).fold(text) if isinstance(text, str) else text

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        value = super().pre_save(model_instance, add)
        if isinstance(value, str):
            value = type(self).fold(value)
            setattr(model_instance, self.attname, value)
        return value

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


class PhoneField(_FoldedField):
    """A phone column; give it `validators=[PHONE]` (members/models/base.py)."""

    fold = staticmethod(normalize_phone)

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": PhoneInput, **kwargs})


class NameField(_FoldedField):
    """A column for somebody's name; give it `validators=[person_name]` (members/models/base.py)."""

    fold = staticmethod(normalize_name)

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": NameInput, **kwargs})
