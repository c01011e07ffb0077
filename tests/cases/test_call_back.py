"""回访: what the reporter says of the matter itself, through every door, and what becomes of it."""

import pytest
from django.urls import reverse

from cases import workflow
from cases.choices import Act, Satisfaction, Status
from cases.models import Case
from tests.api import get, is_problem, post
from tests.cases import walk
from tests.cases.web import act_form, browser, visible_text
from tests.factories import Tree, fresh
from tests.people import People

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(tree: Tree, people: People) -> Case:
    return walk.stage(tree, people, Status.AWAITING_FEEDBACK)


def closed(case: Case) -> Case:
    found = Case.objects.get(pk=case.pk)
    assert found.status == Status.CLOSED
    return found


@pytest.mark.parametrize(
    ("typed", "kept", "words"),
    [
        ({"solved": "yes"}, True, "反映人认为已解决"),
        ({"solved": "no"}, False, "反映人认为没有解决"),
        ({"solved": ""}, None, ""),
        ({}, None, ""),
        ({"solved": "yes", "satisfaction": Satisfaction.NO_ANSWER}, None, ""),
    ],
)
def test_the_page_asks_and_the_timeline_tells(case: Case, tree: Tree, people: People, typed, kept, words: str):
    client, address = browser(people.liaison), reverse("cases:act", args=[case.number, Act.CLOSE.value])
    page = client.get(address).content.decode()
    for asked in ("问题是否解决", "反映人认为已解决", "反映人认为没有解决", "没有问到"):
        assert asked in page
    assert client.post(address, act_form(Act.CLOSE, case, tree, people) | typed).status_code == 302
    assert closed(case).solved is kept
    shown = visible_text(client.get(reverse("cases:detail", args=[case.number])).content.decode())
    assert ("问题是否解决" in shown) == bool(words)
    assert words in shown


def test_what_is_typed_wrong_is_kept_on_the_page(case: Case, tree: Tree, people: People):
    client, address = browser(people.liaison), reverse("cases:act", args=[case.number, Act.CLOSE.value])
    answer = client.post(
        address, act_form(Act.CLOSE, case, tree, people) | {"solved": "no", "satisfaction": "DISSATISFIED", "text": ""}
    )
    assert answer.status_code == 200
    assert "请写明原因" in answer.content.decode()
    assert answer.context["form"]["solved"].value() == "no"
    assert Case.objects.get(pk=case.pk).status == Status.AWAITING_FEEDBACK


@pytest.mark.parametrize("solved", [True, False, None])
def test_the_api_takes_it_and_shows_it(case: Case, people: People, solved: bool | None):
    path = f"cases/{case.number}/"
    assert is_problem(
        post(people.liaison, f"{path}close/", {"satisfaction": "SATISFIED", "solved": "perhaps"}), 400, "invalid"
    )
    given = {"satisfaction": "SATISFIED"} | ({} if solved is None else {"solved": solved})
    assert post(people.liaison, f"{path}close/", given).status_code == 200
    assert closed(case).solved is solved
    assert get(people.liaison, path).json()["solved"] is solved
    last = get(people.liaison, f"{path}events/").json()["results"][-1]
    assert (last["act"], last["data"]["solved"]) == ("close", solved)


def test_taking_it_up_again_takes_the_answer_back(case: Case, people: People):
    workflow.close(
        case_id=case.pk, actor=fresh(people.liaison), satisfaction=Satisfaction.DISSATISFIED, solved=False, text="还漏"
    )
    workflow.reopen(case_id=case.pk, actor=fresh(people.head), text="又漏了")
    again = Case.objects.get(pk=case.pk)
    assert (again.solved, again.satisfaction, again.closed_at) == (None, "", None)
    told = visible_text(browser(people.head).get(reverse("cases:detail", args=[case.number])).content.decode())
    assert "反映人认为没有解决" in told, "the history keeps it"
