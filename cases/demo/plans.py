"""What the invented cases are to be: where, what, how old, how far they get, and by which way."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from cases import deadlines
from cases.choices import Light, Status
from cases.deadlines import Limit
from cases.demo.cast import Cast
from cases.models import TimeLimit
from grids.choices import GridKind
from liangcheng.common.calendar import SHANGHAI, WorkCalendar
from liangcheng.common.office_time import office_calendar
from members.choices import UnitKind
from members.models import Building

SEED = 20201109
DAYS = 60
_HOUR = timedelta(hours=1)
# How many cases end at which state, and how old they are when the demo begins: (state, number, least and most days).
_SHARES: tuple[tuple[Status, int, float, float], ...] = (
    (Status.CLOSED, 158, 4, DAYS),
    (Status.REJECTED, 9, 1, DAYS),
    (Status.WITHDRAWN, 6, 1, DAYS),
    (Status.AWAITING_FEEDBACK, 20, 1, 12),
    (Status.RESOLVED, 24, 0.4, 8),
    (Status.HANDLING, 38, 0.3, 20),
    (Status.DISPATCHED, 22, 0.1, 6),
    (Status.PENDING, 26, 0.05, 5),
)
_LIGHTS = ((Light.GREEN, 56), (Light.YELLOW, 30), (Light.RED, 14))
# Ways to a result: what happens between discovery and the end. "resolve" stands for the first result.
_WAYS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (46, ("dispatch", "accept", "resolve", "verify", "close")),
    (14, ("dispatch", "accept", "note", "resolve", "verify", "close")),
    (9, ("settle", "verify", "close")),
    (8, ("dispatch", "return", "dispatch", "accept", "resolve", "verify", "close")),
    (8, ("dispatch", "accept", "resolve", "rework", "resolve", "verify", "close")),
    (9, ("escalate", "dispatch", "accept", "note", "resolve", "verify", "close")),
    (3, ("escalate", "escalate", "dispatch", "accept", "resolve", "verify", "close")),
    (3, ("escalate", "hand_down", "dispatch", "accept", "resolve", "verify", "close")),
)
_REOPENED = ("dispatch", "accept", "resolve", "verify", "dissatisfied", "reopen")
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
    rng: Random = field(default_factory=Random)


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
        return iter(sorted(drawn, key=lambda plan: plan.start))

    def _plan(self, number: int, target: Status, least: float, most: float) -> Plan:
        rng = Random(f"{SEED}-{number}")  # noqa: S311 -- invents stories, not secrets
        code = self._code(target, number)
        steps = self._steps(rng, target, number)
        light = rng.choices([light for light, _ in _LIGHTS], [weight for _, weight in _LIGHTS])[0]
        # A long story takes its time.
        least = max(least, 0.4 * (len(steps) - 1))
        start = self._start(rng, code, target, light, least, max(most, 2 * least))
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
            rng=rng,
        )

    def _code(self, target: Status, number: int) -> str:
        """Every category comes up; emergencies a few times, and one of them is running now."""
        if target == Status.CLOSED and number < 2 * len(_EMERGENCIES):
            return _EMERGENCIES[number % len(_EMERGENCIES)]
        if target == Status.HANDLING and number % 30 == 0:
            return _RUNNING_EMERGENCY
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
            return self.now - timedelta(hours=rng.uniform(1, 3))
        running = target in {Status.PENDING, Status.DISPATCHED, Status.HANDLING}
        start = self._moment(rng, least, most)
        for _ in range(200 if running else 0):
            if self._light(self.due(code, start)) == light:
                break
            start = self._moment(rng, least / 5, most * 2)
        return start

    def _moment(self, rng: Random, least: float, most: float) -> datetime:
        return office_hours(self.now - timedelta(days=rng.uniform(least, most)), rng, self.now)

    def _light(self, due: datetime | None) -> Light:
        if due is None:
            return Light.GREEN
        if due < self.now:
            return Light.RED
        return Light.YELLOW if due - self.now < 24 * _HOUR else Light.GREEN

    def _steps(self, rng: Random, target: Status, number: int) -> tuple[str, ...]:
        if target == Status.REJECTED:
            return ("reject",)
        if target == Status.WITHDRAWN:
            return rng.choice([("withdraw",), ("dispatch", "withdraw")])
        if target == Status.CLOSED and number % 40 == 5:
            return (*_REOPENED, "dispatch", "accept", "resolve", "verify", "close")
        if target == Status.PENDING:
            return rng.choices(
                [(), ("escalate",), ("dispatch", "return"), _REOPENED, ("escalate", "hand_down")], [14, 5, 4, 2, 1]
            )[0]
        way = list(rng.choices([way for _, way in _WAYS], [weight for weight, _ in _WAYS])[0])
        if target in {Status.HANDLING, Status.DISPATCHED}:
            way = [step for step in way if step != "settle"]
            way = way if "accept" in way else ["dispatch", "accept", "resolve", "verify", "close"]
        if target == Status.HANDLING and "rework" in way:
            return tuple(way[: way.index("rework") + 1])
        last = "settle" if target == Status.RESOLVED and "settle" in way else _LAST[target]
        end = len(way) - 1 - way[::-1].index(last)
        return tuple(way[: end + 1])


def _by_place(houses: Iterable[Building]) -> dict[str, list[Building]]:
    """Short name of the 居民区 → its buildings."""
    found: dict[str, list[Building]] = {}
    for house in houses:
        if house.neighborhood is not None:
            found.setdefault(house.neighborhood.short_name, []).append(house)
    return found


def office_hours(moment: datetime, rng: Random, now: datetime) -> datetime:
    """The same day between 8 and 18 o'clock, or as it was where that lies ahead of `now`."""
    local = deadlines.local_day(moment)
    hour = moment.astimezone(SHANGHAI).hour
    if 8 <= hour < 18:
        return moment
    shifted = moment + (rng.uniform(9, 17) - hour) * _HOUR
    return shifted if deadlines.local_day(shifted) == local and shifted < now else moment


def moments(plan: Plan, now: datetime) -> list[datetime]:
    """When the steps of a plan happen: rising, before `now`, the first result as late or early as planned."""
    rng, steps = plan.rng, plan.steps
    results = {"resolve", "settle"}
    first = next((place for place, step in enumerate(steps) if step in results), None)
    latest = now - timedelta(minutes=3)
    if first is None:
        until = min(latest, plan.start + rng.uniform(6, 40) * _HOUR)
        times = _spread(rng, plan.start, until, len(steps))
    else:
        until = min(_result_at(plan), latest)
        times = [*_spread(rng, plan.start, until, first), until]
        for _ in steps[first + 1 :]:
            times.append(times[-1] + rng.uniform(3, 30) * _HOUR)
    times = _squeezed(times, plan.start, latest)
    return _rising(plan.start, [office_hours(moment, rng, latest) for moment in times], times)


def _result_at(plan: Plan) -> datetime:
    if plan.steps[0] == "settle":
        return plan.start
    if plan.due is None:
        return plan.start + plan.rng.uniform(2, 30) * _HOUR
    if plan.late:
        return plan.due + plan.rng.uniform(1, 30) * _HOUR
    return plan.start + (plan.due - plan.start) * plan.rng.uniform(0.3, 0.9)


def _spread(rng: Random, start: datetime, end: datetime, number: int) -> list[datetime]:
    """`number` moments between two, nearer to the first."""
    return [start + (end - start) * share for share in sorted(rng.random() ** 1.6 * 0.95 for _ in range(number))]


def _squeezed(times: list[datetime], start: datetime, latest: datetime) -> list[datetime]:
    """The same steps in less time, where they would reach beyond `latest`."""
    if not times or times[-1] <= latest:
        return times
    factor = (latest - start) / (times[-1] - start)
    return [start + (moment - start) * factor for moment in times]


def _rising(start: datetime, wanted: list[datetime], fallback: list[datetime]) -> list[datetime]:
    """In office hours where the order allows it; never before what came first."""
    done: list[datetime] = []
    for place, moment in enumerate(wanted):
        before = done[-1] if done else start
        following = fallback[place + 1] if place + 1 < len(fallback) else None
        fits = moment > before and (following is None or moment < following)
        chosen = moment if fits else fallback[place]
        done.append(max(chosen, before + timedelta(seconds=20)))
    return done
