"""Similar cases on the filing page, in a real browser: shown while typing, joined with one tap, never by Enter."""

from collections.abc import Callable
from typing import Any

import pytest

from cases.models import Case, JointReport
from grids.models import Posting
from tests import factories
from tests.browser.conftest import DESK, PHONE, Visit
from tests.factories import Tree

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LEAK = "七号楼水管漏水，墙面发霉。"


def leak(street: Tree) -> Case:
    officer = Posting.objects.get(grid=street.micro).user
    return factories.case(officer, street.micro, description=LEAK)


def described(found: Visit, javascript: bool) -> Any:
    page = found.open("/cases/new/")
    if javascript:
        page.get_by_role("combobox", name="案件类别").press_sequentially("ls")
        page.get_by_role("option", name="房屋渗漏水").click()
    else:
        page.select_option("#id_category_code", "0201")
    page.fill("#id_description", "7号楼水管漏水，墙上发霉")
    return page


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_joined_instead_of_filed(
    visit: Callable[..., Visit], street: Tree, photo: dict[str, Any], width: int, javascript: bool
):
    case = leak(street)
    found = visit(width, javascript=javascript, username="officer")
    page = described(found, javascript)
    if not javascript:
        page.locator(".send button").click()
        page.wait_for_load_state()
    page.get_by_text("最近 30 天这里有 1 件相似的案件").wait_for()
    page.set_input_files("#id_photos", [photo])
    found.check()
    page.locator(".similar button:enabled", has_text="我也遇到").click()
    page.wait_for_url(f"**/cases/{case.number}/**")
    assert (Case.objects.get().heat, JointReport.objects.get().text) == (2, "7号楼水管漏水，墙上发霉")
    assert case.attachments.count() == 1


def test_enter_files_what_was_shown_and_never_joins(visit: Callable[..., Visit], street: Tree):
    leak(street)
    found = visit(DESK, username="officer")
    page = described(found, True)
    page.locator(".similar").wait_for()
    page.locator("#id_place").fill("厨房")
    page.locator("#id_place").press("Enter")
    page.wait_for_url("**/cases/LC*/**")
    assert (Case.objects.count(), JointReport.objects.count()) == (2, 0)


def test_a_draft_keeps_its_hands_off_the_buttons(visit: Callable[..., Visit], street: Tree):
    first, second = leak(street), leak(street)
    found = visit(DESK, username="officer")
    page = described(found, True)
    page.locator(".similar").wait_for()
    found.open("/")
    page = found.open("/cases/new/")
    page.get_by_text("没有提交的内容").wait_for()
    page.locator(".similar").wait_for()
    joins = page.locator("button[name=join]")
    assert sorted(joins.nth(i).get_attribute("value") for i in range(2)) == sorted([first.number, second.number])
