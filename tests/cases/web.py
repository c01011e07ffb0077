"""Helpers of the page tests: a signed-in browser without a browser, valid forms, pictures, stray English."""

import copy
import io
import re
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.base import ModelState
from django.test import Client
from django.utils import timezone
from PIL import Image

from cases.choices import Act
from cases.models import Case
from tests.cases import walk
from tests.factories import Tree
from tests.people import People

# Words that may stand on a page: units, shortcuts, what people and systems wrote themselves.
_ALLOWED = re.compile(r"测试\w+|LC\d+|MB|JPG|PNG|WebP|12345|ID|Passw0rd[\w-]*")


def browser(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def picture(name: str = "a.jpg", size: tuple[int, int] = (60, 40), color: str = "red") -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue(), "image/jpeg")


def fake_picture(name: str = "现场.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"%PDF-1.7 nothing", "image/jpeg")


def many(case: Case, count: int) -> None:
    """`count` more cases like this one, past the workflow, for the query budgets."""
    rows = []
    for serial in range(count):
        row = Case.objects.get(pk=case.pk) if not rows else copy.copy(rows[0])
        row.pk, row.number = None, f"LC20200101{serial:05d}"
        row._state = ModelState()
        rows.append(row)
    Case.objects.bulk_create(rows, batch_size=500)


def visible_text(html: str) -> str:
    """What a reader sees: no tags, scripts, comments or attributes."""
    html = re.sub(r"(?s)<(script|style|svg).*?</\1>|<!--.*?-->", " ", html)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def stray_english(html: str, *known: str) -> list[str]:
    """English words on a page that nobody put there as data."""
    text = _ALLOWED.sub(" ", visible_text(html))
    for word in known:
        text = text.replace(word, " ")
    return re.findall(r"[A-Za-z]{2,}", text)


def act_form(act: Act, case: Case, tree: Tree, people: People, **more: Any) -> dict[str, Any]:
    """A valid form of each act, as its page sends it."""
    soon = timezone.localtime() + timedelta(days=7)
    base: dict[str, Any] = {"version": case.version, "key": "", "text": "按要求办理。"}
    base |= {
        Act.REJECT: {"reason": "NOT_OURS"},
        Act.DISPATCH: {"target": f"u{people.officer2.pk}"},
        Act.RETURN: {"reason": "NOT_MINE"},
        Act.CLOSE: {"satisfaction": "SATISFIED"},
        Act.ESCALATE: {"tried": "已与物业协商。"},
        Act.HAND_DOWN: {"grid_code": tree.micro.code},
        Act.ATTACH: {"kind": "BEFORE"},
        Act.EXTEND: {"days": 3},
        Act.GRANT_EXTENSION: {"days": 2},
        Act.SUSPEND: {"review_on": f"{soon:%Y-%m-%d}"},
        Act.SUPERVISE: {"days": 3},
        Act.INSTRUCT: {"days": 3},
        Act.CO_HANDLE: {"co_department_ids": [people.chengguan.pk]},
        Act.CONVENE: {"place": "会议室", "meets_at": f"{soon:%Y-%m-%dT%H:%M}", "residents": "王测试\n李测试"},
        Act.CONCLUDE: {"minutes": "大家到场商量。", "outcome": "由物业维修。"},
        Act.MERGE: {"main_number": walk.another(tree, people).number},
        Act.JOIN: {"reporter_name": "孙测试"},
        Act.LINK: {"number": walk.another(tree, people).number, "kind": "RELATED"},
        Act.TRANSFER: {"body": "区城管执法局"},
        Act.HAND_OVER: {"to_user_id": people.liaison.pk},
    }.get(act, {})
    if act is Act.ATTACH:
        base["photos"] = [picture()]
    return base | more


def filing(tree: Tree, **more: Any) -> dict[str, Any]:
    """A valid form of 上报."""
    return {
        "category_code": "0201",
        "description": "楼道渗水，墙面发霉。",
        "grid_code": tree.micro.code,
        "source": "PATROL",
        "nature": "COMPLAINT",
        "urgency": "",
        "key": "",
    } | more
