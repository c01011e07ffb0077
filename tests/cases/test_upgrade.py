"""An installation from before the clock, with cases in it, comes up to date on both databases and loses nothing."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from cases import workflow
from cases.choices import Status
from cases.models import Case, CaseEvent
from cases.recompute import deliver, differences
from cases.sweep import sweep
from liangcheng.common import clock
from liangcheng.common.clock import now
from liangcheng.common.models import OutboxMessage
from members.models import PartyMember
from tests import factories
from tests import people as cast
from tests.factories import Tree

# The clock came with cases 0003, skills as rows with members 0003.
BEFORE = [("cases", "0002_initial"), ("members", "0002_people_teams_venues")]


def migrate_to(targets: list[tuple[str, str]]) -> Any:
    """The models as they are there."""
    executor = MigrationExecutor(connection)
    return executor.migrate(targets).apps


@pytest.mark.django_db(transaction=True)
def test_open_cases_keep_their_promises_and_nobody_is_stormed():
    tree = Tree()
    people = cast.settle(tree)
    factories.category("0201")
    with clock.at(now() - timedelta(days=40)):
        long_ago = factories.case(people.officer, tree.micro, reporter_phone="13000000001")
        resolved = factories.case(people.officer, tree.micro, resolved_on_spot=True, result="当场清走。")
    waiting = factories.case(people.officer, tree.micro, wants_reply=True)
    sent = factories.case(people.officer, tree.micro, wants_reply=True)
    workflow.dispatch(case_id=sent.pk, actor=people.liaison, assignee_id=people.officer2.pk)
    promised = dict(Case.objects.values_list("pk", "due_at"))
    contact_by = dict(Case.objects.values_list("pk", "first_contact_due_at"))
    Case.objects.filter(pk=waiting.pk).update(status=Status.DISPATCHED, assignee=people.officer2)
    _forget_limits()
    handy = factories.member(tree.micro, factories.organization(tree.wenyuan1))
    last = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        then = migrate_to(BEFORE)
        long_words = "电工、会修各种老式家用电器和自行车摩托车的老师傅"
        then.get_model("members", "PartyMember").objects.update(skill_words=long_words)
    finally:
        migrate_to(last)
    assert "电工" in handy.skills.values_list("name", flat=True)
    assert long_words in PartyMember.objects.get(pk=handy.pk).note, "what is no word is kept whole"
    assert Case.objects.get(pk=resolved.pk).on_time_original is True
    counted = Case.objects.order_by("pk").values_list("dispatch_count", "suspend_count")
    assert list(counted.filter(pk__in=[waiting.pk, sent.pk])) == [(0, 0), (1, 0)], "counted from the history"
    deliver(OutboxMessage.objects.get(topic="cases.recompute"))
    assert dict(sweep()) == {}, "what was late long ago is no news, and nothing is taken back in the first minute"
    assert dict(Case.objects.values_list("pk", "due_at")) == promised
    assert dict(Case.objects.values_list("pk", "first_contact_due_at")) == contact_by
    assert Case.objects.get(pk=waiting.pk).warn_at is not None
    assert Case.objects.get(pk=long_ago.pk).clock_at > now()
    assert list(differences(Case.objects.all())) == []
    call_command("check_deadlines", verbosity=0)


def _forget_limits() -> None:
    """As events were written before limits were kept in them."""
    field = CaseEvent._meta.get_field("data")
    for pk, data in CaseEvent.objects.values_list("pk", "data"):
        older = {key: value for key, value in data.items() if key not in {"limit", "contact"}}
        CaseEvent._base_manager.filter(pk=pk)._update([(field, None, older)])
