"""Channels and dead letters in the admin: who sees them, what never comes out again, trying out, sending again."""

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from liangcheng.accounts.models import User
from liangcheng.common.models import DeliveryChannel, OutboxMessage, OutboxState
from tests.common.receiver import receiver
from tests.factories import Tree
from tests.people import People

LIST = "/admin/common/deliverychannel/"
SECRET = "Kann-man-nicht-lesen-1"


@pytest.fixture(autouse=True)
def _local(settings) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
    settings.WEBHOOK_TIMEOUT = 1


def staff(person: User) -> User:
    User.objects.filter(pk=person.pk).update(is_staff=True)
    return User.objects.get(pk=person.pk)


@pytest.fixture
def office(client: Client, people: People) -> Client:
    """The dispatcher's browser: runs the street's office."""
    client.force_login(staff(people.dispatcher))
    return client


def form(**more: str) -> dict[str, str]:
    return {
        "code": "wecom",
        "name": "企业微信",
        "kind": "WEBHOOK",
        "url": "https://qyapi.example.cn/send?key=abc",
        "content_type": "application/json",
        "body_template": "",
        "system": "",
        "default_choice": "ALL",
        "is_active": "on",
        "new_secret": "",
    } | more


def channel(tree: Tree, **fields) -> DeliveryChannel:
    values = {"code": "wecom", "name": "企业微信", "url": "https://example.cn/", "community_id": tree.street.pk}
    return DeliveryChannel.objects.create(**(values | fields))


class TestForm:
    def test_belongs_to_the_street_of_who_made_it(self, office: Client, tree: Tree):
        assert office.post(f"{LIST}add/", form(new_secret=SECRET)).status_code == 302
        made = DeliveryChannel.objects.get()
        assert (made.community_id, made.secret) == (tree.street.pk, SECRET)

    def test_the_secret_only_goes_in(self, office: Client, tree: Tree):
        made = channel(tree, secret=SECRET)
        for address in (LIST, f"{LIST}{made.pk}/change/", f"{LIST}{made.pk}/history/"):
            page = office.get(address).content.decode()
            assert SECRET not in page
        assert "已设置" in office.get(LIST).content.decode()
        office.post(f"{LIST}{made.pk}/change/", form(name="新名称"))
        made.refresh_from_db()
        assert (made.name, made.secret) == ("新名称", SECRET)
        page = office.post(f"{LIST}{made.pk}/change/", form(url="", new_secret="anderes-Geheimnis")).content.decode()
        assert "anderes-Geheimnis" not in page
        office.post(f"{LIST}{made.pk}/change/", form(clear_secret="on"))
        made.refresh_from_db()
        assert made.secret == ""

    @pytest.mark.parametrize(
        ("wrong", "told"),
        [
            ({"url": ""}, "要填写推送地址"),
            ({"url": "ftp://a.cn/"}, "推送地址不对"),
            ({"url": "http://u:p@a.cn/"}, "推送地址不对"),
            ({"body_template": '{"a": "{{nobody}}"}'}, "没有“nobody”这个占位符"),
            ({"body_template": '{"a": {{title}}}'}, "不是正确的 JSON"),
            ({"kind": "EMAIL", "system": "hotline12345"}, "只能用网络推送"),
        ],
    )
    def test_refusals(self, office: Client, wrong: dict[str, str], told: str):
        assert told in office.post(f"{LIST}add/", form(**wrong)).content.decode()
        assert not DeliveryChannel.objects.exists()

    def test_the_list_shows_no_key_of_a_gateway(self, office: Client, tree: Tree):
        channel(tree, url="https://qyapi.example.cn/send?key=abc123")
        page = office.get(LIST).content.decode()
        assert "qyapi.example.cn" in page
        assert "abc123" not in page


class TestStrangers:
    def test_who_runs_no_office_sees_nothing(self, client: Client, people: People, tree: Tree):
        made = channel(tree)
        for person in (people.area_head, people.stranger):
            client.force_login(staff(person))
            for address in (LIST, f"{LIST}add/"):
                assert client.get(address).status_code == 403
            for address in (f"{LIST}{made.pk}/change/", f"{LIST}{made.pk}/test/"):
                assert client.get(address).status_code in {403, 404}
            assert client.post(f"{LIST}{made.pk}/test/").status_code in {403, 404}
            assert client.post("/admin/common/outboxmessage/resend/").status_code == 403

    def test_other_streets_and_the_whole_towns_are_not_this_offices(self, office: Client, tree: Tree):
        for community in (tree.street.pk + 1000, None):
            foreign = channel(tree, code=f"c{community}", name="别家的通道", community_id=community)
            assert office.get(f"{LIST}{foreign.pk}/test/").status_code == 404
            assert office.post(f"{LIST}{foreign.pk}/change/", form()).status_code == 404
        assert "别家的通道" not in office.get(LIST).content.decode()


class TestTryingOut:
    def test_a_webhook(self, office: Client, tree: Tree):
        with receiver() as there:
            made = channel(tree, url=there.url, secret="s")
            assert "发送测试消息" in office.get(f"{LIST}{made.pk}/change/").content.decode()
            assert office.get(f"{LIST}{made.pk}/test/").status_code == 200
            assert there.got == []
            page = office.post(f"{LIST}{made.pk}/test/", follow=True).content.decode()
        assert "测试消息已送达" in page
        assert len(there.got) == 1

    @pytest.mark.parametrize(("behave", "told"), [(500, "状态 500"), (302, "不跟随转址"), ("hang", "没有在规定时间内")])
    def test_what_went_wrong_is_said_in_words(self, office: Client, tree: Tree, behave: int | str, told: str):
        with receiver(behave) as there:
            made = channel(tree, url=there.url)
            assert told in office.post(f"{LIST}{made.pk}/test/", follow=True).content.decode()

    def test_inside_is_refused(self, office: Client, tree: Tree, settings):
        settings.WEBHOOK_ALLOWED_HOSTS = []
        made = channel(tree, url="http://169.254.169.254/latest/meta-data/")
        assert "内部网络" in office.post(f"{LIST}{made.pk}/test/", follow=True).content.decode()

    def test_an_email_goes_to_oneself(self, office: Client, people: People, tree: Tree):
        made = channel(tree, kind="EMAIL", url="")
        assert "没有登记邮箱" in office.post(f"{LIST}{made.pk}/test/", follow=True).content.decode()
        User.objects.filter(pk=people.dispatcher.pk).update(email="me@example.cn")
        office.post(f"{LIST}{made.pk}/test/")
        assert [message.to for message in mail.outbox] == [["me@example.cn"]]


class TestDeadLetters:
    def dead(self, key: str, community: int | None, error: str = "webhook_redirect", **fields) -> OutboxMessage:
        values = {"state": OutboxState.DEAD, "attempts": 8, "payload": {"name": "企业微信"}}
        return OutboxMessage.objects.create(
            topic="channel.deliver", key=key, community_id=community, last_error=error, **(values | fields)
        )

    def test_reasons_stand_there_in_words(self, office: Client, tree: Tree):
        row = self.dead("1", tree.street.pk)
        self.dead("2", tree.street.pk, "webhook_status_404")
        page = office.get("/admin/common/outboxmessage/").content.decode()
        for words in ("外发消息（企业微信）", "不跟随转址", "状态 404", "全部重新发送", "未能送达"):
            assert words in page
        assert "webhook_" not in page
        assert "不跟随转址" in office.get(f"/admin/common/outboxmessage/{row.pk}/change/").content.decode()

    def test_all_of_ones_own_are_sent_again_at_once(self, office: Client, tree: Tree):
        address = reverse("admin:common_outbox_resend")
        for number in range(3):
            self.dead(f"mine{number}", tree.street.pk)
        self.dead("foreign", tree.street.pk + 1000)
        self.dead("nobody's", None)
        self.dead("done", tree.street.pk, state=OutboxState.DELIVERED)
        page = office.get(address).content.decode()
        assert "共 3 条" in page
        assert OutboxMessage.objects.filter(state=OutboxState.DEAD).count() == 5, "looking sends nothing"
        assert "已排入重新发送：3 条" in office.post(address, follow=True).content.decode()
        states = dict(OutboxMessage.objects.values_list("key", "state"))
        assert {states[f"mine{number}"] for number in range(3)} == {"waiting"}
        assert (states["foreign"], states["nobody's"], states["done"]) == ("dead", "dead", "delivered")
        assert "没有未能送达的消息" in office.get(address).content.decode()


def test_the_admin_shows_how_many_messages_wait(office: Client, people: People):
    User.objects.filter(pk=people.dispatcher.pk).update(unread=4)
    assert "消息（4 条未读）" in office.get("/admin/").content.decode()
