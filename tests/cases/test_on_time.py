"""On time by the promise and by the granted deadline: both stand on the case, both are counted."""

from datetime import datetime

import pytest

from cases import workflow
from cases.models import Case
from cases.reports import OnTime, on_time
from liangcheng.common import clock
from liangcheng.common.calendar import SHANGHAI
from tests import factories
from tests.cases.web import browser, visible_text
from tests.factories import Tree
from tests.people import People


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=SHANGHAI)


@pytest.fixture
def resolved(tree: Tree, people: People) -> Case:
    """Due on the 25th; extended by five working days to the 2nd; resolved on the 1st."""
    factories.category("0201")
    with clock.at(at("11-18 10:00")):
        case = factories.case(people.officer, tree.micro)
        workflow.dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk)
        workflow.accept(case_id=case.pk, actor=people.officer2)
    with clock.at(at("11-24 10:00")):
        workflow.extend(case_id=case.pk, actor=people.officer2, days=5, text="等配件。")
        workflow.grant_extension(case_id=case.pk, actor=people.head)
    with clock.at(at("12-01 10:00")):
        return workflow.resolve(case_id=case.pk, actor=people.officer2, text="已修好。")


def test_both_stand_on_the_case(resolved: Case):
    assert (resolved.original_due_at, resolved.due_at) == (at("11-25 17:30"), at("12-02 17:30"))
    assert (resolved.on_time_original, resolved.on_time) == (False, True)


def test_both_are_counted_and_shown(resolved: Case, tree: Tree, people: People, statements):
    with clock.at(at("12-01 12:00")):
        factories.case(people.officer, tree.micro, resolved_on_spot=True, result="当场清走。")
        liaison = factories.fresh(people.liaison)
        with statements(2):
            figures = on_time(liaison, tree.wenyuan1)
        assert figures == OnTime(resolved=2, by_promise=1, by_granted=2)
        assert figures.rates == ("50%", "100%")
        page = visible_text(browser(people.liaison).get(f"/grids/{tree.wenyuan1.code}/").content.decode())
    assert "按原时限 1 件，50%" in page
    assert "按现时限 2 件，100%" in page


def test_nothing_resolved_is_no_percentage(tree: Tree, people: People):
    assert on_time(people.liaison, tree.wenyuan1).rates == ("–", "–")


def test_a_stranger_counts_nothing(resolved: Case, tree: Tree, people: People):
    with clock.at(at("12-01 12:00")):
        assert on_time(people.stranger, tree.wenyuan1).resolved == 0
