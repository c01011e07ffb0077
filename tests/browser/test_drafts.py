"""What was typed survives a lost connection, an expired session, an expired page; and nothing else does."""

from collections.abc import Callable

import pytest

from cases.models import Case
from tests.browser.conftest import PHONE, Visit
from tests.factories import Tree

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TEXT = "七号楼水管漏水，老人独居"


def type_a_case(found: Visit) -> None:
    page = found.open("/cases/new/")
    page.get_by_role("combobox", name="案件类别").press_sequentially("tc")
    page.get_by_role("option", name="机动车乱停放").click()
    page.fill("#id_description", TEXT)
    page.get_by_text("分开填写路、弄、号").click()
    page.fill("#id_road", "凉城路")
    page.get_by_text("已当场解决").click()
    page.fill("#id_result", "已劝离")


def restored(found: Visit) -> bool:
    page = found.page
    page.get_by_text("已恢复").wait_for()
    return (
        page.input_value("#id_description") == TEXT
        and page.input_value("#id_category_code") == "0401"
        and page.input_value("#id_category_code_search") == "机动车乱停放"
        and page.input_value("#id_road") == "凉城路"
        and page.is_checked("#id_resolved_on_spot")
        and page.input_value("#id_result") == "已劝离"
    )


def send(found: Visit) -> None:
    found.page.locator(".send button").click()


def test_a_closed_page_comes_back_and_can_be_emptied(visit: Callable[..., Visit], street: Tree):
    found = visit(PHONE, username="officer")
    type_a_case(found)
    found.open("/")
    found.open("/cases/new/")
    assert restored(found)
    found.check()
    found.page.get_by_role("button", name="清空重填").click()
    found.page.wait_for_load_state()
    assert found.page.input_value("#id_description") == ""


def test_a_lost_connection(visit: Callable[..., Visit], street: Tree):
    found = visit(PHONE, username="officer")
    type_a_case(found)
    found.page.context.set_offline(True)
    send(found)
    found.page.wait_for_timeout(500)
    found.page.context.set_offline(False)
    found.complaints.clear()
    found.open("/cases/new/")
    assert restored(found)
    send(found)
    found.page.wait_for_url("**/cases/LC*/**")
    assert Case.objects.get().description == TEXT
    # Taken by the server: the next form is empty.
    found.open("/cases/new/")
    assert found.page.input_value("#id_description") == ""


def test_an_answer_that_got_lost_is_not_filed_twice(visit: Callable[..., Visit], street: Tree):
    found = visit(PHONE, username="officer")
    type_a_case(found)

    def cut(route: object) -> None:
        # The server takes it; the phone never hears of it.
        route.fetch(max_redirects=0)  # type: ignore[attr-defined]
        route.abort()  # type: ignore[attr-defined]

    found.page.route("**/cases/new/", lambda route: cut(route) if route.request.method == "POST" else route.continue_())
    send(found)
    found.page.wait_for_timeout(1500)
    found.page.unroute("**/cases/new/")
    assert Case.objects.count() == 1
    found.open("/cases/new/")
    assert restored(found)
    send(found)
    found.page.wait_for_url("**/cases/LC*/**")
    assert Case.objects.count() == 1


def test_an_expired_session(visit: Callable[..., Visit], street: Tree):
    found = visit(PHONE, username="officer")
    type_a_case(found)
    found.page.context.clear_cookies(name="sessionid")
    send(found)
    found.page.wait_for_url("**/accounts/login/**")
    found.sign_in("officer")
    assert found.path() == "/cases/new/"
    assert restored(found)


def test_an_expired_page(visit: Callable[..., Visit], street: Tree):
    found = visit(PHONE, username="officer")
    type_a_case(found)
    found.page.context.clear_cookies(name="csrftoken")
    send(found)
    found.page.get_by_role("heading", name="页面已过期").wait_for()
    found.page.get_by_role("link", name="重新打开这个页面").click()
    assert restored(found)


def test_is_nobody_elses_and_goes_with_the_sign_out(visit: Callable[..., Visit], street: Tree):
    found = visit(PHONE, username="officer")
    type_a_case(found)
    found.open("/accounts/me/")
    assert found.page.evaluate("Object.keys(localStorage).length") == 1
    found.page.locator("main form[data-leave] button").click()
    found.page.wait_for_url("**/accounts/login/**")
    assert found.page.evaluate("Object.keys(localStorage).length") == 0
    found.sign_in("liaison")
    found.open("/cases/new/")
    assert found.page.input_value("#id_description") == ""


def test_enter_in_an_input_method_does_not_send(visit: Callable[..., Visit], street: Tree):
    found = visit(PHONE, username="officer")
    page = found.open("/cases/new/")
    page.get_by_text("分开填写路、弄、号").click()
    page.fill("#id_road", "lc")
    # What a browser fires when Enter picks a word of the input method.
    page.evaluate(
        """() => document.querySelector("#id_road").dispatchEvent(
            new KeyboardEvent("keydown", {key: "Enter", isComposing: true, bubbles: true, cancelable: true}))"""
    )
    assert found.path() == "/cases/new/"
    assert page.input_value("#id_road") == "lc"
