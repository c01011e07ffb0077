"""The workbench, the list, the case page, photos and notices: what they show, to whom, at what cost."""

import html
import re
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone

from cases.choices import Status, Urgency
from cases.inbox import InboxChannel
from cases.models import Attachment, Case, CaseEvent, Notice
from cases.todo import Todo
from cases.workflow import accept, dispatch, escalate, hand_down, resolve, return_
from liangcheng.common.channels import Delivery
from tests import factories
from tests.cases.web import browser, many, stray_english
from tests.factories import Tree
from tests.people import People


@pytest.fixture
def case(tree: Tree, people: People) -> Case:
    factories.category("0201", name="房屋渗漏水")
    return factories.case(
        people.officer,
        tree.micro,
        description="七号楼水管漏水",
        address="凉城路123弄7号",
        reporter_name="钱测试",
        reporter_phone="13000000001",
    )


def text(answer) -> str:
    return html.unescape(answer.content.decode())


def tiles(page: str) -> dict[str, int]:
    found = re.findall(r'href="/cases/\?todo=(\w+)"><b>(\d+)</b>', page)
    return {name: int(count) for name, count in found}


def listed(page: str) -> set[str]:
    return set(re.findall(r'href="/cases/(LC\d+)/"', page))


class TestWorkbench:
    def test_every_count_is_the_length_of_its_list(self, tree: Tree, people: People):
        factories.category("0201")
        now = timezone.now()
        for status in Status:
            for fields in (
                {"assignee": people.officer2, "due_at": now - timedelta(days=1), "return_count": 1},
                {"assigned_department": people.chengguan, "due_at": now + timedelta(hours=2), "rework_count": 1},
                {"resolved_by": people.liaison, "urgency": Urgency.EMERGENCY},
            ):
                factories.force_status(factories.case(people.officer, tree.micro), status, **fields)
        somewhere = 0
        for name in vars(people):
            if name == "chengguan":
                continue
            client = browser(factories.fresh(getattr(people, name)))
            for todo, count in tiles(text(client.get("/"))).items():
                assert len(listed(text(client.get(f"/cases/?todo={todo}")))) == count, (name, todo)
                somewhere += count
        assert somewhere > 20

    def test_counts_what_waits_for_each(self, case: Case, tree: Tree, people: People):
        def counts(person) -> dict[str, int]:
            return {name: count for name, count in tiles(text(browser(person).get("/"))).items() if count}

        assert counts(people.liaison) == {"pending": 1}
        assert counts(people.area_liaison) == {}
        dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk)
        assert counts(people.officer2) == {"dispatched": 1}
        assert counts(people.liaison) == {}
        return_(case_id=case.pk, actor=people.officer2, reason="NOT_MINE", text="不是我的范围")
        assert counts(people.liaison) == {"pending": 1, "returned": 1}
        escalate(case_id=case.pk, actor=people.liaison, text="需协调", tried="已联系物业")
        assert counts(people.area_head) == {"pending": 1, "returned": 1}
        hand_down(case_id=case.pk, actor=people.area_head, grid_code=tree.micro.code, text="请先看现场")
        # A micro-unit has no desk of its own: its officer sees it, and so does the 居民区.
        assert counts(people.officer)["pending"] == counts(people.liaison)["pending"] == 1
        resolve(case_id=case.pk, actor=people.officer, text="已修复")
        assert counts(people.liaison) == counts(people.inspector) == {"resolved": 1}
        assert counts(people.officer) == {}

    def test_due_soon_and_overdue(self, case: Case, people: People):
        soon = timezone.now() + timedelta(hours=1)
        Case.objects.update(due_at=soon, warn_at=soon - timedelta(hours=8))
        assert tiles(text(browser(people.liaison).get("/")))[Todo.DUE_SOON] == 1
        Case.objects.update(due_at=timezone.now() - timedelta(hours=1))
        page = text(browser(people.liaison).get("/"))
        assert tiles(page)[Todo.OVERDUE] == 1
        assert "超期 1 小时" in page

    def test_a_stranger_counts_nothing(self, case: Case, people: People):
        for person in (people.stranger, people.far_stranger):
            page = text(browser(person).get("/"))
            assert set(tiles(page).values()) == {0}
            assert case.title not in page
            assert re.findall(r"<b>(\d+)</b><span>未办结", page) == ["0"]

    def test_the_figures_of_my_grid_are_the_length_of_their_lists(self, case: Case, people: People):
        client = browser(people.area_head)
        found = re.findall(r'href="(/cases/\?grid=[^"]+)"[^>]*><b>(\d+)</b>', text(client.get("/")))
        assert [int(count) for _, count in found] == [1, 0, 0]
        for address, count in found:
            assert len(listed(text(client.get(address)))) == int(count)

    def test_is_chinese(self, case: Case, people: People):
        assert stray_english(browser(people.liaison).get("/").content.decode()) == []

    def test_filing_is_offered_to_whoever_may_file(self, case: Case, people: People):
        for person, offered in ((people.officer, True), (people.viewer, False)):
            client = browser(person)
            for address in ("/", "/cases/", f"/grids/{case.grid.code}/"):
                assert ("/cases/new/" in text(client.get(address))) == offered, (person.username, address)

    def test_whoever_has_no_posting_sees_a_page(self, db: None):
        assert "目前没有负责的网格" in text(browser(factories.user("nobody")).get("/"))


class TestList:
    def test_scope(self, case: Case, people: People):
        assert listed(text(browser(people.liaison).get("/cases/"))) == {case.number}
        for address in ("/cases/", f"/cases/?q={case.number}", f"/cases/?number={case.number}", "/cases/?open=true"):
            assert listed(text(browser(people.stranger).get(address))) == set(), address
        foreign = text(browser(people.stranger).get("/cases/?grid=310109016011"))
        assert "没有这个网格，或不在您的网格范围内" in foreign

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("q=漏水", True),
            ("q=凉城路 漏水", True),
            ("q=电梯", False),
            ("status=PENDING", True),
            ("status=PENDING&status=CLOSED", True),
            ("status=CLOSED", False),
            ("open=true", True),
            ("open=false", False),
            ("light=green", True),
            ("light=red", False),
            ("level=NEIGHBORHOOD", True),
            ("level=AREA", False),
            ("grid=310109016603", True),
            ("grid_exact=310109016011001", True),
            ("grid_exact=310109016011", False),
            ("category=0201", True),
            ("major=02", True),
            ("major=03", False),
            ("urgency=NORMAL", True),
            ("nature=COMPLAINT", True),
            ("source=HOTLINE", False),
            ("assigned=me", False),
            ("mine=true", False),
            ("mine=false", True),
            ("returned=true", False),
            ("department=CHENGGUAN", False),
            ("reported_after=2020-01-01", True),
            ("reported_before=2020-01-01", False),
            ("updated_since=2020-01-01T00:00:00Z", True),
            ("external_system=hotline12345", False),
            ("external_id=A1", False),
        ],
    )
    def test_filters(self, case: Case, people: People, query: str, found: bool):
        page = text(browser(people.area_liaison).get(f"/cases/?{query}"))
        assert 'role="alert"' not in page
        assert listed(page) == ({case.number} if found else set())

    @pytest.mark.parametrize(
        "query",
        [
            "status=OPEN",
            "light=pink",
            "todo=everything",
            "level=MOON",
            "grid=000",
            "grid=%00",
            "grid_exact=x",
            "category=9999",
            "department=NASA",
            "urgency=x",
            "open=maybe",
            "mine=1",
            "assigned=you",
            "reported_after=gestern",
            "reported_after=0001-01-01",
            "reported_before=9999-12-31",
            "updated_since=x",
            "updated_since=0001-01-01T00:00:00Z",
            "q=" + "长" * 10_000,
            "q=%00",
            "number=" + "9" * 100,
        ],
    )
    def test_a_wrong_value_is_told_and_shows_nothing(self, case: Case, people: People, query: str):
        answer = browser(people.area_liaison).get(f"/cases/?{query}")
        page = text(answer)
        assert answer.status_code == 200
        assert 'role="alert"' in page
        assert listed(page) == set()
        told = re.findall(r'role="alert">([^<]*)<', page)
        assert all(re.search(r"[一-龥]", each) for each in told), told

    def test_chips_take_one_condition_away(self, case: Case, people: People):
        page = text(browser(people.liaison).get("/cases/?status=PENDING&status=CLOSED&q=漏水&grid=310109016011"))
        chips = dict(re.findall(r'<a class="chip" href="/cases/(\?[^"]*)">([^<]+)<svg', page))
        assert {name.split("：")[0] for name in chips.values()} == {"状态", "搜索", "网格"}
        without_closed = next(address for address, name in chips.items() if name == "状态：已结案")
        assert "status=PENDING" in without_closed
        assert "CLOSED" not in without_closed
        assert "grid=310109016011" in without_closed

    def test_paging_keeps_the_filters_and_loses_nobody(self, case: Case, people: People):
        many(case, 70)
        client = browser(people.liaison)
        seen: list[set[str]] = []
        address = "/cases/?q=漏水&open=true"
        while address:
            page = client.get(address).content.decode()
            seen.append(listed(page))
            older = re.search(r'href="(\?[^"]*)" rel="next"', page)
            address = "/cases/" + html.unescape(older[1]) if older else ""
            assert not address or ("open=true" in address and "q=" in address)
        assert [len(numbers) for numbers in seen] == [30, 30, 11]
        assert len(set().union(*seen)) == 71
        newer = re.search(r'href="(\?[^"]*)" rel="prev"', page)
        assert newer is not None
        assert listed(client.get("/cases/" + html.unescape(newer[1])).content.decode()) == seen[1]

    @pytest.mark.parametrize("query", ["before=x", "before=-1", "before=" + "9" * 40, "after=１２", "before=%00"])
    def test_a_wrong_page_is_the_first_page(self, case: Case, people: People, query: str):
        assert listed(text(browser(people.liaison).get(f"/cases/?{query}"))) == {case.number}

    def test_is_chinese(self, case: Case, people: People):
        assert stray_english(browser(people.liaison).get("/cases/").content.decode()) == []

    def test_confidential_cases_stay_with_the_chain(self, tree: Tree, people: People):
        factories.category("0201")
        secret = factories.case(people.liaison, tree.wenyuan1, confidential=True)
        assert secret.number in listed(text(browser(people.liaison).get("/cases/")))
        assert secret.number not in listed(text(browser(people.officer).get("/cases/")))


class TestCasePage:
    def address(self, case: Case) -> str:
        return reverse("cases:detail", args=[case.number])

    def test_shows_the_way_the_light_and_the_history(self, case: Case, people: People):
        dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk, text="请上门")
        accept(case_id=case.pk, actor=people.officer2)
        escalate(case_id=case.pk, actor=people.liaison, text="需房管所协调", tried="已联系物业两次")
        answer = browser(people.area_head).get(self.address(case))
        page = text(answer)
        for words in ("文苑一微1", "第三片区", "当前负责", "文苑一 → 第三片区", "请上门", "已联系物业两次", "还剩"):
            assert words in page, words
        assert stray_english(answer.content.decode()) == []

    def test_at_the_desk_dispatching_is_the_big_button(self, case: Case, people: People):
        page = text(browser(people.liaison).get(self.address(case)))
        assert page.index("btn-primary") < page.index(f"{self.address(case)}dispatch/") < page.index("resolve/")

    def test_masks_the_reporter(self, case: Case, people: People):
        page = text(browser(people.liaison).get(self.address(case)))
        assert "钱**" in page
        assert "130****0001" in page
        assert "钱测试" not in page
        assert "13000000001" not in page

    def test_a_stranger_does_not_find_it(self, case: Case, people: People):
        for person in (people.stranger, people.far_stranger, people.staff):
            assert browser(person).get(self.address(case)).status_code == 404

    def test_signed_out_one_comes_back_after_the_sign_in(self, case: Case, client):
        assert client.get(self.address(case)).headers["Location"].endswith(f"next={self.address(case)}")

    def test_a_made_up_number(self, case: Case, people: People):
        for number in ("LC1", "%00", "..", "<b>", "１２", "x" * 500):
            assert browser(people.liaison).get(f"/cases/{number}/").status_code == 404, number


class TestPhotos:
    def attach(self, case: Case, people: People) -> Attachment:
        row = Attachment(case=case, digest="d" * 64, width=40, height=30, uploaded_by=people.officer)
        row.file.save("x.jpg", ContentFile(b"\xff\xd8jpeg"))
        return row

    def test_are_served_to_whoever_sees_the_case(self, case: Case, people: People):
        photo = self.attach(case, people)
        answer = browser(people.liaison).get(reverse("cases:photo", args=[case.number, photo.pk]))
        assert b"".join(answer.streaming_content) == b"\xff\xd8jpeg"
        assert answer["Content-Type"] == "image/jpeg"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Cache-Control"].startswith("private")
        assert answer["Content-Disposition"].startswith("inline")

    def test_are_hidden_from_everybody_else(self, case: Case, people: People, client):
        photo = self.attach(case, people)
        address = reverse("cases:photo", args=[case.number, photo.pk])
        assert browser(people.stranger).get(address).status_code == 404
        assert client.get(address).status_code == 302

    def test_belong_to_their_case(self, case: Case, tree: Tree, people: People):
        photo = self.attach(case, people)
        other = factories.case(people.stranger, tree.liangsan)
        assert browser(people.stranger).get(reverse("cases:photo", args=[other.number, photo.pk])).status_code == 404

    def test_a_lost_file_is_404(self, case: Case, people: People):
        photo = self.attach(case, people)
        photo.file.delete(save=False)
        Attachment.objects.filter(pk=photo.pk).update(file="cases/gone.jpg")
        assert browser(people.liaison).get(reverse("cases:photo", args=[case.number, photo.pk])).status_code == 404


class TestNotices:
    def notify(self, case: Case, person) -> Notice:
        event = case.events.first()
        InboxChannel(event, person.pk).send(Delivery("k", case.number, f"{case.number} 上报"))
        return Notice.objects.get(recipient=person, event=event)

    def test_are_counted_listed_opened_and_marked(self, case: Case, people: People):
        notice = self.notify(case, people.liaison)
        client = browser(people.liaison)
        assert "条未读消息" in text(client.get("/"))
        assert notice.text in text(client.get("/notices/"))
        answer = client.post(reverse("cases:notice", args=[notice.pk]))
        assert answer.headers["Location"] == reverse("cases:detail", args=[case.number])
        assert "条未读消息" not in text(client.get("/"))
        assert "没有未读消息" in text(client.get("/notices/"))

    def test_looking_does_not_mark(self, case: Case, people: People):
        notice = self.notify(case, people.liaison)
        client = browser(people.liaison)
        assert client.get(reverse("cases:notice", args=[notice.pk])).status_code == 405
        assert client.get(reverse("cases:notices_read")).status_code == 405
        notice.refresh_from_db()
        assert notice.read_at is None

    def test_all_at_once_and_only_ones_own(self, case: Case, people: People):
        mine, other = self.notify(case, people.liaison), self.notify(case, people.head)
        client = browser(people.liaison)
        assert client.post(reverse("cases:notice", args=[other.pk])).status_code == 404
        client.post(reverse("cases:notices_read"))
        mine.refresh_from_db()
        other.refresh_from_db()
        assert (mine.read_at is None, other.read_at is None) == (False, True)

    def test_is_chinese(self, case: Case, people: People):
        self.notify(case, people.liaison)
        assert stray_english(browser(people.liaison).get("/notices/").content.decode()) == []


@pytest.mark.parametrize("count", [100, 10_000])
class TestBudgets:
    @pytest.mark.parametrize(
        ("address", "most"),
        [("/", 11), ("/cases/", 8), ("/cases/?open=true&grid=310109016011&category=0201&q=漏水", 8), ("/notices/", 5)],
    )
    def test_pages(self, case: Case, people: People, statements, count: int, address: str, most: int):
        many(case, count)
        for person in (people.liaison, people.dispatcher, people.staff):
            client = browser(person)
            if "grid=" in address and person is people.staff:
                continue
            with statements(most):
                assert client.get(address).status_code == 200


@pytest.mark.parametrize("count", [1, 250])
def test_the_case_page_at_any_length_of_history(case: Case, people: People, statements, count: int):
    event = case.events.get()
    rows = [
        CaseEvent(**{f.attname: getattr(event, f.attname) for f in event._meta.concrete_fields[1:]})
        for _ in range(count)
    ]
    CaseEvent.objects.bulk_create(rows)
    client = browser(people.liaison)
    with statements(12):
        assert client.get(reverse("cases:detail", args=[case.number])).status_code == 200
