"""Naming and ending a stand-in on a phone and at a desk, with and without JavaScript."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from grids.models import StandIn
from tests.browser.conftest import DESK, PHONE, Visit
from tests.factories import Tree

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("width", "javascript"), [(PHONE, False), (PHONE, True), (DESK, True)])
def test_name_and_end(street: Tree, visit: Callable[..., Visit], width: int, javascript: bool) -> None:
    today = timezone.localdate()
    liaison = visit(width, javascript=javascript, username="liaison")
    page = liaison.open("/accounts/me/")
    liaison.press("请人代班")
    liaison.check()
    page.select_option("#id_stand_in", label="测试head（文苑一 网格长）")
    page.fill("#id_valid_from", f"{today}")
    page.fill("#id_valid_to", f"{today - timedelta(days=1)}")
    page.fill("#id_reason", "年休假")
    liaison.press("确认代班")
    page.get_by_text("结束日期不能早于开始日期。").wait_for()
    liaison.check()
    page.fill("#id_valid_to", f"{today + timedelta(days=4)}")
    liaison.press("确认代班")
    page.get_by_text("测试head 替我").wait_for()
    liaison.check()
    liaison.press("结束")
    page.get_by_text("即时生效").wait_for()
    assert StandIn.objects.get().ended_at
