"""Which cases a report may repeat, and the filing page that proposes them."""

import html
from datetime import timedelta

import pytest
from django.test import Client

from cases.duplicates import MOST_SHOWN, alike
from cases.models import Case, CaseLink, JointReport
from cases.workflow import merge
from grids.choices import Role
from liangcheng.common.clock import now
from members.addresses import Address
from tests import factories
from tests.cases.web import browser, filing, many, picture, stray_english
from tests.factories import Tree
from tests.people import People

NEW, SIMILAR = "/cases/new/", "/cases/new/similar/"
LEAK, ALIKE_LEAK, NOISE = "七号楼水管漏水，墙面发霉。", "7号楼水管漏水，墙上发霉", "夜间施工噪音扰民"


@pytest.fixture(autouse=True)
def categories(people: People) -> None:
    factories.category("0201", name="房屋渗漏水")
    factories.category("0401", name="机动车乱停放")


def found(person, tree: Tree, **more) -> list[Case]:
    fields = {"grid_code": tree.micro.code, "text": ALIKE_LEAK} | more
    return alike(factories.fresh(person), **fields)


class TestAlike:
    def test_by_words_or_by_category_at_the_same_place(self, tree: Tree, people: People):
        leak = factories.case(people.officer, tree.micro, description=LEAK)
        assert found(people.officer, tree) == [leak]
        assert found(people.officer, tree, text="", category_code="0201") == [leak]
        assert found(people.officer, tree, text=NOISE, category_code="0201") == [leak]
        assert found(people.officer, tree, text=NOISE, category_code="0401") == []
        assert found(people.officer, tree, text=" ") == []
        assert found(people.liaison, tree, grid_code=tree.micro2.code) == []
        assert found(people.liaison, tree, grid_code="") == []
        assert found(people.liaison, tree, grid_code="", grid_id=tree.micro.pk) == [leak]

    def test_above_the_micro_unit_only_what_was_filed_there(self, tree: Tree, people: People):
        factories.case(people.officer, tree.micro, description=LEAK)
        here = factories.case(people.liaison, tree.wenyuan1, description=LEAK)
        assert found(people.liaison, tree, grid_code=tree.wenyuan1.code) == [here]

    def test_the_same_building_in_any_grid(self, tree: Tree, people: People):
        block = factories.building(tree.micro, factories.unit(tree.micro))
        leak = factories.case(people.officer, tree.micro, description=LEAK, building_id=block.pk)
        assert found(people.liaison, tree, grid_code=tree.micro2.code, building_id=block.pk) == [leak]

    def test_open_and_lately_reported(self, tree: Tree, people: People):
        old = factories.case(people.officer, tree.micro, description=LEAK)
        Case.objects.filter(pk=old.pk).update(reported_at=now() - timedelta(days=31))
        factories.force_status(factories.case(people.officer, tree.micro, description=LEAK), "CLOSED")
        assert found(people.officer, tree) == []
        Case.objects.filter(pk=old.pk).update(reported_at=now() - timedelta(days=29))
        assert found(people.officer, tree) == [old]

    def test_the_likeliest_first_and_at_most_five(self, tree: Tree, people: People):
        other = factories.case(people.officer, tree.micro, description=NOISE)
        equal = factories.case(people.officer, tree.micro, description=ALIKE_LEAK)
        near = factories.case(people.officer, tree.micro, description=LEAK)
        house = factories.case(people.officer, tree.micro, description=NOISE, address="凉城路123弄7号 门厅")
        address = Address("凉城路", "123", "7")
        assert found(people.officer, tree, category_code="0201", address=address) == [equal, near, house, other]
        many(near, 10)
        assert len(found(people.officer, tree)) == MOST_SHOWN

    def test_what_was_merged_leads_to_its_main_case(self, tree: Tree, people: People):
        main = factories.case(people.officer2, tree.micro2, description=NOISE)
        leak = factories.case(people.officer, tree.micro, description=LEAK)
        merge(case_id=leak.pk, actor=people.liaison, main_number=main.number)
        assert found(people.liaison, tree) == [main]
        assert found(people.officer2, tree) == [], "who may not see the merged one is not led by it"
        factories.force_status(main, "CLOSED")
        assert found(people.liaison, tree) == []

    def test_only_what_the_user_may_see(self, tree: Tree, people: People):
        secret = factories.case(people.officer, tree.micro, description=LEAK, confidential=True)
        assert found(people.officer, tree) == [secret], "who reported it sees it"
        colleague = factories.posted("colleague", tree.micro)
        assert found(colleague, tree) == []
        assert found(people.stranger, tree) == []
        assert found(factories.posted("other_street", Tree("310109017").street, Role.DISPATCHER), tree) == []

    @pytest.mark.parametrize("count", [20, 2000])
    def test_two_statements_at_any_size(self, tree: Tree, people: People, statements, count: int):
        leak = factories.case(people.officer, tree.micro, description=LEAK)
        many(leak, count)
        officer = factories.fresh(people.officer)
        assert alike(officer, grid_code="") == []
        from grids.scoping import scope_of

        scope_of(officer)
        with statements(2):
            assert len(alike(officer, grid_code=tree.micro.code, text=LEAK, category_code="0201")) == MOST_SHOWN

    @pytest.mark.parametrize("text", ["😀", "长" * 20_000, "<script>"])
    def test_survives_anything(self, tree: Tree, people: People, text: str):
        factories.case(people.officer, tree.micro, description=LEAK)
        assert found(people.officer, tree, text=text) == []


def page_of(answer) -> str:
    return html.unescape(answer.content.decode())


class TestFragment:
    def ask(self, person, tree: Tree, **more: str) -> str:
        data = {"category_code": "0201", "description": ALIKE_LEAK, "grid_code": tree.micro.code} | more
        return page_of(browser(person).post(SIMILAR, data))

    def test_tells_number_title_status_and_offers_to_join(self, tree: Tree, people: People):
        assert self.ask(people.officer, tree).strip() == ""
        leak = factories.case(people.officer, tree.micro, description=LEAK)
        page = self.ask(people.officer, tree)
        assert "最近 30 天这里有 1 件相似的案件" in page
        for told in (leak.number, leak.title, "待派遣", "我也遇到", "仍要另立案件"):
            assert told in page
        assert f'name="shown" value="{leak.number}"' in page
        assert stray_english(page) == []

    def test_by_the_address_alone(self, tree: Tree, people: People):
        factories.building(tree.micro, factories.unit(tree.micro), road="凉城路", lane="123", number="7")
        leak = factories.case(people.officer, tree.micro, description=LEAK)
        page = self.ask(people.dispatcher, tree, grid_code="", road="凉城路", lane="123弄", number="7号")
        assert leak.number in page

    def test_is_never_asked_by_address(self, tree: Tree, people: People):
        assert browser(people.officer).get(SIMILAR, {"description": LEAK}).status_code == 405
        assert Client().post(SIMILAR, {}).headers["Location"].startswith("/accounts/login/")

    def test_proposes_nothing_for_what_is_confidential_or_settled(self, tree: Tree, people: People):
        factories.case(people.officer, tree.micro, description=LEAK)
        assert self.ask(people.officer, tree, confidential="on").strip() == ""
        assert self.ask(people.officer, tree, resolved_on_spot="on").strip() == ""
        assert self.ask(people.viewer, tree).strip() == ""
        assert self.ask(people.stranger, tree).strip() == ""

    @pytest.mark.parametrize("text", ["", "\x00", "<script>", "路" * 10_000, "😀"])
    def test_survives_anything(self, tree: Tree, people: People, text: str):
        assert "<script>" not in self.ask(people.officer, tree, **dict.fromkeys(("category_code", "grid_code"), text))
        assert "<script>" not in self.ask(people.officer, tree, description=text, road=text, lane="1")

    @pytest.mark.parametrize("count", [1, 500])
    def test_is_few_statements(self, tree: Tree, people: People, statements, count: int):
        many(factories.case(people.officer, tree.micro, description=LEAK), count)
        client = browser(people.officer)
        data = {"category_code": "0201", "description": LEAK, "grid_code": tree.micro.code, "road": "凉城路123弄7号"}
        with statements(6):
            client.post(SIMILAR, data)


class TestFilingBesideSimilarOnes:
    def test_without_javascript_they_come_first_once(self, tree: Tree, people: People):
        leak = factories.case(people.liaison, tree.micro, description=LEAK)
        client = browser(people.officer)
        sent = filing(
            tree, description=ALIKE_LEAK, reporter_name="钱测试", reporter_phone="13000000001", place="厨房", key="k"
        )
        answer = client.post(NEW, sent | {"photos": [picture()]})
        page = page_of(answer)
        assert (answer.status_code, Case.objects.count()) == (200, 1)
        for told in (
            "还没有上报",
            leak.number,
            "仍要另立案件",
            "1 张照片需要重新选择",
            ALIKE_LEAK,
            "钱测试",
            "13000000001",
            "厨房",
        ):
            assert told in page
        assert page.index("similar-head") < page.index('id="id_description"')
        answer = client.post(NEW, sent | {"shown": leak.number})
        assert (answer.status_code, Case.objects.count()) == (302, 2)

    def test_the_second_tap_is_led_to_what_the_first_filed(self, tree: Tree, people: People):
        client = browser(people.officer)
        first = client.post(NEW, filing(tree, key="abc"))
        assert client.post(NEW, filing(tree, key="abc")).headers["Location"] == first.headers["Location"]
        assert Case.objects.count() == 1

    def test_new_ones_are_shown_again(self, tree: Tree, people: People):
        leak = factories.case(people.officer, tree.micro, description=LEAK)
        factories.case(people.officer, tree.micro, description=LEAK)
        browser(people.officer).post(NEW, filing(tree, description=LEAK, shown=leak.number))
        assert Case.objects.count() == 2

    def test_a_service_account_is_never_stopped(self, tree: Tree, people: People):
        factories.case(people.officer, tree.micro, description=LEAK)
        hotline = factories.service("hotline12345", tree.street)
        factories.case(hotline, tree.micro, description=LEAK, external_id="H1")
        assert Case.objects.count() == 2


class TestJoining:
    def join(self, person, tree: Tree, number: str, **more):
        return browser(person).post(NEW, filing(tree, description=ALIKE_LEAK, join=number) | more)

    def test_counts_and_takes_everything_along(self, tree: Tree, people: People):
        leak = factories.case(people.liaison, tree.micro, description=LEAK)
        contact = {"reporter_name": "钱测试", "reporter_phone": "13000000001", "wants_reply": "on"}
        answer = self.join(people.officer, tree, leak.number, photos=[picture()], road="凉城路123弄7号", **contact)
        # No personal data in an address; and the draft of the filing page is cleared there.
        assert answer.headers["Location"] == f"/cases/{leak.number}/?done=new"
        case, report = Case.objects.get(), JointReport.objects.get()
        assert (case.heat, report.joined_by, case.attachments.count()) == (2, people.officer, 1)
        assert report.text == f"{ALIKE_LEAK}\n地点：凉城路123弄7号"
        assert (report.reporter_name, report.reporter_phone, report.wants_reply) == ("钱测试", "13000000001", True)

    def test_needs_nothing_else(self, tree: Tree, people: People):
        leak = factories.case(people.liaison, tree.micro, description=LEAK)
        assert browser(people.officer).post(NEW, {"join": leak.number}).status_code == 302
        assert Case.objects.get().heat == 2

    def test_the_same_tap_twice_counts_once(self, tree: Tree, people: People):
        leak = factories.case(people.liaison, tree.micro, description=LEAK)
        for _ in range(2):
            assert self.join(people.officer, tree, leak.number, key="k").status_code == 302
        assert Case.objects.get().heat == 2

    def test_an_anonymous_reporter_leaves_no_name(self, tree: Tree, people: People):
        leak = factories.case(people.liaison, tree.micro, description=LEAK)
        self.join(people.officer, tree, leak.number, reporter_name="钱测试", reporter_anonymous="on")
        assert JointReport.objects.get().reporter_name == ""

    @pytest.mark.parametrize(
        ("wrong", "told"),
        [
            ({"reporter_phone": "12"}, "请填 11 位手机号"),
            ({"join": "LC209901010001"}, "没有找到这个案件"),
            ({"join": "\x00"}, "没有找到这个案件"),
            ({"description": "长" * 2001}, "最多 2000 个字"),
        ],
    )
    def test_a_refusal_keeps_what_was_typed(self, tree: Tree, people: People, wrong: dict, told: str):
        leak = factories.case(people.liaison, tree.micro, description=LEAK)
        answer = self.join(people.officer, tree, **{"number": leak.number, "place": "厨房"} | wrong_of(wrong))
        page = page_of(answer)
        assert answer.status_code == 200
        assert told in page
        assert "厨房" in page
        assert Case.objects.get().heat == 1

    def test_a_stranger_finds_no_case_to_join(self, tree: Tree, people: People):
        leak = factories.case(people.liaison, tree.micro, description=LEAK)
        assert "没有找到这个案件" in page_of(self.join(people.stranger, tree, leak.number))
        assert Case.objects.get().heat == 1

    def test_one_that_was_closed_meanwhile_says_so(self, tree: Tree, people: People):
        leak = factories.force_status(factories.case(people.liaison, tree.micro, description=LEAK), "CLOSED")
        assert "已结案" in page_of(self.join(people.officer, tree, leak.number))


def wrong_of(wrong: dict) -> dict:
    return {"number" if name == "join" else name: value for name, value in wrong.items()}


class TestFollowUp:
    def test_is_linked_in_the_same_request(self, tree: Tree, people: People):
        earlier = factories.force_status(factories.case(people.liaison, tree.micro), "CLOSED")
        client = browser(people.officer)
        page = page_of(client.get(f"{NEW}?follows={earlier.number}"))
        assert f'name="follows" value="{earlier.number}"' in page
        assert "后续案件上报" in page
        client.post(NEW, filing(tree, follows=earlier.number))
        link = CaseLink.objects.get()
        assert (link.case, link.other, link.kind) == (earlier, Case.objects.latest("pk"), "FOLLOW_UP")

    def test_one_out_of_sight_is_ignored_with_a_notice(self, tree: Tree, people: People):
        earlier = factories.force_status(factories.case(people.liaison, tree.micro), "CLOSED")
        client = browser(people.stranger)
        page = page_of(client.get(f"{NEW}?follows={earlier.number}"))
        assert "没有找到要跟进的案件" in page
        assert earlier.title not in page
        client.post(NEW, filing(tree, grid_code=tree.liangsan.code, follows=earlier.number))
        assert (Case.objects.count(), CaseLink.objects.count()) == (2, 0)

    def test_a_case_that_has_ended_offers_it(self, tree: Tree, people: People):
        case = factories.force_status(factories.case(people.liaison, tree.micro), "CLOSED")
        page = page_of(browser(people.liaison).get(f"/cases/{case.number}/link/"))
        assert f'href="/cases/new/?follows={case.number}"' in page
        case = factories.case(people.officer, tree.micro)
        assert "登记后续案件" not in page_of(browser(people.officer).get(f"/cases/{case.number}/link/"))


def test_a_border_case_says_who_answers(tree: Tree, people: People):
    client = browser(people.liaison)
    client.post(NEW, filing(tree, second_grid_code=tree.liangsan.code))
    page = page_of(client.get("/cases/"))
    assert "涉及“文苑一微1”和“凉三”，由两边共同的上级“第三片区”办理" in page


def test_micro_units_next_door_are_offered(tree: Tree, people: People):
    page = browser(people.officer).get(NEW).content.decode()
    offered = page[page.index('name="second_grid_code"') : page.index('name="confidential"')]
    for grid, there in ((tree.micro2, True), (tree.liangsan, True), (tree.academy, True), (tree.area, False)):
        assert (f'"{grid.code}"' in offered) is there, grid
