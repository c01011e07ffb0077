"""The acts on a case: the only way its state changes, whatever door they come through (ADR 0002).

Every act takes, by keyword: `case_id`; `actor` (None: the clock); optionally `expected_version`, the version that
the actor had before their eyes; optionally `idempotency`; and its own inputs. It returns the case as it then stands.
One transaction each: lock the row among those the actor may see, compare versions, ask the table, check the inputs,
change that object, save what changed, write the event and whom to tell.

Raises NotVisible, StaleObject, IllegalTransition, NotPermitted, InvalidInput.
"""

from cases.assignment import assignable_departments, assignable_users
from cases.discovery import Report, discover
from cases.events import Idempotency
from cases.refusals import available_actions, refusal
from cases.scoping import may_discover
from cases.workflow.checking import close, reopen, rework, verify
from cases.workflow.core import ACTS, LOADED, by_clock
from cases.workflow.endings import reject, transfer, withdraw
from cases.workflow.handling import (
    accept,
    co_finish,
    co_handle,
    dispatch,
    hand_over,
    lapse,
    resolve,
    return_,
)
from cases.workflow.instructions import answer, instruct, supervise, urge
from cases.workflow.levels import escalate, hand_down, hand_down_targets
from cases.workflow.merging import merge, unmerge
from cases.workflow.remarks import attach, contacts, note, reveal
from cases.workflow.time import (
    contact,
    extend,
    extended_due_at,
    grant_extension,
    overdue,
    recalculate,
    refuse_extension,
    remind,
    resume,
    suspend,
    warn,
)
from cases.workflow.together import conclude, convene, join, link

__all__ = [
    "ACTS",
    "LOADED",
    "Idempotency",
    "Report",
    "accept",
    "answer",
    "assignable_departments",
    "assignable_users",
    "attach",
    "available_actions",
    "by_clock",
    "close",
    "co_finish",
    "co_handle",
    "conclude",
    "contact",
    "contacts",
    "convene",
    "discover",
    "dispatch",
    "escalate",
    "extend",
    "extended_due_at",
    "grant_extension",
    "hand_down",
    "hand_down_targets",
    "hand_over",
    "instruct",
    "join",
    "lapse",
    "link",
    "may_discover",
    "merge",
    "note",
    "overdue",
    "recalculate",
    "refusal",
    "refuse_extension",
    "reject",
    "remind",
    "reopen",
    "resolve",
    "resume",
    "return_",
    "reveal",
    "rework",
    "supervise",
    "suspend",
    "transfer",
    "unmerge",
    "urge",
    "verify",
    "warn",
    "withdraw",
]
