"""Every (state, act, person) triple, written out by hand from DESIGN section 5: the oracle of the table walk.

The stage: a case found by `officer` in 文苑一微1, handled by 文苑一, on the plate of `officer2` once dispatched
(who also resolved it), with a reporter who left a telephone number, closed with a satisfied reporter.
Whoever is not named for an act is refused it; whoever is not in `SEES` does not even find the case.
"""

from typing import Any

from cases.choices import Act, Satisfaction, Status
from cases.models import Case
from tests import factories
from tests.factories import Tree
from tests.people import People

DESK = {"liaison", "head", "area_liaison", "area_head", "dispatcher", "street_head"}
CHECKERS = DESK | {"inspector"}
HEADS = {"head", "area_head", "street_head"}
EVERYBODY = (*sorted(CHECKERS), "officer", "officer2", "viewer", "staff", "stranger", "far_stranger")

_ALWAYS = {"officer", "viewer"} | CHECKERS
SEES: dict[Status, set[str]] = {
    status: _ALWAYS | ({"officer2"} if status not in {Status.PENDING, Status.REJECTED, Status.WITHDRAWN} else set())
    for status in Status
}


def _open(handlers: set[str]) -> dict[Act, set[str]]:
    return {
        Act.NOTE: CHECKERS | {"officer"} | handlers,
        Act.ATTACH: CHECKERS | {"officer"} | handlers,
        Act.REVEAL: CHECKERS | {"officer"} | handlers,
        Act.WITHDRAW: DESK | {"officer"},
    }


ALLOWED: dict[Status, dict[Act, set[str]]] = {
    Status.PENDING: {
        Act.REJECT: DESK,
        Act.DISPATCH: DESK,
        Act.HAND_DOWN: DESK,
        Act.ESCALATE: DESK,
        Act.RESOLVE: {"liaison", "head"},
        **_open(set()),
    },
    Status.DISPATCHED: {
        Act.DISPATCH: DESK,
        Act.ACCEPT: {"officer2"},
        Act.RETURN: {"officer2"},
        Act.ESCALATE: DESK | {"officer2"},
        **_open({"officer2"}),
    },
    Status.HANDLING: {
        Act.DISPATCH: DESK,
        Act.RESOLVE: {"officer2"},
        Act.RETURN: {"officer2"},
        Act.ESCALATE: DESK | {"officer2"},
        **_open({"officer2"}),
    },
    Status.RESOLVED: {Act.VERIFY: CHECKERS, Act.REWORK: CHECKERS, **_open({"officer2"})},
    Status.AWAITING_FEEDBACK: {Act.CLOSE: CHECKERS, Act.REWORK: CHECKERS, **_open({"officer2"})},
    Status.CLOSED: {Act.REOPEN: HEADS},
    Status.REJECTED: {},
    Status.WITHDRAWN: {},
}
ACTS = [act for act in Act if act is not Act.DISCOVER]


def stage(tree: Tree, people: People, status: Status) -> Case:
    """The case of the walk, standing in `status`."""
    case = factories.case(
        people.officer, tree.micro, reporter_name="钱测试", reporter_phone="13000000001", wants_reply=True
    )
    fields: dict[str, Any] = {}
    if status not in {Status.PENDING, Status.REJECTED, Status.WITHDRAWN}:
        fields["assignee"] = people.officer2
    if status in {Status.RESOLVED, Status.AWAITING_FEEDBACK, Status.CLOSED}:
        fields |= {"resolved_by": people.officer2, "result": "已修复。", "resolved_at": case.reported_at}
    if status == Status.CLOSED:
        fields |= {"satisfaction": Satisfaction.SATISFIED, "closed_at": case.reported_at}
    return factories.force_status(case, status, **fields)


def inputs(act: Act, tree: Tree, people: People) -> dict[str, Any]:
    """Valid inputs of each act, as the workflow takes them."""
    texts: dict[str, Any] = {"text": "按要求办理。"}
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
    }.get(act, texts)
