"""Channels: who wants what, what goes out, and what is left when it does not."""

import json
import smtplib

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from liangcheng.accounts.models import User
from liangcheng.common import channels, outbox, templating
from liangcheng.common.channel_models import Choice, ContentType
from liangcheng.common.channels import Delivery, EmailChannel, Recipient, WebhookChannel, channel_of
from liangcheng.common.models import ChannelChoice, DeliveryChannel, OutboxMessage, OutboxState
from liangcheng.common.outbox import DeliveryFailed, PermanentFailure
from tests import factories
from tests.common.receiver import receiver

pytestmark = pytest.mark.django_db
TO = Recipient(7, "张三", "zhangsan", "zhangsan@example.cn", "13000000001")


@pytest.fixture(autouse=True)
def _local(settings) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
    settings.WEBHOOK_TIMEOUT = 1
    settings.SITE_URL = "https://grid.example.cn/"


@pytest.fixture
def person() -> User:
    return factories.user("zhangsan", email="zhangsan@example.cn")


def webhook(code: str = "wecom", **fields) -> DeliveryChannel:
    return DeliveryChannel.objects.create(code=code, name="企业微信", **({"url": "https://example.cn/"} | fields))


def email(**fields) -> DeliveryChannel:
    return DeliveryChannel.objects.create(code="email", name="邮件", kind="EMAIL", **fields)


def delivery(**fields) -> Delivery:
    values = {"key": "k", "title": "LC1 派遣", "text": "LC1 漏水：派遣，文苑一", "path": "/cases/LC1/", "recipient": TO}
    return Delivery(**(values | fields))


def forward(person: User, key: str = "e:1", **more) -> int:
    return channels.forward(person.pk, key=key, title="标题", text="内容", path="/x/", **more)


class TestTemplates:
    NASTY = '"}, {"a": "\\ \n {{phone}} </b>&x=1'

    def values(self, **more) -> dict:
        return channels.values_of(delivery(text=self.NASTY, **more))

    def test_json_stays_json_and_a_value_is_a_value(self):
        template = '{"msgtype": "text", "text": {"content": "{{ title }}：{{text}}"}, "u": {{urgent}}, "d": {{data}}}'
        said = json.loads(templating.render(template, ContentType.JSON, self.values(data={"a": '"'})))
        assert said == {
            "msgtype": "text",
            "text": {"content": f"LC1 派遣：{self.NASTY}"},
            "u": False,
            "d": {"a": '"'},
        }

    def test_a_form_is_escaped_as_one(self):
        body = templating.render("to={{phone}}&text={{text}}", ContentType.FORM, self.values())
        assert body.startswith("to=13000000001&text=%22%7D")
        assert body.count("&") == 1

    def test_without_a_template_everything_but_the_addresses(self):
        said = json.loads(templating.render("", ContentType.JSON, self.values(data={"number": "LC1"})))
        assert said["url"] == "https://grid.example.cn/cases/LC1/"
        assert said["recipient"] == {"name": "张三", "username": "zhangsan"}
        assert said["data"] == {"number": "LC1"}
        assert "13000000001" not in json.dumps(said)

    @pytest.mark.parametrize(
        ("template", "told"),
        [
            ('{"a": "{{nobody}}"}', "没有“nobody”这个占位符"),
            ('{"a": {{title}}}', "不是正确的 JSON"),
            ('{"a": {{phone}}}', "不是正确的 JSON"),  # right for a number, wrong for somebody without one
            ('{"a": "{{data}}"}', "不是正确的 JSON"),
            ('{"a": "{{title}}",}', "不是正确的 JSON"),
        ],
    )
    def test_faults_are_found_before_anything_is_sent(self, template: str, told: str):
        assert told in "".join(templating.faults(template, ContentType.JSON))

    def test_what_is_right_has_no_faults(self):
        assert templating.faults("", ContentType.JSON) == []
        assert templating.faults('{"a": "{{title}}", "b": [{{data}}, {{urgent}}]}', ContentType.JSON) == []
        assert templating.faults("text={{text}}", ContentType.FORM) == []
        assert templating.faults("", ContentType.TEXT) != []


class TestForward:
    def test_without_channels_one_look(self, person: User, statements):
        with statements(1):
            assert forward(person) == 0
        assert not OutboxMessage.objects.exists()

    def test_the_same_event_is_lined_up_once(self, person: User):
        webhook()
        email()
        forward(person)
        forward(person)
        forward(person, key="e:2")
        keys = set(OutboxMessage.objects.values_list("key", flat=True))
        assert len(keys) == OutboxMessage.objects.count() == 4

    @pytest.mark.parametrize(
        ("choice", "urgent", "told"),
        [("ALL", False, 1), ("ALL", True, 1), ("URGENT", False, 0), ("URGENT", True, 1), ("NONE", True, 0)],
    )
    def test_own_choice_before_the_default(self, person: User, choice: str, urgent: bool, told: int):
        for default in Choice.values:
            row = webhook(f"c-{default.lower()}", default_choice=default)
            ChannelChoice.objects.create(user=person, channel=row, choice=choice)
        assert forward(person, urgent=urgent) == told * 3
        DeliveryChannel.objects.all().delete()
        webhook(default_choice=choice)
        assert forward(person, key="e:2", urgent=urgent) == told

    def test_only_where_it_can_arrive(self, person: User):
        email()
        nobody = factories.user("nobody")
        assert forward(nobody) == 0
        ended = factories.user("ended", email="a@example.cn", valid_until=factories.long_ago())
        assert forward(ended) == 0
        gone = factories.user("gone", email="a@example.cn", is_active=False)
        assert forward(gone) == 0
        assert forward(person) == 1

    def test_channels_of_other_streets_systems_and_off_ones_are_left_out(self, person: User):
        webhook("off", is_active=False)
        webhook("theirs", community_id=2)
        webhook("system", system="hotline")
        assert forward(person, community_id=1) == 0
        webhook("ours", community_id=1)
        webhook("all")
        assert forward(person, community_id=1) == 2

    def test_the_outbox_holds_no_address(self, person: User):
        webhook()
        forward(person)
        kept = json.dumps(OutboxMessage.objects.get().payload)
        assert "zhangsan" not in kept


class TestEmail:
    def test_goes_to_the_person_with_a_link_and_a_lasting_id(self):
        for _ in range(2):
            EmailChannel().send(delivery(title="两行\n标题", urgent=True))
        first, second = mail.outbox
        assert (first.to, first.subject) == (["zhangsan@example.cn"], "【紧要】两行 标题")
        assert "https://grid.example.cn/cases/LC1/" in first.body
        assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]

    def test_without_address_or_server_it_is_over(self, settings):
        with pytest.raises(PermanentFailure):
            EmailChannel().send(delivery(recipient=None))
        settings.EMAIL_BACKEND, settings.EMAIL_HOST = "django.core.mail.backends.smtp.EmailBackend", ""
        with pytest.raises(PermanentFailure) as caught:
            EmailChannel().send(delivery())
        assert caught.value.code == "email_unset"

    @pytest.mark.parametrize(
        ("error", "code", "over"),
        [
            (smtplib.SMTPRecipientsRefused({"a": (550, b"no such user")}), "email_refused", True),
            (smtplib.SMTPRecipientsRefused({"a": (450, b"greylisted")}), "email_failed", False),
            (smtplib.SMTPServerDisconnected("bye"), "email_failed", False),
            (TimeoutError(), "email_failed", False),
        ],
    )
    def test_what_the_server_says(self, monkeypatch, error: Exception, code: str, over: bool):
        def send(self):
            raise error

        monkeypatch.setattr("django.core.mail.EmailMessage.send", send)
        with pytest.raises(DeliveryFailed) as caught:
            EmailChannel().send(delivery())
        assert (caught.value.code, isinstance(caught.value, PermanentFailure)) == (code, over)


class TestWebhook:
    def test_body_from_the_template(self):
        with receiver() as there:
            row = webhook(url=there.url, body_template='{"mobile": "{{phone}}", "text": "{{text}}"}', secret="s")
            channel_of(row).send(delivery())
        assert json.loads(there.got[0].body) == {"mobile": "13000000001", "text": "LC1 漏水：派遣，文苑一"}
        assert there.got[0].headers["X-Liangcheng-Signature"].startswith("sha256=")

    @pytest.mark.parametrize("answer", [b'{"errcode": 93000, "errmsg": "x"}', b'{"errcode": "40035"}'])
    def test_a_gateway_that_says_no_with_200(self, answer: bytes):
        with receiver(answer=answer) as there, pytest.raises(DeliveryFailed) as caught:
            WebhookChannel(webhook(url=there.url)).send(delivery())
        assert caught.value.code == "webhook_refused"

    @pytest.mark.parametrize("answer", [b"", b"ok", b'{"errcode": 0}', b"[1]", b"\xff", b"[" * 5000])
    def test_any_other_answer_is_a_yes(self, answer: bytes):
        with receiver(answer=answer) as there:
            WebhookChannel(webhook(url=there.url)).send(delivery())


class TestThroughTheOutbox:
    def line_up(self, person: User, url: str) -> OutboxMessage:
        webhook(url=url)
        forward(person)
        return OutboxMessage.objects.get(topic=channels.TOPIC)

    def test_delivered_with_its_key(self, person: User):
        with receiver() as there:
            row = self.line_up(person, there.url)
            assert outbox.deliver_due() == 1
        row.refresh_from_db()
        assert (row.state, row.attempts) == (OutboxState.DELIVERED, 1)
        assert there.got[0].headers["Idempotency-Key"] == row.key

    @pytest.mark.parametrize(
        ("behave", "state", "error"),
        [
            (500, OutboxState.WAITING, "webhook_status_500"),
            ("hang", OutboxState.WAITING, "webhook_timeout"),
            (404, OutboxState.DEAD, "webhook_status_404"),
            (302, OutboxState.DEAD, "webhook_redirect"),
        ],
    )
    def test_failing(self, person: User, behave: int | str, state: str, error: str, caplog):
        with receiver(behave) as there:
            row = self.line_up(person, there.url)
            outbox.deliver_due()
        row.refresh_from_db()
        assert (row.state, row.attempts, row.last_error) == (state, 1, error)
        assert "s3cret" not in caplog.text
        assert "127.0.0.1" not in caplog.text
        assert channels.reason_in_words(row.last_error) != error
        if state == OutboxState.WAITING:
            assert row.run_at > timezone.now()

    def test_what_has_changed_since_counts(self, person: User):
        row = self.line_up(person, "https://example.cn/")
        DeliveryChannel.objects.update(is_active=False)
        outbox.deliver_due()
        row.refresh_from_db()
        assert (row.state, row.last_error) == (OutboxState.DEAD, "channel_gone")
        DeliveryChannel.objects.update(is_active=True)
        User.objects.filter(pk=person.pk).update(is_active=False)
        outbox.send_again(OutboxMessage.objects.all())
        outbox.deliver_due()
        row.refresh_from_db()
        assert (row.state, row.last_error) == (OutboxState.DEAD, "recipient_gone")


@pytest.mark.django_db(transaction=True)
class TestOutsideTransactions:
    def test_nothing_is_locked_while_a_receiver_takes_its_time(self, monkeypatch):
        seen: list[bool] = []
        monkeypatch.setitem(outbox.HANDLERS, "slow", lambda message: seen.append(connection.in_atomic_block))
        monkeypatch.setattr(outbox, "OUTSIDE", {"slow"})
        monkeypatch.setitem(outbox.HANDLERS, "quick", lambda message: seen.append(connection.in_atomic_block))
        OutboxMessage.objects.create(topic="slow", key="1")
        OutboxMessage.objects.create(topic="quick", key="2")
        assert outbox.deliver_due() == 2
        assert seen == [True, False]

    def test_slow_ones_come_few_at_a_time_and_after_the_others(self, monkeypatch):
        seen: list[str] = []
        for topic in ("slow", "quick"):
            monkeypatch.setitem(outbox.HANDLERS, topic, lambda message: seen.append(message.topic))
        monkeypatch.setattr(outbox, "OUTSIDE", {"slow"})
        OutboxMessage.objects.bulk_create(OutboxMessage(topic="slow", key=f"s{n}") for n in range(10))
        OutboxMessage.objects.bulk_create(OutboxMessage(topic="quick", key=f"q{n}") for n in range(3))
        outbox.deliver_due()
        assert seen == ["quick"] * 3 + ["slow"] * 4

    def test_the_lease_begins_anew_before_each(self, monkeypatch):
        monkeypatch.setattr(outbox, "OUTSIDE", {"slow"})
        sent: list[str] = []
        monkeypatch.setitem(outbox.HANDLERS, "slow", lambda message: sent.append(message.key))
        row = OutboxMessage.objects.create(topic="slow", key="1")
        [late] = outbox.claim(1)
        # The ones before it took so long that somebody else has it now.
        OutboxMessage.objects.filter(pk=row.pk).update(attempts=2)
        outbox._deliver(late)
        row.refresh_from_db()
        assert (sent, row.state) == ([], OutboxState.WAITING)


def test_an_interface_for_every_way():
    """What is a Channel needs `send` and nothing else."""
    for kind in ("EMAIL", "WEBHOOK"):
        assert callable(channel_of(DeliveryChannel(kind=kind)).send)
    assert channels.reason_in_words("") == ""
