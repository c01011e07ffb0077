"""Cases in bulk, seeded, so that every run measures the same street. Not through the workflow: that takes hours."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction

from cases.choices import OPEN_STATUSES, Act, Status
from cases.models import Case, CaseEvent, Category
from cases.routing import first_level
from grids.choices import GridKind, Role
from grids.models import Grid, Posting
from liangcheng.accounts.models import ServiceAccount, User
from liangcheng.common.clock import now

BATCH = 2_000
# As many are made one by one; beyond that the database copies them, which is twenty times as fast.
SEED = 100_000
OPEN_SHARE = 0.022
_PLACES = ("东侧楼道", "西门岗亭", "地下车库", "三楼平台", "垃圾厢房", "中心花园", "屋顶水箱", "沿街围墙")
_FACTS = ("渗水", "堆物", "照明不亮", "有异味", "停车占道", "门禁失灵", "噪声扰民", "地面破损", "无人清运")


def build(size: int) -> dict[str, User]:
    """Reference data, a few people and `size` cases, once. Returns the people by name."""
    if not Grid.objects.exists():
        call_command("load_reference", verbosity=0)
    people = _people()
    missing = min(size, SEED) - Case.objects.count()
    if missing > 0:
        _fill(missing, people)
    if size > SEED:
        _copy(size)
    if missing > 0:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return people


def _people() -> dict[str, User]:
    street = Grid.objects.get(kind=GridKind.COMMUNITY)
    area = Grid.objects.filter(kind=GridKind.AREA).order_by("code")[2]
    wenyuan1 = Grid.objects.get(short_name="文苑一")
    people = {}
    for name, grid, role in (
        ("dispatcher", street, Role.DISPATCHER),
        ("area", area, Role.LIAISON),
        ("liaison", wenyuan1, Role.LIAISON),
        ("hotline", street, Role.SERVICE),
    ):
        user, made = User.objects.get_or_create(username=f"bench-{name}", defaults={"full_name": name})
        if made:
            Posting.objects.create(user=user, grid=grid, role=role)
        people[name] = user
    User.objects.filter(pk=people["hotline"].pk).update(is_service=True)
    ServiceAccount.objects.get_or_create(user=people["hotline"], defaults={"system": "bench"})
    return people


def _fill(count: int, people: dict[str, User]) -> None:
    rng = random.Random(310109016)
    start = Case.objects.count()
    rows = _cases(rng, start, count, people)
    while batch := [row for _, row in zip(range(BATCH), rows, strict=False)]:
        with transaction.atomic():
            made = Case.objects.bulk_create(batch)
            CaseEvent.objects.bulk_create(event for case in made for event in _events(case))


def _copy(size: int) -> None:
    """Copies of the first SEED cases with their events, until there are `size`. A copy's number names the copy."""
    columns = [field.column for field in Case._meta.concrete_fields if field.column not in {"id", "number"}]
    events = [field.column for field in CaseEvent._meta.concrete_fields if field.column not in {"id", "case_id"}]
    listed, told = ", ".join(columns), ", ".join(f"e.{column}" for column in events)
    for copy in range(Case.objects.count() // SEED, size // SEED):
        number = f"'L{copy:02d}' || substr(old.number, 3)"
        source = "FROM cases_case old WHERE old.number LIKE 'LB%%'"
        with transaction.atomic(), connection.cursor() as cursor:
            old = ", ".join(f"old.{column}" for column in columns)
            cursor.execute(f"INSERT INTO cases_case (number, {listed}) SELECT {number}, {old} {source}", [])
            cursor.execute(
                f"INSERT INTO cases_caseevent (case_id, {', '.join(events)}) SELECT fresh.id, {told} "
                f"FROM cases_caseevent e JOIN cases_case old ON old.id = e.case_id AND old.number LIKE 'LB%%' "
                f"JOIN cases_case fresh ON fresh.number = {number}",
                [],
            )


def _cases(rng: random.Random, start: int, count: int, people: dict[str, User]) -> Iterator[Case]:
    grids = list(Grid.objects.active().filter(kind=GridKind.MICRO_UNIT))
    categories = list(Category.objects.all())
    five_years, today = timedelta(days=5 * 365), now()
    for index in range(start, start + count):
        is_old = index < start + count * (1 - OPEN_SHARE)
        age = five_years * (1 - index / (start + count)) if is_old else timedelta(days=rng.random() * 20)
        yield _case(rng, index, today - age, is_old, rng.choice(grids), rng.choice(categories), people)


def _case(
    rng: random.Random,
    index: int,
    reported: datetime,
    is_old: bool,
    grid: Grid,
    category: Category,
    people: dict[str, User],
) -> Case:
    path = {kind: grid.grid_id_at(kind) for kind in GridKind.values}
    level = first_level(path, category.default_level, category.urgency)
    status = Status.CLOSED if is_old else rng.choice(sorted(OPEN_STATUSES))
    due = reported + timedelta(days=rng.choice((1, 3, 5, 15)))
    done = reported + timedelta(days=rng.expovariate(1 / 4))
    text = f"{grid.short_name}{rng.choice(_PLACES)}{rng.choice(_FACTS)}，请尽快处理。"
    values: dict[str, Any] = {"status": status, "is_open": status in OPEN_STATUSES}
    if is_old:
        values |= {"resolved_at": done, "closed_at": done, "on_time": done <= due, "resolved_level": level}
    elif status in {Status.DISPATCHED, Status.HANDLING}:
        values |= {"assignee": rng.choice((people["area"], people["liaison"]))}
    return Case(
        **grid.path_ids(),
        **values,
        grid=grid,
        number=f"LB{index:012d}",
        title=text[:30],
        description=text * rng.randint(1, 8),
        category=category,
        urgency=category.urgency,
        handling_grid_id=path[level],
        handling_level=level,
        highest_level=level,
        discovered_by=people["dispatcher"],
        reported_at=reported,
        due_at=due,
        original_due_at=due,
        warn_at=due - (due - reported) / 5,
        clock_at=None if is_old else due,
        status_since=reported,
        arrived_at=reported,
        updated_at=done,
    )


def _events(case: Case) -> Iterator[CaseEvent]:
    for act, status in ((Act.DISCOVER, Status.PENDING), (Act.DISPATCH, Status.DISPATCHED), (Act.ACCEPT, case.status)):
        yield CaseEvent(
            community_id=case.community_id,
            case=case,
            actor=case.discovered_by,
            act=act,
            to_status=status,
            to_grid_id=case.handling_grid_id,
            level=case.handling_level,
            created_at=case.reported_at,
        )
