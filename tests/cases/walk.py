"""Every (state, act, person) triple, written out by hand from DESIGN section 5: the oracle of the table walk.

The stage: a case found by `officer` in 文苑一微1, handled by 文苑一, on the plate of `officer2` once dispatched
(who also resolved it), with a reporter who left a telephone number, closed with a satisfied reporter.
Whoever is not named for an act is refused it; whoever is not in `SEES` does not even find the case.
"""

from datetime import timedelta
from typing import Any

from cases.choices import Act, Satisfaction, Status, Tick
from cases.models import Case, CoHandler, Coordination, Instruction
from liangcheng.common.clock import now
from tests import factories
from tests.factories import Tree
from tests.people import People

DESK = {"liaison", "head", "area_liaison", "area_head", "dispatcher", "street_head"}
CHECKERS = DESK | {"inspector"}
HEADS = {"head", "area_head", "street_head"}
SENIOR = {"area_head", "street_head"}
# Heads and the street's dispatcher decide about 延期.
DECIDERS = HEADS | {"dispatcher"}
EVERYBODY = (*sorted(CHECKERS), "officer", "officer2", "viewer", "staff", "stranger", "far_stranger")

_UNASSIGNED = {Status.PENDING, Status.REJECTED, Status.WITHDRAWN, Status.TRANSFERRED}
_ALWAYS = {"officer", "viewer"} | CHECKERS
# The department's staff see the case because their department helps with it.
SEES: dict[Status, set[str]] = {
    status: _ALWAYS | {"staff"} | (set() if status in _UNASSIGNED else {"officer2"}) for status in Status
}


def _any(handlers: set[str]) -> dict[Act, set[str]]:
    """What is possible in every state; LINK by whoever answers or reported."""
    return {Act.LINK: DESK | {"officer"} | handlers}


def _open(handlers: set[str]) -> dict[Act, set[str]]:
    return {
        Act.NOTE: CHECKERS | {"officer", "staff"} | handlers,
        Act.ATTACH: CHECKERS | {"officer", "staff"} | handlers,
        Act.JOIN: CHECKERS | {"officer", "staff"} | handlers,
        Act.REVEAL: CHECKERS | {"officer"} | handlers,
        Act.WITHDRAW: DESK | {"officer"},
        Act.SUPERVISE: HEADS,
        Act.INSTRUCT: HEADS,
        Act.ANSWER: DESK | handlers,
        Act.CONCLUDE: DESK | handlers,
        **({Act.HAND_OVER: DESK} if handlers else {}),
        **_any(handlers),
    }


def _unresolved(handlers: set[str]) -> dict[Act, set[str]]:
    """Before a result, suspended or not. An extension has been asked for by `officer2`."""
    return {
        Act.CONTACT: DESK | handlers,
        Act.GRANT_EXTENSION: DECIDERS,
        Act.REFUSE_EXTENSION: DECIDERS,
        Act.CO_HANDLE: DESK,
        Act.CO_FINISH: {"staff"},
        Act.CONVENE: DESK | handlers,
        Act.MERGE: DESK,
        **_open(handlers),
    }


def _running(handlers: set[str]) -> dict[Act, set[str]]:
    return {
        Act.DISPATCH: DESK,
        Act.ESCALATE: DESK | handlers,
        Act.SUSPEND: SENIOR,
        Act.URGE: CHECKERS | {"officer"},
        **_unresolved(handlers),
    }


_HANDLER = {"officer2"}
ALLOWED: dict[Status, dict[Act, set[str]]] = {
    Status.PENDING: {
        Act.REJECT: DESK,
        Act.HAND_DOWN: DESK,
        Act.RESOLVE: {"liaison", "head"},
        **_running(set()),
    },
    Status.DISPATCHED: {Act.ACCEPT: _HANDLER, Act.RETURN: _HANDLER, **_running(_HANDLER)},
    Status.HANDLING: {Act.RESOLVE: _HANDLER, Act.RETURN: _HANDLER, **_running(_HANDLER)},
    Status.SUSPENDED: {Act.RESUME: SENIOR, **_unresolved(_HANDLER)},
    Status.RESOLVED: {
        Act.VERIFY: CHECKERS,
        Act.REWORK: CHECKERS,
        Act.URGE: CHECKERS | {"officer"},
        **_open(_HANDLER),
    },
    Status.AWAITING_FEEDBACK: {Act.CLOSE: CHECKERS, Act.REWORK: CHECKERS, **_open(_HANDLER)},
    Status.CLOSED: {Act.REOPEN: HEADS, **_any(_HANDLER)},
    Status.REJECTED: _any(set()),
    Status.WITHDRAWN: _any(set()),
    Status.TRANSFERRED: _any(set()),
    Status.MERGED: {Act.UNMERGE: DESK, **_any(_HANDLER)},
}
# What the stage rules out though the table allows it: an extension is pending, so none can be asked for (the walk of
# 延期 itself is in test_extension.py); 移送 happens at the street only (test_endings.py).
RULED_OUT = {Act.EXTEND, Act.TRANSFER}
CLOCK = {Act.WARN, Act.OVERDUE, Act.REMIND, Act.LAPSE, Act.RECALCULATE}
ACTS = [act for act in Act if act not in {Act.DISCOVER, Act.ABSORB}]
OFFERED = [act for act in ACTS if act not in CLOCK]


def stage(tree: Tree, people: People, status: Status) -> Case:
    """The case of the walk, standing in `status`: somebody wants an extension, an answer and a meeting's result."""
    case = factories.case(
        people.officer, tree.micro, reporter_name="钱测试", reporter_phone="13000000001", wants_reply=True
    )
    tomorrow = case.reported_at + timedelta(days=1)
    fields: dict[str, Any] = {
        "extension_days": 5,
        "extension_asked_by": people.officer2,
        "instruction_due_at": tomorrow,
        "coordination_at": tomorrow,
    }
    if status not in _UNASSIGNED:
        fields["assignee"] = people.officer2
    if status in {Status.RESOLVED, Status.AWAITING_FEEDBACK, Status.CLOSED}:
        fields |= {"resolved_by": people.officer2, "result": "已修复。", "resolved_at": case.reported_at}
    if status == Status.CLOSED:
        fields |= {"satisfaction": Satisfaction.SATISFIED, "closed_at": case.reported_at}
    if status == Status.SUSPENDED:
        fields |= {"suspended_from": Status.HANDLING, "review_on": tomorrow.date()}
    if status == Status.MERGED:
        main = factories.case(people.officer, tree.micro)
        fields |= {"merged_into": main, "merged_from": Status.HANDLING}
    CoHandler.objects.create(case=case, department=people.chengguan)
    Instruction.objects.create(
        case=case, kind="INSTRUCTION", text="请尽快办理。", given_by=people.street_head, days=3, due_at=tomorrow
    )
    Coordination.objects.create(
        case=case, topic="商量维修。", place="居民区会议室", meets_at=tomorrow, convened_by=people.liaison
    )
    return factories.force_status(case, status, **fields)


def inputs(act: Act, tree: Tree, people: People) -> dict[str, Any]:
    """Valid inputs of each act, as the workflow takes them."""
    texts: dict[str, Any] = {"text": "按要求办理。"}
    soon = now() + timedelta(days=7)
    return {
        Act.REJECT: {"reason": "NOT_OURS", **texts},
        Act.DISPATCH: {"assignee_id": people.officer2.pk},
        Act.RETURN: {"reason": "NOT_MINE", **texts},
        Act.CLOSE: {"satisfaction": "SATISFIED"},
        Act.ESCALATE: {"tried": "已与物业协商。", **texts},
        Act.HAND_DOWN: {"grid_code": tree.micro.code, **texts},
        Act.ATTACH: {"photos": [factories.photo()]},
        Act.ACCEPT: {},
        Act.VERIFY: {},
        Act.EXTEND: {"days": 3, **texts},
        Act.GRANT_EXTENSION: {"days": 2},
        Act.SUSPEND: {"review_on": soon.date(), **texts},
        Act.SUPERVISE: {"days": 3, **texts},
        Act.INSTRUCT: {"days": 3, **texts},
        Act.CO_HANDLE: {"co_department_ids": [people.chengguan.pk], **texts},
        Act.CONVENE: {"place": "会议室", "meets_at": soon, "residents": ["王测试"], **texts},
        Act.CONCLUDE: {"minutes": "大家到场商量。", "outcome": "由物业维修。"},
        Act.MERGE: {"main_number": another(tree, people).number},
        Act.JOIN: {},
        Act.LINK: {"number": another(tree, people).number, "kind": "RELATED"},
        Act.TRANSFER: {"body": "区城管执法局", **texts},
        Act.HAND_OVER: {"to_user_id": people.liaison.pk, **texts},
        Act.REMIND: {"tick": Tick.CONTACT},
        **{act: {} for act in CLOCK - {Act.REMIND}},
    }.get(act, texts)


def at_the_door(status: Status, act: Act) -> tuple[str | None, list[str]]:
    """Who walks through a door (all others are in test_transitions): one who may, if any; and those who may not, a
    stranger, a reader and somebody who has rights on the case, but not this one."""
    allowed = ALLOWED[status].get(act, set())
    # The handler first: what the stage rules out for them is the most particular refusal.
    insiders = ("officer2", "inspector", "liaison", "officer", "staff")
    inside = next((name for name in insiders if name in SEES[status] - allowed), None)
    return min(allowed, default=None), [name for name in ("stranger", "viewer", inside) if name]


def another(tree: Tree, people: People) -> Case:
    """A second open case of the same place, which all who may act on the first see as well."""
    known = Case.objects.filter(description="另一件事。").first()
    if known:
        return known
    made = factories.case(people.officer, tree.micro, description="另一件事。", title="另一件")
    return factories.force_status(made, Status.HANDLING, assignee=people.officer2)
