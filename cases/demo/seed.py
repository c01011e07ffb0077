"""Put the demo into an empty installation: people, registers, and sixty days of cases."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from cases import volunteers
from cases.demo import deeds, parties, people, registers, registrations
from cases.demo.cast import Cast
from cases.demo.plans import Planner
from cases.demo.stories import tell_all
from cases.inbox import recount
from cases.models import Case, CaseEvent, Notice, TimeLimit
from cases.notifications import PUSH_TOPIC, TOPIC, notice_text
from grids.models import Grid
from liangcheng.accounts.models import User
from liangcheng.common.clock import now
from liangcheng.common.models import OutboxMessage, OutboxState
from members import offers
from members.models import Building

# Notices older than this have been read.
_READ_AFTER = timedelta(days=2)


@dataclass(frozen=True)
class Seeded:
    people: int
    cases: int
    acts: int


def is_seeded() -> bool:
    return User.objects.filter(username=people.HOTLINE, service_account__system=people.HOTLINE).exists() and (
        User.objects.filter(username__in=people.usernames()).count() == len(people.usernames())
    )


def in_use() -> bool:
    """Somebody works here already; invented cases must not be mixed with real ones."""
    return User.objects.exists() or Case.objects.exists()


def seed(street: Grid, password: str) -> Seeded:
    """All or nothing, in one transaction. The reference data must be there."""
    with transaction.atomic():
        people.settle(street, password)
        parties.found(street)
        registers.found(street)
        registrations.tell(street)
        moment = now()
        limits = TimeLimit.objects.filter(category__is_active=True).select_related("category")
        houses = Building.objects.active().within(street).select_related("grid", "neighborhood", "unit").order_by("pk")
        cast = Cast()
        planner = Planner(list(limits), list(houses), cast, moment)
        tell_all(planner.plans(), cast, planner.calendar, moment)
        deeds.tell(street)
        _deliver_past_notices()
        return Seeded(User.objects.count(), Case.objects.count(), CaseEvent.objects.count())


def _deliver_past_notices() -> None:
    """What the worker would have delivered in sixty days, at once; the last two days' notices are unread."""
    waiting = OutboxMessage.objects.filter(topic=TOPIC, state=OutboxState.WAITING)
    wanted = {message.pk: message.payload for message in waiting}
    events = CaseEvent.objects.select_related("case", "to_grid").in_bulk({each["event"] for each in wanted.values()})
    read_before = now() - _READ_AFTER
    Notice.objects.bulk_create(
        (
            Notice(
                recipient_id=each["recipient"],
                event=events[each["event"]],
                text=notice_text(events[each["event"]]),
                created_at=events[each["event"]].created_at,
                read_at=_read_at(events[each["event"]], read_before),
            )
            # As the worker would have written them: the page shows the newest first, by id.
            for each in sorted(wanted.values(), key=lambda each: events[each["event"]].created_at)
        ),
        batch_size=500,
    )
    for message in OutboxMessage.objects.filter(topic=offers.TOPIC, state=OutboxState.WAITING).order_by("pk"):
        volunteers.deliver(message)
    recount(User.objects.all())
    told = OutboxMessage.objects.filter(topic__in=(TOPIC, PUSH_TOPIC, offers.TOPIC), state=OutboxState.WAITING)
    told.update(state=OutboxState.DELIVERED, attempts=1, delivered_at=F("created_at"))


def _read_at(event: CaseEvent, read_before: datetime) -> datetime | None:
    return event.created_at if event.created_at < read_before else None
