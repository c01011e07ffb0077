"""What the new acts leave behind, as each door shows it: all reporters at once, the API's detail, the admin's lists."""

from datetime import date
from typing import Any

import pytest
from django.test import Client

from cases.choices import Act, Status
from cases.duplicates import likely_mains
from cases.models import (
    Case,
    CaseEvent,
    CaseLink,
    CaseReturn,
    ClockRule,
    Coordination,
    Instruction,
    Invitee,
    JointReport,
)
from cases.workflow import ACTS, contacts, extended_due_at
from liangcheng.accounts.models import User
from liangcheng.common import office_time
from tests import factories
from tests.api import get, is_problem, post
from tests.cases import walk
from tests.cases.web import browser
from tests.factories import Tree
from tests.people import People

CONTACTS = ("13000000001", "13000000002", "13000000003")


@pytest.fixture
def case(tree: Tree, people: People) -> Case:
    """With a case merged into it and somebody who met with the same."""
    factories.category("0201")
    main = factories.case(people.officer, tree.micro, reporter_name="钱测试", reporter_phone=CONTACTS[0])
    other = factories.case(people.officer, tree.micro, reporter_name="孙测试", reporter_phone=CONTACTS[1])
    ACTS[Act.MERGE](case_id=other.pk, actor=people.liaison, main_number=main.number)
    ACTS[Act.JOIN](case_id=main.pk, actor=people.liaison, reporter_name="李测试", reporter_phone=CONTACTS[2])
    return Case.objects.get(pk=main.pk)


class TestReporters:
    def test_are_all_who_must_be_answered(self, case: Case):
        other = case.merged_cases.get()
        assert [(found.source, found.name, found.phone) for found in contacts(case)] == [
            (case.number, "钱测试", CONTACTS[0]),
            (other.number, "孙测试", CONTACTS[1]),
            ("我也遇到", "李测试", CONTACTS[2]),
        ]

    def test_cost_nothing_where_one_reported(self, tree: Tree, people: People, statements: Any):
        alone = factories.case(people.officer, tree.micro, reporter_name="钱测试", reporter_phone=CONTACTS[0])
        with statements(0):
            assert len(contacts(alone)) == 1

    def test_confidential_reports_stay_out_of_an_open_case(self, case: Case):
        case.merged_cases.update(confidential=True)
        assert [found.phone for found in contacts(case)] == [CONTACTS[0], CONTACTS[2]]

    def test_on_the_page_once(self, case: Case, people: People):
        client = browser(people.liaison)
        sent = {"version": case.version, "key": "k", "text": "一并答复"}
        answer = client.post(f"/cases/{case.number}/reveal/", sent)
        page = answer.content.decode()
        assert all(phone in page for phone in CONTACTS)
        assert answer["Cache-Control"] == "no-store"
        assert not any(phone in client.get(f"/cases/{case.number}/").content.decode() for phone in CONTACTS)

    def test_in_the_api_once(self, case: Case, people: People):
        answer = post(people.liaison, f"cases/{case.number}/reveal/", {"text": "一并答复"})
        assert [row["phone"] for row in answer.json()["reporters"]] == list(CONTACTS)
        assert answer.json()["reporter"] == {"name": "钱测试", "phone": CONTACTS[0]}
        assert "no-store" in answer["Cache-Control"]
        assert not any(phone in get(people.liaison, f"cases/{case.number}/").content.decode() for phone in CONTACTS)
        assert is_problem(post(people.viewer, f"cases/{case.number}/reveal/", {"text": "看看"}), 403, "not_permitted")

    def test_in_the_admin_once(self, case: Case, people: People, client: Client):
        client.force_login(_staff(people.liaison))
        answer = client.post(f"/admin/cases/case/{case.pk}/act/reveal/", {"version": case.version, "text": "一并答复"})
        assert all(phone in answer.content.decode() for phone in CONTACTS)
        assert "no-store" in answer["Cache-Control"]
        assert not any(
            phone in client.get(f"/admin/cases/case/{case.pk}/change/").content.decode() for phone in CONTACTS
        )
        joint = JointReport.objects.get()
        page = client.get(f"/admin/cases/jointreport/{joint.pk}/change/").content.decode()
        assert "130****0003" in page
        assert "李测试" not in page


class TestDetail:
    def fill(self, case: Case, people: People, tree: Tree) -> None:
        member = factories.member(tree.micro, factories.organization(tree.wenyuan1), name="赵党员")
        do = lambda act, who, **given: ACTS[act](case_id=case.pk, actor=factories.fresh(who), **given)  # noqa: E731
        do(Act.SUPERVISE, people.street_head, text="限期办结。")
        do(Act.CO_HANDLE, people.liaison, co_department_ids=[people.chengguan.pk], text="请到场。")
        do(Act.CO_FINISH, people.staff, text="已到场。")
        given = walk.inputs(Act.CONVENE, tree, people) | {"member_ids": [member.pk], "residents": ["王测试"]}
        do(Act.CONVENE, people.liaison, **given)
        do(Act.LINK, people.liaison, number=walk.another(tree, people).number)
        for _ in range(2):
            do(Act.DISPATCH, people.area_head, assignee_id=people.officer2.pk)
            if not Case.objects.get(pk=case.pk).binding:
                do(Act.RETURN, people.officer2, reason="NOT_MINE", text="不是我的范围。")

    def test_says_what_the_acts_left(self, case: Case, people: People, tree: Tree, statements: Any):
        self.fill(case, people, tree)
        with statements(12):
            body = get(people.liaison, f"cases/{case.number}/").json()
        assert (body["supervised"], body["heat"], body["merged_count"]) == (True, 3, 1)
        assert [(row["kind"], row["given_by_name"]) for row in body["instructions"]] == [
            ("SUPERVISION", people.street_head.full_name)
        ]
        assert [(row["name"], row["role"], row["result"]) for row in body["co_handling"]] == [
            ("城管中队", "HELPER", "已到场。")
        ]
        assert [row["who"] for row in body["returns"]] == [people.officer2.full_name] * body["return_count"]
        [meeting] = body["coordinations"]
        assert [row["id"] for row in meeting["invitees"]] == list(Invitee.objects.values_list("pk", flat=True))
        assert {(row["kind"], row["name"]) for row in meeting["invitees"]} == {("MEMBER", ""), ("RESIDENT", "王**")}
        assert [row["kind"] for row in body["links"]] == ["RELATED"]
        assert "赵党员" not in get(people.liaison, f"cases/{case.number}/").content.decode()

    def test_a_link_to_what_one_may_not_see_is_not_told(self, case: Case, people: People, tree: Tree):
        secret = factories.case(people.liaison, tree.wenyuan1, confidential=True)
        CaseLink.objects.create(case=case, other=secret, kind="RELATED", created_by=people.liaison)
        assert len(get(people.liaison, f"cases/{case.number}/").json()["links"]) == 1
        assert get(people.officer, f"cases/{case.number}/").json()["links"] == []

    def test_events_tell_no_ids_of_people_and_no_private_names(self, case: Case, people: People, tree: Tree):
        self.fill(case, people, tree)
        ACTS[Act.ANSWER](case_id=case.pk, actor=factories.fresh(people.liaison), text="已办。")
        answer = get(people.liaison, f"cases/{case.number}/events/")
        kept = {key for data in CaseEvent.objects.filter(case=case).values_list("data", flat=True) for key in data}
        told = {key for row in answer.json()["results"] for key in row["data"]}
        assert kept - told == {"user_id", "given_by"}
        assert "王测试" not in answer.content.decode()
        assert "赵党员" not in answer.content.decode()


class TestForms:
    def test_granting_says_what_the_deadline_would_be(self, tree: Tree, people: People):
        case = walk.stage(tree, people, Status.HANDLING)
        then = extended_due_at(case, 5)
        assert then is not None
        assert then > case.due_at
        page = browser(people.head).get(f"/cases/{case.number}/grant-extension/").content.decode()
        assert f"{then.astimezone():%H:%M}" in page
        assert "延长 5 个工作日到" in page
        ACTS[Act.GRANT_EXTENSION](case_id=case.pk, actor=people.head)
        assert Case.objects.get(pk=case.pk).due_at == then

    def test_merging_offers_what_is_likely_the_same(self, tree: Tree, people: People):
        case = walk.stage(tree, people, Status.PENDING)
        other = walk.another(tree, people)
        elsewhere = factories.case(people.officer2, tree.micro2)
        assert likely_mains(case, people.liaison) == [other]
        client = browser(people.liaison)
        page = client.get(f"/cases/{case.number}/merge/").content.decode()
        assert other.number in page
        assert elsewhere.number not in page
        missing = client.post(f"/cases/{case.number}/merge/", {"version": case.version, "text": "同一件事"})
        assert "请填写主案件编号" in missing.content.decode()
        assert "同一件事" in missing.content.decode()
        client.post(f"/cases/{case.number}/merge/", {"version": case.version, "likely": other.number})
        assert Case.objects.get(pk=case.pk).merged_into == other


def _staff(person: User) -> User:
    User.objects.filter(pk=person.pk).update(is_staff=True)
    return factories.fresh(person)


class TestAdmin:
    def test_lists_keep_to_the_scope(self, tree: Tree, people: People, client: Client):
        case = walk.stage(tree, people, Status.HANDLING)
        CaseReturn.objects.create(
            community_id=case.community_id, case=case, person=people.officer2, actor=people.officer2, reason="NOT_MINE"
        )
        CaseLink.objects.create(case=case, other=walk.another(tree, people), kind="RELATED", created_by=people.officer)
        JointReport.objects.create(case=case, joined_by=people.officer)
        assert Instruction.objects.count() == Coordination.objects.count() == 1
        for who, found in ((people.liaison, 1), (people.stranger, 0)):
            client.force_login(_staff(who))
            for model in ("instruction", "coordination", "casereturn", "jointreport", "caselink"):
                assert client.get(f"/admin/cases/{model}/").context["cl"].result_count == found, model
                assert client.get(f"/admin/cases/{model}/add/").status_code == 403

    def test_rules_of_the_clock_are_the_streets_and_say_what_they_moved(
        self, tree: Tree, people: People, client: Client, django_capture_on_commit_callbacks: Any, monkeypatch: Any
    ):
        told: list[int] = []

        def follower() -> str:
            told.append(ClockRule.objects.count())
            return "已重新计算 3 件案件的期限。"

        monkeypatch.setattr(office_time, "_followers", [follower])
        rule = {"warn_percent": 90, "warn_last_day": "", "returns": 2, "level": "", "urgency": ""}
        client.force_login(_staff(people.liaison))
        assert client.post("/admin/cases/clockrule/add/", rule).status_code == 403
        client.force_login(_staff(people.dispatcher))
        with django_capture_on_commit_callbacks(execute=True):
            assert client.post("/admin/cases/clockrule/add/", rule).status_code == 302
        made = ClockRule.objects.get()
        assert (made.warn_percent, told) == (90, [1])
        with django_capture_on_commit_callbacks(execute=True):
            client.post(f"/admin/cases/clockrule/{made.pk}/delete/", {"post": "yes"})
        assert told == [1, 0]


def test_a_date_typed_wrong_keeps_the_text(tree: Tree, people: People):
    case = walk.stage(tree, people, Status.HANDLING)
    sent = {"version": case.version, "text": "等资金到位", "review_on": date(2020, 1, 1).isoformat()}
    page = browser(people.area_head).post(f"/cases/{case.number}/suspend/", sent).content.decode()
    assert "复核日期应在明天以后" in page
    assert "等资金到位" in page
    assert "2020-01-01" in page
