"""Filters for what the acts of time and of working together leave on a case."""

import re
from datetime import date, timedelta
from typing import Any

import pytest

from cases.choices import ContactLight, Light, Status
from cases.filters import light_condition
from cases.lights import contact_light, light
from cases.models import Case, CaseReturn, CoHandler
from cases.querysets import contact_late, contact_waiting
from liangcheng.common.clock import now
from tests import factories
from tests.api import get
from tests.cases.test_web_pages import listed, text
from tests.cases.web import browser
from tests.factories import Tree
from tests.people import People


@pytest.fixture
def case(tree: Tree, people: People) -> Case:
    factories.category("0201")
    return factories.case(people.officer, tree.micro, reporter_phone="13000000001")


def found(person: Any, query: str) -> set[str]:
    """What the list shows; the count above it says the same."""
    page = text(browser(person).get(f"/cases/?{query}"))
    assert 'role="alert"' not in page, query
    numbers = listed(page)
    assert f'共 <span class="num">{len(numbers)}</span> 件' in page
    return numbers


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("light=paused", {"status": Status.SUSPENDED}),
        ("suspended=true", {"status": Status.SUSPENDED}),
        ("contact=waiting", {"first_contact_due_at": timedelta(hours=1)}),
        ("contact=late", {"first_contact_due_at": timedelta(hours=-1)}),
        ("supervised=true", {"supervised": True}),
        ("instructed=true", {"instruction_due_at": timedelta(days=-1)}),
        ("bounced=true", {"bounced": True}),
        ("extension=true", {"extension_days": 3}),
        ("merged=true", {"status": Status.MERGED, "is_open": False}),
        ("border=true", {"second_grid": "xiuyuan"}),
        ("second_side=true", {"second_grid": "liangsan"}),
        ("heat=2", {"heat": 2}),
    ],
)
def test_finds_and_leaves_out(case: Case, tree: Tree, people: People, query: str, fields: dict[str, Any]):
    other = factories.case(people.officer, tree.micro, description="另一件")
    assert other.first_contact_due_at is None
    Case.objects.filter(pk=case.pk).update(first_contact_due_at=None)
    assert found(people.area_liaison, query) == set()
    given = dict(fields)
    for name, value in fields.items():
        if isinstance(value, timedelta):
            given[name] = now() + value
        elif name == "second_grid":
            given[name] = getattr(tree, value)
    Case.objects.filter(pk=case.pk).update(**given)
    assert found(people.area_liaison, query) == {case.number}
    name, _, value = query.partition("=")
    if value == "true":
        assert found(people.area_liaison, f"{name}=false") == {other.number}
    # Whoever does not see the case does not find it so, either.
    assert case.number not in found(people.far_stranger, query) or fields.get("second_grid") == "xiuyuan"


def test_the_second_side_is_the_readers_own(case: Case, tree: Tree, people: People):
    Case.objects.filter(pk=case.pk).update(second_grid=tree.liangsan)
    assert found(people.stranger, "second_side=true") == {case.number}
    assert found(people.liaison, "second_side=true") == set()
    assert found(people.liaison, "border=true") == {case.number}


def test_heat_is_at_least(case: Case, people: People):
    Case.objects.update(heat=3)
    assert found(people.liaison, "heat=3") == {case.number}
    assert found(people.liaison, "heat=4") == set()


def test_helped_by_my_department(case: Case, people: People):
    CoHandler.objects.create(case=case, department=people.chengguan, role="INVITED")
    assert found(people.staff, "co_handled=true") == set()
    CoHandler.objects.update(role="HELPER", done_at=now())
    assert found(people.staff, "co_handled=true") == {case.number}
    assert found(people.liaison, "co_handled=true") == set()
    assert found(people.liaison, "co_handled=false") == {case.number}


class TestReturnedBy:
    def returned(self, case: Case, people: People) -> None:
        for who in ({"person": people.officer2}, {"department": people.chengguan}):
            CaseReturn.objects.create(
                community_id=case.community_id, case=case, actor=people.liaison, reason="NOT_MINE", **who
            )

    def test_finds_by_person_and_department(self, case: Case, people: People):
        for who in (f"u{people.officer2.pk}", f"d{people.chengguan.pk}"):
            assert found(people.liaison, f"returned_by={who}") == set()
        self.returned(case, people)
        for who in (f"u{people.officer2.pk}", f"d{people.chengguan.pk}"):
            assert found(people.liaison, f"returned_by={who}") == {case.number}
        assert found(people.liaison, f"returned_by=u{people.officer.pk}") == set()

    def test_nobody_outside_ones_grids(self, case: Case, tree: Tree, people: People):
        self.returned(case, people)
        other_street = factories.grid("COMMUNITY", "310109017000", "别的街道")
        abroad = factories.department(other_street, "CHENGGUAN")
        foreign = factories.posted("foreign", other_street)
        for who in (f"d{abroad.pk}", f"u{foreign.pk}", "u999999", "d999999", f"u{people.far_stranger.pk}"):
            page = text(browser(people.liaison).get(f"/cases/?returned_by={who}"))
            assert "没有这个人员或部门，或不在您的网格范围内" in page, who
            assert listed(page) == set()

    def test_the_chip_names_the_person(self, case: Case, people: People):
        page = text(browser(people.liaison).get(f"/cases/?returned_by=u{people.officer2.pk}"))
        assert f"退单人：{people.officer2.full_name}" in page
        page = text(browser(people.liaison).get(f"/cases/?returned_by=d{people.chengguan.pk}"))
        assert "退单人：城管中队" in page


@pytest.mark.parametrize(
    "query",
    [
        "light=x",
        "contact=x",
        "supervised=1",
        "instructed=x",
        "suspended=x",
        "bounced=x",
        "merged=x",
        "border=x",
        "second_side=x",
        "extension=x",
        "co_handled=x",
        "heat=1",
        "heat=-5",
        "heat=2.5",
        "heat=x",
        "heat=NaN",
        "heat=" + "9" * 60,
        "returned_by=x",
        "returned_by=u",
        "returned_by=u1x",
        "returned_by=u" + "9" * 19,
        "returned_by=d１",
        "returned_by=%00",
        "todo=x",
    ],
)
def test_a_wrong_value_is_told_and_shows_nothing(case: Case, people: People, query: str):
    answer = browser(people.area_liaison).get(f"/cases/?{query}")
    page = text(answer)
    assert answer.status_code == 200
    assert listed(page) == set()
    told = re.findall(r'role="alert">([^<]*)<', page)
    assert told, query
    assert not any(re.search(r"[A-Za-z]{4,}", each) for each in told), told


def test_chips_have_words_and_can_be_removed(case: Case, people: People):
    query = "supervised=true&suspended=false&contact=late&heat=7&second_side=true&co_handled=true&light=paused"
    page = text(browser(people.liaison).get(f"/cases/?{query}"))
    chips = dict(re.findall(r'<a class="chip" href="/cases/(\?[^"]*)">([^<]+)<svg', page))
    assert set(chips.values()) == {
        "督办",
        "挂账中：否",
        "先行联系：联系已超时",
        "反映人次：7 人次以上",
        "与我网格交界",
        "我部门协办",
        "时限灯：挂账中",
    }
    without = next(address for address, words in chips.items() if words == "督办")
    assert "supervised" not in without
    assert "heat=7" in without
    # What the form cannot say itself travels with it.
    assert '<input type="hidden" name="suspended" value="false">' in page
    assert re.search(r'name="supervised" value="true" checked', page)


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("hours", [-1, 1, None])
def test_lights_and_sets_agree(case: Case, people: People, status: Status, hours: int | None):
    moment = now()
    due = moment + timedelta(hours=hours) if hours is not None else None
    shown = factories.force_status(case, status, first_contact_due_at=due, review_on=date(2030, 1, 1))
    rows = Case.objects.filter(pk=shown.pk)
    assert rows.filter(contact_late(moment)).exists() == (contact_light(shown, moment) == ContactLight.LATE)
    assert rows.filter(contact_waiting(moment)).exists() == (contact_light(shown, moment) == ContactLight.WAITING)
    assert rows.filter(light_condition(Light.PAUSED, moment)).exists() == (light(shown, moment) == Light.PAUSED)


def test_the_api_knows_them_too(case: Case, people: People):
    Case.objects.update(supervised=True)
    for query, numbers in (("supervised=true", [case.number]), ("supervised=true&heat=2", [])):
        answer = get(people.liaison, f"cases/?{query}").json()
        assert [row["number"] for row in answer["results"]] == numbers
    assert get(people.liaison, "cases/?heat=1").status_code == 400
