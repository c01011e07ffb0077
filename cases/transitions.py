"""The table of the workflow, as data: which act leads from where to where, and who may press it.

One source for workflow.py, the buttons, the API's `actions` and the tests. Pure: knows no row and no user.
"""

from dataclasses import dataclass
from enum import Enum

from cases.choices import OPEN_STATUSES, Act, Status


class Party(Enum):
    """What somebody is to a case. Roles count at the handling grid and at every grid above it on the case's path:
    a level may step in for those below it (ADR 0007); nobody acts on what a level above them answers for."""

    LIAISON = "联络员"
    HEAD = "网格长"
    SENIOR_HEAD = "片区以上网格长"
    STREET = "街道派遣员或街道网格长"
    ABOVE = "上级网格的联络员、网格长"
    DISPATCHER = "派遣员"
    INSPECTOR = "核查员"
    ASSIGNEE = "处置人"
    CO_HANDLER = "协办部门"
    OWN_GRID = "负责网格的在岗人员"
    REPORTER = "上报人"
    MEMBER = "有岗位的人员"
    CLOCK = "系统"


LIAISON_UP = frozenset({Party.LIAISON, Party.HEAD, Party.DISPATCHER})
CHECKERS = LIAISON_UP | {Party.INSPECTOR}
# Who answers for a case at this moment, wherever it rests.
_ANSWERING = LIAISON_UP | {Party.ASSIGNEE, Party.OWN_GRID}
_HEADS = frozenset({Party.HEAD, Party.DISPATCHER})
_SENIOR = frozenset({Party.SENIOR_HEAD})
_ASSIGNEE = frozenset({Party.ASSIGNEE})
_MEMBER = frozenset({Party.MEMBER})
_CLOCK = frozenset({Party.CLOCK})
_OPEN = frozenset(OPEN_STATUSES)
_ALL = frozenset(Status)
_BEFORE_RESULT = frozenset({Status.PENDING, Status.DISPATCHED, Status.HANDLING})


@dataclass(frozen=True)
class Edge:
    """From any of `sources` to `target` (None: the state stays) by any of `parties`."""

    sources: frozenset[Status]
    target: Status | None
    parties: frozenset[Party]
    # 核查回避: whoever resolved the case does not judge the result.
    not_resolver: bool = False


def _edge(*sources: Status, to: Status | None, by: frozenset[Party], not_resolver: bool = False) -> Edge:
    return Edge(frozenset(sources), to, by, not_resolver)


_P, _D, _H = Status.PENDING, Status.DISPATCHED, Status.HANDLING
_R, _F, _C, _S = Status.RESOLVED, Status.AWAITING_FEEDBACK, Status.CLOSED, Status.SUSPENDED

# In the order in which the buttons stand.
TABLE: dict[Act, tuple[Edge, ...]] = {
    Act.ANSWER: (_edge(*_OPEN, to=None, by=_ANSWERING),),
    Act.ACCEPT: (_edge(_D, to=_H, by=_ASSIGNEE),),
    Act.CO_FINISH: (_edge(*_BEFORE_RESULT, _S, to=None, by=frozenset({Party.CO_HANDLER})),),
    Act.CONTACT: (_edge(*_BEFORE_RESULT, _S, to=None, by=_ANSWERING),),
    Act.RESOLVE: (
        _edge(_H, to=_R, by=_ASSIGNEE),
        # 自办自结: a grid's own people settle what waits at their own grid, without being dispatched.
        _edge(_P, to=_R, by=frozenset({Party.OWN_GRID})),
    ),
    Act.DISPATCH: (_edge(_P, _D, _H, to=_D, by=LIAISON_UP),),
    Act.HAND_DOWN: (_edge(_P, to=_P, by=LIAISON_UP),),
    # VERIFY ends in CLOSED where nobody is to be asked; workflow.verify decides.
    Act.VERIFY: (_edge(_R, to=_F, by=CHECKERS, not_resolver=True),),
    Act.CLOSE: (_edge(_F, to=_C, by=CHECKERS | _CLOCK),),
    Act.REWORK: (_edge(_R, _F, to=_H, by=CHECKERS, not_resolver=True),),
    # RESUME goes back to where the case was; workflow.resume knows.
    Act.RESUME: (_edge(_S, to=_P, by=_SENIOR),),
    Act.GRANT_EXTENSION: (_edge(*_BEFORE_RESULT, _S, to=None, by=_HEADS),),
    Act.REFUSE_EXTENSION: (_edge(*_BEFORE_RESULT, _S, to=None, by=_HEADS),),
    Act.ESCALATE: (_edge(*_BEFORE_RESULT, to=_P, by=_ANSWERING | _CLOCK),),
    Act.RETURN: (_edge(_D, _H, to=_P, by=_ASSIGNEE),),
    Act.EXTEND: (_edge(_D, _H, to=None, by=_ASSIGNEE), _edge(_P, to=None, by=frozenset({Party.OWN_GRID}))),
    Act.CONVENE: (_edge(*_BEFORE_RESULT, _S, to=None, by=_ANSWERING),),
    Act.CONCLUDE: (_edge(*_OPEN, to=None, by=_ANSWERING),),
    Act.CO_HANDLE: (_edge(*_BEFORE_RESULT, _S, to=None, by=LIAISON_UP),),
    Act.URGE: (_edge(*_BEFORE_RESULT, _R, to=None, by=CHECKERS | {Party.REPORTER}),),
    Act.SUPERVISE: (_edge(*_OPEN, to=None, by=frozenset({Party.HEAD})),),
    Act.INSTRUCT: (_edge(*_OPEN, to=None, by=frozenset({Party.HEAD})),),
    Act.SUSPEND: (_edge(*_BEFORE_RESULT, to=_S, by=_SENIOR),),
    Act.HAND_OVER: (_edge(*_OPEN, to=None, by=LIAISON_UP),),
    Act.MERGE: (_edge(*_BEFORE_RESULT, _S, to=Status.MERGED, by=LIAISON_UP),),
    # UNMERGE goes back to where the case was; workflow.unmerge knows.
    Act.UNMERGE: (_edge(Status.MERGED, to=_P, by=LIAISON_UP),),
    Act.TRANSFER: (_edge(_P, to=Status.TRANSFERRED, by=frozenset({Party.STREET})),),
    Act.REJECT: (_edge(_P, to=Status.REJECTED, by=LIAISON_UP),),
    # Others than the head only after a dissatisfied evaluation: workflow.reopen decides.
    Act.REOPEN: (_edge(_C, to=_P, by=CHECKERS),),
    Act.JOIN: (_edge(*_OPEN, to=None, by=_MEMBER),),
    Act.LINK: (_edge(*_ALL, to=None, by=_ANSWERING | {Party.REPORTER}),),
    Act.NOTE: (_edge(*_OPEN, to=None, by=_MEMBER),),
    Act.ATTACH: (_edge(*_OPEN, to=None, by=_MEMBER),),
    Act.REVEAL: (_edge(*_OPEN, to=None, by=CHECKERS | {Party.ASSIGNEE, Party.REPORTER}),),
    Act.WITHDRAW: (_edge(*_OPEN, to=Status.WITHDRAWN, by=LIAISON_UP | {Party.REPORTER}),),
    # The clock's own.
    Act.WARN: (_edge(*_BEFORE_RESULT, to=None, by=_CLOCK),),
    Act.OVERDUE: (_edge(*_BEFORE_RESULT, to=None, by=_CLOCK),),
    Act.REMIND: (_edge(*_OPEN, to=None, by=_CLOCK),),
    Act.LAPSE: (_edge(_D, to=_P, by=_CLOCK),),
    Act.RECALCULATE: (_edge(*_OPEN, to=None, by=_CLOCK),),
}
# What a door may offer at all: everything that somebody else than the clock may do.
OFFERED: tuple[Act, ...] = tuple(act for act, edges in TABLE.items() if any(edge.parties - _CLOCK for edge in edges))


def edges_from(act: Act, status: str) -> list[Edge]:
    """The edges of `act` that leave `status`; empty where the act does not exist in that state."""
    return [edge for edge in TABLE[act] if status in edge.sources]
