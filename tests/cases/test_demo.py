"""The demo: everything it promises, and nothing where nobody asked for it."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client

from cases import todo
from cases.choices import Act, ContactLight, Light, PhotoKind, Status
from cases.demo import people
from cases.lights import contact_light, light
from cases.models import Attachment, Case, CaseEvent, Category, Notice
from cases.notifications import TOPIC
from cases.recompute import differences
from cases.sweep import sweep
from cases.transitions import Party, edges_from
from grids.choices import GridKind, Role
from grids.models import Grid, Posting
from liangcheng.accounts.models import User
from liangcheng.common import clock
from liangcheng.common.clock import now
from liangcheng.common.models import OutboxMessage, OutboxState
from liangcheng.common.text import is_phone
from members.models import Letter, PartyMember, Registration

# On a Saturday nothing is due within a day.
WEDNESDAY = datetime(2026, 11, 18, 11, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
PASSWORD = "Demo-of-the-tests-1"
# One process for all: seeding takes half a minute.
pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("demo")]


def seed_demo() -> str:
    out = StringIO()
    call_command("seed_demo", stdout=out)
    return out.getvalue()


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker) -> Iterator[str]:
    """Seeded once for the whole file, in a transaction that is taken back; tests run in savepoints of it."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch, transaction.atomic(), clock.at(WEDNESDAY):
        patch.setenv("DEMO_PASSWORD", PASSWORD)
        call_command("load_reference", stdout=StringIO())
        yield seed_demo()
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def password(monkeypatch) -> None:
    monkeypatch.setenv("DEMO_PASSWORD", PASSWORD)


@pytest.fixture
def _demo(demo: str, db: None) -> None:
    """For tests of the seeded demo."""


@pytest.mark.usefixtures("_demo")
class TestCases:
    def test_about_three_hundred_in_every_state_level_and_category(self):
        assert 280 <= Case.objects.count() <= 330
        states = Counter(Case.objects.values_list("status", flat=True))
        assert set(states) == set(Status.values)
        assert min(states.values()) >= 4
        for field in ("handling_level", "highest_level", "resolved_level"):
            found = set(Case.objects.exclude(**{field: ""}).values_list(field, flat=True))
            assert found == set(GridKind.values), field
        assert Case.objects.values("category").distinct().count() == Category.objects.count() == 68

    def test_every_light_burns_at_several_levels(self):
        moment = now()
        lights = {light(case, moment) for case in Case.objects.all()}
        assert lights == set(Light)
        for burning in (Case.objects.overdue(), Case.objects.due_soon()):
            assert burning.count() >= 8
            assert len(set(burning.values_list("handling_level", flat=True))) >= 3
        contacts = Counter(contact_light(case, moment) for case in Case.objects.all())
        assert set(contacts) == set(ContactLight)
        assert contacts[ContactLight.IN_TIME] > 3 * contacts[ContactLight.DONE_LATE]

    @pytest.mark.parametrize(
        ("fields", "least"),
        [
            ({"return_count__gt": 0}, 5),
            ({"rework_count__gt": 0}, 5),
            ({"reopen_count__gt": 0}, 3),
            ({"confidential": True, "is_open": True}, 1),
            ({"reporter_anonymous": True}, 5),
            ({"binding": True}, 5),
            ({"satisfaction": "DISSATISFIED"}, 1),
            ({"external_system": people.HOTLINE}, 20),
            ({"assigned_department__isnull": False}, 20),
            ({"on_time": True, "on_time_original": False}, 3),
            ({"on_time": True, "on_time_original": True}, 50),
            ({"on_time": False, "on_time_original": False}, 5),
            ({"is_open": True, "extension_days__isnull": False}, 3),
            ({"status": Status.SUSPENDED, "review_on__gt": WEDNESDAY.date()}, 4),
            ({"status": Status.SUSPENDED, "review_on__lte": WEDNESDAY.date()}, 1),
            ({"is_open": True, "instruction_due_at__gte": WEDNESDAY}, 2),
            ({"is_open": True, "instruction_due_at__lt": WEDNESDAY}, 1),
            ({"is_open": True, "supervised": True}, 1),
            ({"is_open": True, "coordination_at__gt": WEDNESDAY}, 1),
            ({"is_open": True, "co_handlers__done_at__isnull": True, "co_handlers__role": "HELPER"}, 2),
            ({"co_handlers__done_at__isnull": False}, 5),
            ({"coordinations__concluded_at__isnull": False}, 5),
            ({"instructions__answered_at__isnull": False}, 5),
            ({"is_open": True, "urge_count__gt": 0}, 3),
            ({"status": Status.PENDING, "bounced": True}, 1),
            ({"heat__gt": 1}, 5),
            ({"heat__gte": 6, "is_open": True}, 1),
            ({"links_out__kind": "FOLLOW_UP"}, 1),
            ({"second_grid__isnull": False, "events__act": Act.ESCALATE}, 2),
            ({"status": Status.CLOSED, "events__act": Act.CLOSE, "events__actor": None}, 2),
        ],
        ids=str,
    )
    def test_every_turn_was_taken(self, fields: dict[str, object], least: int):
        assert Case.objects.filter(**fields).distinct().count() >= least

    def test_every_act_is_there_and_the_clock_has_done_its_part(self):
        acts = set(CaseEvent.objects.values_list("act", flat=True))
        assert acts == set(Act.values) - {Act.ATTACH, Act.RECALCULATE}
        by_clock = Counter(CaseEvent.objects.filter(actor=None).values_list("act", flat=True))
        assert set(by_clock) == {Act.WARN, Act.OVERDUE, Act.REMIND, Act.ESCALATE, Act.LAPSE, Act.CLOSE}
        assert min(by_clock.values()) >= 2
        handed_over = CaseEvent.objects.filter(act=Act.HAND_OVER)
        assert handed_over.count() >= 2

    def test_the_clock_finds_nothing_to_do_and_deadlines_follow_from_histories(self):
        assert sweep() == {}
        assert list(differences(Case.objects.all())) == []

    def test_histories_are_true_ones(self):
        """Each event is an edge of the table, times rise with the ids, and the case stands where its events lead."""
        moment, last = now(), None
        state: dict[int, str] = {}
        for event in CaseEvent.objects.order_by("pk"):
            assert event.created_at <= moment
            assert last is None or event.created_at >= last
            last = event.created_at
            assert event.from_status == state.get(event.case_id, "")
            # ABSORB is what a 并案 does to the main case, no act of its own.
            if event.act not in {Act.DISCOVER, Act.ABSORB}:
                edges = edges_from(Act(event.act), event.from_status)
                assert edges, event.act
                assert event.actor_id is not None or any(Party.CLOCK in edge.parties for edge in edges), event.act
            state[event.case_id] = event.to_status
        assert state == dict(Case.objects.values_list("pk", "status"))
        first = Case.objects.order_by("reported_at").values_list("reported_at", flat=True)[0]
        assert 50 <= (moment - first).days <= 61
        numbers = list(Case.objects.order_by("pk").values_list("number", flat=True))
        assert numbers == sorted(numbers)

    def test_duplicates_are_merged_into_one(self):
        merged = Case.objects.filter(status=Status.MERGED).select_related("merged_into")
        assert len({case.merged_into_id for case in merged}) == 1
        assert merged[0].merged_into is not None
        assert merged[0].merged_into.is_open
        assert merged[0].merged_into.heat > len(merged)
        assert CaseEvent.objects.filter(act=Act.UNMERGE).count() == 1

    def test_people_work_by_day(self):
        """But for emergencies, what people do lies in or near office hours."""
        told = CaseEvent.objects.filter(actor__isnull=False).values_list("created_at", flat=True)
        hours = [at.astimezone(WEDNESDAY.tzinfo).hour for at in told]
        assert sum(8 <= hour < 18 for hour in hours) > 0.95 * len(hours)

    def test_nobody_checks_their_own_result(self):
        resolver: dict[int, int | None] = {}
        for event in CaseEvent.objects.order_by("pk"):
            if event.act == Act.RESOLVE or (event.act == Act.DISCOVER and event.to_status == Status.RESOLVED):
                resolver[event.case_id] = event.actor_id
            if event.act == Act.VERIFY:
                assert event.actor_id != resolver[event.case_id]

    def test_photos_before_and_after_are_there(self):
        kinds = Counter(Attachment.objects.values_list("kind", flat=True))
        assert min(kinds[PhotoKind.BEFORE], kinds[PhotoKind.AFTER]) > 20
        photo = Attachment.objects.first()
        assert photo.file.open().read(3) == b"\xff\xd8\xff"

    def test_texts_are_filled_in_and_varied(self):
        told = list(Case.objects.values_list("title", "description", "result"))
        assert not any(mark in text for row in told for text in row for mark in "{}")
        assert len({description for _, description, _ in told}) > 250

    def test_notices_are_delivered_old_ones_read(self):
        assert not OutboxMessage.objects.exclude(state=OutboxState.DELIVERED).exists()
        assert Notice.objects.filter(offer=None).count() == OutboxMessage.objects.filter(topic=TOPIC).count()
        assert Notice.objects.exclude(offer=None).exists()
        for person in User.objects.all():
            assert person.unread == Notice.objects.filter(recipient=person, read_at__isnull=True).count()
        assert Notice.objects.filter(read_at__isnull=True).exists()
        assert Notice.objects.filter(read_at__isnull=False).exists()
        told = list(Notice.objects.order_by("id").values_list("created_at", flat=True))
        assert told == sorted(told)


@pytest.mark.usefixtures("_demo")
class TestPeople:
    def test_two_heads_and_three_liaisons_in_each_area(self):
        for area in Grid.objects.filter(kind=GridKind.AREA):
            roles = Counter(Posting.objects.current(grid=area).values_list("role", flat=True))
            assert roles == {Role.HEAD: 2, Role.LIAISON: 3}, area
        assert 38 <= User.objects.count() <= 50

    def test_accounts_are_listed_with_their_meaning(self):
        out = StringIO()
        call_command("demo_accounts", stdout=out)
        rows = [line.split("\t") for line in out.getvalue().splitlines()]
        names = ["street", "area3", "area3head", "wenyuan1", "micro", "chengguan", "inspector", "viewer", "admin"]
        names.append(people.HOTLINE)
        assert [row[0] for row in rows] == names
        assert all(len(row) == 2 and row[1] for row in rows)

    def test_hotline_may_discover_and_note_only(self):
        account = User.objects.get(username=people.HOTLINE)
        assert not account.has_usable_password()
        scopes = account.service_account
        assert (scopes.system, scopes.may_discover, scopes.may_note, scopes.may_act) == (people.HOTLINE, 1, 1, 0)

    @pytest.mark.parametrize("person", people.SIGN_INS, ids=lambda person: person.username)
    def test_every_sign_in_lands_on_work_or_something_to_read(self, client: Client, person):
        assert client.login(username=person.username, password=PASSWORD)
        page = client.get("/")
        assert page.status_code == 200
        user = User.objects.get(username=person.username)
        counts, _ = todo.count(user)
        assert sum(counts.values()) > 0 or person.role == Role.VIEWER
        assert Case.objects.visible_to(user).open().count() > 3
        assert client.get("/cases/").status_code == 200

    def test_no_number_belongs_to_anybody(self):
        numbers = [*User.objects.exclude(phone="").values_list("phone", flat=True)]
        numbers += PartyMember.objects.values_list("phone", flat=True)
        numbers += Case.objects.exclude(reporter_phone="").values_list("reporter_phone", flat=True)
        assert all(is_phone(number) and number.startswith("1300000") for number in numbers)

    def test_registers_are_not_empty(self):
        # 120, and three who have registered themselves.
        assert PartyMember.objects.count() == 123
        states = Counter(Registration.objects.values_list("state", flat=True))
        assert states == {"CONFIRMED": 3, "WAITING": 2, "REFUSED": 1, "WITHDRAWN": 1}
        assert Letter.objects.filter(delivered_on__isnull=False).count() == 1
        assert PartyMember.objects.filter(organization__parent__parent__parent__kind="WORKING_COMMITTEE").exists()


@pytest.mark.usefixtures("_demo")
class TestAgain:
    def test_a_second_start_changes_nothing(self):
        before = Case.objects.count(), CaseEvent.objects.count(), User.objects.count()
        assert "已经有了" in seed_demo()
        assert (Case.objects.count(), CaseEvent.objects.count(), User.objects.count()) == before

    def test_a_new_password_is_taken_over(self, client: Client, monkeypatch):
        monkeypatch.setenv("DEMO_PASSWORD", "Another-one-2")
        assert "密码已更新" in seed_demo()
        assert client.login(username="micro", password="Another-one-2")
        assert not User.objects.get(username=people.HOTLINE).has_usable_password()
