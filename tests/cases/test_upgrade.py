"""An installation from before the clock, with cases in it, comes up to date on both databases and loses nothing."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from cases.choices import Status
from cases.models import Case, CaseEvent
from cases.recompute import deliver, differences
from cases.sweep import sweep
from liangcheng.common import clock
from liangcheng.common.clock import now
from liangcheng.common.models import OutboxMessage
from tests import factories
from tests import people as cast
from tests.factories import Tree

BEFORE = ("cases", "0002_initial")


def migrate_to(name: str) -> None:
    executor = MigrationExecutor(connection)
    executor.migrate([("cases", name)])


@pytest.mark.django_db(transaction=True)
def test_open_cases_keep_their_promises_and_nobody_is_stormed():
    tree = Tree()
    people = cast.settle(tree)
    factories.category("0201")
    with clock.at(now() - timedelta(days=40)):
        long_ago = factories.case(people.officer, tree.micro, reporter_phone="13000000001")
        resolved = factories.case(people.officer, tree.micro, resolved_on_spot=True, result="当场清走。")
    waiting = factories.case(people.officer, tree.micro, wants_reply=True)
    promised = dict(Case.objects.values_list("pk", "due_at"))
    contact_by = dict(Case.objects.values_list("pk", "first_contact_due_at"))
    Case.objects.filter(pk=waiting.pk).update(status=Status.DISPATCHED, assignee=people.officer2)
    _forget_limits()
    last = MigrationExecutor(connection).loader.graph.leaf_nodes("cases")[0][1]
    try:
        migrate_to(BEFORE[1])
    finally:
        migrate_to(last)
    assert Case.objects.get(pk=resolved.pk).on_time_original is True
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
