"""The main job in a real browser, on a phone and at a desk, with and without JavaScript."""

from collections.abc import Callable
from typing import Any

import pytest

from cases.choices import Status
from cases.models import Case
from tests.browser.conftest import DESK, PHONE, Visit
from tests.factories import Tree

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def file_a_case(found: Visit, photo: dict[str, Any], javascript: bool) -> str:
    page = found.open("/cases/new/")
    if javascript:
        page.get_by_role("combobox", name="案件类别").press_sequentially("ls")
        page.get_by_role("option", name="房屋渗漏水").click()
        assert page.locator("#id_category_code").input_value() == "0201"
    else:
        page.select_option("#id_category_code", "0201")
    page.fill("#id_description", "七号楼水管漏水，墙面发霉。")
    page.set_input_files("#id_photos", [photo])
    page.get_by_text("分开填写路、弄、号").click()
    page.fill("#id_road", "凉城路")
    page.fill("#id_lane", "123")
    page.fill("#id_number", "7")
    page.fill("#id_room", "201")
    if javascript:
        page.locator("#id_place").focus()
        page.get_by_text("凉城路123弄7号 属于 第三片区 › 文苑一 › 文苑一微1").wait_for()
        page.locator(".photo-chosen img").first.wait_for()
    page.get_by_text("反映人居民反映的请登记").click()
    page.fill("#id_reporter_name", "钱测试")
    page.fill("#id_reporter_phone", "13000000001")
    found.check()
    page.locator(".send button:enabled").click()
    page.wait_for_url("**/cases/LC*/**")
    found.check()
    return found.path().split("/")[2]


def act(found: Visit, todo: str, button: str, photo: dict[str, Any], **fields: str) -> None:
    """From the to-do on the workbench by taps alone to the act."""
    found.open("/")
    found.press(todo)
    found.check()
    found.press("七号楼水管漏水")
    found.check()
    found.press(button)
    for name, value in fields.items():
        control = found.page.locator(f"#id_{name}")
        if name == "target":
            control.select_option(label=value)
        elif name == "photos":
            control.set_input_files([photo])
        else:
            control.fill(value)
    send(found)


def send(found: Visit) -> None:
    found.check()
    found.page.locator(".act-buttons button:enabled").click()
    found.page.wait_for_load_state()
    found.check()


def close_as_satisfied(inspector: Visit) -> None:
    inspector.open("/")
    inspector.press("待回访")
    inspector.press("七号楼水管漏水")
    inspector.press("结案")
    inspector.page.get_by_label("满意", exact=True).check()
    send(inspector)
    assert "已结案" in inspector.page.inner_text("main")


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_from_the_stairwell_to_the_closing(
    visit: Callable[..., Visit], street: Tree, photo: dict[str, Any], width: int, javascript: bool
):
    def person(username: str) -> Visit:
        found = visit(width, javascript=javascript)
        found.check()
        found.sign_in(username)
        found.check()
        return found

    number = file_a_case(person("officer"), photo, javascript)
    liaison, handler, inspector = person("liaison"), person("officer2"), person("inspector")
    act(liaison, "待派遣", "派遣", photo, target="测试officer2", text="请今天上门")
    act(handler, "待接单", "接单", photo)
    act(handler, "处置中", "处置完成", photo, text="已更换水管，不再漏水。", photos="one")
    act(liaison, "待核查", "核查通过", photo)
    close_as_satisfied(inspector)
    case = Case.objects.get(number=number)
    assert (case.status, case.satisfaction, case.address) == (Status.CLOSED, "SATISFIED", "凉城路123弄7号201室")
    assert case.grid.code == street.micro.code
    assert sorted(case.attachments.values_list("kind", flat=True)) == ["AFTER", "BEFORE"]
    shown = inspector.page.locator(".photos img").first
    shown.scroll_into_view_if_needed()
    inspector.page.wait_for_function("document.querySelector('.photos img').naturalWidth > 0")


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_every_page_fits(visit: Callable[..., Visit], street: Tree, width: int):
    found = visit(width, username="liaison")
    for path in ("/", "/cases/", "/cases/?status=OPEN", "/cases/?q=x&open=true", "/cases/new/", "/notices/"):
        found.open(path)
        found.check()
    for path in ("/accounts/me/", "/accounts/password/", "/grids/", "/grids/310109016011/"):
        found.open(path)
        found.check()


def test_filters_work_by_taps(visit: Callable[..., Visit], street: Tree, photo: dict[str, Any]):
    file_a_case(visit(PHONE, username="officer"), photo, True)
    found = visit(PHONE, username="liaison")
    page = found.open("/cases/")
    page.get_by_text("更多筛选").click()
    page.get_by_label("已结案").check()
    page.get_by_text("没有符合条件的案件").wait_for()
    assert "status=CLOSED" in page.url
    page.locator(".chip", has_text="状态：已结案").click()
    page.locator(".case-row").first.wait_for()
    found.check()
