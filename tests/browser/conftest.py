"""A real Chromium over the live server. Missing Chromium skips these tests; `./run test` says so."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests import factories
from tests.cases.web import picture
from tests.factories import Tree

PASSWORD = "Passw0rd-of-tests"
PHONE, DESK = 390, 1280
_SMALL_CONTROLS = """() => {
  const seen = element => {
    const box = element.getBoundingClientRect();
    return box.width > 2 && box.height > 2 && getComputedStyle(element).visibility !== "hidden";
  };
  const target = element => {
    if (!["checkbox", "radio"].includes(element.type)) return element;
    return element.closest("label") || document.querySelector(`label[for="${element.id}"]`) || element;
  };
  const controls = [...document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea, summary")];
  return controls.filter(element => seen(element) && !element.closest(".skip")).map(target)
    .filter(element => element.getBoundingClientRect().height < 43.5)
    .map(element => element.outerHTML.slice(0, 120));
}"""


@dataclass
class Visit:
    """One person at one screen; remembers what the browser complained about."""

    page: Page
    base: str
    width: int
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.base}{path}")
        return self.page

    def sign_in(self, username: str) -> None:
        self.page.fill("#id_username", username)
        self.page.fill("#id_password", PASSWORD)
        self.page.get_by_role("button", name="登录").click()
        self.page.wait_for_load_state()

    def press(self, name: str) -> None:
        """The button or link of that name that can be seen."""
        self.page.locator("main").locator("a, button").filter(has_text=name, visible=True).first.click()
        self.page.wait_for_load_state()

    def path(self) -> str:
        return self.page.url.removeprefix(self.base)

    def check(self) -> None:
        """Fits the screen, thumbs can hit everything, nothing was refused by the browser."""
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{self.path()} is {wide} px too wide at {self.width}"
        assert self.complaints == [], self.path()
        if self.width == PHONE:
            assert self.page.evaluate(_SMALL_CONTROLS) == [], self.path()


def _is_complaint(message: Any) -> bool:
    """What the browser refused. A fragment under way when the page is left or typed on is given up: htmx says so."""
    given_up = message.text.startswith(("htmx:sendAbort", "htmx:afterRequest"))
    return message.type == "error" and not given_up


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not path:
        pytest.skip("no Chromium")
    # Playwright runs an event loop in this thread; the tests' own queries are synchronous all the same.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser, live_server: Any) -> Iterator[Callable[..., Visit]]:
    """`visit(390)`, `visit(1280, javascript=False)`: a fresh browser profile on the sign-in page."""
    contexts = []

    def arrive(width: int, *, javascript: bool = True, username: str = "") -> Visit:
        context = chromium.new_context(
            viewport={"width": width, "height": 844},
            is_mobile=width == PHONE,
            has_touch=width == PHONE,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            java_script_enabled=javascript,
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        found = Visit(page, live_server.url, width)
        page.on("console", lambda message: found.complaints.append(message.text) if _is_complaint(message) else None)
        page.on("pageerror", lambda error: found.complaints.append(str(error)))
        found.open("/accounts/login/")
        if username:
            found.sign_in(username)
        return found

    yield arrive
    for context in contexts:
        context.close()


@pytest.fixture
def street(transactional_db: None) -> Tree:
    """The small street with people in it and two categories."""
    from tests.people import settle

    tree = Tree()
    settle(tree)
    factories.category("0201", name="房屋渗漏水", synonyms="漏水|渗水", photo_required=True)
    factories.category("0401", name="机动车乱停放", synonyms="乱停车|占道停车")
    factories.building(tree.micro, factories.unit(tree.micro), road="凉城路", lane="123", number="7")
    return tree


@pytest.fixture
def photo() -> dict[str, Any]:
    """A photo as a phone would hand it over."""
    file = picture("现场.jpg", (1600, 1200))
    return {"name": "现场.jpg", "mimeType": "image/jpeg", "buffer": file.read()}
