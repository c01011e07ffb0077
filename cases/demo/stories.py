"""Telling the plans: every step is an act of cases.workflow, by somebody who may, at its own moment.

All stories run side by side, the earliest step next, so that numbers, ids and times rise together as in real life.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from random import Random
from typing import Any

from cases import workflow
from cases.choices import Act, Nature, PhotoKind, Satisfaction, Source, Status
from cases.demo import texts
from cases.demo.cast import Cast
from cases.demo.people import HOTLINE, phone
from cases.demo.pictures import picture
from cases.demo.plans import Plan, moments
from cases.models import Case
from cases.photos import Photo
from cases.workflow import Report
from grids.choices import GridKind, Role
from liangcheng.accounts.models import User
from liangcheng.common import clock

_SOURCES = {
    Source.PATROL: 36,
    Source.RESIDENT: 30,
    Source.HOTLINE: 17,
    Source.UNIT: 5,
    Source.MEETING: 3,
    Source.PLATFORM: 4,
    Source.OPERATIONS: 5,
}
_NATURES = {Nature.COMPLAINT: 62, Nature.HELP: 30, Nature.REPORT: 5, Nature.SUGGESTION: 3}
_ASKING = {"0304": Nature.SUGGESTION, "1003": Nature.HELP, "1005": Nature.ENQUIRY, "1006": Nature.SUGGESTION}
_CALLERS = ("王先生", "李女士", "张阿姨", "陈先生", "刘女士", "杨老伯", "黄女士", "赵先生", "徐阿姨", "朱先生")
_TIMES = ("早上七点左右", "中午", "傍晚", "晚上九点后", "凌晨", "今天上午", "昨天夜里")
_EVALUATIONS = {
    Satisfaction.SATISFIED: 66,
    Satisfaction.FAIRLY_SATISFIED: 20,
    Satisfaction.NO_ANSWER: 10,
    Satisfaction.DISSATISFIED: 6,
}
# Gates between two 居民区 belong to both.
_BORDER = "0406"
_DISPUTES = frozenset({"0106", "0302", "0901", "0902"})
# What comes to us only by phone or over the counter has somebody to answer to.
_WITH_CONTACT = {Source.RESIDENT, Source.HOTLINE, Source.UNIT}


def tell_all(plans: Iterable[Plan], cast: Cast, now: datetime) -> int:
    """Let all plans happen; returns the number of acts."""
    waiting = [(plan.start, plan.number, _tell(plan, cast, moments(plan, now))) for plan in plans]
    heapq.heapify(waiting)
    acts = 0
    while waiting:
        moment, number, story = heapq.heappop(waiting)
        with clock.at(moment):
            following = next(story, None)
        acts += 1
        if following is not None:
            heapq.heappush(waiting, (following, number, story))
    return acts


def _tell(plan: Plan, cast: Cast, times: list[datetime]) -> Iterator[datetime]:
    """One case; yields the moment of each next step."""
    case = _discover(plan, cast)
    for step, moment in zip(plan.steps, times, strict=True):
        if step == "settle":
            continue
        yield moment
        case = _STEPS[step](case, plan, cast)


def _pick(rng: Random, weights: Mapping[Any, int]) -> Any:
    return rng.choices(list(weights), list(weights.values()))[0]


def _discover(plan: Plan, cast: Cast) -> Case:
    rng, house, on_spot = plan.rng, plan.building, "settle" in plan.steps
    told = texts.texts()[plan.code]
    text = told[plan.number // 7 % len(told)]
    words = _words(plan)
    source = Source.PATROL if on_spot else _pick(rng, _SOURCES)
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
        nature=Nature.REPORT if plan.confidential else _ASKING.get(plan.code) or _pick(rng, _NATURES),
        source=source,
        confidential=plan.confidential,
        resolved_on_spot=on_spot,
        result=text.result.format(**words) if on_spot else "",
        **_reporter(plan, source),
    )
    return workflow.discover(actor=actor, report=report, photos=_first_photos(plan, source, on_spot))


def _words(plan: Plan) -> dict[str, Any]:
    rng, floor = plan.rng, plan.rng.randint(2, 6)
    return {
        "p": plan.building.address,
        "f": floor,
        "r": floor * 100 + rng.randint(1, 4),
        "t": rng.choice(_TIMES),
        "d": rng.randint(2, 9),
        "n": rng.randint(2, 12),
    }


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


def _dispatch(case: Case, plan: Plan, cast: Cast) -> Case:
    """To the department that the category names, or to somebody nearby; rather a department the higher the level."""
    rng, actor = plan.rng, cast.decider(case, plan.rng)
    department = cast.department(case)
    people = [user for user in cast.handlers(case) if user is not actor] or cast.handlers(case)
    high = case.handling_level in {GridKind.COMMUNITY, GridKind.AREA}
    if department and (not people or rng.random() < (0.8 if high else 0.35)):
        to: dict[str, Any] = {"department_id": department.pk}
    else:
        to = {"assignee_id": people[min(int(rng.expovariate(0.9)), len(people) - 1)].pk}
    binding = cast.role(actor) == Role.DISPATCHER and "return" not in plan.steps and rng.random() < 0.3
    return workflow.dispatch(case_id=case.pk, actor=actor, binding=binding, text=rng.choice(texts.DISPATCH), **to)


def _accept(case: Case, plan: Plan, cast: Cast) -> Case:
    actor = plan.rng.choice(cast.assignees(case))
    return workflow.accept(case_id=case.pk, actor=actor, text=plan.rng.choice(texts.ACCEPT))


def _return(case: Case, plan: Plan, cast: Cast) -> Case:
    reason, text = plan.rng.choice(texts.RETURN)
    return workflow.return_(case_id=case.pk, actor=plan.rng.choice(cast.assignees(case)), reason=reason, text=text)


def _resolve(case: Case, plan: Plan, cast: Cast) -> Case:
    told = texts.texts()[plan.code]
    text = told[plan.number // 7 % len(told)].result.format(**_words(plan))
    shown = case.category.photo_required or plan.rng.random() < 0.25
    photos = [picture(plan.code, plan.rng, PhotoKind.AFTER)] if shown else []
    return workflow.resolve(case_id=case.pk, actor=plan.rng.choice(cast.assignees(case)), text=text, photos=photos)


def _note(case: Case, plan: Plan, cast: Cast) -> Case:
    """What the handler has found out; sometimes after looking up whom to call."""
    actor = plan.rng.choice(cast.assignees(case))
    if plan.rng.random() < 0.4 and workflow.refusal(case, actor, Act.REVEAL) is None:
        workflow.reveal(case_id=case.pk, actor=actor, text=plan.rng.choice(texts.REVEAL))
    return workflow.note(case_id=case.pk, actor=actor, text=plan.rng.choice(texts.NOTE))


def _verify(case: Case, plan: Plan, cast: Cast) -> Case:
    actor = plan.rng.choice(cast.checkers(case))
    return workflow.verify(case_id=case.pk, actor=actor, text=plan.rng.choice(texts.VERIFY))


def _rework(case: Case, plan: Plan, cast: Cast) -> Case:
    actor = plan.rng.choice(cast.checkers(case))
    return workflow.rework(case_id=case.pk, actor=actor, text=plan.rng.choice(texts.REWORK))


def _close(case: Case, plan: Plan, cast: Cast) -> Case:
    """Where nobody was to be asked, the check has closed it already."""
    if case.status == Status.CLOSED:
        return case
    return _evaluate(case, plan, cast, _pick(plan.rng, _EVALUATIONS))


def _dissatisfied(case: Case, plan: Plan, cast: Cast) -> Case:
    return _evaluate(case, plan, cast, Satisfaction.DISSATISFIED)


def _evaluate(case: Case, plan: Plan, cast: Cast, satisfaction: str) -> Case:
    actor, text = plan.rng.choice(cast.checkers(case)), plan.rng.choice(texts.CLOSE[satisfaction])
    return workflow.close(case_id=case.pk, actor=actor, satisfaction=satisfaction, text=text)


def _reopen(case: Case, plan: Plan, cast: Cast) -> Case:
    actor = plan.rng.choice(cast.checkers(case))
    return workflow.reopen(case_id=case.pk, actor=actor, text=plan.rng.choice(texts.REOPEN))


def _escalate(case: Case, plan: Plan, cast: Cast) -> Case:
    """One level up; the street has none above."""
    actor = cast.decider(case, plan.rng)
    if workflow.refusal(case, actor, Act.ESCALATE):
        return case
    text, tried = plan.rng.choice(texts.ESCALATE)
    return workflow.escalate(case_id=case.pk, actor=actor, text=text, tried=tried)


def _hand_down(case: Case, plan: Plan, cast: Cast) -> Case:
    """To the 居民区, or where there is none between, to the micro-unit."""
    targets = [grid for grid in workflow.hand_down_targets(case) if grid.kind != GridKind.AREA]
    if not targets:
        return case
    actor, text = cast.decider(case, plan.rng), plan.rng.choice(texts.HAND_DOWN)
    return workflow.hand_down(case_id=case.pk, actor=actor, grid_code=targets[0].code, text=text)


def _reject(case: Case, plan: Plan, cast: Cast) -> Case:
    reason, text = texts.IN_COURT if plan.code in _DISPUTES else plan.rng.choice(texts.REJECT)
    return workflow.reject(case_id=case.pk, actor=cast.decider(case, plan.rng), reason=reason, text=text)


def _withdraw(case: Case, plan: Plan, cast: Cast) -> Case:
    return workflow.withdraw(case_id=case.pk, actor=cast.decider(case, plan.rng), text=plan.rng.choice(texts.WITHDRAW))


_STEPS: dict[str, Callable[[Case, Plan, Cast], Case]] = {
    "dispatch": _dispatch,
    "accept": _accept,
    "return": _return,
    "resolve": _resolve,
    "note": _note,
    "verify": _verify,
    "rework": _rework,
    "close": _close,
    "dissatisfied": _dissatisfied,
    "reopen": _reopen,
    "escalate": _escalate,
    "hand_down": _hand_down,
    "reject": _reject,
    "withdraw": _withdraw,
}
