"""What the pages of every app share: forms that clean as the office types, refusals of the rules as form errors."""

from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from liangcheng.common.exceptions import DomainError
from liangcheng.common.text import normalize


def add_refusal(form: forms.BaseForm, error: DomainError) -> None:
    """Show a refusal where the user can mend it: at its field if the form has it, else above the form."""
    form.add_error(error.field if error.field in form.fields else None, error.message)


def refuse(request: HttpRequest, error: DomainError, **more: Any) -> HttpResponse:
    """A refusal as a page of its own, with its status and what to do next."""
    titles = {403: "没有权限", 404: "没有找到", 409: "现在不能这样办"}
    context = {"title": titles.get(error.status, "不能办理"), "advice": error.message, "status": error.status} | more
    return render(request, "error.html", context, status=error.status)


class Segments(forms.RadioSelect):
    """Radios that look like one row of buttons."""

    template_name = "widgets/segments.html"
    use_fieldset = True


class PlainField(forms.CharField):
    """Text brought to one form as typed: full-width digits become plain, NUL and blank edges go.

    No length limit here: the rule knows it, and an error must keep all that was typed.
    """

    def to_python(self, value: Any) -> str:
        return normalize(super().to_python(value) or "")

    def run_validators(self, value: Any) -> None:
        """NUL is gone already; there is nothing else to validate by shape."""


class TextField(PlainField):
    """Several lines, with a counter that the server does not depend on."""

    def __init__(self, *, most: int = 2000, rows: int = 4, placeholder: str = "", **kwargs: Any) -> None:
        attrs = {"rows": rows, "maxlength-shown": most, "placeholder": placeholder}
        super().__init__(widget=forms.Textarea(attrs=attrs), **kwargs)


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class FilesField(forms.FileField):
    """Several files; the value is a list. What they are is for whoever reads them."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        given = [file for file in (data if isinstance(data, list | tuple) else [data]) if file]
        if self.required and not given:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return given


def all_errors(form: forms.BaseForm) -> list[str]:
    """Every error in one list, for a form whose fields are not shown one under the other."""
    found: list[str] = []
    for name, errors in form.errors.items():
        label = "" if name == NON_FIELD_ERRORS else f"{form.fields[name].label}："
        found += [f"{label}{error}" for error in errors]
    return found
