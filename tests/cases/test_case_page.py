"""The case page: what stands on top, what is told of the case's company, and that it costs the same at any length."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from cases import workflow
from cases.choices import Status
from cases.models import Case, CaseEvent, CaseReturn, CoHandler
from liangcheng.common import clock
from liangcheng.common.clock import now
from tests import factories
from tests.cases.test_web_pages import text
from tests.cases.web import browser, stray_english
from tests.factories import Tree
from tests.people import People


@pytest.fixture
def case(tree: Tree, people: People) -> Case:
    factories.category("0201", name="房屋渗漏水")
    return factories.case(
        people.officer, tree.micro, description="七号楼水管漏水", reporter_name="钱测试", reporter_phone="13000000001"
    )


def address(case: Case) -> str:
    return reverse("cases:detail", args=[case.number])


def page(person: Any, case: Case) -> str:
    return text(browser(factories.fresh(person)).get(address(case)))


def top(shown: str) -> str:
    """What stands above the two columns."""
    return shown[shown.index("case-head") : shown.index('<div class="columns">')]


class TestOnTop:
    def test_an_open_instruction_with_its_limit_and_the_button(self, case: Case, people: People):
        workflow.instruct(case_id=case.pk, actor=people.street_head, text="请说明资金来源。", days=3)
        shown = top(page(people.liaison, case))
        for words in ("批示", people.street_head.full_name, "请说明资金来源。", "前答复", "答复批示"):
            assert words in shown, words
        assert f"{address(case)}answer/" in shown
        assert "答复批示" not in top(page(people.viewer, case))
        assert f"{address(case)}answer/" not in page(people.viewer, case)

    def test_late_is_said_in_words(self, case: Case, people: People):
        workflow.supervise(case_id=case.pk, actor=people.street_head, text="请抓紧。", days=1)
        case.instructions.update(due_at=now() - timedelta(hours=1))
        assert "答复已超期" in top(page(people.liaison, case))

    def test_answered_it_goes_below(self, case: Case, people: People):
        workflow.supervise(case_id=case.pk, actor=people.street_head, text="请抓紧办理。")
        workflow.answer(case_id=case.pk, actor=people.liaison, text="已排期。")
        shown = page(people.liaison, case)
        assert "请抓紧办理。" not in top(shown)
        assert "督办及答复" in shown
        assert "督办" in top(shown), "the mark stays"

    def test_a_pending_extension(self, case: Case, people: People):
        workflow.dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk)
        workflow.extend(case_id=case.pk, actor=people.officer2, days=5, text="等材料")
        shown = top(page(people.head, case))
        for words in ("延期待审批", f"{people.officer2.full_name}申请", "5 个工作日", "同意延期", "不同意延期"):
            assert words in shown, words
        assert "同意延期" not in top(page(people.officer2, case))
        assert "等待网格长审批延期 5 个工作日" in page(people.officer2, case)

    def test_suspended(self, case: Case, people: People):
        review = (now() + timedelta(days=30)).date()
        workflow.suspend(case_id=case.pk, actor=people.area_head, text="等资金", review_on=review)
        shown = top(page(people.liaison, case))
        assert "挂账中" in shown
        assert f"{review:%Y-%m-%d} 复核" in shown
        Case.objects.update(review_on=now().date() - timedelta(days=3))
        assert "复核日期已到" in top(page(people.liaison, case))

    def test_transferred(self, case: Case, tree: Tree, people: People):
        Case.objects.update(handling_grid=tree.street, handling_level="COMMUNITY")
        workflow.transfer(case_id=case.pk, actor=people.dispatcher, body="区城管局", number="A-7", text="属区级")
        shown = top(page(people.liaison, case))
        assert "已移送</b>区城管局" in shown
        assert "A-7" in shown

    def test_bounced(self, case: Case, people: People):
        for _ in range(2):
            workflow.dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk)
            workflow.return_(case_id=case.pk, actor=people.officer2, reason="NOT_MINE", text="不归我管")
        shown = page(people.liaison, case)
        assert "已退单 2 次" in top(shown)
        assert "须由上级签派" in top(shown)
        assert "等待第三片区签派" in shown
        assert "2 次（不属于本岗位或本部门职责）" in shown


class TestCompany:
    def merged(self, case: Case, tree: Tree, people: People) -> Case:
        other = factories.case(people.officer, tree.micro, description="另一件事。", title="另一件")
        return workflow.merge(case_id=other.pk, actor=people.liaison, main_number=case.number)

    def test_a_merged_case_leads_to_its_main_case_and_back(self, case: Case, tree: Tree, people: People):
        other = self.merged(case, tree, people)
        assert f'href="{address(case)}"' in top(page(people.liaison, other))
        assert f'href="{address(other)}"' in page(people.liaison, case)
        assert "2 人次反映" in top(page(people.liaison, case))

    def test_who_may_not_see_the_other_one_reads_only_that_there_is_one(self, case: Case, tree: Tree, people: People):
        other = self.merged(case, tree, people)
        workflow.link(case_id=other.pk, actor=people.liaison, number=case.number)
        Case.objects.filter(pk=case.pk).update(confidential=True, title="不给别人看")
        shown = page(people.viewer, other)
        assert "另一件案件" in shown
        assert case.number not in shown
        assert "不给别人看" not in shown
        # Also where it is in the history alone.
        workflow.unmerge(case_id=other.pk, actor=people.liaison, text="不是一件事")
        assert case.number not in page(people.viewer, other)
        assert case.number in page(people.liaison, other)

    def test_follow_ups_from_both_sides(self, case: Case, tree: Tree, people: People):
        later = factories.case(people.officer, tree.micro, description="又漏了")
        workflow.link(case_id=later.pk, actor=people.liaison, number=case.number, kind="FOLLOW_UP")
        assert ">后续</span>" in page(people.liaison, case)
        assert ">前案</span>" in page(people.liaison, later)


class TestPeople:
    def test_helpers_and_those_invited(self, case: Case, tree: Tree, people: People):
        organization = factories.organization(tree.wenyuan1)
        member = factories.member(tree.wenyuan1, organization, name="测试党员甲")
        CoHandler.objects.create(case=case, department=people.chengguan)
        workflow.convene(
            case_id=case.pk,
            actor=people.liaison,
            text="商量怎么修",
            place="居民区会议室",
            meets_at=now() + timedelta(days=1),
            member_ids=[member.pk],
            residents=["王测试"],
        )
        shown = page(people.head, case)
        for words in ("测****", "党员", "王测试", "居民代表", "居民区会议室", "待登记结果", "等待城管中队完成协办"):
            assert words in shown, words
        workflow.co_finish(case_id=case.pk, actor=people.staff, text="已清理现场")
        shown = page(people.head, case)
        assert "已完成：已清理现场" in shown
        assert "完成协办</li>" not in shown

    def test_members_are_masked_on_the_page_and_not_told_elsewhere(self, case: Case, tree: Tree, people: People):
        from tests.api import get

        member = factories.member(tree.wenyuan1, factories.organization(tree.wenyuan1), name="测试党员甲")
        workflow.convene(
            case_id=case.pk,
            actor=people.liaison,
            text="商量",
            place="会议室",
            meets_at=now() + timedelta(days=1),
            member_ids=[member.pk],
        )
        for reader in (people.head, people.viewer, people.officer):
            assert "测****" in page(reader, case)
            assert "测试党员甲" not in page(reader, case)
        for path in (f"cases/{case.number}/", f"cases/{case.number}/events/"):
            told = get(people.head, path).content.decode()
            assert "测试党员甲" not in told, path
            assert "测****" not in told, path


def everything(case: Case, tree: Tree, people: People) -> None:
    """A case with all that the page can read."""
    other = factories.case(people.officer, tree.micro, description="另一件事。")
    workflow.merge(case_id=other.pk, actor=people.liaison, main_number=case.number)
    third = factories.case(people.officer, tree.micro, description="第三件事。")
    workflow.link(case_id=third.pk, actor=people.liaison, number=case.number)
    workflow.dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk)
    workflow.return_(case_id=case.pk, actor=people.officer2, reason="NOT_MINE", text="不归我管")
    workflow.co_handle(case_id=case.pk, actor=people.liaison, co_department_ids=[people.chengguan.pk], text="请协助")
    workflow.instruct(case_id=case.pk, actor=people.street_head, text="请说明。")
    workflow.supervise(case_id=case.pk, actor=people.street_head, text="请抓紧。")
    workflow.answer(case_id=case.pk, actor=people.liaison, text="已排期。")
    for _ in range(2):
        workflow.convene(
            case_id=case.pk,
            actor=people.liaison,
            text="商量",
            place="会议室",
            meets_at=now() + timedelta(days=1),
            department_ids=[people.chengguan.pk],
            residents=["王测试"],
        )
    workflow.join(case_id=case.pk, actor=people.head)
    workflow.urge(case_id=case.pk, actor=people.officer, text="请快些")
    workflow.contact(case_id=case.pk, actor=people.liaison, text="已电话联系")


def repeat(case: Case, count: int) -> None:
    event = case.events.filter(act="urge").get()
    fields = {f.attname: getattr(event, f.attname) for f in event._meta.concrete_fields[1:]}
    CaseEvent.objects.bulk_create(CaseEvent(**fields) for _ in range(count))


class TestCost:
    @pytest.mark.parametrize("count", [0, 250, 400])
    def test_a_case_with_everything(self, case: Case, tree: Tree, people: People, statements, count: int):
        everything(case, tree, people)
        repeat(case, count)
        CaseReturn.objects.bulk_create(
            CaseReturn(
                community_id=case.community_id,
                case=case,
                person=people.officer2,
                actor=people.officer2,
                reason="NOT_MINE",
            )
            for _ in range(count)
        )
        # A department's people ask for their part in every act; that is answered by what was read.
        for person in (people.liaison, people.staff, people.street_head):
            client = browser(person)
            with statements(12):
                assert client.get(address(case)).status_code == 200

    def test_a_plain_case_reads_nothing_that_is_not_there(self, case: Case, people: People, statements):
        client = browser(people.liaison)
        with statements(9):
            client.get(address(case))

    def test_of_a_very_long_history_the_beginning_is_kept(self, case: Case, tree: Tree, people: People):
        everything(case, tree, people)
        repeat(case, 400)
        shown = page(people.liaison, case)
        assert "更早的补充说明" in shown
        assert "上报，由文苑一办理" in shown
        assert "5 个工作日" in shown


def test_is_chinese_for_everybody(case: Case, tree: Tree, people: People):
    everything(case, tree, people)
    for name in ("liaison", "head", "officer", "staff", "street_head", "viewer"):
        answer = browser(getattr(people, name)).get(address(case))
        assert stray_english(answer.content.decode()) == [], name


@pytest.mark.parametrize("status", list(Status))
def test_shows_every_state(case: Case, tree: Tree, people: People, status: Status):
    """Also rows that older versions left behind: a state without what the acts write beside it."""
    factories.force_status(case, status)
    assert browser(people.liaison).get(address(case)).status_code == 200


def test_tells_what_comes_next(case: Case, people: People):
    shown = page(people.liaison, case)
    for words in ("接下来", "等待文苑一派遣", "亮黄灯，提醒文苑一", "自动上报片区（第三片区）", "等待先行联系反映人"):
        assert words in shown, words


def test_tells_the_times_of_every_level(tree: Tree, people: People):
    factories.category("0201")
    from tests.cases.test_timeline import at

    with clock.at(at("23 10:00")):
        case = factories.case(people.officer, tree.micro)
    with clock.at(at("24 10:00")):
        workflow.escalate(case_id=case.pk, actor=people.liaison, text="需协调", tried="已联系")
    with clock.at(at("24 11:00")):
        shown = page(people.liaison, case)
    assert "停留 1 个工作日，到 11-24 10:00" in shown
    assert "至今 1 小时" in shown
