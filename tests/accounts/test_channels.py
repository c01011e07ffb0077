"""消息接收方式 on 我的, the address of an account, and the number of unread messages."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from liangcheng.accounts.models import User
from liangcheng.common.models import ChannelChoice, DeliveryChannel
from tests import factories
from tests.cases.web import stray_english
from tests.factories import Tree
from tests.people import People

ME, SAVE = reverse("accounts:me"), reverse("accounts:channels")


@pytest.fixture
def wecom(tree: Tree) -> DeliveryChannel:
    return DeliveryChannel.objects.create(code="wecom", name="企业微信", url="https://a.cn/", default_choice="URGENT")


@pytest.fixture
def mails(tree: Tree) -> DeliveryChannel:
    return DeliveryChannel.objects.create(code="email", name="邮件", kind="EMAIL")


@pytest.fixture
def liaison(client: Client, people: People) -> Client:
    client.force_login(people.liaison)
    return client


def test_shows_the_default_until_somebody_chooses(liaison: Client, wecom: DeliveryChannel, people: People):
    page = liaison.get(ME).content.decode()
    assert "消息接收方式" in page
    [chosen] = re.findall(r"<input[^>]*\bchecked\b[^>]*>", page)
    assert 'value="URGENT"' in chosen
    answer = liaison.post(SAVE, {f"channel_{wecom.pk}": "NONE"}, follow=True)
    assert "接收方式已保存" in answer.content.decode()
    assert ChannelChoice.objects.get(user=people.liaison, channel=wecom).choice == "NONE"
    liaison.post(SAVE, {f"channel_{wecom.pk}": "ALL"})
    assert ChannelChoice.objects.get().choice == "ALL"


def test_email_is_offered_to_who_has_an_address(liaison: Client, mails: DeliveryChannel, people: People):
    assert "消息接收方式" not in liaison.get(ME).content.decode()
    liaison.post(SAVE, {f"channel_{mails.pk}": "ALL"})
    assert not ChannelChoice.objects.exists()
    User.objects.filter(pk=people.liaison.pk).update(email="a@example.cn")
    page = liaison.get(ME).content.decode()
    assert "邮件" in page
    assert "a@example.cn" in page


def test_only_channels_of_ones_street_that_carry_notices(liaison: Client, tree: Tree):
    for code, fields in {
        "off": {"is_active": False},
        "sys": {"system": "hotline"},
        "far": {"community_id": 10**6},
    }.items():
        DeliveryChannel.objects.create(code=code, name=f"不显示{code}", url="https://a.cn/", **fields)
    DeliveryChannel.objects.create(code="ours", name="本街道", url="https://a.cn/", community_id=tree.street.pk)
    page = liaison.get(ME).content.decode()
    assert "本街道" in page
    assert "不显示" not in page


@pytest.mark.parametrize("value", ["", "EVERYTHING"])
def test_a_wrong_value_comes_back_in_words(liaison: Client, wecom: DeliveryChannel, value: str):
    page = liaison.post(SAVE, {f"channel_{wecom.pk}": value}).content.decode()
    assert "请选择" in page
    assert not ChannelChoice.objects.exists()


def test_strangers_and_looking(client: Client, wecom: DeliveryChannel, people: People):
    assert client.post(SAVE, {f"channel_{wecom.pk}": "NONE"}).headers["Location"].startswith("/accounts/login/")
    client.force_login(people.stranger)
    assert client.get(SAVE).status_code == 405
    client.post(SAVE, {f"channel_{wecom.pk}": "NONE", "user": people.liaison.pk})
    assert ChannelChoice.objects.get().user == people.stranger


def test_the_page_is_chinese_and_cheap(liaison: Client, wecom: DeliveryChannel, people: People, statements):
    assert stray_english(liaison.get(ME).content.decode(), "liaison") == []
    # Channels 2, stand-ins 2, own 退单 figures 2, besides session, user, postings and scope.
    with statements(10):
        liaison.get(ME)


class TestUnread:
    def test_on_every_page_in_figures_and_words(self, liaison: Client, people: People):
        User.objects.filter(pk=people.liaison.pk).update(unread=3)
        for address in ("/", "/cases/", "/notices/", ME, reverse("accounts:password_change"), "/grids/", "/nirgendwo/"):
            page = liaison.get(address).content.decode()
            if address != "/nirgendwo/":
                assert page.count("3 条未读消息") >= 2, address

    def test_has_an_end(self, liaison: Client, people: People):
        User.objects.filter(pk=people.liaison.pk).update(unread=120)
        page = liaison.get(ME).content.decode()
        assert '<span aria-hidden="true">99+</span>' in page
        assert "120 条未读消息" in page

    def test_nothing_where_nothing_waits(self, liaison: Client):
        assert "条未读" not in liaison.get(ME).content.decode()

    def test_saving_an_account_does_not_bring_an_old_number_back(self, people: People):
        old = factories.fresh(people.liaison)
        User.objects.filter(pk=old.pk).update(unread=5)
        old.title = "新职务"
        old.save()
        fresh = factories.fresh(old)
        assert (fresh.title, fresh.unread) == ("新职务", 5)
