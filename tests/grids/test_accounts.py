"""Accounts end with the last posting: at night, and at once where the office ends a posting."""

import threading
import time
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.db import close_old_connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from grids.accounts import end_account, end_accounts
from grids.choices import Role
from grids.models import Posting
from grids.postings import give_posting
from liangcheng.accounts.models import User
from members.models import Claim, Offer
from tests import factories
from tests import people as cast
from tests.common.together import together
from tests.factories import Tree
from tests.people import People


def day(days: int):
    return timezone.localdate() + timedelta(days=days)


def ended(person: User, days: int = -1) -> None:
    """Let all postings of `person` end that many days from today."""
    person.postings.update(valid_to=day(days))


def staff(person: User) -> User:
    User.objects.filter(pk=person.pk).update(is_staff=True)
    return factories.fresh(person)


def active(person: User) -> bool:
    return factories.fresh(person).is_active


def said(answer) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def inline(posting: Posting, **given: str) -> dict[str, str]:
    """The account's page as its form sends it, with its one posting changed by `given`."""
    row = {"id": str(posting.pk), "user": str(posting.user_id), "grid": str(posting.grid_id), "role": posting.role}
    form = {f"postings-0-{name}": value for name, value in {**row, **given}.items()}
    counts = {"TOTAL_FORMS": "1", "INITIAL_FORMS": "1", "MIN_NUM_FORMS": "0", "MAX_NUM_FORMS": "1000"}
    user = posting.user
    account = {"username": user.username, "full_name": user.full_name, "is_active": "on"}
    return account | form | {f"postings-{name}": value for name, value in counts.items()}


def offered(maker: User, tree: Tree) -> Offer:
    words = {"kind": "WISH", "title": "换灯", "description": "换灯。", "closes_on": day(5)}
    return Offer.objects.create(grid=tree.wenyuan1, made_by=maker, **words)


class TestNight:
    def test_whose_last_posting_has_ended(self, client: Client, people: People, tree: Tree):
        ended(people.officer)
        ended(people.liaison, 0)  # through today
        ended(people.head)
        later = factories.posting(people.head, tree.area, Role.HEAD)
        Posting.objects.filter(pk=later.pk).update(valid_from=day(30))
        ended(people.viewer)
        factories.posting(people.viewer, tree.micro, Role.VIEWER)
        case = factories.case(people.liaison, tree.micro)
        type(case).objects.filter(pk=case.pk).update(assignee=people.officer)
        member = factories.member(tree.micro, factories.organization(tree.micro), user=people.officer)
        for state in ("CLAIMED", "DONE"):
            Claim.objects.create(
                offer=offered(people.liaison, tree), member=member, state=state, entered_by=people.head
            )
        away = factories.stand_in(people.officer, people.officer2)
        helps = factories.stand_in(people.officer2, people.officer, start=1)
        client.force_login(people.officer)
        assert client.get(reverse("accounts:me")).status_code == 200
        assert end_accounts() == 1
        assert [active(person) for person in (people.officer, people.liaison, people.head, people.viewer)] == [
            *(False, True, True, True)
        ]
        assert client.get(reverse("accounts:me"))["Location"].startswith(reverse("accounts:login"))
        for row in (away, helps):
            row.refresh_from_db()
            assert row.ended_at
        log = LogEntry.objects.get(object_id=str(people.officer.pk))
        assert log.change_message == (
            f"系统自动办理：{people.officer}已没有岗位，账号已停用。"
            "名下还有未完成的认领事项 1 项、未办结案件 1 件，请办理工作交接。"
        )
        assert end_accounts() == 0
        # Not lost: the desk finds the case under the name of who has left.
        client.force_login(factories.fresh(people.area_liaison))
        listed = client.get(reverse("cases:handover")).content.decode()
        assert people.officer.full_name in listed
        assert "账号已停用" in listed

    def test_who_never_had_one_has_some_days(self, people: People, tree: Tree, settings):
        new, old, deleted, boss = (factories.user(name) for name in ("new", "old", "deleted", "boss"))
        User.objects.filter(pk__in=[old.pk, boss.pk]).update(created_at=timezone.now() - timedelta(days=31))
        User.objects.filter(pk=boss.pk).update(is_superuser=True)
        factories.posting(deleted, tree.micro).delete()
        system = factories.service("hotline", tree.street)
        ended(system)
        assert end_accounts() == 2
        assert [active(person) for person in (new, old, deleted, boss, system)] == [True, False, False, True, True]
        settings.ACCOUNT_GRACE_DAYS = 365
        User.objects.filter(pk=old.pk).update(is_active=True)
        assert end_accounts() == 0

    def test_a_grid_or_department_out_of_use_is_no_posting(self, people: People):
        people.chengguan.is_active = False
        people.chengguan.save()
        assert end_accounts() == 1
        assert not active(people.staff)


class TestAtOnce:
    @pytest.fixture
    def office(self, client: Client, people: People) -> Client:
        client.force_login(staff(people.dispatcher))
        return client

    def test_a_posting_ended_on_its_own_page(self, office: Client, people: People, tree: Tree):
        posting = people.officer.postings.get()
        form = {"user": posting.user_id, "grid": posting.grid_id, "role": "OFFICER"}
        address = reverse("admin:grids_posting_change", args=[posting.pk])
        assert "停用" not in said(office.post(address, form | {"valid_to": day(0)}))
        assert active(people.officer)
        assert "账号已停用" in said(office.post(address, form | {"valid_to": day(-1)}))
        assert not active(people.officer)
        assert LogEntry.objects.filter(object_id=str(people.officer.pk), user=people.dispatcher).exists()
        # Given to somebody else, the first holder is left without.
        posting = people.officer2.postings.get()
        address = reverse("admin:grids_posting_change", args=[posting.pk])
        form = {"user": people.viewer.pk, "grid": posting.grid_id, "role": "OFFICER"}
        assert office.post(address, form).status_code == 302
        assert not active(people.officer2)
        assert active(people.viewer)

    def test_on_the_accounts_page_and_back_again(self, office: Client, people: People):
        posting = people.officer.postings.get()
        address = reverse("admin:accounts_user_change", args=[people.officer.pk])
        assert "账号已停用" in said(office.post(address, inline(posting, valid_to=str(day(-1)))))
        assert not active(people.officer)
        posting = Posting.objects.select_related("user").get(pk=posting.pk)
        # Switched on without a posting: allowed, and told what will happen.
        answer = office.post(address, inline(posting, valid_to=str(day(-1))))
        assert "请当天登记岗位" in said(answer)
        assert active(people.officer)
        assert office.post(address, inline(posting, valid_to="")).status_code == 302
        assert end_accounts() == 0
        assert active(people.officer)


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_a_posting_that_is_just_being_given_keeps_the_account():
    tree = Tree()
    people = cast.settle(tree)
    ended(people.officer)
    given = threading.Event()

    def give() -> None:
        with transaction.atomic():
            give_posting(actor=people.dispatcher, user_id=people.officer.pk, grid_id=tree.micro.pk, role=Role.OFFICER)
            given.set()
            time.sleep(0.4)

    acts = [lambda: given.wait(5) and end_account(people.officer.pk), give]

    def act() -> None:
        close_old_connections()
        acts.pop()()

    together(act, times=2)
    assert active(people.officer)
