"""工作交接 of all open cases of a person: who gets what, all or none, told once, and fast enough for 200."""

import copy
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.base import ModelState
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cases import handover, workflow
from cases.choices import Act, Status
from cases.handover import Handover, hand_over_all, preview
from cases.models import Case, CaseEvent, Notice
from cases.notifications import TOPIC, deliver
from cases.refusals import refusal
from grids.choices import Role
from grids.models import Posting
from liangcheng.accounts.models import User
from liangcheng.common.exceptions import DomainError, InvalidInput
from liangcheng.common.models import OutboxMessage
from tests import factories
from tests.cases import walk
from tests.factories import Tree, fresh
from tests.people import People

TEXT = "岗位调整。"


@pytest.fixture
def leaver(tree: Tree, people: People) -> User:
    """网格员 of 文苑一微2 with one case of each open state there; three of them handled at 文苑一."""
    factories.category("0201")
    for status in (Status.DISPATCHED, Status.HANDLING, Status.RESOLVED):
        made(people, tree.micro2, status)
    return people.officer2


def made(people: People, grid, status: str, **fields: object) -> Case:
    return factories.force_status(factories.case(people.officer2, grid), status, assignee=people.officer2, **fields)


def run(actor: User, leaver: User, successor: User | None, **more: object) -> Handover:
    to = successor.pk if successor else None
    return hand_over_all(actor=fresh(actor), from_user_id=leaver.pk, to_user_id=to, **{"text": TEXT} | more)


def of(person: User | None) -> int:
    return Case.objects.open().filter(assignee=person).count()


class TestWhoGetsWhat:
    def test_all_to_the_successor_as_they_stand(self, leaver: User, people: People):
        before = {case.pk: (case.status, case.due_at, case.version) for case in Case.objects.filter(assignee=leaver)}
        assert run(people.liaison, leaver, people.officer) == Handover(handed=3, back=0, left=0)
        after = Case.objects.filter(assignee=people.officer)
        assert {case.pk: (case.status, case.due_at, case.version - 1) for case in after} == before
        event = CaseEvent.objects.filter(act=Act.HAND_OVER).first()
        assert (event.actor, event.text) == (people.liaison, TEXT)
        assert (event.data["from"], event.data["assignee"]) == (leaver.full_name, people.officer.full_name)
        assert (event.data["from_id"], event.data["user_id"]) == (leaver.pk, people.officer.pk)

    def test_without_a_successor_all_go_back_to_the_desk(self, leaver: User, people: People):
        assert run(people.head, leaver, None) == Handover(handed=0, back=3, left=0)
        assert sorted(Case.objects.values_list("status", flat=True)) == ["PENDING", "PENDING", "RESOLVED"]

    def test_where_the_successor_does_not_serve_the_desk_gets_it(self, tree: Tree, leaver: User, people: People):
        elsewhere = factories.case(people.stranger, tree.liangsan)
        factories.force_status(elsewhere, Status.HANDLING, assignee=leaver)
        assert run(people.area_head, leaver, people.officer) == Handover(handed=3, back=1, left=0)
        elsewhere.refresh_from_db()
        assert (elsewhere.status, elsewhere.assignee) == (Status.PENDING, None)

    def test_what_a_level_above_answers_for_stays(self, tree: Tree, leaver: User, people: People):
        high = made(people, tree.micro2, Status.HANDLING, handling_grid=tree.area, handling_level="AREA")
        assert run(people.liaison, leaver, people.officer) == Handover(handed=3, back=0, left=1)
        high.refresh_from_db()
        assert high.assignee == leaver

    def test_closed_cases_stay_the_persons(self, tree: Tree, leaver: User, people: People):
        made(people, tree.micro2, Status.CLOSED)
        run(people.liaison, leaver, people.officer)
        assert Case.objects.filter(assignee=leaver).count() == 1

    def test_an_ended_account_hands_over_but_takes_nothing(self, leaver: User, people: People):
        User.objects.filter(pk=people.officer.pk).update(is_active=False)
        with pytest.raises(InvalidInput) as refused:
            run(people.liaison, leaver, people.officer)
        assert (refused.value.code, refused.value.field) == ("unknown_successor", "to_user_id")
        User.objects.filter(pk=leaver.pk).update(is_active=False)
        Posting.objects.filter(user=leaver).delete()
        assert [row.number for row in handover.holders(fresh(people.liaison))] == [3]
        assert run(people.liaison, leaver, people.head).handed == 3

    def test_a_stand_in_is_no_obstacle(self, leaver: User, people: People):
        factories.stand_in(people.liaison, people.stranger)
        factories.stand_in(leaver, people.head)
        assert run(people.stranger, leaver, people.head).handed == 3

    def test_marks_of_the_case_stay(self, tree: Tree, leaver: User, people: People):
        case = made(people, tree.micro2, Status.DISPATCHED, bounced=True, binding=True, return_count=2)
        run(people.liaison, leaver, people.officer)
        case.refresh_from_db()
        assert (case.bounced, case.binding, case.return_count) == (True, True, 2)

    def test_nobody_grants_an_extension_that_became_their_own(self, tree: Tree, leaver: User, people: People):
        case = made(people, tree.micro2, Status.HANDLING, extension_days=3, extension_asked_by=leaver)
        run(people.liaison, leaver, people.head)
        case.refresh_from_db()
        assert (case.extension_days, case.extension_asked_by) == (3, people.head)
        assert refusal(case, fresh(people.head), Act.GRANT_EXTENSION).code == "own_extension"
        assert refusal(case, fresh(people.area_head), Act.GRANT_EXTENSION) is None


class TestRefusals:
    @pytest.mark.parametrize("who", ["officer", "officer2", "inspector", "viewer", "staff", "stranger", "far_stranger"])
    def test_strangers_find_nothing(self, leaver: User, people: People, who: str):
        actor = getattr(people, who)
        with pytest.raises(DomainError):
            run(actor, leaver, None)
        assert handover.holders(fresh(actor)) == []
        assert of(leaver) == 3

    def test_not_to_oneself_nor_to_people_elsewhere(self, leaver: User, people: People):
        for successor, code in (
            (leaver, "handover_self"),
            (people.stranger, "unknown_successor"),
            (people.staff, "unknown_successor"),
            (people.area_head, "unknown_successor"),
            (people.viewer, "unknown_successor"),
        ):
            with pytest.raises(InvalidInput) as refused:
                run(people.liaison, leaver, successor)
            assert refused.value.code == code
        for text in ("", " ", "字" * 2001):
            with pytest.raises(InvalidInput):
                run(people.liaison, leaver, people.officer, text=text)
        assert of(leaver) == 3

    def test_only_names_of_the_actors_own_grids(self, leaver: User, people: People):
        named = {row.user for row in handover.successors(fresh(people.liaison))}
        assert named == {people.officer, people.officer2, people.liaison, people.head}
        assert people.stranger in {row.user for row in handover.successors(fresh(people.area_head))}

    def test_all_or_none(self, leaver: User, people: People, monkeypatch: pytest.MonkeyPatch):
        real, calls = workflow.hand_over, []

        def breaks(**inputs):
            calls.append(inputs)
            if len(calls) == 3:
                raise RuntimeError("power cut")
            return real(**inputs)

        monkeypatch.setattr(workflow, "hand_over", breaks)
        with pytest.raises(RuntimeError):
            run(people.liaison, leaver, people.officer)
        assert of(leaver) == 3
        assert not CaseEvent.objects.filter(act=Act.HAND_OVER).exists()

    def test_the_condition_is_the_acts_own_rule(self, tree: Tree, people: People):
        """Who finds a case to hand over is who may hand it over, in every state and at every level."""
        factories.category("0201")
        for status in Status:
            case = walk.stage(tree, people, status)
            for level, grid in (("NEIGHBORHOOD", tree.wenyuan1), ("COMMUNITY", tree.street)):
                Case.objects.filter(pk=case.pk).update(handling_level=level, handling_grid=grid)
                case = Case.objects.get(pk=case.pk)
                for name in walk.EVERYBODY:
                    person = fresh(getattr(people, name))
                    seen = Case.objects.visible_to(person).filter(pk=case.pk).exists()
                    may = seen and refusal(case, person, Act.HAND_OVER) is None
                    shown = preview(person, people.officer2).movable
                    assert (case in shown) == may, (status, level, name)


class TestTold:
    def test_the_successor_and_the_desk_once(self, tree: Tree, leaver: User, people: People):
        for _ in range(2):
            elsewhere = factories.case(people.stranger, tree.liangsan)
            factories.force_status(elsewhere, Status.HANDLING, assignee=leaver)
        OutboxMessage.objects.all().delete()
        run(people.area_head, leaver, people.officer)
        rows = list(OutboxMessage.objects.filter(topic=TOPIC))
        assert sorted(row.payload["recipient"] for row in rows) == sorted([people.officer.pk, people.stranger.pk])
        for row in rows:
            deliver(row)
        texts = dict(Notice.objects.values_list("recipient_id", "text"))
        assert texts[people.officer.pk] == f"工作交接：{leaver}的 3 件案件交给{people.officer}"
        assert texts[people.stranger.pk] == f"工作交接：{leaver}的 2 件案件交给“凉三”重新派遣"

    def test_one_case_is_told_as_one(self, tree: Tree, people: People):
        factories.category("0201")
        case = made(people, tree.micro2, Status.HANDLING)
        run(people.liaison, people.officer2, people.officer)
        deliver(OutboxMessage.objects.get(payload__recipient=people.officer.pk))
        assert case.number in Notice.objects.get(recipient=people.officer).text


def crowd(case: Case, count: int, first: int = 0) -> None:
    """`count` more cases like this one, past the workflow but each with its number."""
    rows = []
    for serial in range(first, first + count):
        row = copy.copy(case)
        row._state = ModelState()
        row.pk, row.number = None, f"LC20200101{serial:05d}"
        rows.append(row)
    Case.objects.bulk_create(rows)


class TestMany:
    def test_two_hundred_in_seconds(self, tree: Tree, people: People):
        factories.category("0201")
        crowd(made(people, tree.micro2, Status.HANDLING), 199)
        start = time.monotonic()
        done = run(people.street_head, people.officer2, people.liaison)
        took = time.monotonic() - start
        assert done == Handover(handed=200, back=0, left=0)
        texts = OutboxMessage.objects.filter(topic=TOPIC, payload__recipient=people.liaison.pk)
        events = CaseEvent.objects.filter(act=Act.HAND_OVER, pk__in=[row.payload["event"] for row in texts])
        assert events.count() == 1
        assert CaseEvent.objects.filter(act=Act.HAND_OVER).count() == 200
        assert took < 30

    def test_a_handful_of_statements_per_case(self, tree: Tree, people: People):
        factories.category("0201")
        case, counts = made(people, tree.micro2, Status.HANDLING), []
        for number in (5, 15):
            crowd(case, number, first=number * 100)
            Case.objects.filter(pk=case.pk).update(is_open=False)
            with CaptureQueriesContext(connection) as seen:
                assert run(people.liaison, people.officer2, people.officer).handed == number
            counts.append(sum(not q["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")) for q in seen))
        assert (counts[1] - counts[0]) / 10 <= 7, counts


class TestPage:
    def test_from_the_person_to_the_result(self, client, tree: Tree, leaver: User, people: People):
        made(people, tree.micro2, Status.HANDLING, handling_grid=tree.area, handling_level="AREA")
        client.force_login(people.liaison)
        assert "工作交接" in client.get("/").content.decode()
        assert "/cases/handover/" in client.get(reverse("accounts:me")).content.decode()
        page = client.get("/cases/handover/").content.decode()
        assert f"?person={leaver.pk}" in page
        address = f"/cases/handover/?person={leaver.pk}"
        page = client.get(address).content.decode()
        assert "未办结 3 件" in page
        assert people.stranger.full_name not in page
        key = "a" * 32
        form = {"person": leaver.pk, "to": people.officer.pk, "text": TEXT, "key": key}
        page = client.post("/cases/handover/", form).content.decode()
        assert "确认交接 3 件" in page
        assert of(leaver) == 4
        assert "下一步" in client.post("/cases/handover/", form | {"edit": "1"}).content.decode()
        done = client.post("/cases/handover/", form | {"confirmed": "1"})
        assert done.url == f"/cases/handover/{key}/"
        page = client.get(done.url).content.decode()
        assert f"已交给{people.officer}" in page
        assert "1 件由上级网格负责" in page
        again = client.post("/cases/handover/", form | {"confirmed": "1"})
        assert again.url == done.url
        assert of(people.officer) == 3

    def test_wrong_inputs_are_said_and_kept(self, client, leaver: User, people: People):
        client.force_login(people.liaison)
        form = {"person": leaver.pk, "to": people.stranger.pk, "text": TEXT, "key": "b" * 32}
        page = client.post("/cases/handover/", form).content.decode()
        assert "请在列出的人员中选择接手人" in page
        assert TEXT in page
        assert "请填写交接原因" in client.post("/cases/handover/", form | {"text": ""}).content.decode()
        for person in ("0", "x", "9" * 30, str(people.stranger.pk)):
            for more in ({}, {"confirmed": "1"}):
                assert client.post("/cases/handover/", form | {"person": person} | more).status_code in {404, 409}
        assert of(leaver) == 3

    def test_strangers(self, client, leaver: User, people: People):
        client.force_login(people.liaison)
        client.post(
            "/cases/handover/",
            {"person": leaver.pk, "to": "desk", "text": TEXT, "key": "c" * 32, "confirmed": "1"},
        )
        assert client.get(f"/cases/handover/{'c' * 32}/").status_code == 200
        client.force_login(people.head)
        assert client.get(f"/cases/handover/{'c' * 32}/").status_code == 404
        assert client.get("/cases/handover/x\0/").status_code == 404
        client.force_login(people.officer)
        assert client.get("/cases/handover/").status_code == 403
        client.force_login(people.far_stranger)
        assert client.get(f"/cases/handover/?person={leaver.pk}").status_code == 404
        client.logout()
        assert client.get("/cases/handover/").status_code == 302

    def test_the_notice_leads_to_the_list(self, client, leaver: User, people: People):
        run(people.liaison, leaver, people.officer)
        deliver(OutboxMessage.objects.get(payload__recipient=people.officer.pk))
        client.force_login(people.officer)
        notice = Notice.objects.get(recipient=people.officer, text__startswith="工作交接")
        assert client.post(f"/notices/{notice.pk}/").url == "/cases/?assigned=me&open=true"


def test_the_clock_of_acceptance_begins_anew(tree: Tree, people: People):
    factories.category("0201")
    case = made(people, tree.micro2, Status.DISPATCHED)
    long_ago = case.status_since - timedelta(days=2)
    Case.objects.filter(pk=case.pk).update(status_since=long_ago)
    run(people.liaison, people.officer2, people.officer)
    case.refresh_from_db()
    assert case.status_since > long_ago + timedelta(days=1)


def test_roles_that_hand_over(tree: Tree, people: People):
    may = {Role.LIAISON, Role.HEAD, Role.DISPATCHER}
    for role in Role:
        person = factories.posted(f"role_{role.lower()}", tree.wenyuan1, role)
        assert handover.may_hand_over(person) == (role in may)
