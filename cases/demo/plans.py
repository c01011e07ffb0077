"""What the invented cases are to be: where, what, how old, how far they get, and by which way."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from cases import deadlines
from cases.agenda import Thresholds
from cases.choices import Light, LimitUnit, Status
from cases.deadlines import ClockMark, Limit, Mark
from cases.demo import texts
from cases.demo.cast import Cast
from cases.demo.timing import HOUR, office_hours
from cases.models import TimeLimit
from grids.choices import GridKind
from liangcheng.common.calendar import WorkCalendar
from liangcheng.common.office_time import office_calendar
from members.choices import UnitKind
from members.models import Building

SEED = 20201109
DAYS = 60
# How many cases end at which state, and how old they are when the demo begins: (state, number, least and most days).
_SHARES: tuple[tuple[Status, int, float, float], ...] = (
    (Status.CLOSED, 146, 4, DAYS),
    (Status.REJECTED, 9, 1, DAYS),
    (Status.WITHDRAWN, 6, 1, DAYS),
    (Status.AWAITING_FEEDBACK, 20, 1, 12),
    (Status.RESOLVED, 24, 0.4, 8),
    (Status.HANDLING, 38, 0.3, 20),
    (Status.DISPATCHED, 22, 0.1, 6),
    (Status.PENDING, 26, 0.05, 5),
    (Status.SUSPENDED, 7, 14, 40),
    (Status.TRANSFERRED, 5, 2, DAYS),
)
_LIGHTS = ((Light.GREEN, 44), (Light.YELLOW, 42), (Light.RED, 14))
# Ways to a result: what happens between discovery and the end. "resolve" stands for the first result.
_WAYS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (46, ("dispatch", "accept", "resolve", "verify", "close")),
    (14, ("dispatch", "accept", "note", "resolve", "verify", "close")),
    (9, ("settle", "verify", "close")),
    (8, ("dispatch", "return", "dispatch", "accept", "resolve", "verify", "close")),
    (2, ("dispatch", "return", "dispatch", "return", "dispatch", "accept", "resolve", "verify", "close")),
    (8, ("dispatch", "accept", "resolve", "rework", "resolve", "verify", "close")),
    (9, ("escalate", "dispatch", "accept", "note", "resolve", "verify", "close")),
    (3, ("escalate", "escalate", "dispatch", "accept", "resolve", "verify", "close")),
    (3, ("escalate", "hand_down", "dispatch", "accept", "resolve", "verify", "close")),
)
_RESUMED = ("dispatch", "accept", "suspend", "resume", "resolve", "verify", "close")
_REOPENED = ("dispatch", "accept", "resolve", "verify", "dissatisfied", "reopen")
# What does not get as far as a result.
_SHORT: dict[Status, tuple[tuple[str, ...], ...]] = {
    Status.REJECTED: (("reject",),),
    Status.WITHDRAWN: (("withdraw",), ("dispatch", "withdraw")),
    Status.TRANSFERRED: (("transfer",),),
    Status.SUSPENDED: (("dispatch", "accept", "note", "suspend"), ("escalate", "suspend")),
}
_PENDING: dict[tuple[str, ...], int] = {
    (): 13,
    ("escalate",): 5,
    ("dispatch", "return"): 4,
    ("dispatch", "return", "dispatch", "return"): 3,
    _REOPENED: 2,
    ("escalate", "hand_down"): 1,
}
# The last step of an open case, by its state.
_LAST = {
    Status.DISPATCHED: "dispatch",
    Status.HANDLING: "accept",
    Status.RESOLVED: "resolve",
    Status.AWAITING_FEEDBACK: "verify",
    Status.CLOSED: "close",
}
# Where things happen: short name of the 居民区 → weight. These have their own liaison.
PLACES = {
    "文苑一": 40,
    "文苑二": 8,
    "秀苑": 9,
    "汶一": 8,
    "凉一": 11,
    "复旦": 8,
    "广粤": 10,
    "梦湖苑": 6,
}
# One restaurant's fumes, reported by several neighbours: the same matter, merged into one case.
_SMOKE = "0607"
_DUPLICATES = 6
_LONG = (LimitUnit.WORKING_DAY, 3)
_RUNNING_EMERGENCY = "0805"
_EMERGENCIES = ("0801", "0802", "0805", "0806", "0807")


# Shops stand on the street; everything else happens where people live.
_AT_SHOPS = frozenset({"0605", "0606", "0607", "0707", "0805"})


@dataclass
class Plan:
    """One case to be."""

    number: int
    code: str
    building: Building
    start: datetime
    due: datetime | None
    target: Status
    steps: tuple[str, ...]
    late: bool = False
    confidential: bool = False
    # An extension was asked for, and granted or refused; it was needed.
    extended: bool = False
    refused: bool = False
    # The first assignee does not accept in time.
    lapses: bool = False
    # The plan whose case this one is merged into.
    main: "Plan | None" = None
    rng: Random = field(default_factory=Random)
    # Known once the case has been filed.
    case_id: int = 0

    @property
    def is_emergency(self) -> bool:
        return self.code in _EMERGENCIES


class Planner:
    """Draws plans, the same every time, with days counted back from `now`."""

    def __init__(self, limits: Sequence[TimeLimit], buildings: Sequence[Building], cast: Cast, now: datetime) -> None:
        self.now = now
        self.cast = cast
        self.manned = cast.manned()
        self.limits = {limit.category.code: limit for limit in limits}
        self.codes = sorted(code for code in self.limits if code not in _EMERGENCIES)
        self.houses = _by_place(house for house in buildings if house.unit.kind == UnitKind.ESTATE)
        self.shops = _by_place(house for house in buildings if house.unit.kind == UnitKind.SHOP)
        day = deadlines.local_day(now)
        self.calendar: WorkCalendar = office_calendar(day - timedelta(days=DAYS + 5), day + timedelta(days=120))

    def plans(self) -> Iterator[Plan]:
        """All of them, the oldest first."""
        drawn: list[Plan] = []
        for target, number, least, most in _SHARES:
            for _ in range(number):
                drawn.append(self._plan(len(drawn), target, least, most))
        drawn += self._duplicates(len(drawn))
        return iter(sorted(drawn, key=lambda plan: plan.start))

    def _plan(self, number: int, target: Status, least: float, most: float) -> Plan:
        rng = Random(f"{SEED}-{number}")  # noqa: S311 -- invents stories, not secrets
        code = self._code(target, number)
        steps = self._steps(rng, target, number)
        light = rng.choices([light for light, _ in _LIGHTS], [weight for _, weight in _LIGHTS])[0]
        # A long story takes its time.
        least = max(least, 0.4 * (len(steps) - 1))
        if "resume" in steps:
            least, most = max(least, 38), DAYS
        start = self._start(rng, code, target, light, least, min(max(most, 2 * least), DAYS))
        limit = self.limits[code]
        is_long = limit.resolve_unit == _LONG[0] and (limit.resolve_value or 0) >= _LONG[1]
        asks = is_long and "resolve" in steps and target == Status.CLOSED and rng.random() < 0.18
        if steps[-1:] == ("close",) and self.now - start > timedelta(days=12) and rng.random() < 0.2:
            # Nobody is reached: the clock closes the case.
            steps = steps[:-1]
        return Plan(
            number,
            code,
            self._house(rng, code),
            start,
            self.due(code, start),
            target,
            steps,
            late=rng.random() < 0.2,
            confidential=number % 43 == 7,
            extended=asks and number % 3 > 0,
            refused=asks and number % 3 == 0,
            lapses=rng.random() < 0.09,
            rng=rng,
        )

    def _duplicates(self, number: int) -> Iterator[Plan]:
        """A case in hand, and those that were merged into it; the last of them wrongly."""
        rng = Random(f"{SEED}-merged")  # noqa: S311 -- invents stories, not secrets
        house = self._house(rng, _SMOKE)
        start = self._moment(rng, 4, 5)
        main = self._told_at(number, house, start, Status.HANDLING, ("dispatch", "accept"))
        yield main
        for count in range(1, _DUPLICATES + 1):
            steps: tuple[str, ...] = ("merge",)
            later = start + (self.now - start) * count / (_DUPLICATES + 3)
            plan = self._told_at(number + count, house, office_hours(later, rng, self.now), Status.MERGED, steps)
            if count == _DUPLICATES // 2:
                plan.target, plan.steps = Status.HANDLING, ("merge", "unmerge", "dispatch", "accept")
            plan.main = main
            yield plan

    def _told_at(self, number: int, house: Building, start: datetime, target: Status, steps: tuple[str, ...]) -> Plan:
        rng = Random(f"{SEED}-{number}")  # noqa: S311 -- invents stories, not secrets
        return Plan(number, _SMOKE, house, start, self.due(_SMOKE, start), target, steps, rng=rng)

    def _code(self, target: Status, number: int) -> str:
        """Every category comes up; emergencies a few times, and one of them is running now."""
        if target == Status.CLOSED and number < 2 * len(_EMERGENCIES):
            return _EMERGENCIES[number % len(_EMERGENCIES)]
        if target == Status.HANDLING and number % 30 == 0:
            return _RUNNING_EMERGENCY
        if target == Status.SUSPENDED or _is_resumed(target, number):
            return _nth(texts.SUSPEND, number)
        if target == Status.TRANSFERRED:
            return _nth(texts.TRANSFERS, number)
        return self.codes[number % len(self.codes)]

    def _house(self, rng: Random, code: str) -> Building:
        """Anywhere; what a micro-unit answers for rather where that has an officer of its own."""
        category = self.limits[code].category
        where = self.shops if code in _AT_SHOPS else self.houses
        names = [name for name in PLACES if name in where]
        houses = where[rng.choices(names, [PLACES[name] for name in names])[0]]
        staffed = category.responsible_department_id in self.cast.departments
        if category.default_level == GridKind.MICRO_UNIT and (not staffed or rng.random() < 0.6):
            houses = [house for row in where.values() for house in row if house.grid_id in self.manned]
        return rng.choice(houses)

    def due(self, code: str, start: datetime) -> datetime | None:
        limit = self.limits[code]
        return deadlines.due(start, Limit(limit.resolve_value, limit.resolve_unit), self.calendar)

    def _start(self, rng: Random, code: str, target: Status, light: Light, least: float, most: float) -> datetime:
        """A moment in office hours that gives the wanted light where the state runs against the clock."""
        if target == Status.HANDLING and code == _RUNNING_EMERGENCY:
            return self.now - rng.uniform(1, 3) * HOUR
        running = target in {Status.PENDING, Status.DISPATCHED, Status.HANDLING}
        start = self._moment(rng, least, most)
        for _ in range(200 if running else 0):
            if self._light(code, start) == light:
                break
            start = self._moment(rng, least / 5, most * 2)
        return start

    def _moment(self, rng: Random, least: float, most: float) -> datetime:
        return office_hours(self.now - timedelta(days=rng.uniform(least, most)), rng, self.now)

    def _light(self, code: str, start: datetime) -> Light:
        row = self.limits[code]
        limit = Limit(row.resolve_value, row.resolve_unit)
        standing = deadlines.replay([ClockMark(Mark.PROMISE, start, limit=limit)], self.calendar)
        yellow = deadlines.warn_at(standing, Thresholds.warn_percent, Thresholds.warn_last_day, self.calendar)
        if standing.due_at is None or yellow is None:
            return Light.GREEN
        if standing.due_at < self.now:
            return Light.RED
        return Light.YELLOW if yellow <= self.now else Light.GREEN

    def _steps(self, rng: Random, target: Status, number: int) -> tuple[str, ...]:
        if target in _SHORT:
            return rng.choice(_SHORT[target])
        if target == Status.PENDING:
            return rng.choices(list(_PENDING), list(_PENDING.values()))[0]
        if target == Status.CLOSED and number % 40 == 5:
            return (*_REOPENED, "dispatch", "accept", "resolve", "verify", "close")
        if _is_resumed(target, number):
            return _RESUMED
        way = list(rng.choices([way for _, way in _WAYS], [weight for weight, _ in _WAYS])[0])
        if target in {Status.HANDLING, Status.DISPATCHED}:
            way = [step for step in way if step != "settle"]
            way = way if "accept" in way else ["dispatch", "accept", "resolve", "verify", "close"]
        if target == Status.HANDLING and "rework" in way:
            return tuple(way[: way.index("rework") + 1])
        last = "settle" if target == Status.RESOLVED and "settle" in way else _LAST[target]
        end = len(way) - 1 - way[::-1].index(last)
        return tuple(way[: end + 1])


def _is_resumed(target: Status, number: int) -> bool:
    return target == Status.CLOSED and number % 25 == 11


def _nth(codes: Iterable[str], number: int) -> str:
    known = list(codes)
    return known[number % len(known)]


def _by_place(houses: Iterable[Building]) -> dict[str, list[Building]]:
    """Short name of the 居民区 → its buildings."""
    found: dict[str, list[Building]] = {}
    for house in houses:
        if house.neighborhood is not None:
            found.setdefault(house.neighborhood.short_name, []).append(house)
    return found
