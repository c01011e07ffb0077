"""The acts through the API: the same table, the same refusals, versions, keys and one winner among many."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from cases.api.act_serializers import ACT_SERIALIZERS
from cases.choices import Act, Status
from cases.models import Case, CaseEvent
from cases.transitions import OFFERED
from cases.workflow import refusal
from grids.choices import Role
from tests import factories
from tests.api import ROOT, client_of, get, is_problem, post, token_client
from tests.cases import walk
from tests.cases.test_api_cases import filing, picture
from tests.factories import Tree
from tests.people import People


def send(person, case: Case, act: Act, tree: Tree, people: People, **headers: str):
    """The act as a partner would send it; photos as a form, everything else as JSON."""
    body = walk.inputs(act, tree, people)
    path = f"{ROOT}/cases/{case.number}/{act.value}/"
    if act is Act.ATTACH:
        return client_of(person).post(path, {"photos": [picture()]}, format="multipart", **headers)
    return client_of(person).post(path, body, format="json", **headers)


def test_every_act_has_its_endpoint_and_no_other_word_has():
    assert set(ACT_SERIALIZERS) == set(OFFERED) == set(walk.OFFERED)


@pytest.mark.parametrize("status", list(Status))
def test_api_agrees_with_the_table(tree: Tree, people: People, status: Status):
    """Every act in every state, by one who may and by those who may not; each rolled back after."""
    case = walk.stage(tree, people, status)
    walk.another(tree, people)
    for act in walk.OFFERED:
        with transaction.atomic():
            _walk(case, act, tree, people)
            transaction.set_rollback(True)
    for act in (*walk.CLOCK, Act.ABSORB, Act.DISCOVER):
        assert is_problem(post(people.street_head, f"cases/{case.number}/{act.value}/"), 404, "not_found")


def _walk(case: Case, act: Act, tree: Tree, people: People) -> None:
    status = Status(case.status)
    somebody, others = walk.at_the_door(status, act)
    for name in others:
        person = factories.fresh(getattr(people, name))
        answer = send(person, case, act, tree, people)
        if name not in walk.SEES[status]:
            assert is_problem(answer, 404, "not_found"), (status, act, name)
        else:
            error = refusal(case, person, act)
            assert error is not None, (status, act, name)
            assert is_problem(answer, error.status, error.code), (status, act, name)
            assert answer.json()["detail"] == error.message
    assert CaseEvent.objects.filter(case=case).count() == 1
    if somebody:
        answer = send(getattr(people, somebody), case, act, tree, people)
        assert answer.status_code == 200, (status, act, answer.json())
        done = Case.objects.get(pk=case.pk)
        assert (answer.json()["status"], answer.json()["version"]) == (done.status, done.version)
        assert answer["ETag"] == f'W/"{case.version + 1}"'


@pytest.mark.parametrize("status", list(Status))
def test_actions_of_a_case_are_those_that_are_not_refused(tree: Tree, people: People, status: Status):
    case = walk.stage(tree, people, status)
    for name in walk.SEES[status]:
        shown = get(getattr(people, name), f"cases/{case.number}/").json()["actions"]
        assert set(shown) == {act.value for act, who in walk.ALLOWED[status].items() if name in who}, name


class TestServiceAccount:
    def test_may_what_its_scopes_say(self, tree: Tree, people: People):
        case = walk.stage(tree, people, Status.PENDING)
        scopes = {
            "reader": {"may_discover": False, "may_note": False},
            "noter": {"may_discover": False, "may_note": True},
            "actor": {"may_note": True, "may_act": True},
        }
        accounts = {name: token_client(factories.service(name, tree.street, **each)) for name, each in scopes.items()}
        note = {
            name: client.post(f"{ROOT}/cases/{case.number}/note/", {"text": "来电催促。"})
            for name, client in accounts.items()
        }
        assert is_problem(note["reader"], 403, "not_permitted")
        assert (note["noter"].status_code, note["actor"].status_code) == (200, 200)
        path = f"{ROOT}/cases/{case.number}/hand-down/"
        down = {"grid_code": tree.micro.code, "text": "请就近处置。"}
        assert is_problem(accounts["noter"].post(path, down), 403, "not_permitted")
        assert accounts["actor"].post(path, down).status_code == 200
        filed = accounts["noter"].post(f"{ROOT}/cases/", filing(tree))
        assert is_problem(filed, 403, "not_permitted")

    def test_of_another_neighbourhood_finds_nothing(self, tree: Tree, people: People):
        case = walk.stage(tree, people, Status.PENDING)
        client = token_client(factories.service("neighbour", tree.liangsan, may_act=True))
        assert client.get(f"{ROOT}/cases/").json()["total"] == 0
        for act in walk.OFFERED:
            assert is_problem(client.post(f"{ROOT}/cases/{case.number}/{act.value}/", {}), 404, "not_found")


class TestVersion:
    @pytest.mark.parametrize("tag", ['"1"', 'W/"1"', '"7", W/"1"', "*"])
    def test_matching_tag_lets_the_act_pass(self, tree: Tree, people: People, tag: str):
        case = walk.stage(tree, people, Status.PENDING)
        assert send(people.liaison, case, Act.NOTE, tree, people, HTTP_IF_MATCH=tag).status_code == 200

    @pytest.mark.parametrize("tag", ['"7"', 'W/"7"', '"abc"', "nonsense", '"99999999999999999999"'])
    def test_other_tag_is_a_412_and_changes_nothing(self, tree: Tree, people: People, tag: str):
        case = walk.stage(tree, people, Status.PENDING)
        answer = send(people.liaison, case, Act.NOTE, tree, people, HTTP_IF_MATCH=tag)
        assert is_problem(answer, 412, "stale_version")
        assert CaseEvent.objects.filter(case=case).count() == 1

    def test_version_in_the_body_is_a_409(self, tree: Tree, people: People):
        case = walk.stage(tree, people, Status.PENDING)
        stale = post(people.liaison, f"cases/{case.number}/note/", {"text": "已看。", "version": 7})
        assert is_problem(stale, 409, "stale_version")
        assert post(people.liaison, f"cases/{case.number}/note/", {"text": "已看。", "version": 1}).status_code == 200


class TestInput:
    @pytest.mark.parametrize(
        ("act", "body", "code", "fields"),
        [
            ("reject", {"reason": "NOT_OURS"}, "missing_text", {"text"}),
            ("reject", {"reason": "BORED", "text": "说明"}, "unknown_reason", {"reason"}),
            ("dispatch", {}, "missing_assignee", {"assignee_id"}),
            ("dispatch", {"assignee_id": 2**70}, "max_value", {"assignee_id"}),
            ("dispatch", {"assignee_id": 2**40}, "unknown_assignee", {"assignee_id"}),
            ("dispatch", {"co_department_ids": ["x"]}, "invalid", {"co_department_ids.0"}),
            ("hand-down", {"grid_code": "310109016017", "text": "请办"}, "unknown_grid", {"grid_code"}),
            ("escalate", {"text": "  ", "tried": "x"}, "missing_text", {"text"}),
            ("note", {"text": "字" * 2001}, "too_long", {"text"}),
            ("note", {"text": "好", "satus": "CLOSED"}, "unknown_field", {"satus"}),
            ("note", {"text": "好", "version": "x"}, "invalid", {"version"}),
        ],
    )
    def test_fault_is_told_by_field(self, tree: Tree, people: People, act: str, body, code: str, fields: set[str]):
        case = walk.stage(tree, people, Status.PENDING)
        answer = post(people.liaison, f"cases/{case.number}/{act}/", body)
        assert is_problem(answer, 400, code)
        assert set(answer.json()["errors"]) == fields

    @pytest.mark.parametrize("word", ["discover", "return_", "hand_down", "delete", "accept/x"])
    def test_unknown_act_is_not_there(self, tree: Tree, people: People, word: str):
        case = walk.stage(tree, people, Status.DISPATCHED)
        assert is_problem(post(people.officer2, f"cases/{case.number}/{word}/"), 404, "not_found")

    def test_state_cannot_be_written(self, tree: Tree, people: People):
        case = walk.stage(tree, people, Status.PENDING)
        for method in ("put", "patch", "delete"):
            answer = getattr(client_of(people.street_head), method)(
                f"{ROOT}/cases/{case.number}/", {"status": "CLOSED"}
            )
            assert is_problem(answer, 405, "method_not_allowed")
        assert Case.objects.get(pk=case.pk).status == Status.PENDING

    def test_contact_is_shown_only_by_reveal_and_on_record(self, tree: Tree, people: People):
        case = walk.stage(tree, people, Status.PENDING)
        answer = send(people.liaison, case, Act.REVEAL, tree, people)
        assert answer.json()["reporter"] == {"name": "钱测试", "phone": "13000000001"}
        assert CaseEvent.objects.filter(case=case, act=Act.REVEAL, actor=people.liaison).count() == 1
        assert "reporter" not in send(people.liaison, case, Act.NOTE, tree, people).json()


class TestOnce:
    def test_repeated_act_is_done_once(self, tree: Tree, people: People):
        case = walk.stage(tree, people, Status.DISPATCHED)
        answers = [send(people.officer2, case, Act.ACCEPT, tree, people, HTTP_IDEMPOTENCY_KEY="a1") for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert answers[0].json() == answers[1].json()
        assert CaseEvent.objects.filter(case=case, act=Act.ACCEPT).count() == 1

    def test_key_of_another_act_is_refused(self, tree: Tree, people: People):
        case = walk.stage(tree, people, Status.DISPATCHED)
        send(people.officer2, case, Act.NOTE, tree, people, HTTP_IDEMPOTENCY_KEY="a1")
        answer = send(people.officer2, case, Act.ACCEPT, tree, people, HTTP_IDEMPOTENCY_KEY="a1")
        assert is_problem(answer, 422, "idempotency_key_reused")


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


@pytest.mark.parametrize("act", [act for act in walk.OFFERED if act not in walk.RULED_OUT | {Act.CO_FINISH}])
def test_statements_of_an_act(tree: Tree, people: People, act: Act, statements):
    status = next(status for status in Status if act in walk.ALLOWED[status])
    case = walk.stage(tree, people, status)
    account = factories.service("hotline12345", tree.street, may_act=True)
    factories.posting(account, tree.area, Role.HEAD)
    factories.posting(account, tree.wenyuan1, Role.HEAD)
    if act in {Act.ACCEPT, Act.RETURN} or (act is Act.RESOLVE and status is Status.HANDLING):
        Case.objects.filter(pk=case.pk).update(assignee=account)
    client = token_client(account)
    body = {"photos": [picture()]} if act is Act.ATTACH else walk.inputs(act, tree, people)
    shape = "multipart" if act is Act.ATTACH else "json"
    for _ in range(20):
        factories.case(people.officer, tree.micro)
    with statements(DEARER[act][0] if act in DEARER else 12):
        answer = client.post(
            f"{ROOT}/cases/{case.number}/{act.value}/", body, format=shape, HTTP_IDEMPOTENCY_KEY="act-0001"
        )
    assert answer.status_code == 200, answer.json()


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
class TestAtTheSameInstant:
    def together(self, call, times: int = 4) -> list:
        barrier = threading.Barrier(times)

        def one(_: int):
            try:
                barrier.wait()
                return call()
            finally:
                connection.close()

        with ThreadPoolExecutor(times) as pool:
            return list(pool.map(one, range(times)))

    def test_one_key_files_one_case(self):
        tree = Tree()
        factories.category("0201")
        hotline = factories.service("hotline12345", tree.street)
        answers = self.together(lambda: post(hotline, "cases/", filing(tree), HTTP_IDEMPOTENCY_KEY="same"))
        assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
        assert len({answer.json()["number"] for answer in answers}) == 1
        assert (Case.objects.count(), CaseEvent.objects.count()) == (1, 1)

    def test_one_external_number_files_one_case(self):
        tree = Tree()
        factories.category("0201")
        hotline = factories.service("hotline12345", tree.street)
        answers = self.together(lambda: post(hotline, "cases/", filing(tree, external_id="H1")))
        assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
        assert Case.objects.count() == 1

    def test_one_key_notes_once(self):
        tree = Tree()
        factories.category("0201")
        liaison = factories.posted("liaison", tree.wenyuan1, Role.LIAISON)
        case = factories.case(liaison, tree.micro)
        answers = self.together(
            lambda: post(liaison, f"cases/{case.number}/note/", {"text": "已联系。"}, HTTP_IDEMPOTENCY_KEY="same")
        )
        assert [answer.status_code for answer in answers] == [200] * 4
        assert CaseEvent.objects.filter(act=Act.NOTE).count() == 1

    def test_one_of_many_accepts(self):
        tree = Tree()
        factories.category("0201")
        liaison = factories.posted("liaison", tree.wenyuan1, Role.LIAISON)
        case = factories.force_status(factories.case(liaison, tree.micro), Status.DISPATCHED, assignee=liaison)
        answers = self.together(lambda: post(liaison, f"cases/{case.number}/accept/"))
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
        assert all(is_problem(answer, 409, "illegal_transition") for answer in answers if answer.status_code == 409)
