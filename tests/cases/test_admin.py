"""Cases through the admin: the same acts, the same refusals, the same scope; and no way round them."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import transaction
from django.test import Client
from django.urls import reverse

from cases.choices import Act, Status
from cases.forms import ACT_FORMS
from cases.models import Case, CaseEvent, Notice
from cases.transitions import OFFERED, edges_from
from cases.workflow import available_actions, dispatch, refusal
from liangcheng.accounts.models import User
from tests import factories
from tests.cases import walk
from tests.cases.web import act_form
from tests.factories import Tree
from tests.people import People

LIST = "/admin/cases/case/"


def staff(person: User) -> User:
    User.objects.filter(pk=person.pk).update(is_staff=True)
    return factories.fresh(person)


def change(case: Case) -> str:
    return f"{LIST}{case.pk}/change/"


def act_page(case: Case, act: str) -> str:
    return f"{LIST}{case.pk}/act/{act}/"


@pytest.fixture
def case(people: People, tree: Tree) -> Case:
    return factories.case(
        people.officer, tree.micro, factories.category(), reporter_name="张伟", reporter_phone="13812345678"
    )


def state_of(case: Case) -> tuple[Any, ...]:
    row = Case.objects.get(pk=case.pk)
    return row.status, row.version, row.handling_grid_id, row.due_at, row.assignee_id, row.title


# -- scope


def test_an_address_asks_for_no_other_column_than_the_page(client: Client, people: People, case: Case) -> None:
    """Else a masked number could be guessed digit by digit."""
    client.force_login(staff(people.viewer))
    for query in ("reporter_phone__startswith=138", "reporter_name__startswith=张", "reported_at__year=" + "9" * 40):
        assert client.get(f"{LIST}?{query}").status_code == 400, query
    for query in ("status__exact=PENDING", "deadline=overdue", "within=310109016011", "reported_at__year=2026"):
        assert client.get(f"{LIST}?{query}").status_code == 200, query


@pytest.mark.parametrize("who", ["stranger", "far_stranger"])
def test_other_neighbourhoods_see_nothing(client: Client, people: People, case: Case, who: str) -> None:
    client.force_login(staff(getattr(people, who)))
    event = case.events.get()
    for address in (LIST, LIST + f"?q={case.number}", LIST + "?within=310109016011", "/admin/cases/caseevent/"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert case.title not in answer.content.decode()
        assert answer.context["cl"].result_count == 0
    for address in (change(case), act_page(case, "note"), f"/admin/cases/caseevent/{event.pk}/change/"):
        assert client.get(address).status_code == 404
    assert client.get(f"{LIST}{case.pk}/history/").status_code == 404
    assert client.post(act_page(case, "note"), {"text": "x", "version": case.version}).status_code == 404


def test_own_neighbourhood_sees_it(client: Client, people: People, case: Case) -> None:
    client.force_login(staff(people.liaison))
    assert case.number in client.get(LIST).content.decode()
    assert client.get(change(case)).status_code == 200


def test_confidential_cases_stay_with_their_chain(client: Client, people: People, tree: Tree) -> None:
    secret = factories.case(people.area_liaison, tree.micro, factories.category(level="AREA"), confidential=True)
    client.force_login(staff(people.head))
    assert secret.number not in client.get(LIST).content.decode()
    assert client.get(change(secret)).status_code == 404


def test_notices_are_ones_own(client: Client, people: People, case: Case) -> None:
    Notice.objects.create(recipient=people.officer, event=case.events.get(), text="给网格员的消息")
    client.force_login(staff(people.dispatcher))
    assert "给网格员的消息" not in client.get("/admin/cases/notice/").content.decode()


# -- no way round the workflow


def test_posting_fields_changes_nothing(client: Client, people: People, case: Case) -> None:
    boss = User.objects.create_superuser("boss", "Passw0rd-of-tests", full_name="系统管理员")
    before = state_of(case)
    sent = {"status": "CLOSED", "is_open": "", "version": "99", "title": "改了", "assignee": people.head.pk}
    for person in (boss, staff(people.dispatcher)):
        client.force_login(person)
        assert client.post(change(case), sent | {"_save": "1"}).status_code == 403
        assert client.post(f"{LIST}{case.pk}/delete/", {"post": "yes"}).status_code == 403
        # list_editable and the delete action do not exist either
        client.post(LIST, {"form-0-id": case.pk, "form-0-status": "CLOSED", "_save": "1"})
        client.post(LIST, {"action": "delete_selected", "_selected_action": [case.pk], "post": "yes"})
        assert state_of(case) == before
        assert CaseEvent.objects.count() == 1


def test_events_are_read_only(client: Client, people: People, case: Case) -> None:
    client.force_login(User.objects.create_superuser("boss", "Passw0rd-of-tests", full_name="系统管理员"))
    event = case.events.get()
    assert client.get("/admin/cases/caseevent/add/").status_code == 403
    for kind in ("change", "delete"):
        answer = client.post(f"/admin/cases/caseevent/{event.pk}/{kind}/", {"text": "改了", "post": "yes"})
        assert answer.status_code == 403
    assert CaseEvent.objects.get() == event


def test_filing_goes_through_the_sites_page(client: Client, people: People, case: Case) -> None:
    client.force_login(staff(people.liaison))
    assert client.get(LIST + "add/").headers["Location"] == reverse("cases:new")
    client.force_login(staff(people.viewer))
    assert client.get(LIST + "add/").status_code == 403
    assert Case.objects.count() == 1


# -- acts


def test_every_offered_act_has_a_page() -> None:
    assert set(OFFERED) == set(ACT_FORMS)


@pytest.mark.parametrize("status", list(Status))
def test_pages_agree_with_the_table(people: People, tree: Tree, status: Status) -> None:
    """Every act in every state, by one who may and by those who may not; each rolled back after."""
    case = walk.stage(tree, people, status)
    walk.another(tree, people)
    doors = {name: Door(getattr(people, name)) for name in walk.EVERYBODY}
    for act in walk.OFFERED:
        with transaction.atomic():
            _walk(case, act, doors, lambda act=act: act_form(act, case, tree, people))
            transaction.set_rollback(True)
    for act in (*walk.CLOCK, Act.ABSORB, Act.DISCOVER):
        assert doors["street_head"].client.get(act_page(case, act)).status_code == 404


class Door:
    """A signed-in browser, and the same person for asking the rule."""

    def __init__(self, person: User) -> None:
        self.person, self.client = staff(person), Client()
        self.client.force_login(self.person)


def _walk(case: Case, act: Act, doors: dict[str, Door], form: Callable[[], dict[str, Any]]) -> None:
    status = Status(case.status)
    somebody, others = walk.at_the_door(status, act)
    for name in others:
        door = doors[name]
        error = refusal(case, door.person, act) if name in walk.SEES[status] else None
        assert error is not None or name not in walk.SEES[status], (status, act, name)
        answer, expected = door.client.post(act_page(case, act), form()), error.status if error else 404
        assert answer.status_code == expected, (status, act, name)
        assert error is None or error.message in html.unescape(answer.content.decode())
        if name == others[-1] and edges_from(act, status):
            assert door.client.get(act_page(case, act)).status_code == expected, (status, act, name)
    assert CaseEvent.objects.filter(case=case).count() == 1
    if somebody:
        assert doors[somebody].client.get(act_page(case, act)).status_code == 200
        answer = doors[somebody].client.post(act_page(case, act), form())
        assert answer.status_code == (200 if act is Act.REVEAL else 302), answer.content.decode()
        assert CaseEvent.objects.filter(case=case).last().act == act


@pytest.mark.parametrize("status", [Status.PENDING, Status.HANDLING, Status.SUSPENDED, Status.MERGED, Status.CLOSED])
def test_the_buttons_are_exactly_the_available_acts(people: People, tree: Tree, status: Status) -> None:
    case = walk.stage(tree, people, status)
    for name in ("head", "officer2", "dispatcher", "staff", "viewer"):
        if name not in walk.SEES[status]:
            continue
        door = Door(getattr(people, name))
        page = door.client.get(change(case)).content.decode()
        shown = set(re.findall(rf"{change(case).removesuffix('change/')}act/([a-z-]+)/", page))
        assert shown == {act.value for act in available_actions(case, door.person)}, name


def test_missing_input_keeps_what_was_typed(client: Client, people: People, case: Case) -> None:
    client.force_login(staff(people.liaison))
    answer = client.post(act_page(case, "reject"), {"text": "说明写了很久", "version": case.version})
    assert answer.status_code == 200
    assert "请选择不予受理的原因" in answer.content.decode()
    assert "说明写了很久" in answer.content.decode()
    assert CaseEvent.objects.count() == 1


def test_second_tap_is_told_so(client: Client, people: People, case: Case) -> None:
    client.force_login(staff(people.liaison))
    sent = {"target": f"u{people.officer.pk}", "version": case.version}
    assert client.post(act_page(case, "dispatch"), sent).status_code == 302
    assert client.post(act_page(case, "dispatch"), sent).status_code == 409
    assert CaseEvent.objects.filter(act=Act.DISPATCH).count() == 1


@pytest.mark.parametrize("act", ["discover", "nonsense", "warn"])
def test_unknown_acts_are_not_found(client: Client, people: People, case: Case, act: str) -> None:
    client.force_login(staff(people.liaison))
    assert client.get(act_page(case, act)).status_code == 404


def test_contact_is_masked_until_revealed(client: Client, people: People, case: Case) -> None:
    client.force_login(staff(people.liaison))
    assert "13812345678" not in client.get(change(case)).content.decode()
    assert "张伟" not in client.get(change(case)).content.decode()
    assert "13812345678" not in client.get(act_page(case, "reveal")).content.decode()
    answer = client.post(act_page(case, "reveal"), {"text": "回访", "version": case.version})
    assert "13812345678" in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    assert CaseEvent.objects.latest("pk").act == Act.REVEAL
    assert "13812345678" not in client.get(change(case)).content.decode()


# -- several at once


def _bulk(client: Client, cases: list[Case], **given: Any) -> Any:
    sent = {"action": "dispatch_selected", "_selected_action": [case.pk for case in cases], "confirmed": "1"}
    return client.post(LIST, sent | given)


def test_bulk_dispatch_asks_first(client: Client, people: People, case: Case) -> None:
    client.force_login(staff(people.liaison))
    answer = client.post(LIST, {"action": "dispatch_selected", "_selected_action": [case.pk], "index": "0"})
    assert case.number in answer.content.decode()
    assert Case.objects.get().status == Status.PENDING


def test_bulk_dispatch_reports_each_refusal(client: Client, people: People, tree: Tree, case: Case) -> None:
    other = factories.case(people.officer, tree.micro, case.category)
    closed = factories.force_status(factories.case(people.officer, tree.micro, case.category), Status.CLOSED)
    dispatch(case_id=other.pk, actor=people.liaison, assignee_id=people.officer.pk)
    client.force_login(staff(people.liaison))
    answer = _bulk(client, [case, other, closed], assignee=people.officer2.pk, text="一并处理")
    said = " ".join(str(message) for message in get_messages(answer.wsgi_request))
    assert "已派遣 2 件" in said
    assert closed.number in said
    assert "已结案" in said
    assert set(Case.objects.filter(assignee=people.officer2)) == {case, other}
    assert Case.objects.get(pk=closed.pk).status == Status.CLOSED


def test_bulk_dispatch_reaches_no_foreign_case(client: Client, people: People, case: Case) -> None:
    client.force_login(staff(people.stranger))
    _bulk(client, [case], assignee=people.stranger.pk)
    assert Case.objects.get().status == Status.PENDING


@pytest.mark.parametrize("given", [{}, {"assignee": "999999"}, {"assignee": "x"}])
def test_bulk_dispatch_needs_somebody(client: Client, people: People, case: Case, given: dict[str, str]) -> None:
    client.force_login(staff(people.liaison))
    assert _bulk(client, [case], **given).status_code == 200
    assert Case.objects.get().status == Status.PENDING


def test_readers_have_no_bulk_dispatch(client: Client, people: People, case: Case) -> None:
    client.force_login(staff(people.viewer))
    _bulk(client, [case], assignee=people.officer.pk)
    assert Case.objects.get().status == Status.PENDING


# -- speed


@pytest.mark.parametrize("size", [3, 40])
def test_list_costs_the_same_at_any_size(
    client: Client, people: People, tree: Tree, statements: Any, size: int
) -> None:
    kind = factories.category()
    for _ in range(size):
        factories.case(people.officer, tree.micro, kind)
    client.force_login(staff(people.area_liaison))
    with statements(12):
        answer = client.get(LIST)
    assert answer.context["cl"].result_count == size


def test_case_page_costs_little(client: Client, people: People, case: Case, statements: Any) -> None:
    client.force_login(staff(people.liaison))
    for _ in range(5):
        client.post(act_page(case, "note"), {"text": "补充", "version": Case.objects.get().version})
    with statements(14):
        client.get(change(case))
