"""Telling the plans: every step is an act of cases.workflow, by somebody who may, at its own moment.

All stories run side by side, the earliest step next, so that numbers, ids and times rise together as in real life.
"""

from collections.abc import Iterable
from datetime import datetime
from random import Random
from typing import Any

from cases import workflow
from cases.choices import Nature, PhotoKind, Source, Status
from cases.demo import extras, steps, texts
from cases.demo.cast import Cast
from cases.demo.people import HOTLINE, phone
from cases.demo.pictures import picture
from cases.demo.plans import Plan
from cases.demo.world import Story, World
from cases.models import Case
from cases.photos import Photo
from cases.workflow import Report
from grids.choices import GridKind
from liangcheng.accounts.models import User
from liangcheng.common.calendar import WorkCalendar

_SOURCES = {
    Source.PATROL: 36,
    Source.RESIDENT: 30,
    Source.HOTLINE: 17,
    Source.UNIT: 5,
    Source.MEETING: 3,
    Source.PLATFORM: 4,
    Source.OPERATIONS: 5,
}
_SOURCES_OF_DUPLICATES = {Source.RESIDENT: 2, Source.HOTLINE: 1}
_NATURES = {Nature.COMPLAINT: 62, Nature.HELP: 30, Nature.REPORT: 5, Nature.SUGGESTION: 3}
_ASKING = {"0304": Nature.SUGGESTION, "1003": Nature.HELP, "1005": Nature.ENQUIRY, "1006": Nature.SUGGESTION}
_CALLERS = ("王先生", "李女士", "张阿姨", "陈先生", "刘女士", "杨老伯", "黄女士", "赵先生", "徐阿姨", "朱先生")
# Gates between two 居民区 belong to both.
_BORDER = "0406"
# What comes to us only by phone or over the counter has somebody to answer to.
_WITH_CONTACT = {Source.RESIDENT, Source.HOTLINE, Source.UNIT}


def tell_all(plans: Iterable[Plan], cast: Cast, calendar: WorkCalendar, now: datetime) -> None:
    """Let all plans happen, and what else goes on in a street."""
    world = World(cast, calendar, now)
    for plan in plans:
        world.begin(plan.start, _tell(plan, world))
    extras.begin_daily(world)
    world.run()


def _tell(plan: Plan, world: World) -> Story:
    """One case; yields the moment of each next step."""
    times = world.timing.moments(plan)
    case = _discover(plan, world.cast)
    plan.case_id = case.pk
    world.plans[case.pk] = plan
    extras.begin_beside(case, plan, world)
    for step, moment in zip(plan.steps, times, strict=True):
        if step == "settle":
            continue
        yield moment
        yield from steps.take(step, plan, world)
    if plan.target in {Status.DISPATCHED, Status.HANDLING}:
        # The clock may have taken it back or lifted it meanwhile: somebody sees to it again.
        yield world.timing.recent(plan.rng, 3.2)
        yield from steps.bring_to(plan.target, plan, world)


def _discover(plan: Plan, cast: Cast) -> Case:
    rng, house, on_spot = plan.rng, plan.building, "settle" in plan.steps
    told = texts.texts()[plan.code]
    text = told[plan.number // 7 % len(told)]
    words = texts.words(plan.rng, plan.building.address)
    source = Source.PATROL if on_spot else texts.pick(rng, _SOURCES if plan.main is None else _SOURCES_OF_DUPLICATES)
    actor = _finder(plan, cast, source)
    report = Report(
        category_code=plan.code,
        title=text.title.format(**words),
        description=_opening(rng, source, text.description) + text.description.format(**words),
        # The hotline knows an address only; the address book finds the grid.
        grid_code="" if source == Source.HOTLINE else house.grid.code,
        second_grid_code=_across(plan, cast) if plan.code == _BORDER and source != Source.HOTLINE else "",
        unit_id=None if source == Source.HOTLINE else house.unit_id,
        building_id=None if source == Source.HOTLINE else house.pk,
        address=house.address + (f"{words['r']}室" if "{r}" in text.title + text.description else ""),
        nature=Nature.REPORT if plan.confidential else _ASKING.get(plan.code) or texts.pick(rng, _NATURES),
        source=source,
        confidential=plan.confidential,
        resolved_on_spot=on_spot,
        result=text.result.format(**words) if on_spot else "",
        **_reporter(plan, source),
    )
    return workflow.discover(actor=actor, report=report, photos=_first_photos(plan, source, on_spot))


def _opening(rng: Random, source: str, description: str) -> str:
    """Who says so, unless the text begins with it."""
    openings = texts.FINDERS[source]
    if description.startswith(("居民", "市民", "巡查", "{t}巡查", "业主")):
        return ""
    return rng.choice(openings)


def _finder(plan: Plan, cast: Cast, source: str) -> User:
    if source == Source.HOTLINE:
        return cast.users[HOTLINE]
    if source in {Source.PLATFORM, Source.OPERATIONS}:
        return cast.users["street"]
    path = [grid_id for grid_id in plan.building.path_ids().values() if grid_id]
    near = cast.finders(path)
    return near[min(int(plan.rng.expovariate(1.1)), len(near) - 1)]


def _across(plan: Plan, cast: Cast) -> str:
    """Another 居民区 with people of its own."""
    own = plan.building.neighborhood_id
    grids = {post.grid for _, post in cast.posts if post.grid.kind == GridKind.NEIGHBORHOOD and post.grid_id != own}
    return plan.rng.choice(sorted(grid.code for grid in grids))


def _reporter(plan: Plan, source: str) -> dict[str, Any]:
    rng = plan.rng
    must_ask = plan.target == Status.AWAITING_FEEDBACK or "dissatisfied" in plan.steps
    external = {"external_system": HOTLINE, "external_id": f"HX{plan.start:%Y%m%d}{plan.number:05d}"}
    more: dict[str, Any] = dict(external) if source == Source.HOTLINE else {}
    if not must_ask and rng.random() < 0.12:
        return more | {"reporter_anonymous": True}
    if not must_ask and source not in _WITH_CONTACT:
        return more
    return more | {
        "reporter_name": rng.choice(_CALLERS),
        "reporter_phone": phone(1000 + plan.number),
        "wants_reply": must_ask or rng.random() < 0.5,
    }


def _first_photos(plan: Plan, source: str, on_spot: bool) -> list[Photo]:
    photos = []
    if source != Source.HOTLINE and plan.rng.random() < 0.4:
        photos.append(picture(plan.code, plan.rng, PhotoKind.BEFORE))
    if on_spot:
        photos.append(picture(plan.code, plan.rng, PhotoKind.AFTER))
    return photos
