"""Whom an act tells, and that nobody is told twice."""

from cases.choices import Act
from cases.models import Notice
from cases.notifications import TOPIC, deliver
from cases.workflow import accept, dispatch, escalate, note, return_
from liangcheng.common.models import OutboxMessage
from tests import factories
from tests.factories import Tree
from tests.people import People


def told(act: Act) -> set[int]:
    from cases.models import CaseEvent

    event = CaseEvent.objects.filter(act=act).last()
    return {m.payload["recipient"] for m in OutboxMessage.objects.filter(topic=TOPIC) if m.payload["event"] == event.pk}


def test_each_act_tells_its_audience_but_not_the_actor(tree: Tree, people: People):
    factories.category("0201")
    case = factories.case(people.liaison, tree.micro)
    assert told(Act.DISCOVER) == {people.head.pk}
    dispatch(case_id=case.pk, actor=people.liaison, assignee_id=people.officer2.pk)
    assert told(Act.DISPATCH) == {people.officer2.pk}
    accept(case_id=case.pk, actor=people.officer2)
    assert told(Act.ACCEPT) == set()
    note(case_id=case.pk, actor=people.head, text="请尽快。")
    assert told(Act.NOTE) == {people.officer2.pk}
    return_(case_id=case.pk, actor=people.officer2, reason="OTHER", text="请假。")
    assert told(Act.RETURN) == {people.liaison.pk, people.head.pk}
    escalate(case_id=case.pk, actor=people.head, text="需协调。", tried="已协商。")
    assert told(Act.ESCALATE) == {people.area_liaison.pk, people.area_head.pk}
    dispatch(case_id=case.pk, actor=people.area_head, department_id=people.chengguan.pk)
    assert told(Act.DISPATCH) == {people.staff.pk}


def test_delivery_twice_is_one_notice_without_personal_data(tree: Tree, people: People):
    factories.category("0201")
    factories.case(people.officer, tree.micro, reporter_name="钱测试", reporter_phone="13000000001")
    message = OutboxMessage.objects.filter(topic=TOPIC).first()
    deliver(message)
    deliver(message)
    notice = Notice.objects.get(recipient_id=message.payload["recipient"])
    assert "LC" in notice.text
    assert "13000000001" not in notice.text
    assert "钱测试" not in notice.text


def test_confidential_emergency_is_told_to_nobody_who_may_not_see_it(tree: Tree, people: People):
    factories.category("0201")
    case = factories.case(people.dispatcher, tree.micro, urgency="EMERGENCY", confidential=True)
    assert told(Act.DISCOVER) == {people.street_head.pk}
    for person in (people.area_head, people.liaison, people.officer):
        assert not type(case).objects.visible_to(factories.fresh(person)).exists()
