"""What goes on beside the way of a case: calls, extensions, helpers, meetings, urging, instructions, links, handovers.

Small stories in the same order of time. Those of `begin_beside` belong to one case; those of `begin_daily` look, at
their moment, for a case that fits. Whatever does not fit any more is let go.
"""

from collections import Counter
from datetime import datetime, timedelta
from random import Random

from cases import workflow
from cases.choices import Act, LinkKind, Status
from cases.demo import texts
from cases.demo.people import phone
from cases.demo.plans import DAYS, Plan
from cases.demo.world import Story, World
from cases.models import Case
from grids.choices import RANK, GridKind
from liangcheng.accounts.models import User
from liangcheng.common import clock
from members.models import PartyMember, ResidentUnit

_OPEN_TARGETS = frozenset({Status.HANDLING, Status.DISPATCHED, Status.PENDING})
_NEIGHBOURS = ("陆阿姨", "唐先生", "顾老伯", "汪女士", "傅先生", "史阿姨")


def begin_beside(case: Case, plan: Plan, world: World) -> None:
    """What will happen to a case that has just been filed, besides its plan."""
    rng = world.rng(f"beside-{plan.number}")
    if case.first_contact_due_at and rng.random() < 0.92:
        world.begin(clock.now(), _contact(case, world, rng))
    if plan.extended or plan.refused:
        world.begin(clock.now(), _extension(plan, world, rng))
    length = world.timing.hours(plan.start, plan.due) if plan.due else 0
    if length > 15 and rng.random() < 0.22:
        world.begin(clock.now(), _helpers(plan, world, rng, length))
    if length > 60 and RANK[case.handling_level] <= RANK[GridKind.AREA] and rng.random() < 0.4:
        world.begin(clock.now(), _meeting(plan, world, rng))
    if rng.random() < 0.05:
        world.begin(clock.now(), _link(plan, world))


def begin_daily(world: World) -> None:
    """Heads, inspectors and neighbours look at what lies about, for sixty days; and what is pending now."""
    for day in range(2, DAYS):
        rng, morning = world.rng(f"day-{day}"), world.now - timedelta(days=day)
        if not world.calendar.is_workday(morning.date()):
            continue
        opens = world.calendar.start_of_day(morning.date())
        for often, story in ((0.6, _urge), (0.35, _instruct), (0.35, _join)):
            if rng.random() < often:
                world.begin(opens + timedelta(hours=rng.uniform(0.2, 8)), story(world, rng))
    rng = world.rng("now")
    for number in range(5):
        world.begin(world.timing.recent(rng, 6), _ask_now(world, rng))
        world.begin(world.timing.recent(rng, 12), _instruct(world, rng, answered=False))
        world.begin(world.timing.recent(rng, 5), _urge(world, rng))
        if number < 3:
            world.begin(world.timing.recent(rng, 6), _helpers_now(world, rng))
            world.begin(world.timing.recent(rng, 9), _join(world, rng))
    world.begin(_morning(world, 7), _instruct(world, rng, answered=False, days=1))
    world.begin(world.timing.recent(rng, 5), _meet_soon(world, rng))
    world.begin(_morning(world, 6), _handover(world))


def _morning(world: World, days: int) -> datetime:
    """Ten o'clock or so of the last working day that is so many days ago."""
    calendar, day = world.calendar, (world.now - timedelta(days=days)).date()
    while not calendar.is_workday(day):
        day -= timedelta(days=1)
    return calendar.start_of_day(day) + timedelta(minutes=70)


def _assigned(case: Case, world: World, rng: Random) -> list[User]:
    """Who works on it, in some order; then the desk."""
    people = world.cast.assignees(case) if case.assignee_id or case.assigned_department_id else []
    return [*rng.sample(people, len(people)), *world.cast.desk(case)]


def _contact(case: Case, world: World, rng: Random) -> Story:
    """先行联系, mostly in time."""
    start, due = case.reported_at, case.first_contact_due_at or case.reported_at
    hours = world.timing.hours(start, due)
    late = rng.random() < 0.12
    share = rng.uniform(0.1, 0.85)
    if late:
        yield world.timing.after(due, rng.uniform(0.5, 5))
    else:
        yield world.timing.after(start, hours * share) if hours > 0.5 else start + (due - start) * share
    case = world.case(case.pk)
    actor = world.who(case, Act.CONTACT, _assigned(case, world, rng))
    if actor:
        text = texts.LATE_CONTACT if late else rng.choice(texts.CONTACT)
        workflow.contact(case_id=case.pk, actor=actor, text=text)


def _extension(plan: Plan, world: World, rng: Random) -> Story:
    """Asked when most of the limit has gone, decided by a head within hours."""
    hours = world.timing.hours(plan.start, plan.due) if plan.due else 0
    yield world.timing.after(plan.start, hours * rng.uniform(0.6, 0.85))
    if not _ask(world.case(plan.case_id), world, rng):
        return
    yield world.later(rng.uniform(0.5, 4))
    case = world.case(plan.case_id)
    act = Act.GRANT_EXTENSION if plan.extended else Act.REFUSE_EXTENSION
    actor = world.who(case, act, world.cast.heads(case))
    if actor is None:
        return
    if plan.extended:
        days = max((case.extension_days or 0) - rng.choice((0, 0, 1)), 2)
        workflow.grant_extension(case_id=case.pk, actor=actor, days=days, text=rng.choice(texts.GRANT))
    else:
        workflow.refuse_extension(case_id=case.pk, actor=actor, text=rng.choice(texts.REFUSE))


def _ask(case: Case, world: World, rng: Random) -> bool:
    people = world.cast.assignees(case) if case.status == Status.HANDLING else []
    actor = world.who(case, Act.EXTEND, people)
    if actor:
        workflow.extend(case_id=case.pk, actor=actor, days=rng.randint(3, 8), text=rng.choice(texts.EXTEND))
    return actor is not None


def _ask_now(world: World, rng: Random) -> Story:
    """An extension that waits for the head's word."""
    for case in _lying(world, rng, Status.HANDLING):
        if _ask(case, world, rng):
            break
    yield from ()


def _lying(world: World, rng: Random, *statuses: Status) -> list[Case]:
    """Cases in one of the states that will stay open to the end, in some order."""
    rows = Case.objects.open().filter(status__in=statuses).select_related(*workflow.LOADED).order_by("pk")
    cases = [case for case in rows if _stays(world, case)]
    return rng.sample(cases, len(cases))


def _stays(world: World, case: Case) -> bool:
    return case.pk in world.plans and world.plans[case.pk].target in _OPEN_TARGETS | {Status.SUSPENDED}


def _department_ids(case: Case, world: World) -> list[int]:
    """The category's helping departments that have anybody, without the one that handles the case."""
    ids = case.category.co_departments.order_by("pk").values_list("pk", flat=True)
    return [pk for pk in ids if pk in world.cast.departments and pk != case.assigned_department_id]


def _call_helpers(case: Case, world: World, rng: Random) -> int | None:
    ids = _department_ids(case, world)
    actor = world.who(case, Act.CO_HANDLE, [world.cast.decider(case, rng)])
    if actor is None or not ids:
        return None
    workflow.co_handle(case_id=case.pk, actor=actor, co_department_ids=ids[:1], text=rng.choice(texts.CO_HANDLE))
    return ids[0]


def _helpers(plan: Plan, world: World, rng: Random, hours: float) -> Story:
    """请协办, and the helpers' part done some days later."""
    yield world.timing.after(plan.start, hours * rng.uniform(0.08, 0.3))
    helper = _call_helpers(world.case(plan.case_id), world, rng)
    if helper is None:
        return
    yield world.later(rng.uniform(1, hours * 0.4))
    case = world.case(plan.case_id)
    actor = world.who(case, Act.CO_FINISH, world.cast.staff(helper))
    if actor:
        workflow.co_finish(case_id=case.pk, actor=actor, text=rng.choice(texts.CO_FINISH))


def _helpers_now(world: World, rng: Random) -> Story:
    """Helpers who have not finished yet."""
    for case in _lying(world, rng, Status.HANDLING):
        if _call_helpers(case, world, rng):
            break
    yield from ()


def _invite(case: Case, world: World, rng: Random, hours: float) -> bool:
    """约请协调: departments, a unit, party members, residents, so many working hours from now."""
    actor = world.who(case, Act.CONVENE, [world.cast.decider(case, rng)])
    if actor is None:
        return False
    units = ResidentUnit.objects.active().within(case.handling_grid).order_by("pk")
    members = PartyMember.objects.within(case.handling_grid).order_by("pk")
    ids = _department_ids(case, world) or sorted(world.cast.departments)[:1]
    workflow.convene(
        case_id=case.pk,
        actor=actor,
        text=rng.choice(texts.CONVENE),
        place=rng.choice(texts.PLACES),
        meets_at=world.later(hours).replace(minute=0, second=0, microsecond=0),
        department_ids=ids[:2],
        unit_ids=[case.unit_id] if case.unit_id else units.values_list("pk", flat=True)[:1],
        member_ids=members.values_list("pk", flat=True)[:1],
        residents=rng.sample(texts.REPRESENTATIVES, 2),
    )
    return True


def _meeting(plan: Plan, world: World, rng: Random) -> Story:
    """A meeting with its minutes, registered soon after."""
    yield world.timing.after(plan.start, rng.uniform(8, 30))
    if not _invite(world.case(plan.case_id), world, rng, rng.uniform(8, 16)):
        return
    case = world.case(plan.case_id)
    yield world.timing.after(case.coordination_at or clock.now(), rng.uniform(1.5, 4))
    case = world.case(plan.case_id)
    actor = world.who(case, Act.CONCLUDE, _assigned(case, world, rng))
    row = case.coordinations.filter(concluded_at__isnull=True).first()
    if actor and row:
        here = list(row.invitees.order_by("pk").values_list("pk", flat=True))
        came = here[: -1 if len(here) > 2 and rng.random() < 0.5 else None]
        workflow.conclude(
            case_id=case.pk,
            actor=actor,
            minutes=rng.choice(texts.MINUTES),
            outcome=rng.choice(texts.OUTCOME),
            attended_ids=came,
        )


def _meet_soon(world: World, rng: Random) -> Story:
    """One meeting lies ahead."""
    for case in _lying(world, rng, Status.HANDLING, Status.SUSPENDED):
        if RANK[case.handling_level] <= RANK[GridKind.NEIGHBORHOOD] and _invite(case, world, rng, 11):
            break
    yield from ()


def _urge(world: World, rng: Random) -> Story:
    """催办 of what is nearly or already late; otherwise of what has waited longest."""
    moment = clock.now()
    running = Case.objects.running().select_related(*workflow.LOADED).order_by("due_at")
    for case in running.filter(warn_at__lte=moment)[:6] or running[:3]:
        if case.urge_count < 3:
            actor = world.who(case, Act.URGE, rng.sample(world.cast.checkers(case), 1))
            text = texts.URGE[2] if case.due_at and case.due_at < moment else rng.choice(texts.URGE[:2])
            if actor:
                workflow.urge(case_id=case.pk, actor=actor, text=text)
                break
    yield from ()


def _instruct(world: World, rng: Random, *, answered: bool = True, days: int = 3) -> Story:
    """批示 or 督办 of a head, and the answer: mostly in time."""
    if answered:
        rows = Case.objects.running().filter(instructions__isnull=True).select_related(*workflow.LOADED)
        cases = list(rows.order_by("due_at")[:5])
    else:
        cases = _lying(world, rng, Status.HANDLING, Status.SUSPENDED, Status.DISPATCHED, Status.PENDING)
    act, say = rng.choice([(workflow.supervise, texts.SUPERVISE), (workflow.instruct, texts.INSTRUCT)])
    case = next((case for case in cases if case.instruction_due_at is None), None)
    actor = case and world.who(case, Act.INSTRUCT, world.cast.heads(case))
    if case is None or actor is None:
        return
    act(case_id=case.pk, actor=actor, text=rng.choice(say), days=days)
    if not answered:
        return
    yield world.later(rng.uniform(2, 18) if rng.random() < 0.85 else rng.uniform(25, 32))
    case = world.case(case.pk)
    actor = world.who(case, Act.ANSWER, _assigned(case, world, rng))
    if actor:
        workflow.answer(case_id=case.pk, actor=actor, text=rng.choice(texts.ANSWER))


def _join(world: World, rng: Random) -> Story:
    """我也遇到: a neighbour says the same of an open case, to whoever serves there."""
    rows = Case.objects.running().filter(confidential=False).select_related(*workflow.LOADED).order_by("-pk")
    cases = list(rows[:12])
    for case in rng.sample(cases, min(len(cases), 3)):
        people = world.cast.finders([grid_id for grid_id in case.path_ids().values() if grid_id])
        actor = world.who(case, Act.JOIN, people)
        if actor:
            workflow.join(
                case_id=case.pk,
                actor=actor,
                text=rng.choice(texts.JOIN),
                reporter_name=rng.choice(_NEIGHBOURS),
                reporter_phone=phone(5000 + rng.randint(0, 999)),
                wants_reply=rng.random() < 0.6,
            )
            break
    yield from ()


def _link(plan: Plan, world: World) -> Story:
    """Seen again: linked to an earlier case of the same category in the same 居民区, else of the same kind."""
    yield clock.now() + timedelta(minutes=15)
    case = world.case(plan.case_id)
    actor = world.cast.decider(case, plan.rng)
    earlier = Case.objects.visible_to(actor).filter(pk__lt=case.pk, neighborhood_id=case.neighborhood_id)
    same = earlier.filter(category_id=case.category_id).order_by("-pk").first()
    other = same or earlier.filter(category__major_code=case.category.major_code).order_by("-pk").first()
    if other is None or workflow.refusal(case, actor, Act.LINK):
        return
    again = same is not None and not other.is_open
    kind, text = (LinkKind.FOLLOW_UP, texts.LINK[0]) if again else (LinkKind.RELATED, texts.LINK[1])
    workflow.link(case_id=case.pk, actor=actor, number=other.number, kind=kind, text=text)


def _handover(world: World) -> Story:
    """工作交接: somebody leaves the post; every case on their plate goes to somebody near it, else to the desk."""
    rows = Case.objects.open().filter(assignee__isnull=False).exclude(assignee=world.cast.users["micro"])
    plates = Counter(rows.order_by().values_list("assignee_id", flat=True))
    leaving = max(plates, key=lambda pk: (plates[pk], -pk), default=0)
    for case in rows.filter(assignee_id=leaving).select_related(*workflow.LOADED).order_by("pk"):
        desk = [user for user in world.cast.desk(case) if user.pk != leaving] or world.cast.desk_above(case)
        actor = world.who(case, Act.HAND_OVER, desk)
        heir = next((user.pk for user in world.cast.handlers(case) if user.pk != leaving), None)
        if actor:
            workflow.hand_over(case_id=case.pk, actor=actor, to_user_id=heir, text=texts.HAND_OVER)
    yield from ()
