"""Sheets for tests: workbooks out of rows, and their way through upload, check and import."""

from io import BytesIO
from typing import Any

import openpyxl
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from liangcheng.accounts.models import User
from liangcheng.common.outbox import deliver_due
from members.models import SheetJob

Row = dict[str, Any]


def book(*rows: Row, headers: list[str] | None = None) -> bytes:
    made = openpyxl.Workbook()
    headers = headers or list(dict.fromkeys(name for row in rows for name in row))
    made.active.append(headers)
    for row in rows:
        made.active.append([row.get(name) for name in headers])
    return saved(made)


def saved(made: Any) -> bytes:
    stream = BytesIO()
    made.save(stream)
    return stream.getvalue()


def rows_of(answer: Any) -> list[Row]:
    """The rows of a downloaded workbook by its headers."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    lines = list(openpyxl.load_workbook(BytesIO(content)).active.values)
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


def sent(client: Client, register: str, content: bytes, name: str = "导入.xlsx") -> Any:
    return client.post(f"/registers/{register}/import/", {"file": SimpleUploadedFile(name, content)})


def checked(client: Client, user: User, register: str, *rows: Row, content: bytes | None = None) -> SheetJob:
    """The job after the worker has checked the sheet."""
    client.force_login(user)
    answer = sent(client, register, content or book(*rows))
    assert answer.status_code == 302, answer.content.decode()
    deliver_due()
    return SheetJob.objects.get(pk=answer["Location"].strip("/").split("/")[-1])


def imported(client: Client, user: User, register: str, *rows: Row, content: bytes | None = None) -> SheetJob:
    """The job at its end: refused by the check, or imported."""
    job = checked(client, user, register, *rows, content=content)
    if job.state == "READY":
        client.post(f"/imports/{job.pk}/start/")
        deliver_due()
        job.refresh_from_db()
    return job


def problems(job: SheetJob) -> str:
    return "\n".join(f"第 {line} 行“{header}”：{words}" for line, header, words in job.problems)
