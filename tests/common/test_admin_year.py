"""The calendar by the year in the admin, the pasted notice, and who follows when a day changes."""

from datetime import date
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client

from liangcheng.accounts.models import User
from liangcheng.common import office_time
from liangcheng.common.models import CalendarDay, OfficeMark
from tests.common.test_admin_base import _confirm, sheet, staff
from tests.people import People

BASE = "/admin/common/calendarday/"
YEAR, NOTICE = f"{BASE}year/2026/", f"{BASE}year/2026/notice/"
TEXT = "元旦 1月1日至3日 放假，1月4日上班"
SAID = "未办结案件重算 312 件：期限提前 4 件，推后 13 件，不变 295 件。"


@pytest.fixture
def boss(db: None, client: Client) -> User:
    user = User.objects.create_superuser("boss", "Passw0rd-of-tests", full_name="系统管理员")
    client.force_login(user)
    return user


@pytest.fixture
def followed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many days were entered, at each call of the follower; it must never be called inside a transaction."""
    calls: list[int] = []

    def follow() -> str:
        assert not connection.in_atomic_block
        calls.append(CalendarDay.objects.count())
        return SAID

    monkeypatch.setattr(office_time, "_followers", [follow])
    return calls


def entered() -> list[tuple[date, bool, str]]:
    return list(CalendarDay.objects.order_by("day").values_list("day", "is_workday", "note"))


def text_of(answer: Any) -> str:
    return answer.content.decode()


def marked(*days: str, kind: str = "off", note: str = "元旦") -> dict[str, Any]:
    return {"days": days, "kind": kind, "note": note}


# -- who may


def test_strangers_are_kept_out(client: Client, people: People) -> None:
    for address in (YEAR, NOTICE):
        assert client.get(address).status_code == 302
        assert client.post(address, marked("2026-01-01")).status_code == 302
    client.force_login(people.dispatcher)
    assert client.get(YEAR, follow=True).status_code == 403
    client.force_login(staff(people.area_head))
    page = text_of(client.get(YEAR))
    assert 'type="checkbox"' not in page
    assert "粘贴放假通知" not in page
    assert "粘贴放假通知" not in text_of(client.get(BASE))
    assert client.post(YEAR, marked("2026-01-01")).status_code == 403
    assert client.get(NOTICE).status_code == 403
    assert client.post(NOTICE, {"text": TEXT, "confirm": "1", "mark": office_time.mark()}).status_code == 403
    assert entered() == []


def test_the_office_marks_days(client: Client, people: People) -> None:
    client.force_login(staff(people.dispatcher))
    assert client.post(YEAR, marked("2026-01-01", "2026-01-02")).status_code == 302
    assert entered() == [(date(2026, 1, 1), False, "元旦"), (date(2026, 1, 2), False, "元旦")]
    assert client.post(YEAR, marked("2026-01-02", kind="usual")).status_code == 302
    assert entered() == [(date(2026, 1, 1), False, "元旦")]
    assert "恢复为平常：1月2日" in LogEntry.objects.order_by("-pk").first().change_message


# -- the year


def test_the_year_speaks_in_signs_and_counts(client: Client, boss: User) -> None:
    CalendarDay.objects.create(day="2026-01-01", note="元旦")
    CalendarDay.objects.create(day="2026-01-04", is_workday=True, note="调休上班（元旦）")
    page = text_of(client.get(YEAR))
    for words in (
        "1月1日 周四 休息：元旦",
        "<b>休</b> 1日 元旦",
        "<b>班</b> 4日 调休上班（元旦）",
        "2025 年",
        "2027 年",
    ):
        assert words in page
    for count in ("放假 <strong>1</strong> 天", "上班 <strong>1</strong> 天", "合计 <strong>261</strong> 天"):
        assert count in page
    assert "还没有录入" not in page
    assert "2027 年还没有录入" in text_of(client.get(f"{BASE}year/2027/"))
    assert YEAR.replace("2026", str(date.today().year)) in text_of(client.get(BASE))


def test_the_reminder_of_a_missing_year_leads_to_the_notice(client: Client, boss: User, monkeypatch) -> None:
    monkeypatch.setattr("liangcheng.common.admin_calendar.missing_calendar_year", lambda today: 2027)
    for address in ("/admin/", BASE):
        page = text_of(client.get(address))
        assert "2027 年的工作日历还没有录入" in page
        assert f"{BASE}year/2027/notice/" in page


def test_years_have_ends(client: Client, boss: User) -> None:
    assert [client.get(f"{BASE}year/{year}/").status_code for year in (1999, 2000, 2100, 2101)] == [404, 200, 200, 404]
    assert client.get(f"{BASE}year/{'9' * 40}/").status_code == 404


@pytest.mark.parametrize("rows", [0, 60])
def test_the_year_reads_little(client: Client, boss: User, statements, rows: int) -> None:
    CalendarDay.objects.bulk_create(CalendarDay(day=date(2026, 1 + i % 12, 1 + i // 12)) for i in range(rows))
    # The session, the user, the user's postings, the days.
    with statements(4):
        client.get(YEAR)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (marked(), "请先勾选要改的日期。"),
        (marked("2025-01-01"), "有日期不在这一年"),
        (marked("2026-01-01", kind=""), "请选择休息、上班或恢复为平常。"),
        (marked("2026-01-01", note="长" * 51), "说明："),
    ],
)
def test_what_was_marked_stays_when_something_is_missing(client: Client, boss: User, sent: Any, words: str) -> None:
    page = text_of(client.post(YEAR, sent))
    assert words in page
    assert entered() == []
    assert f'value="{sent["note"]}"' in page
    assert page.count(" checked") == sum(day.startswith("2026") for day in sent["days"]) + bool(sent["kind"])


# -- the notice


def test_a_preview_saves_nothing_and_confirming_saves(client: Client, boss: User) -> None:
    CalendarDay.objects.create(day="2026-01-05", note="值班")
    preview = client.post(NOTICE, {"text": TEXT, "preview": "1"})
    page = text_of(preview)
    for words in ("还没有保存", "新增 3 天", "1月4日（周日）", "上班：调休上班（元旦）", "保持不变 1 天", TEXT):
        assert words in page
    assert len(entered()) == 1
    answer = client.post(NOTICE, {"text": TEXT, "confirm": "1", "mark": preview.context["mark"]}, follow=True)
    assert "2026 年工作日历已更新：新增 3 天，更改 0 天，恢复为平常 0 天。" in text_of(answer)
    assert [day.day for day, _, _ in entered()] == [1, 2, 4, 5]
    again = text_of(client.post(NOTICE, {"text": TEXT, "replace": "on", "preview": "1"}))
    assert "恢复为平常 1 天" in again
    assert 'name="replace" value="on"' in again
    assert "没有要改的" in text_of(client.post(NOTICE, {"text": TEXT, "preview": "1"}))


def test_a_calendar_changed_meanwhile_is_looked_at_again(client: Client, boss: User) -> None:
    mark = client.post(NOTICE, {"text": TEXT, "preview": "1"}).context["mark"]
    OfficeMark.renew()
    page = text_of(client.post(NOTICE, {"text": TEXT, "confirm": "1", "mark": mark}))
    assert "日历刚刚有变动" in page
    assert entered() == []


@pytest.mark.parametrize("step", ["preview", "confirm", "edit"])
def test_nothing_typed_is_lost(client: Client, boss: User, step: str) -> None:
    text = "元旦 1月1日（周五）放假\n\n春节 <2月30日>"
    page = text_of(client.post(NOTICE, {"text": text, "replace": "on", step: "1"}))
    assert "春节 &lt;2月30日&gt;</textarea>" in page
    assert "checked" in page
    assert ("第 1 行：2026 年1月1日是周四" in page) == (step != "edit")
    assert ("第 3 行：没有“2月30日”这一天" in page) == (step != "edit")
    assert entered() == []


def test_too_much_or_nothing_is_explained(client: Client, boss: User) -> None:
    assert "请粘贴放假通知" in text_of(client.post(NOTICE, {"text": "", "preview": "1"}))
    assert "内容超过 10000 字" in text_of(client.post(NOTICE, {"text": "长" * 10_001, "preview": "1"}))


# -- followers: once per change, after the transaction, and heard on the next page


def _mark_days(client: Client) -> Any:
    return client.post(YEAR, marked("2026-01-01", "2026-01-02"), follow=True)


def _paste(client: Client) -> Any:
    return client.post(NOTICE, {"text": TEXT, "confirm": "1", "mark": office_time.mark()}, follow=True)


def _add(client: Client) -> Any:
    return client.post(f"{BASE}add/", {"day": "2026-01-01", "note": "元旦"}, follow=True)


def _change(client: Client) -> Any:
    kept = CalendarDay.objects.get()
    return client.post(f"{BASE}{kept.pk}/change/", {"day": "2026-07-02", "note": "台风"}, follow=True)


def _delete(client: Client) -> Any:
    return client.post(f"{BASE}{CalendarDay.objects.get().pk}/delete/", {"post": "yes"}, follow=True)


def _delete_chosen(client: Client) -> Any:
    chosen = {"action": "delete_selected", "_selected_action": [CalendarDay.objects.get().pk], "post": "yes"}
    return client.post(BASE, chosen, follow=True)


def _import(client: Client) -> Any:
    rows = [("日期", "是否上班", "说明"), ("2026-01-01", "休息", "元旦"), ("2026-01-04", "上班", "调休上班")]
    _confirm(client, f"{BASE}import/", sheet(*rows))
    return client.get(BASE)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("way", "left"),
    [(_mark_days, 3), (_paste, 4), (_add, 2), (_change, 1), (_delete, 0), (_delete_chosen, 0), (_import, 3)],
)
def test_every_way_is_followed_once_after_commit(client: Client, followed: list[int], way: Any, left: int) -> None:
    client.force_login(User.objects.create_superuser("boss", "Passw0rd-of-tests", full_name="系统管理员"))
    CalendarDay.objects.create(day="2026-07-01", note="台风")
    mark = office_time.mark()
    answer = way(client)
    assert followed == [left]
    assert text_of(answer).count(SAID) == 1
    assert office_time.mark() != mark


@pytest.mark.django_db(transaction=True)
def test_what_changes_nothing_is_not_followed(client: Client, followed: list[int]) -> None:
    client.force_login(User.objects.create_superuser("boss", "Passw0rd-of-tests", full_name="系统管理员"))
    _import(client)
    _import(client)
    assert followed == [2]
    client.post(f"{BASE}add/", {"day": "2026-01-01", "note": "又一次"})
    client.post(NOTICE, {"text": TEXT, "preview": "1"})
    client.post(NOTICE, {"text": "元旦 1月1日", "confirm": "1", "mark": office_time.mark()})
    assert followed == [2]
