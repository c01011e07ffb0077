"""The ground of the admin: who enters, what the base page refuses, history, the calendar, the outbox."""

from datetime import date
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from liangcheng.accounts.models import User
from liangcheng.common.admin_calendar import missing_calendar_year
from liangcheng.common.models import CalendarDay, OutboxMessage, OutboxState
from tests import factories
from tests.factories import Tree
from tests.people import People


@pytest.fixture
def boss(db: None) -> User:
    return User.objects.create_superuser("boss", "Passw0rd-of-tests", full_name="系统管理员")


def staff(person: User) -> User:
    User.objects.filter(pk=person.pk).update(is_staff=True)
    return factories.fresh(person)


def sheet(*rows: tuple[Any, ...], name: str = "日历.xlsx") -> SimpleUploadedFile:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    stream = BytesIO()
    book.save(stream)
    return SimpleUploadedFile(name, stream.getvalue())


def test_only_staff_enter(client: Client, people: People) -> None:
    assert client.get("/admin/").status_code == 302
    client.force_login(people.dispatcher)
    assert client.get("/admin/", follow=True).status_code == 403
    client.force_login(staff(people.dispatcher))
    assert client.get("/admin/").status_code == 200


def test_sign_in_is_the_sites_own(client: Client, db: None) -> None:
    answer = client.get("/admin/", follow=False)
    assert client.get(answer.headers["Location"]).headers["Location"].startswith(reverse("accounts:login"))


def test_hidden_internals_have_no_page(client: Client, boss: User) -> None:
    client.force_login(boss)
    for path in ("/admin/auth/group/", "/admin/knox/authtoken/", "/admin/axes/accessattempt/"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize("query", ["?q=%00", "?kind=%00"])
def test_nul_in_the_address_is_a_bad_request(client: Client, boss: User, tree: Tree, query: str) -> None:
    client.force_login(boss)
    assert client.get("/admin/grids/grid/" + query).status_code == 400


def test_odd_selections_do_not_break(client: Client, boss: User, tree: Tree) -> None:
    client.force_login(boss)
    sent = {"action": "retire", "_selected_action": ["x", "99999999999999999999", "²"], "index": "0"}
    assert client.post("/admin/grids/grid/", sent).status_code in (200, 302)


@pytest.mark.parametrize("key", ["99999999999999999999", "x", "-1", "1_2F"])
def test_odd_keys_are_not_found(client: Client, boss: User, tree: Tree, key: str) -> None:
    client.force_login(boss)
    for page in ("change", "history"):
        assert client.get(f"/admin/grids/grid/{key}/{page}/").status_code == 404
    assert client.get(f"/admin/cases/case/{key}/act/note/").status_code == 404


def test_history_speaks_in_labels(client: Client, boss: User, tree: Tree) -> None:
    client.force_login(boss)
    unit = factories.unit(tree.micro, name="旧名")
    unit.name, unit.kind, unit.is_active, unit.grid = "新名", "SHOP", False, tree.micro2
    unit.save()
    page = client.get(f"/admin/members/residentunit/{unit.pk}/history/").content.decode()
    for words in ("旧名 → 新名", "小区 → 沿街商铺", "是 → 否", "文苑一微1 → 文苑一微2"):
        assert words in page
    assert "ESTATE" not in page


# -- calendar


@pytest.mark.parametrize(
    ("today", "known", "missing"),
    [
        (date(2026, 10, 31), "2026-01-01", None),
        (date(2026, 11, 1), "2026-01-01", 2027),
        (date(2026, 11, 1), "2027-01-01", None),
    ],
)
def test_calendar_warning_from_november(db: None, today: date, known: str, missing: int | None) -> None:
    CalendarDay.objects.create(day=known)
    assert missing_calendar_year(today) == missing


def test_calendar_is_kept_by_the_office(client: Client, people: People) -> None:
    given = {"day": "2027-01-01", "note": "元旦"}
    client.force_login(staff(people.area_head))
    assert client.post("/admin/common/calendarday/add/", given).status_code == 403
    assert client.get("/admin/common/calendarday/import/").status_code == 403
    client.force_login(staff(people.dispatcher))
    assert client.post("/admin/common/calendarday/add/", given).status_code == 302
    assert CalendarDay.objects.get().note == "元旦"


def _confirm(client: Client, address: str, file: SimpleUploadedFile) -> Any:
    tried = client.post(address, {"format": "0", "resource": "0", "import_file": file})
    if "confirm_form" not in tried.context:
        return tried
    return client.post(address.replace("import/", "process_import/"), tried.context["confirm_form"].initial)


def test_calendar_import_twice_changes_nothing(client: Client, boss: User) -> None:
    client.force_login(boss)
    rows = [("日期", "是否上班", "说明"), (date(2027, 1, 1), "休息", "元旦"), ("2027/2/6", "上班", "调休")]
    for _ in range(2):
        assert _confirm(client, "/admin/common/calendarday/import/", sheet(*rows)).status_code == 302
    found = CalendarDay.objects.order_by("day").values_list("day", "is_workday", "note")
    assert list(found) == [(date(2027, 1, 1), False, "元旦"), (date(2027, 2, 6), True, "调休")]


def test_import_errors_name_row_and_column_and_take_nothing(client: Client, boss: User) -> None:
    client.force_login(boss)
    rows = [("日期", "是否上班", "说明"), ("2027-01-01", "休息", "元旦"), ("明天", "也许", "")]
    answer = _confirm(client, "/admin/common/calendarday/import/", sheet(*rows))
    page = answer.content.decode()
    assert "第 3 行“日期”：“明天”不是日期" in page
    assert "第 3 行“是否上班”" in page
    assert not CalendarDay.objects.exists()


def test_only_the_file_just_tried_is_imported_and_only_once(client: Client, boss: User) -> None:
    client.force_login(boss)
    address = "/admin/common/calendarday/process_import/"
    other = {"import_file_name": "somebody-elses", "original_file_name": "x", "format": "0", "resource": "0"}
    assert "请重新上传" in client.post(address, other, follow=True).content.decode()
    rows = [("日期", "是否上班", "说明"), ("2027-01-01", "休息", "元旦")]
    tried = client.post(address.replace("process_", ""), {"format": "0", "resource": "0", "import_file": sheet(*rows)})
    confirmed = tried.context["confirm_form"].initial
    assert "新增 1 条" in client.post(address, confirmed, follow=True).content.decode()
    assert "请重新上传" in client.post(address, confirmed, follow=True).content.decode()


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (SimpleUploadedFile("日历.xlsx", b"%PDF-1.7"), "文件读不出来"),
        (SimpleUploadedFile("日历.csv", b"a,b"), "请上传 xlsx"),
        (sheet(("别的",), ("1",)), "表头缺少：日期、是否上班、说明"),
    ],
)
def test_wrong_files_are_explained(client: Client, boss: User, file: SimpleUploadedFile, words: str) -> None:
    client.force_login(boss)
    file.seek(0)
    assert words in _confirm(client, "/admin/common/calendarday/import/", file).content.decode()


# -- outbox


def test_outbox_is_sent_again_by_its_own_office(client: Client, people: People, tree: Tree) -> None:
    def message(key: str, community: int, state: str) -> OutboxMessage:
        return OutboxMessage.objects.create(topic="t", key=key, community_id=community, state=state, attempts=8)

    mine = message("mine", tree.street.pk, OutboxState.DEAD)
    done = message("done", tree.street.pk, OutboxState.DELIVERED)
    foreign = message("foreign", tree.street.pk + 1000, OutboxState.DEAD)
    client.force_login(staff(people.dispatcher))
    sent = {"action": "send_again", "_selected_action": [mine.pk, done.pk, foreign.pk], "index": "0"}
    client.post("/admin/common/outboxmessage/", sent)
    states = {row.key: row.state for row in OutboxMessage.objects.filter(topic="t")}
    assert states == {"mine": "waiting", "done": "delivered", "foreign": "dead"}
    assert client.post(f"/admin/common/outboxmessage/{mine.pk}/change/", {"state": "delivered"}).status_code == 403
    client.force_login(staff(people.area_head))
    assert client.get("/admin/common/outboxmessage/").status_code == 403
