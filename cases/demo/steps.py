"""The steps of a plan. The clock and other people may have moved the case since: each step looks at it as it stands,
brings it to where the step fits, or lets the step go.
"""

from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from typing import Any

from cases import workflow
from cases.choices import Act, PhotoKind, Satisfaction, Status
from cases.deadlines import local_day
from cases.demo import texts
from cases.demo.pictures import picture
from cases.demo.plans import Plan
from cases.demo.world import Story, World
from cases.models import Case
from grids.choices import GridKind, Role
from grids.models import Grid
from liangcheng.common import clock

Step = Callable[[Case, Plan, World], Case | None]
_WAY = (
    Status.PENDING,
    Status.DISPATCHED,
    Status.HANDLING,
    Status.RESOLVED,
    Status.AWAITING_FEEDBACK,
    Status.CLOSED,
)
_NEXT = {
    Status.PENDING: "dispatch",
    Status.DISPATCHED: "accept",
    Status.HANDLING: "resolve",
    Status.RESOLVED: "verify",
}
# Where a step begins; the others fit wherever the act is allowed.
_FROM = {
    "dispatch": Status.PENDING,
    "accept": Status.DISPATCHED,
    "return": Status.DISPATCHED,
    "note": Status.HANDLING,
    "resolve": Status.HANDLING,
    "verify": Status.RESOLVED,
    "rework": Status.RESOLVED,
    "close": Status.AWAITING_FEEDBACK,
    "dissatisfied": Status.AWAITING_FEEDBACK,
    "hand_down": Status.PENDING,
    "reject": Status.PENDING,
    "transfer": Status.PENDING,
}
_NOT_ASKED = 0.15
_EVALUATIONS = {
    Satisfaction.SATISFIED: 66,
    Satisfaction.FAIRLY_SATISFIED: 20,
    Satisfaction.NO_ANSWER: 10,
    Satisfaction.DISSATISFIED: 6,
}
_DISPUTES = frozenset({"0106", "0302", "0901", "0902"})
_ENDS_REST = frozenset({"resume", "unmerge"})
_DAY = 7.0


def take(step: str, plan: Plan, world: World) -> Story:
    """One step of a plan, at this moment or, where something has to come first, somewhat later."""
    if step == "transfer":
        yield from _lift_to_street(plan, world)
    case = world.case(plan.case_id) if step in _ENDS_REST else (yield from _awake(plan, world))
    begins = _FROM.get(step)
    if begins and case.status != begins:
        yield from bring_to(begins, plan, world)
        case = world.case(plan.case_id)
    if begins is None or case.status == begins:
        _STEPS[step](case, plan, world)


def bring_to(status: Status, plan: Plan, world: World) -> Story:
    """Do what is missing until the case stands there; nothing where it is further on or has ended otherwise."""
    while True:
        case = yield from _awake(plan, world)
        here = Status(case.status)
        if here not in _WAY or _WAY.index(here) >= _WAY.index(status):
            return
        _STEPS[_NEXT[here]](case, plan, world)
        if _NEXT[here] != "verify":
            yield clock.now() + plan.rng.uniform(6, 40) * timedelta(minutes=1)


def _awake(plan: Plan, world: World) -> Generator[datetime, None, Case]:
    """The case as it stands; 挂账 and 并案 are waited out: others decide when it goes on."""
    while (case := world.case(plan.case_id)).status in {Status.SUSPENDED, Status.MERGED}:
        yield world.later(_DAY)
    return case


def _lift_to_street(plan: Plan, world: World) -> Story:
    while (case := world.case(plan.case_id)).is_open and case.handling_level != GridKind.COMMUNITY:
        _escalate(case, plan, world)
        yield world.later(plan.rng.uniform(0.5, 3))


def _dispatch(case: Case, plan: Plan, world: World) -> Case:
    """To the department that the category names, or to somebody nearby; rather a department the higher the level."""
    rng, cast = plan.rng, world.cast
    actor, department = cast.decider(case, rng), cast.department(case)
    others = [user for user in cast.handlers(case) if user is not actor]
    people = others or cast.handlers(case)
    high = case.handling_level in {GridKind.COMMUNITY, GridKind.AREA}
    if department and (not others or rng.random() < (0.8 if high else 0.35)):
        to: dict[str, Any] = {"department_id": department.pk}
    else:
        to = {"assignee_id": people[min(int(rng.expovariate(0.9)), len(people) - 1)].pk}
    binding = cast.role(actor) == Role.DISPATCHER and "return" not in plan.steps and rng.random() < 0.3
    return workflow.dispatch(case_id=case.pk, actor=actor, binding=binding, text=rng.choice(texts.DISPATCH), **to)


def _accept(case: Case, plan: Plan, world: World) -> Case:
    actor = plan.rng.choice(world.cast.assignees(case))
    return workflow.accept(case_id=case.pk, actor=actor, text=plan.rng.choice(texts.ACCEPT))


def _return(case: Case, plan: Plan, world: World) -> Case | None:
    actor = world.who(case, Act.RETURN, world.cast.assignees(case))
    if actor is None:
        return None
    reason, text = plan.rng.choice(texts.RETURN)
    return workflow.return_(case_id=case.pk, actor=actor, reason=reason, text=text)


def _resolve(case: Case, plan: Plan, world: World) -> Case:
    """The last moment to call the reporter, for who has not yet."""
    rng, actor = plan.rng, plan.rng.choice(world.cast.assignees(case))
    if case.has_reporter and not case.first_contact_at and rng.random() < 0.8:
        workflow.contact(case_id=case.pk, actor=actor, text=rng.choice(texts.CONTACT))
    told = texts.texts()[plan.code]
    text = told[plan.number // 7 % len(told)].result.format(**texts.words(rng, plan.building.address))
    shown = case.category.photo_required or rng.random() < 0.25
    photos = [picture(plan.code, rng, PhotoKind.AFTER)] if shown else []
    return workflow.resolve(case_id=case.pk, actor=actor, text=text, photos=photos)


def _note(case: Case, plan: Plan, world: World) -> Case:
    """What the handler has found out; sometimes after looking up whom to call."""
    actor = plan.rng.choice(world.cast.assignees(case))
    if plan.rng.random() < 0.4 and workflow.refusal(case, actor, Act.REVEAL) is None:
        workflow.reveal(case_id=case.pk, actor=actor, text=plan.rng.choice(texts.REVEAL))
    return workflow.note(case_id=case.pk, actor=actor, text=plan.rng.choice(texts.NOTE))


def _verify(case: Case, plan: Plan, world: World) -> Case:
    actor = plan.rng.choice(world.cast.checkers(case))
    return workflow.verify(case_id=case.pk, actor=actor, text=plan.rng.choice(texts.VERIFY))


def _rework(case: Case, plan: Plan, world: World) -> Case:
    actor = plan.rng.choice(world.cast.checkers(case))
    return workflow.rework(case_id=case.pk, actor=actor, text=plan.rng.choice(texts.REWORK))


def _close(case: Case, plan: Plan, world: World) -> Case:
    return _evaluate(case, plan, world, texts.pick(plan.rng, _EVALUATIONS))


def _dissatisfied(case: Case, plan: Plan, world: World) -> Case:
    return _evaluate(case, plan, world, Satisfaction.DISSATISFIED)


def _evaluate(case: Case, plan: Plan, world: World, satisfaction: str) -> Case:
    actor, text = plan.rng.choice(world.cast.checkers(case)), plan.rng.choice(texts.CLOSE[satisfaction])
    # Some are content although the matter is not solved yet; not everybody is asked.
    solved = None if plan.rng.random() < _NOT_ASKED else satisfaction != Satisfaction.DISSATISFIED
    return workflow.close(case_id=case.pk, actor=actor, satisfaction=satisfaction, solved=solved, text=text)


def _reopen(case: Case, plan: Plan, world: World) -> Case | None:
    """By a checker after a dissatisfied evaluation; after the clock has closed it, by the head."""
    people = [*plan.rng.sample(world.cast.checkers(case), 1), *world.cast.heads(case)]
    actor = world.who(case, Act.REOPEN, people)
    return workflow.reopen(case_id=case.pk, actor=actor, text=plan.rng.choice(texts.REOPEN)) if actor else None


def _escalate(case: Case, plan: Plan, world: World) -> Case | None:
    """One level up; the street has none above. Sometimes the neighbours' 居民区 is touched as well."""
    actor = world.who(case, Act.ESCALATE, [world.cast.decider(case, plan.rng)])
    if actor is None:
        return None
    text, tried = plan.rng.choice(texts.ESCALATE)
    other = _next_door(case) if plan.number % 4 == 0 else None
    if other is None:
        return workflow.escalate(case_id=case.pk, actor=actor, text=text, tried=tried)
    text, tried = texts.AT_BORDER
    return workflow.escalate(case_id=case.pk, actor=actor, text=text, tried=tried, second_grid_code=other.code)


def _next_door(case: Case) -> Grid | None:
    """Another 居民区 of the same area, for what rests at a 居民区."""
    if case.handling_level != GridKind.NEIGHBORHOOD or case.second_grid_id:
        return None
    same_area = Grid.objects.active().filter(kind=GridKind.NEIGHBORHOOD, parent_id=case.area_id)
    return same_area.exclude(pk=case.neighborhood_id).order_by("code").first()


def _hand_down(case: Case, plan: Plan, world: World) -> Case | None:
    """To the 居民区, or where there is none between, to the micro-unit."""
    targets = [grid for grid in workflow.hand_down_targets(case) if grid.kind != GridKind.AREA]
    actor = world.who(case, Act.HAND_DOWN, [world.cast.decider(case, plan.rng)])
    if not targets or actor is None:
        return None
    text = plan.rng.choice(texts.HAND_DOWN)
    return workflow.hand_down(case_id=case.pk, actor=actor, grid_code=targets[0].code, text=text)


def _reject(case: Case, plan: Plan, world: World) -> Case:
    reason, text = texts.IN_COURT if plan.code in _DISPUTES else plan.rng.choice(texts.REJECT)
    actor = world.cast.decider(case, plan.rng)
    return workflow.reject(case_id=case.pk, actor=actor, reason=reason, text=text)


def _withdraw(case: Case, plan: Plan, world: World) -> Case | None:
    actor = world.who(case, Act.WITHDRAW, [world.cast.decider(case, plan.rng)])
    return workflow.withdraw(case_id=case.pk, actor=actor, text=plan.rng.choice(texts.WITHDRAW)) if actor else None


def _suspend(case: Case, plan: Plan, world: World) -> Case | None:
    """挂账: for weeks or months; one of those that rest now is due for review."""
    actor = world.who(case, Act.SUSPEND, world.cast.senior_heads(case))
    if actor is None:
        return None
    rests = plan.target == Status.SUSPENDED
    until = clock.now() + timedelta(days=plan.rng.randint(30, 90))
    if rests:
        first = not any(other.target == Status.SUSPENDED and other is not plan for other in world.plans.values())
        until = world.now + timedelta(days=-1 if first else plan.rng.randint(5, 150))
    until = max(until, clock.now() + timedelta(days=1))
    return workflow.suspend(case_id=case.pk, actor=actor, text=texts.SUSPEND[plan.code][0], review_on=local_day(until))


def _resume(case: Case, plan: Plan, world: World) -> Case | None:
    actor = world.who(case, Act.RESUME, world.cast.senior_heads(case))
    return workflow.resume(case_id=case.pk, actor=actor, text=texts.SUSPEND[plan.code][1]) if actor else None


def _transfer(case: Case, plan: Plan, world: World) -> Case | None:
    actor = world.who(case, Act.TRANSFER, world.cast.desk(case))
    body, text = texts.TRANSFERS[plan.code]
    number = f"移{clock.now():%Y}第{plan.number:04d}号" if plan.number % 3 else ""
    return workflow.transfer(case_id=case.pk, actor=actor, body=body, number=number, text=text) if actor else None


def _merge(case: Case, plan: Plan, world: World) -> Case | None:
    main = plan.main and Case.objects.filter(pk=plan.main.case_id, is_open=True).first()
    actor = world.who(case, Act.MERGE, [world.cast.decider(case, plan.rng)])
    if not main or actor is None:
        return None
    return workflow.merge(case_id=case.pk, actor=actor, main_number=main.number, text=plan.rng.choice(texts.MERGE))


def _unmerge(case: Case, plan: Plan, world: World) -> Case | None:
    actor = world.who(case, Act.UNMERGE, world.cast.desk(case))
    return workflow.unmerge(case_id=case.pk, actor=actor, text=texts.UNMERGE) if actor else None


_STEPS: dict[str, Step] = {
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
    "suspend": _suspend,
    "resume": _resume,
    "transfer": _transfer,
    "merge": _merge,
    "unmerge": _unmerge,
}
