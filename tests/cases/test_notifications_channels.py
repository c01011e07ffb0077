"""What the worker makes of a notice: the inbox and its count, the channels people chose, the systems concerned."""

import json

import pytest

from cases.choices import Act
from cases.inbox import InboxChannel, mark_read, recount
from cases.models import CaseEvent, Notice
from cases.notifications import PUSH_TOPIC, TOPIC, deliver
from cases.workflow import accept, dispatch, note, reveal
from liangcheng.accounts.models import User
from liangcheng.common import channels, outbox
from liangcheng.common.channels import Delivery
from liangcheng.common.models import ChannelChoice, DeliveryChannel, OutboxMessage, OutboxState
from tests import factories
from tests.cases.web import browser
from tests.common.receiver import receiver
from tests.common.together import together
from tests.factories import Tree
from tests.people import People


def channel(code: str = "wecom", **fields) -> DeliveryChannel:
    return DeliveryChannel.objects.create(code=code, name="企业微信", **({"url": "https://a.cn/"} | fields))


def lined_up() -> list[OutboxMessage]:
    return list(OutboxMessage.objects.filter(topic=channels.TOPIC).order_by("id"))


def tell_all() -> None:
    """Deliver everything but what goes out of the house."""
    for message in OutboxMessage.objects.filter(state=OutboxState.WAITING).exclude(topic=channels.TOPIC):
        outbox.HANDLERS[message.topic](message)
        OutboxMessage.objects.filter(pk=message.pk).update(state=OutboxState.DELIVERED)


class TestInbox:
    def test_counts_what_is_new_and_only_once(self, tree: Tree, people: People):
        factories.category("0201")
        factories.case(people.officer, tree.micro)
        for _ in range(2):
            for message in OutboxMessage.objects.filter(topic=TOPIC):
                deliver(message)
        assert factories.fresh(people.liaison).unread == 1
        factories.case(people.officer, tree.micro)
        tell_all()
        assert factories.fresh(people.liaison).unread == 2
        assert factories.fresh(people.stranger).unread == 0

    def test_goes_down_by_reading_one_or_all(self, tree: Tree, people: People):
        factories.category("0201")
        for _ in range(3):
            factories.case(people.officer, tree.micro)
        tell_all()
        client = browser(people.liaison)
        assert "3 条未读消息" in client.get("/cases/").content.decode()
        notice = Notice.objects.filter(recipient=people.liaison).first()
        for _ in range(2):
            client.post(f"/notices/{notice.pk}/")
            assert factories.fresh(people.liaison).unread == 2
        assert mark_read(people.liaison) == 2
        assert factories.fresh(people.liaison).unread == 0
        assert factories.fresh(people.head).unread == 3

    def test_a_count_that_went_wrong_is_mended_by_reading(self, tree: Tree, people: People):
        User.objects.filter(pk=people.liaison.pk).update(unread=9)
        mark_read(people.liaison)
        assert factories.fresh(people.liaison).unread == 0
        User.objects.update(unread=9)
        recount(User.objects.all())
        assert not User.objects.filter(unread__gt=0).exists()


class TestChannels:
    def test_an_act_costs_the_same_with_and_without(self, tree: Tree, people: People, statements):
        factories.category("0201")
        seen: list[int] = []
        for code in ("", "a", "b"):
            if code:
                channel(code)
            with statements(60) as run:
                factories.case(people.officer, tree.micro)
            seen.append(len(run))
        assert seen[1] == seen[2] <= seen[0]

    def test_each_person_by_their_own_choice(self, tree: Tree, people: People):
        row = channel()
        ChannelChoice.objects.create(user=people.head, channel=row, choice="NONE")
        factories.category("0201")
        factories.case(people.officer, tree.micro)
        tell_all()
        tell_all()
        assert [message.payload["recipient"] for message in lined_up()] == [people.liaison.pk]
        assert lined_up()[0].community_id == tree.street.pk

    def test_only_emergencies_are_urgent(self, tree: Tree, people: People):
        channel(default_choice="URGENT")
        factories.category("0201")
        factories.case(people.officer, tree.micro)
        tell_all()
        assert lined_up() == []
        factories.case(people.officer, tree.micro, urgency="EMERGENCY")
        tell_all()
        told = {message.payload["recipient"] for message in lined_up()}
        assert people.street_head.pk in told
        assert all(message.payload["urgent"] for message in lined_up())

    def test_what_goes_out_names_nobody_and_hides_the_confidential(self, tree: Tree, people: People):
        channel()
        factories.category("0201")
        case = factories.case(people.dispatcher, tree.micro, reporter_name="钱测试", reporter_phone="13000000001")
        tell_all()
        case = factories.case(
            people.dispatcher, tree.micro, urgency="EMERGENCY", confidential=True, description="绝密的事情"
        )
        tell_all()
        assert lined_up()
        out = json.dumps([message.payload for message in lined_up()], ensure_ascii=False)
        for words in ("钱测试", "13000000001", "绝密的事情"):
            assert words not in out
        last = lined_up()[-1].payload
        assert case.title not in last["text"]
        assert "保密案件" in last["text"]
        assert last["path"] == f"/cases/{case.number}/"


class TestPush:
    @pytest.fixture
    def hotline(self, tree: Tree, people: People) -> User:
        return factories.service("hotline12345", tree.street)

    def filed(self, hotline: User, tree: Tree):
        factories.category("0201")
        return factories.case(hotline, tree.micro, external_id="H-1", reporter_phone="13000000001")

    def test_a_system_hears_of_its_own_cases_what_others_did(self, hotline: User, tree: Tree, people: People):
        row = channel("hotline", system="hotline12345")
        channel("other", system="other")
        case = self.filed(hotline, tree)
        assert not OutboxMessage.objects.filter(topic=PUSH_TOPIC).exists(), "it knows what it did itself"
        case = dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer.pk)
        tell_all()
        tell_all()
        [message] = lined_up()
        assert message.payload["channel"] == row.pk
        assert message.payload["recipient"] is None
        event = CaseEvent.objects.get(act=Act.DISPATCH)
        assert message.payload["data"] == {
            "number": case.number,
            "external_id": "H-1",
            "act": "dispatch",
            "status": "DISPATCHED",
            "level": "NEIGHBORHOOD",
            "version": case.version,
            "at": event.created_at.isoformat(),
        }
        assert case.title not in json.dumps(message.payload, ensure_ascii=False)

    def test_the_version_is_that_of_the_event(self, hotline: User, tree: Tree, people: People):
        channel("hotline", system="hotline12345")
        case = dispatch(case_id=self.filed(hotline, tree).pk, actor=people.liaison, assignee_id=people.officer.pk)
        later = accept(case_id=case.pk, actor=people.officer)
        tell_all()
        versions = {message.payload["data"]["act"]: message.payload["data"]["version"] for message in lined_up()}
        assert versions == {"dispatch": case.version, "accept": later.version}

    def test_what_stays_in_the_house(self, hotline: User, tree: Tree, people: People):
        case = self.filed(hotline, tree)
        note(case_id=case.pk, actor=people.liaison, text="内部情况。")
        reveal(case_id=case.pk, actor=people.liaison, text="联系反映人。")
        assert not OutboxMessage.objects.filter(topic=PUSH_TOPIC).exists()

    def test_cases_of_nobody_are_pushed_to_nobody(self, tree: Tree, people: People):
        channel("people")
        factories.category("0201")
        factories.case(people.officer, tree.micro)
        assert not OutboxMessage.objects.filter(topic=PUSH_TOPIC).exists()

    def test_arrives_signed(self, hotline: User, tree: Tree, people: People, settings):
        settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
        case = self.filed(hotline, tree)
        with receiver() as there:
            channel("hotline", system="hotline12345", url=there.url, secret="s")
            dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer.pk)
            while outbox.deliver_due():
                pass
        [got] = there.got
        assert json.loads(got.body)["data"]["external_id"] == "H-1"
        assert json.loads(got.body)["recipient"] is None
        assert not OutboxMessage.objects.exclude(state=OutboxState.DELIVERED).exists()


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_the_count_is_right_when_many_arrive_while_some_are_read():
    from tests import people as cast

    tree = Tree()
    people = cast.settle(tree)
    factories.category("0201")
    case = factories.case(people.officer, tree.micro)
    first = case.events.get()
    fields = [field.attname for field in CaseEvent._meta.concrete_fields[1:]]
    events = [CaseEvent(**{name: getattr(first, name) for name in fields}) for _ in range(40)]
    CaseEvent.objects.bulk_create(events)
    waiting = list(CaseEvent.objects.order_by("id"))

    def work() -> None:
        # Everybody delivers everything: each notice is created once, and read now and then.
        for place, event in enumerate(waiting):
            InboxChannel(event, people.liaison.pk).send(Delivery("k", "t", "内容"))
            if place % 7 == 0:
                mark_read(people.liaison)

    together(work, times=4)
    unread = Notice.objects.filter(recipient=people.liaison, read_at__isnull=True).count()
    assert Notice.objects.filter(recipient=people.liaison).count() == len(waiting)
    assert factories.fresh(people.liaison).unread == unread
