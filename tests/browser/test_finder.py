"""The field that finds a unit or a building: typed, chosen with keys or a finger, kept in the draft; and by 查找."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Route

from cases.models import Case
from members.models import Building
from tests import factories
from tests.browser.conftest import DESK, PHONE, Visit
from tests.factories import Tree

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def house(street: Tree) -> Building:
    """文苑小区 with 凉城路456弄8号, in 微2."""
    return factories.building(street.micro2, factories.unit(street.micro2, name="文苑小区"), lane="456", number="8")


def begin(found: Visit, javascript: bool = True) -> None:
    page = found.open("/cases/new/")
    if javascript:
        page.get_by_role("combobox", name="案件类别").press_sequentially("ls")
        page.get_by_role("option", name="房屋渗漏水").click()
    else:
        page.select_option("#id_category_code", "0201")
    page.fill("#id_description", "楼道堆物，影响通行。")


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_typed_chosen_and_filed(visit: Callable[..., Visit], street: Tree, house: Building, width: int):
    found = visit(width, username="liaison")
    begin(found)
    page = found.page
    box = page.get_by_role("combobox", name="小区、单位或地址")
    box.press_sequentially("lcl456 8")
    option = page.locator("#id_spot_list").get_by_role("option", name="凉城路456弄8号")
    option.wait_for()
    assert box.get_attribute("aria-expanded") == "true"
    found.check()
    if width == PHONE:
        option.click()
    else:
        box.press("ArrowDown")
        assert box.get_attribute("aria-activedescendant") == "id_spot_list_0"
        box.press("Enter")
    page.get_by_text("凉城路456弄8号 将上报到 第三片区 › 文苑一 › 文苑一微2").wait_for()
    assert box.get_attribute("aria-expanded") == "false"
    page.fill("#id_room", "501")
    # What was chosen comes back with the draft, and with it where the case will go.
    page.reload()
    page.get_by_text("凉城路456弄8号 将上报到 第三片区 › 文苑一 › 文苑一微2").wait_for()
    assert page.input_value("#id_chosen") == f"b{house.pk}"
    found.check()
    page.locator(".send button:enabled").click()
    page.wait_for_url("**/cases/LC*/**")
    case = Case.objects.get()
    assert (case.building, case.unit, case.grid) == (house, house.unit, street.micro2)
    assert case.address == "凉城路456弄8号501室"


def test_typing_on_forgets_the_choice_and_a_slow_answer_covers_no_newer_one(
    visit: Callable[..., Visit], street: Tree, house: Building
):
    found = visit(DESK, username="liaison")
    begin(found)
    page, asked = found.page, []
    waiting: list[Route] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        if route.request.url.endswith("wy"):
            waiting.append(route)
        else:
            route.continue_()

    page.route("**/suggest/**", answer)
    box = page.get_by_role("combobox", name="小区、单位或地址")
    box.press_sequentially("wy")
    while not waiting:
        page.wait_for_timeout(20)
    box.press_sequentially("xq8")
    options = page.locator("#id_spot_list").get_by_role("option")
    options.filter(has_text="凉城路456弄8号").wait_for()
    waiting.pop().fulfill(body='<li role="option" data-value="b0" data-text="旧的"><b>旧的</b></li>')
    page.wait_for_timeout(50)
    assert options.all_inner_texts()[0].startswith("凉城路456弄8号")
    box.press("Enter")
    assert page.input_value("#id_chosen") == f"b{house.pk}"
    box.press_sequentially("x")
    assert page.input_value("#id_chosen") == ""
    # While an input method is composing nothing is asked.
    before = len(asked)
    box.evaluate("""box => {
        box.dispatchEvent(new CompositionEvent("compositionstart"));
        box.value = "w'y";
        box.dispatchEvent(new InputEvent("input", { isComposing: true, bubbles: true }));
    }""")
    page.wait_for_timeout(300)
    assert [url for url in asked[before:] if "w'y" in url or "%27" in url] == []
    box.evaluate("""box => { box.value = "文苑"; box.dispatchEvent(new CompositionEvent("compositionend")); }""")
    options.filter(has_text="文苑小区").first.wait_for()
    box.press("Escape")
    assert box.get_attribute("aria-expanded") == "false"


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_without_a_script(visit: Callable[..., Visit], street: Tree, house: Building, width: int):
    found = visit(width, javascript=False, username="liaison")
    begin(found, javascript=False)
    page = found.page
    page.fill("#id_spot", "wyxq8")
    page.get_by_role("button", name="查找").click()
    page.wait_for_load_state()
    found.check()
    assert page.input_value("#id_description") == "楼道堆物，影响通行。"
    page.get_by_label("凉城路456弄8号").check()
    page.locator(".send button:enabled").click()
    page.wait_for_url("**/cases/LC*/**")
    assert Case.objects.get().building == house
