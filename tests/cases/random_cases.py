"""Random cases for the figures: laid down at once with whatever values may stand beside each other, or walked."""

import contextlib
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from cases import workflow
from cases.choices import OPEN_STATUSES, Nature, RejectReason, Satisfaction, Source, Status
from cases.models import Case, Category
from grids.choices import PATH_FIELD, GridKind
from grids.models import Grid
from liangcheng.accounts.models import User
from liangcheng.common import clock
from liangcheng.common.exceptions import DomainError
from tests import factories
from tests.factories import Tree
from tests.people import People

_number = count(1)
SOLVED_ONCE = (Status.RESOLVED, Status.AWAITING_FEEDBACK, Status.CLOSED)
ENDED = (Status.CLOSED, Status.REJECTED, Status.WITHDRAWN, Status.MERGED, Status.TRANSFERRED)


def random_case(chance: Random, grid: Grid, kind: Category, finder: User, start: datetime, days: int) -> Case:
    """A row as a long life might have left it. Reported within `days` of `start`; deadlines may lie ahead."""
    status = chance.choice(Status.values)
    reported = start + timedelta(days=chance.randrange(days), minutes=chance.randrange(24 * 60))
    # Some reports and deadlines fall on the very first moment of a day, where periods meet.
    if chance.random() < 0.25:
        reported = reported.replace(hour=0, minute=0)
    promised = reported + timedelta(days=chance.choice((1, 5, 30, 400)))
    extended = chance.choice((0, 0, 1))
    due = promised + timedelta(days=20 * extended)
    # A result stays with what was reworked, merged or withdrawn later; reopening takes it back.
    solved_at = reported + timedelta(days=chance.randrange(120)) if chance.random() < 0.6 else None
    solved_at = solved_at or (reported + timedelta(hours=2) if status in SOLVED_ONCE else None)
    contact_due = reported + timedelta(days=1) if chance.random() < 0.7 else None
    contacted = reported + timedelta(hours=chance.choice((1, 24, 25, 60))) if chance.random() < 0.6 else None
    answer = chance.choice(Satisfaction.values)
    case = Case(
        number=f"R{next(_number):09d}", title="随机案件", description="随机案件", category=kind, grid=grid,
        source=chance.choice(Source.values), nature=chance.choice(Nature.values), discovered_by=finder,
        handling_grid=grid, handling_level=grid.kind, highest_level=grid.kind,
        confidential=chance.random() < 0.2, status=status, is_open=status in OPEN_STATUSES,
        reported_at=reported, due_at=due, original_due_at=promised, first_contact_due_at=contact_due,
        first_contact_at=contacted, resolved_at=solved_at,
        resolved_level=chance.choice(GridKind.values) if solved_at else "",
        on_time=solved_at <= due if solved_at else None,
        on_time_original=solved_at <= promised if solved_at else None,
        closed_at=(solved_at or reported) + timedelta(days=chance.randrange(60)) if status in ENDED else None,
        satisfaction=answer if status == Status.CLOSED or chance.random() < 0.1 else "",
        solved=chance.choice((True, False, None)) if answer != Satisfaction.NO_ANSWER else None,
        reject_reason=chance.choice(RejectReason.values) if status == Status.REJECTED else "",
        extension_count=extended, dispatch_count=chance.choice((0, 1, 3)), suspend_count=chance.choice((0, 0, 2)),
        return_count=chance.choice((0, 0, 1)), rework_count=chance.choice((0, 0, 1)),
        reopen_count=chance.choice((0, 0, 1)),
    )  # fmt: skip
    # Without limits of its own a category promises nothing.
    if chance.random() < 0.1:
        case.due_at = case.original_due_at = case.on_time = case.on_time_original = None
    for field in PATH_FIELD.values():
        setattr(case, f"{field}_id", getattr(grid, f"{field}_id"))
    return case


def walk(chance: Random, tree: Tree, people: People, start: datetime, steps: int) -> None:
    """One case through the workflow itself, in the order that chance gives; what is refused is left out."""
    moment = start + timedelta(days=chance.randrange(500), hours=9)
    with clock.at(moment):
        finder = chance.choice((people.liaison, people.head, people.dispatcher))
        phone = chance.choice(("", "13000000001"))
        case = factories.case(finder, chance.choice((tree.micro, tree.micro2, tree.wenyuan1)), reporter_phone=phone)
    for _ in range(steps):
        moment += timedelta(hours=chance.choice((1, 5, 30, 24 * 6)))
        review = moment.date() + timedelta(days=9)
        acts: list[tuple[Any, User, dict[str, Any]]] = [
            (workflow.dispatch, people.liaison, {"assignee_id": people.officer2.pk}),
            (workflow.dispatch, people.area_liaison, {"assignee_id": people.officer2.pk}),
            (workflow.accept, people.officer2, {}),
            (workflow.accept, people.officer2, {}),
            (workflow.resolve, people.officer2, {"text": "修好了。"}),
            (workflow.resolve, people.officer2, {"text": "修好了。"}),
            (workflow.verify, people.street_head, {}),
            (workflow.close, people.street_head, {"satisfaction": "SATISFIED", "solved": chance.random() < 0.5}),
            (workflow.close, people.street_head, {"satisfaction": "NO_ANSWER"}),
            (workflow.rework, people.street_head, {"text": "还漏。"}),
            (workflow.reopen, people.street_head, {"text": "又漏。"}),
            (workflow.return_, people.officer2, {"reason": "OTHER", "text": "不归我。"}),
            (workflow.suspend, people.area_head, {"text": "等资金。", "review_on": review}),
            (workflow.resume, people.area_head, {"text": "资金到位。"}),
            (workflow.extend, people.officer2, {"days": 3, "text": "等材料。"}),
            (workflow.grant_extension, people.street_head, {}),
            (workflow.contact, people.street_head, {"text": "已联系。"}),
            (workflow.escalate, people.liaison, {"tried": "试过。", "text": "请上级。"}),
        ]
        # Rarely: it is possible at every beginning, and then nothing more happens.
        rejecting = (workflow.reject, people.liaison, {"reason": chance.choice(RejectReason.values), "text": "重复。"})
        act, actor, inputs = rejecting if chance.random() < 0.01 else chance.choice(acts)
        with clock.at(moment), contextlib.suppress(DomainError):
            act(case_id=case.pk, actor=actor, **inputs)
