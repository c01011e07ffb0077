"""The acts through their pages: the same table, the same refusals, nothing typed is lost."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from cases.choices import Act, Status
from cases.forms import ACT_FORMS
from cases.models import Case, CaseEvent
from cases.transitions import OFFERED, edges_from
from cases.workflow import available_actions, note, refusal
from liangcheng.accounts.models import User
from tests import factories
from tests.cases import walk
from tests.cases.web import act_form, browser, fake_picture, picture, stray_english
from tests.factories import Tree
from tests.people import People

LONG = "楼道里漏水" * 2000


def address(case: Case, act: Act) -> str:
    return reverse("cases:act", args=[case.number, act.value])


def test_every_act_has_its_form():
    assert set(ACT_FORMS) == set(OFFERED) == set(walk.OFFERED)


@pytest.mark.parametrize("status", list(Status))
def test_pages_agree_with_the_table(tree: Tree, people: People, status: Status):
    """Every act in every state, by one who may and by those who may not; each rolled back after."""
    case = walk.stage(tree, people, status)
    walk.another(tree, people)
    doors = {name: Door(getattr(people, name)) for name in walk.EVERYBODY}
    for act in walk.OFFERED:
        with transaction.atomic():
            _walk(case, act, doors, lambda act=act: act_form(act, case, tree, people))
            transaction.set_rollback(True)
    for act in (*walk.CLOCK, Act.ABSORB, Act.DISCOVER):
        assert doors["street_head"].client.get(address(case, act)).status_code == 404
        assert doors["street_head"].client.post(address(case, act), {"version": case.version}).status_code == 404


class Door:
    """A signed-in browser, and the same person for asking the rule."""

    def __init__(self, person: User) -> None:
        self.client, self.person = browser(person), factories.fresh(person)


def _walk(case: Case, act: Act, doors: dict[str, Door], form: Callable[[], dict[str, Any]]) -> None:
    status = Status(case.status)
    somebody, others = walk.at_the_door(status, act)
    for name in others:
        door = doors[name]
        sent = door.client.post(address(case, act), form())
        error = refusal(case, door.person, act) if name in walk.SEES[status] else None
        assert error is not None or name not in walk.SEES[status], (status, act, name)
        expected = error.status if error else 404
        assert sent.status_code == expected, (status, act, name)
        if name == others[-1] and edges_from(act, status):
            assert door.client.get(address(case, act)).status_code == expected, (status, act, name)
        if error:
            assert error.message in html.unescape(sent.content.decode())
    assert CaseEvent.objects.filter(case=case).count() == 1
    if somebody:
        page = doors[somebody].client.get(address(case, act))
        assert page.status_code == 200
        assert stray_english(page.content.decode()) == []
        sent = doors[somebody].client.post(address(case, act), form())
        assert sent.status_code == (200 if act is Act.REVEAL else 302), sent.content.decode()
        assert CaseEvent.objects.filter(case=case).last().act == act


@pytest.mark.parametrize("status", list(Status))
def test_the_buttons_are_exactly_the_available_acts(tree: Tree, people: People, status: Status):
    case = walk.stage(tree, people, status)
    for name in sorted(walk.SEES[status]):
        person = factories.fresh(getattr(people, name))
        page = browser(person).get(reverse("cases:detail", args=[case.number])).content.decode()
        shown = set(re.findall(rf"/cases/{case.number}/([a-z-]+)/", page))
        assert shown == {act.value for act in available_actions(case, person)}, name


@pytest.fixture
def case(tree: Tree, people: People) -> Case:
    factories.category("0201", photo_required=True, close_condition="居民确认不再漏水")
    return factories.case(
        people.officer, tree.micro, reporter_name="钱测试", reporter_phone="13000000001", wants_reply=True
    )


def test_an_unknown_act_and_an_unknown_number_are_404(case: Case, people: People):
    client = browser(people.liaison)
    assert client.get(f"/cases/{case.number}/discover/").status_code == 404
    assert client.get(f"/cases/{case.number}/explode/").status_code == 404
    assert client.get("/cases/LC000000000000/note/").status_code == 404
    assert client.get("/cases/%00/note/").status_code == 404


def test_what_the_rule_refuses_is_said_at_its_field_and_keeps_the_text(case: Case, tree: Tree, people: People):
    form = act_form(Act.DISPATCH, case, tree, people, target=f"u{people.stranger.pk}", text="请今天上门")
    page = browser(people.liaison).post(address(case, Act.DISPATCH), form).content.decode()
    assert "请选择负责网格范围内的在岗人员" in page
    assert "请今天上门" in page
    assert Case.objects.get(pk=case.pk).status == Status.PENDING


@pytest.mark.parametrize("target", ["", "x", "u", "u0", "d99999999999999999999", "u１", "u-1", "u\x00"])
def test_a_made_up_assignee_is_a_form_error(case: Case, tree: Tree, people: People, target: str):
    answer = browser(people.liaison).post(
        address(case, Act.DISPATCH), act_form(Act.DISPATCH, case, tree, people, target=target)
    )
    assert answer.status_code == 200
    assert "请选择" in answer.content.decode()


def test_dispatch_to_a_department_with_helpers_and_binding(case: Case, tree: Tree, people: People):
    helper = factories.department(tree.street, "FANGGUAN", "房管所")
    form = act_form(Act.DISPATCH, case, tree, people, target=f"d{people.chengguan.pk}", binding="on")
    form["co_department_ids"] = [helper.pk]
    assert browser(people.dispatcher).post(address(case, Act.DISPATCH), form).status_code == 302
    case.refresh_from_db()
    assert (case.assigned_department, case.binding) == (people.chengguan, True)
    assert [row.department for row in case.co_handlers.all()] == [helper]


def test_only_dispatchers_are_offered_the_binding_order(case: Case, tree: Tree, people: People):
    assert 'name="binding"' not in browser(people.liaison).get(address(case, Act.DISPATCH)).content.decode()
    assert 'name="binding"' in browser(people.dispatcher).get(address(case, Act.DISPATCH)).content.decode()


class TestTexts:
    def test_ten_thousand_characters_are_refused_and_kept(self, case: Case, tree: Tree, people: People):
        answer = browser(people.liaison).post(
            address(case, Act.NOTE), act_form(Act.NOTE, case, tree, people, text=LONG)
        )
        page = answer.content.decode()
        assert answer.status_code == 200
        assert "最多 2000 个字" in page
        assert LONG in page

    @pytest.mark.parametrize(
        ("typed", "kept"),
        [("😀 已到场", "😀 已到场"), ("１２３ 弄", "123 弄"), ("前\x00后", "前后"), ("a\r\nb", "a\nb")],
    )
    def test_are_brought_to_one_form(self, case: Case, tree: Tree, people: People, typed: str, kept: str):
        form = act_form(Act.NOTE, case, tree, people, text=typed)
        assert browser(people.liaison).post(address(case, Act.NOTE), form).status_code == 302
        assert case.events.last().text == kept

    def test_markup_stays_text(self, case: Case, tree: Tree, people: People):
        client = browser(people.liaison)
        attack = "<script>alert(1)</script>"
        client.post(address(case, Act.NOTE), act_form(Act.NOTE, case, tree, people, text=attack))
        page = client.get(reverse("cases:detail", args=[case.number])).content.decode()
        assert attack not in page
        assert "&lt;script&gt;" in page


class TestOvertaken:
    def test_shows_the_newest_state_and_keeps_the_text(self, case: Case, tree: Tree, people: People):
        form = act_form(Act.DISPATCH, case, tree, people, text="请今天上门")
        note(case_id=case.pk, actor=people.head, text="已电话联系反映人")
        client = browser(people.liaison)
        answer = client.post(address(case, Act.DISPATCH), form)
        page = answer.content.decode()
        assert answer.status_code == 409
        assert "刚刚被别人更新过" in page
        assert "已电话联系反映人" in page
        assert "请今天上门" in page
        assert f'name="version" value="{case.version + 1}"' in page
        # Sent again from the page as it now stands, it goes through.
        assert client.post(address(case, Act.DISPATCH), form | {"version": case.version + 1}).status_code == 302

    def test_when_the_act_is_gone_the_text_can_still_be_copied(self, case: Case, tree: Tree, people: People):
        form = act_form(Act.REJECT, case, tree, people, text="不属于街道职责的说明")
        factories.force_status(case, Status.HANDLING, version=case.version + 1)
        answer = browser(people.liaison).post(address(case, Act.REJECT), form)
        assert answer.status_code == 409
        assert "不属于街道职责的说明" in answer.content.decode()

    @pytest.mark.parametrize("version", ["", "x", "-1", "99999999999999999999"])
    def test_a_page_without_its_version_does_nothing(self, case: Case, tree: Tree, people: People, version: str):
        form = act_form(Act.NOTE, case, tree, people, version=version)
        page = browser(people.liaison).post(address(case, Act.NOTE), form).content.decode()
        assert "页面不完整" in page
        assert case.events.count() == 1

    def test_a_second_tap_does_nothing_more(self, case: Case, tree: Tree, people: People):
        client = browser(people.liaison)
        form = act_form(Act.NOTE, case, tree, people, key="a1b2")
        assert client.post(address(case, Act.NOTE), form).status_code == 302
        assert client.post(address(case, Act.NOTE), form).status_code == 302
        assert case.events.count() == 2


class TestResult:
    def handled(self, case: Case, people: People) -> Case:
        return factories.force_status(case, Status.HANDLING, assignee=people.officer2)

    def test_needs_its_photo_where_the_category_says_so(self, case: Case, tree: Tree, people: People):
        case = self.handled(case, people)
        client = browser(people.officer2)
        assert "须附处置后照片" in client.get(address(case, Act.RESOLVE)).content.decode()
        page = client.post(address(case, Act.RESOLVE), act_form(Act.RESOLVE, case, tree, people)).content.decode()
        assert "须附处置后照片" in page
        assert "按要求办理。" in page
        form = act_form(Act.RESOLVE, case, tree, people, photos=[picture()])
        assert client.post(address(case, Act.RESOLVE), form).status_code == 302
        assert [photo.kind for photo in case.attachments.all()] == ["AFTER"]

    def test_a_pdf_named_jpg_is_told_and_the_text_kept(self, case: Case, tree: Tree, people: People):
        case = self.handled(case, people)
        form = act_form(Act.RESOLVE, case, tree, people, photos=[fake_picture()], text="已更换水管")
        page = browser(people.officer2).post(address(case, Act.RESOLVE), form).content.decode()
        assert "现场.jpg" in page
        assert "不是可用的照片" in page
        assert "照片需要重新选择" in page
        assert "已更换水管" in page
        assert not case.attachments.exists()

    def test_ten_photos_at_once_are_too_many(self, case: Case, tree: Tree, people: People):
        form = act_form(Act.NOTE, case, tree, people, photos=[picture(f"{i}.jpg") for i in range(10)])
        assert "一次最多选 9 张" in browser(people.liaison).post(address(case, Act.NOTE), form).content.decode()


class TestReveal:
    def test_shows_the_contact_once_and_writes_it_down(self, case: Case, tree: Tree, people: People):
        client = browser(people.liaison)
        detail = reverse("cases:detail", args=[case.number])
        assert "13000000001" not in client.get(detail).content.decode()
        answer = client.post(address(case, Act.REVEAL), act_form(Act.REVEAL, case, tree, people, text="联系核实"))
        assert "13000000001" in answer.content.decode()
        assert "钱测试" in answer.content.decode()
        assert answer["Cache-Control"] == "no-store"
        page = client.get(detail).content.decode()
        assert "13000000001" not in page
        assert "138****0001" not in page
        assert "130****0001" in page
        assert case.events.last().text == "联系核实"

    def test_without_a_reason_nothing_is_shown(self, case: Case, tree: Tree, people: People):
        answer = browser(people.liaison).post(
            address(case, Act.REVEAL), act_form(Act.REVEAL, case, tree, people, text=" ")
        )
        assert "13000000001" not in answer.content.decode()
        assert case.events.count() == 1


def test_who_hands_a_case_back_and_loses_sight_of_it_lands_on_the_workbench(case: Case, tree: Tree, people: People):
    factories.force_status(case, Status.DISPATCHED, assigned_department=people.chengguan)
    answer = browser(people.staff).post(
        address(case, Act.RETURN), act_form(Act.RETURN, case, tree, people), follow=True
    )
    assert answer.redirect_chain[-1][0] == "/"
    assert "已办理：退单" in answer.content.decode()


def test_an_expired_csrf_token_is_told_with_the_way_back(case: Case, tree: Tree, people: People):
    client = Client(enforce_csrf_checks=True)
    client.force_login(people.liaison)
    answer = client.post(address(case, Act.NOTE), act_form(Act.NOTE, case, tree, people))
    assert answer.status_code == 403
    assert "页面已过期" in answer.content.decode()
    assert f'href="{address(case, Act.NOTE)}"' in answer.content.decode()
    assert case.events.count() == 1


# What takes more than twelve statements, and why.
DEARER = {
    Act.CONVENE: (16, "the meeting, its invitees, their departments, and the earliest of the case's meetings"),
    Act.MERGE: (20, "locks all it touches in one order, looks again, and writes the event of the main case as well"),
    Act.UNMERGE: (
        18,
        "locks both cases in one order, asks whether the handler still serves, and the main case's event",
    ),
    Act.CO_FINISH: (13, "which departments help, and each of them marked"),
    Act.CONCLUDE: (16, "the meeting, who came, and the earliest of the case's meetings"),
}


@pytest.mark.parametrize("act", walk.OFFERED)
def test_an_act_is_at_most_twelve_statements(tree: Tree, people: People, act: Act, statements):
    """Sending the form: reading the user, the act, writing; not the page that follows."""
    case, person = ready(act, tree, people)
    client = browser(person)
    form = act_form(act, case, tree, people, key="k1")
    with statements(DEARER[act][0] if act in DEARER else 12):
        assert client.post(address(case, act), form).status_code in {200, 302}
    assert CaseEvent.objects.filter(case=case).last().act == act


def ready(act: Act, tree: Tree, people: People) -> tuple[Case, User]:
    """A case on which the act can be done, and somebody who may; also of what the stage of the walk rules out."""
    if act is Act.EXTEND:
        case = walk.stage(tree, people, Status.HANDLING)
        return factories.force_status(case, Status.HANDLING, extension_days=None), people.officer2
    if act is Act.TRANSFER:
        case = walk.stage(tree, people, Status.PENDING)
        return at_the_street(case, tree), people.dispatcher
    status = next(status for status in Status if walk.ALLOWED[status].get(act))
    return walk.stage(tree, people, status), getattr(people, min(walk.ALLOWED[status][act]))


def at_the_street(case: Case, tree: Tree) -> Case:
    return factories.force_status(case, case.status, handling_grid=tree.street, handling_level="COMMUNITY")


@pytest.mark.parametrize("act", [Act.EXTEND, Act.TRANSFER])
def test_what_the_stage_rules_out_works_where_it_is_due(tree: Tree, people: People, act: Act):
    case, person = ready(act, tree, people)
    client = browser(person)
    page = client.get(address(case, act))
    assert (page.status_code, stray_english(page.content.decode())) == (200, [])
    assert client.post(address(case, act), act_form(act, case, tree, people)).status_code == 302
    assert CaseEvent.objects.filter(case=case).last().act == act


@pytest.mark.parametrize("act", [act for act in walk.OFFERED if act is not Act.REVEAL])
def test_whoever_may_not_is_not_shown_the_form_by_sending_it_empty(tree: Tree, people: People, act: Act):
    """The form itself tells of people: whom one may dispatch to, which party members one may invite."""
    case = walk.stage(tree, people, Status.HANDLING)
    answer = browser(people.viewer).post(address(case, act), {})
    assert answer.status_code in {400, 403, 409}
    assert 'name="version"' not in answer.content.decode()
