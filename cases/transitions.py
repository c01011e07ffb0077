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
    DISPATCHER = "派遣员"
    INSPECTOR = "核查员"
    ASSIGNEE = "处置人"
    OWN_GRID = "负责网格的在岗人员"
    REPORTER = "上报人"
    MEMBER = "有岗位的人员"
    CLOCK = "系统"


LIAISON_UP = frozenset({Party.LIAISON, Party.HEAD, Party.DISPATCHER})
CHECKERS = LIAISON_UP | {Party.INSPECTOR}
_OPEN = frozenset(OPEN_STATUSES)
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
_R, _F, _C = Status.RESOLVED, Status.AWAITING_FEEDBACK, Status.CLOSED

# In the order in which the buttons stand.
TABLE: dict[Act, tuple[Edge, ...]] = {
    Act.ACCEPT: (_edge(_D, to=_H, by=frozenset({Party.ASSIGNEE})),),
    Act.RESOLVE: (
        _edge(_H, to=_R, by=frozenset({Party.ASSIGNEE})),
        # 自办自结: a grid's own people settle what waits at their own grid, without being dispatched.
        _edge(_P, to=_R, by=frozenset({Party.OWN_GRID})),
    ),
    Act.DISPATCH: (_edge(_P, _D, _H, to=_D, by=LIAISON_UP),),
    Act.HAND_DOWN: (_edge(_P, to=_P, by=LIAISON_UP),),
    # VERIFY ends in CLOSED where nobody is to be asked; workflow.verify decides.
    Act.VERIFY: (_edge(_R, to=_F, by=CHECKERS, not_resolver=True),),
    Act.CLOSE: (_edge(_F, to=_C, by=CHECKERS | {Party.CLOCK}),),
    Act.REWORK: (_edge(_R, _F, to=_H, by=CHECKERS, not_resolver=True),),
    Act.ESCALATE: (_edge(*_BEFORE_RESULT, to=_P, by=LIAISON_UP | {Party.ASSIGNEE, Party.OWN_GRID, Party.CLOCK}),),
    Act.RETURN: (_edge(_D, _H, to=_P, by=frozenset({Party.ASSIGNEE})),),
    Act.REJECT: (_edge(_P, to=Status.REJECTED, by=LIAISON_UP),),
    # Others than the head only after a dissatisfied evaluation: workflow.reopen decides.
    Act.REOPEN: (_edge(_C, to=_P, by=CHECKERS),),
    Act.NOTE: (_edge(*_OPEN, to=None, by=frozenset({Party.MEMBER})),),
    Act.ATTACH: (_edge(*_OPEN, to=None, by=frozenset({Party.MEMBER})),),
    Act.REVEAL: (_edge(*_OPEN, to=None, by=CHECKERS | {Party.ASSIGNEE, Party.REPORTER}),),
    Act.WITHDRAW: (_edge(*_OPEN, to=Status.WITHDRAWN, by=LIAISON_UP | {Party.REPORTER}),),
}


def edges_from(act: Act, status: str) -> list[Edge]:
    """The edges of `act` that leave `status`; empty where the act does not exist in that state."""
    return [edge for edge in TABLE[act] if status in edge.sources]
