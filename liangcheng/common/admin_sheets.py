"""Excel in and out of the admin: Chinese headers, text for digits, only rows in scope, errors with their row.

The library (django-import-export) reads, compares and previews; what it leaves open is closed here: numeric cells
read as floats, English errors of look-ups, rows that were skipped without a word, exports without a trace.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from import_export.admin import ExportMixin, ImportMixin
from import_export.fields import Field
from import_export.formats.base_formats import XLSX
from import_export.forms import ExportForm, ImportForm
from import_export.resources import ModelResource
from import_export.widgets import Widget

from liangcheng.common.text import normalize

MAX_ROWS = 2000
MAX_BYTES = 4 * 1024 * 1024
_TRIED = "sheet_import_tried"


_CALCULATED = ("=", "+", "-", "@", "\t", "\r")


class TextCell(Widget):
    """Text, also where Excel kept digits as a number: 13800138000.0 → 13800138000."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        text = normalize(str(value))
        return text[1:] if text[:1] == "'" and text[1:2] in _CALCULATED else text

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        """Always text; a leading sign that Excel would calculate gets a quote before it, taken off on import."""
        text = "" if value is None else str(value)
        return f"'{text}" if text[:1] in _CALCULATED else text


class NumberCell(TextCell):
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> int | None:  # type: ignore[override]
        text = super().clean(value)
        if not text:
            return None
        if not text.isascii() or not text.isdigit():
            raise ValidationError(f"“{text[:20]}”不是整数。")
        return int(text)


class DateCell(TextCell):
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> date | None:  # type: ignore[override]
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        text = super().clean(value).replace("/", "-").replace(".", "-")
        if not text:
            return None
        try:
            return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 -- a day has no time zone
        except ValueError:
            raise ValidationError(f"“{text[:20]}”不是日期，请写成 2026-01-31。") from None


class ChoiceCell(TextCell):
    """The label of a choice, as the screens say it."""

    def __init__(self, choices: Any) -> None:
        super().__init__()
        self.labels = {value: str(label) for value, label in choices}
        self.values = {label: value for value, label in self.labels.items()}

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        text = super().clean(value)
        if text not in self.values:
            raise ValidationError(f"“{text[:20]}”不在可选范围内：{'、'.join(self.values)}。")
        return self.values[text]

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return self.labels.get(value, "")


class TruthCell(ChoiceCell):
    def __init__(self, yes: str = "是", no: str = "否") -> None:
        super().__init__([(True, yes), (False, no)])


class RowCell(TextCell):
    """A related row by its code, looked up among what the user may choose."""

    def __init__(self, attribute: str, column: str, what: str, required: bool = True) -> None:
        super().__init__()
        self.attribute, self.column, self.what, self.required = attribute, column, what, required

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        text = super().clean(value)
        if not text and not self.required:
            return None
        found = kwargs["resource"].choices_of(self.attribute).filter(**{self.column: text}).first()
        if found is None:
            raise ValidationError(f"没有找到{self.what}“{text[:30]}”，或不在您可以登记的范围内。")
        return found

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return super().render(getattr(value, self.column, "") if value is not None else "")


def column(attribute: str, header: str, widget: Widget | None = None, **options: Any) -> Field:
    """A column of a sheet: `attribute` of the row under a Chinese `header`."""
    return Field(attribute=attribute, column_name=header, widget=widget or TextCell(), **options)


class RowRefused(Exception):
    """Why a row of the sheet cannot be taken, in words for the office."""


class SheetResource(ModelResource):
    """One register as a sheet. `owner` is its admin page, whose scope and rights hold here as well."""

    def __init__(self, owner: Any = None, request: HttpRequest | None = None, **kwargs: Any) -> None:
        super().__init__()
        self.owner, self.request = owner, request

    def get_queryset(self) -> "QuerySet[Any]":
        return self.owner.get_queryset(self.request)

    def choices_of(self, attribute: str) -> "QuerySet[Any]":
        return self.owner.offered(self._meta.model._meta.get_field(attribute), self.request)

    def get_instance(self, instance_loader: Any, row: Any) -> Any:
        try:
            return super().get_instance(instance_loader, row)
        except ValidationError:
            # Reading the row says the same again, under its header.
            return None

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        if len(dataset) > MAX_ROWS:
            raise RowRefused(f"一次最多导入 {MAX_ROWS} 行，请分几次导入。")
        wanted = [field.column_name for field in self.get_import_fields()]
        missing = [header for header in wanted if header not in (dataset.headers or [])]
        if missing:
            raise RowRefused(f"表头缺少：{'、'.join(missing)}。请按页面列出的表头整理，或先导出一份作模板。")

    def import_field(self, field: Field, instance: Any, row: Any, is_m2m: bool = False, **kwargs: Any) -> None:
        try:
            super().import_field(field, instance, row, is_m2m, resource=self, **kwargs)
        except ValidationError as error:
            # The library collects ValueErrors, column by column; anything else ends the row at the first.
            raise ValueError(" ".join(error.messages)) from error

    def after_init_instance(self, instance: Any, new: bool, row: Any, **kwargs: Any) -> None:
        if not new and not self.owner.may_edit(self.request, instance):
            raise RowRefused("这一行已有登记，您的岗位不能修改它。")

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        """Everything the form would check, under the headers of the sheet instead of the field names."""
        errors: dict[str, Any] = dict(import_validation_errors or {})
        try:
            instance.full_clean(exclude=[*errors, *self.not_checked], validate_unique=validate_unique)
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        if errors:
            headers = {field.attribute: field.column_name for field in self.get_import_fields()}
            named: dict[str, Any] = {}
            for key, value in errors.items():
                named.setdefault(headers.get(key, NON_FIELD_ERRORS), []).extend(value)
            raise ValidationError(named)

    # Filled on save, so that a form does not ask for them either.
    not_checked: tuple[str, ...] = ()

    class Meta:
        use_transactions = True
        skip_unchanged = True
        report_skipped = True
        clean_model_instances = True
        use_bulk = False


class SheetUpload(ImportForm):
    def clean_import_file(self) -> Any:
        file = self.cleaned_data["import_file"]
        if not file.name.lower().endswith(".xlsx"):
            raise ValidationError("请上传 xlsx 格式的 Excel 文件。")
        if file.size > MAX_BYTES:
            raise ValidationError("文件超过 4 MB，请分几次导入。")
        return file


class _Sheets:
    resource: type[SheetResource]
    formats = [XLSX]
    may_edit: Callable[..., bool]
    model: Any

    def get_resource_classes(self, request: HttpRequest) -> list[type[SheetResource]]:
        return [self.resource]

    def get_resource_kwargs(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return {"owner": self, "request": request}


class SheetExport(_Sheets, ExportMixin):
    """Export of the filtered list; who took what is kept in the log of the admin."""

    export_form_class = ExportForm

    def get_export_filename(self, request: HttpRequest, queryset: Any, file_format: Any) -> str:
        return f"{self.model._meta.model_name}-{timezone.localdate():%Y%m%d}.xlsx"

    def get_export_data(self, file_format: Any, request: HttpRequest, queryset: Any, **kwargs: Any) -> Any:
        data = super().get_export_data(file_format, request, queryset, **kwargs)
        words = f"导出{self.model._meta.verbose_name} {queryset.count()} 条"
        LogEntry.objects.create(
            user_id=request.user.pk,  # type: ignore[misc]
            content_type=ContentType.objects.get_for_model(self.model),
            object_repr=words,
            action_flag=CHANGE,
            change_message=words,
        )
        return data


class SheetImport(SheetExport, ImportMixin):
    """Import in two steps: everything is tried and shown first, then taken all or not at all."""

    import_form_class = SheetUpload
    import_template_name = "admin/sheet_import.html"
    import_export_change_list_template = "admin/import_export/change_list_import_export.html"

    def has_import_permission(self, request: HttpRequest) -> bool:
        return self.may_edit(request)

    def get_confirm_form_initial(self, request: HttpRequest, import_form: Any) -> dict[str, Any]:
        initial = super().get_confirm_form_initial(request, import_form)
        if import_form is not None:
            request.session[_TRIED] = initial["import_file_name"]
        return initial

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Only the file that this user has just tried, and only once: the name comes back from the browser."""
        tried = request.session.pop(_TRIED, None)
        try:
            if tried and tried == request.POST.get("import_file_name"):
                return super().process_import(request, **kwargs)
        except FileNotFoundError:
            # Tried on another host of the same installation, or cleaned away meanwhile.
            pass
        messages.error(request, "这份文件已经处理过或已过期，请重新上传。")
        return redirect("admin:{}_{}_import".format(*self.get_model_info()))

    def get_import_data_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        kwargs = super().get_import_data_kwargs(**kwargs)
        return {**kwargs, "rollback_on_validation_errors": True}

    def process_result(self, result: Any, request: HttpRequest) -> HttpResponse:
        if result.has_errors() or result.has_validation_errors():
            # Somebody changed the data between the two steps.
            messages.error(request, "数据刚刚有变动，这次没有导入任何一行，请重新上传核对。")
            return redirect("admin:{}_{}_import".format(*self.get_model_info()))
        return super().process_result(result, request)
