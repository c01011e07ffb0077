"""The way of an uploaded sheet: page, check, errors beside the rows, import; what happens when something dies."""

import os
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from grids.choices import Role
from grids.models import Posting
from liangcheng.common import outbox
from liangcheng.common.models import OutboxMessage, OutboxState
from members import privacy
from members.models import ResidentContact, ResidentUnit, SheetJob
from members.sheets import SHEETS, jobs
from members.sheets.template import template
from tests import factories
from tests.factories import Tree
from tests.members.test_sheets import CONTACT, MICRO, UNIT
from tests.people import People
from tests.sheets import book, checked, imported, problems, rows_of, saved, sent


def lease_runs_out() -> None:
    OutboxMessage.objects.filter(state=OutboxState.WAITING).update(run_at=timezone.now())


class TestPages:
    def test_check_confirm_done(self, client: Client, people: People, tree: Tree):
        client.force_login(people.liaison)
        assert client.get("/registers/nosuch/import/").status_code == 404
        page = client.get("/registers/contacts/import/").content.decode()
        assert "/registers/contacts/template/" in page
        answer = sent(client, "contacts", book(CONTACT), name='=1<b>"x.xlsx')
        address = answer["Location"]
        waiting = client.get(address).content.decode()
        assert "等待检查" in waiting
        assert 'http-equiv="refresh"' in waiting
        assert "<b>" not in waiting.replace("<b>1</b>", "")
        assert "后台任务可能没有运行" not in waiting
        SheetJob.objects.update(beat_at=timezone.now() - timedelta(seconds=30))
        assert "后台任务可能没有运行" in client.get(address, headers={"HX-Request": "true"}).content.decode()
        outbox.deliver_due()
        ready = client.get(address, headers={"HX-Request": "true"}).content.decode()
        assert "检查通过，还没有写入" in ready
        assert "<html" not in ready
        assert "hx-trigger" not in ready
        assert not ResidentContact.objects.exists()
        assert client.post(address + "start/").status_code == 302
        assert client.post(address + "start/").status_code == 409
        outbox.deliver_due()
        assert "已导入" in client.get(address).content.decode()
        assert ResidentContact.objects.get().name == "陈芳"
        assert not OutboxMessage.objects.exclude(state=OutboxState.DELIVERED).filter(topic=jobs.TOPIC).exists()

    def test_what_is_wrong_with_the_file_is_said_at_once(self, client: Client, people: People, tree: Tree):
        client.force_login(people.liaison)
        for content, words in (
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "老格式"),
            (b"", "是空的"),
            (book({"a": 1}), "表头"),
        ):
            answer = sent(client, "contacts", content)
            assert (answer.status_code, words in answer.content.decode()) == (400, True)
        assert "请先选择" in client.post("/registers/contacts/import/", {}).content.decode()
        assert not SheetJob.objects.exists()

    def test_errors_beside_the_rows_come_back_corrected(self, client: Client, people: People, tree: Tree):
        made = openpyxl.Workbook()
        for row in (
            ["登记表"],
            ["姓名", "手机", "类别", "网格编码", "爱好"],
            ["陈芳", 13900139000.0, "楼组长", MICRO, "=1+1"],
            [],
            ["李明", "123", "没有", 9, "棋"],
        ):
            made.active.append(row)
        made.active.merge_cells("E3:E5")
        job = checked(client, people.liaison, "contacts", content=saved(made))
        told = problems(job)
        for words in (
            "第 5 行“手机”：请填",
            "第 5 行“类别”：“没有”不在",
            "第 5 行“网格编码”：没有找到",
            "第 3 行“爱好”：E3:E5",
        ):
            assert words in told
        assert "这些列不认识，没有读取：爱好" in job.notes[0]
        page = client.get(f"/imports/{job.pk}/").content.decode()
        assert "有 4 处错误，一行都没有导入" in page
        content = b"".join(client.get(f"/imports/{job.pk}/errors/").streaming_content)
        sheet = openpyxl.load_workbook(BytesIO(content)).active
        assert sheet["A5"].value.startswith("手机：请填")
        assert "类别：" in sheet["A5"].value
        assert (sheet["C5"].value, sheet["C3"].value, sheet["F3"].value) == ("123", "13900139000", "（公式）")
        assert (sheet["C5"].fill.fgColor.rgb, sheet["C3"].fill.fgColor.rgb) == ("FFFFC7CE", "00000000")
        sheet["C5"], sheet["D5"], sheet["E5"] = "13900139001", "志愿者", MICRO
        assert imported(client, people.liaison, "contacts", content=saved(openpyxl_of(sheet))).new == 2

    def test_more_errors_than_the_page_shows(self, client: Client, people: People, tree: Tree, monkeypatch):
        monkeypatch.setattr(jobs, "PROBLEMS_SHOWN", 2)
        job = checked(client, people.liaison, "contacts", *[CONTACT | {"类别": "没有"} for _ in range(5)])
        assert (job.wrong, len(job.problems)) == (9, 2)  # four are the first one's doubles as well
        assert "还有 7 处，见错误清单" in client.get(f"/imports/{job.pk}/").content.decode()
        listed = rows_of(client.get(f"/imports/{job.pk}/errors/"))
        assert [bool(row["错误"]) for row in listed] == [True] * 5

    @pytest.mark.parametrize("register", list(SHEETS))
    def test_a_template_offers_what_may_go_in_and_its_own_lines_are_skipped(
        self, client: Client, people: People, tree: Tree, register: str
    ):
        factories.organization(tree.wenyuan1)
        factories.unit(tree.micro, "U1")
        factories.skill("电工")
        content = template(factories.fresh(people.area_liaison), SHEETS[register])
        made = openpyxl.load_workbook(BytesIO(content))
        page, reference = made.worksheets
        headers = [cell.value for cell in page[1]]
        assert "网格编码 *" in headers
        assert page["A2"].value.startswith("【说明】")
        assert page.column_dimensions["A"].number_format == "@"
        offered = {rule.formula1 for rule in page.data_validations.dataValidation}
        assert '"是,否"' in offered
        assert any(source.startswith("参考!$") for source in offered)
        codes = [cell.value for column in reference.columns for cell in column]
        assert MICRO in codes
        assert tree.xiuyuan.code not in codes
        answer = sent_as(client, people.area_liaison, register, content)
        outbox.deliver_due()
        job = SheetJob.objects.get(pk=answer["Location"].strip("/").split("/")[-1])
        assert "没有要导入的行" in job.problems[0][2]


def openpyxl_of(sheet: Any) -> Any:
    return sheet.parent


def sent_as(client: Client, user: Any, register: str, content: bytes) -> Any:
    client.force_login(user)
    return sent(client, register, content)


class TestBetweenCheckAndImport:
    def test_what_others_have_written_since_is_not_overwritten(self, client: Client, people: People, tree: Tree):
        unit = factories.unit(tree.micro, "U7", "旧名")
        job = checked(client, people.area_liaison, "units", UNIT, UNIT | {"单位编号": "U8"})
        unit.note = "刚改的"
        unit.save()
        factories.unit(tree.micro, "U8", "别人登记的")
        client.post(f"/imports/{job.pk}/start/")
        outbox.deliver_due()
        job.refresh_from_db()
        assert job.state == "REFUSED"
        assert "第 2 行“”：检查之后这一行被别人改动过" in problems(job)
        assert "第 3 行“”：检查之后这一行已被别人登记" in problems(job)
        assert sorted(ResidentUnit.objects.values_list("name", flat=True)) == ["别人登记的", "旧名"]

    def test_a_right_that_has_ended(self, client: Client, people: People, tree: Tree):
        job = checked(client, people.liaison, "contacts", CONTACT)
        Posting.objects.filter(user=people.liaison).delete()
        client.post(f"/imports/{job.pk}/start/")
        outbox.deliver_due()
        job.refresh_from_db()
        assert (job.state, "不能导入" in job.problems[0][2]) == ("FAILED", True)
        assert not ResidentContact.objects.exists()


class TestWorker:
    def test_a_worker_that_dies_is_followed_by_another(self, client, people: People, tree: Tree, monkeypatch):
        class Killed(BaseException):
            """As kill -9 leaves things: no handler sees it."""

        def die(*args: object, **kwargs: object) -> None:
            raise Killed

        client.force_login(people.liaison)
        job_page = sent(client, "contacts", book(CONTACT))["Location"]
        with monkeypatch.context() as dying:
            dying.setattr(jobs, "check", die)
            with pytest.raises(Killed):
                outbox.deliver_due()
        assert SheetJob.objects.get().state == "CHECKING"
        assert outbox.deliver_due() == 0, "the lease is still the dead one's"
        lease_runs_out()
        outbox.deliver_due()
        client.post(job_page + "start/")
        with monkeypatch.context() as dying:
            dying.setattr(jobs, "write", lambda plan, sheet, user: (plan.new[0].row.save(), die()))
            with pytest.raises(Killed):
                outbox.deliver_due()
        assert not ResidentContact.objects.exists()
        assert SheetJob.objects.get().state == "IMPORTING"
        lease_runs_out()
        outbox.deliver_due()
        assert ResidentContact.objects.count() == 1
        assert SheetJob.objects.get().state == "DONE"

    def test_a_fault_ends_the_job_and_a_sheet_that_kills_is_given_up(self, client, people, tree: Tree, monkeypatch):
        client.force_login(people.liaison)
        for attempts, words in ((0, "处理时出错，没有导入任何一行"), (9, "处理多次中断")):
            sent(client, "contacts", book(CONTACT))
            OutboxMessage.objects.filter(topic=jobs.TOPIC).update(attempts=min(attempts, 4))
            monkeypatch.setattr(jobs, "check", lambda *args, **kwargs: 1 / 0)
            outbox.deliver_due()
            job = SheetJob.objects.first()
            assert (job.state, words in job.problems[0][2]) == ("FAILED", True)

    def test_progress_renews_the_lease_and_whoever_lost_it_stops(self, client, people, tree: Tree, monkeypatch):
        monkeypatch.setattr(jobs, "_BEAT_SECONDS", 0)
        client.force_login(people.liaison)
        sent(client, "contacts", book(*[CONTACT | {"手机": f"1390013900{n}"} for n in range(5)]))
        counted: list[tuple[int, int]] = []
        kept = jobs._Progress.__call__

        def count(self: Any, done: int) -> None:
            if done == 4:
                OutboxMessage.objects.update(attempts=7)
            kept(self, done)
            counted.append(SheetJob.objects.values_list("done", "total").get())

        monkeypatch.setattr(jobs._Progress, "__call__", count)
        outbox.deliver_due()
        assert counted == [(1, 5), (2, 5), (3, 5)]
        assert SheetJob.objects.get().state == "CHECKING"

    def test_notices_do_not_wait_behind_sheets(self, people: People, tree: Tree):
        for number in range(3):
            OutboxMessage.objects.create(topic=jobs.TOPIC, key=f"s{number}", payload={"job": 0, "act": "check"})
        OutboxMessage.objects.create(topic="case.notice", key="n")
        assert sorted(message.key for message in outbox.claim(50)) == ["n", "s0"]

    def test_jobs_are_forgotten_with_their_files(self, client: Client, people: People, tree: Tree):
        job = checked(client, people.liaison, "contacts", CONTACT | {"类别": "没有"})
        kept = checked(client, people.liaison, "contacts", CONTACT)
        names = [job.file.name, job.error_file.name]
        assert all(map(default_storage.exists, names))
        SheetJob.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(days=8))
        assert jobs.forget_old() == 1
        assert not any(map(default_storage.exists, names))
        assert list(SheetJob.objects.all()) == [kept]

    def test_files_that_nobody_names_go(self, client, people: People, tree: Tree, monkeypatch, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path  # other tests upload at the same time

        def files() -> set[str]:
            return set(default_storage.listdir("sheets")[1]) if default_storage.exists("sheets") else set()

        client.raise_request_exception = False
        client.force_login(people.liaison)
        with monkeypatch.context() as failing:
            failing.setattr(jobs, "_line_up", lambda *args: 1 / 0)
            assert sent(client, "contacts", book(CONTACT)).status_code == 500
        assert files() == set()
        job = checked(client, people.liaison, "contacts", CONTACT | {"类别": "没有"})
        earlier = job.error_file.name
        jobs._check(job, lambda done: None)
        job.refresh_from_db()
        gone = SheetJob.objects.create(user=people.liaison, register="contacts", file=job.file.name)
        SheetJob.objects.filter(pk=gone.pk).delete()
        jobs._check(gone, lambda done: None)  # its row was deleted meanwhile
        assert files() == {Path(job.file.name).name, Path(job.error_file.name).name}
        assert earlier != job.error_file.name
        old, young = (default_storage.save(f"sheets/{name}.xlsx", BytesIO(b"x")) for name in ("old", "young"))
        for name in (old, job.file.name):
            os.utime(default_storage.path(name), (0, 0))
        jobs.forget_old()
        assert [default_storage.exists(name) for name in (old, young, job.file.name)] == [False, True, True]

    def test_an_erasure_takes_the_sheets_along(self, client: Client, people: People, tree: Tree):
        """Finished, refused and waiting ones of everybody in the street; another street keeps its own."""
        person = factories.contact(tree.micro, "陈芳", phone="13900139000")
        elsewhere = factories.posted(
            "elsewhere", factories.grid("COMMUNITY", "310109099000", "别处街道"), Role.DISPATCHER
        )
        found = [
            imported(client, people.liaison, "contacts", CONTACT),
            checked(client, people.area_liaison, "contacts", CONTACT | {"身份说明": "教师"}),
            checked(client, people.liaison, "contacts", CONTACT | {"类别": "没有"}),
        ]
        kept = checked(client, elsewhere, "contacts", CONTACT)
        names = [name for job in found for name in (job.file.name, job.error_file.name) if name]
        assert len(names) == 4
        privacy.erase(actor=factories.fresh(people.dispatcher), person=person, reason="本人申请")
        outbox.deliver_due()
        assert not any(map(default_storage.exists, names))
        assert list(SheetJob.objects.all()) == [kept]
        assert default_storage.exists(kept.file.name)
