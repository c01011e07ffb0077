"""Everything there is to show of one case, read in few statements: as many at any length of its history.

Optional rows are read only where the case or its history says that there are any.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Prefetch, Q, Subquery, prefetch_related_objects

from cases import timekeeping, timeline
from cases.choices import Act, LinkKind, PhotoKind
from cases.deadlines import local_day
from cases.models import Case, CaseEvent, CaseLink, CoHandler, Coordination, Instruction, Invitee
from liangcheng.common.clock import now as clock_now

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

# What the page reads through: one statement with the case.
RELATIONS = (
    "community",
    "area",
    "neighborhood",
    "micro_unit",
    "category__responsible_department",
    "discovered_by",
    "resolved_by",
    "unit",
    "second_grid",
    "extension_asked_by",
)
_MOST_EVENTS = 300
# Of a longer history these are shown all the same: the way, the clock and the ends are never cut off.
_WEIGHTY = (*timekeeping.MARKS, Act.ESCALATE, Act.HAND_DOWN, Act.RECALCULATE, Act.VERIFY, Act.CLOSE, Act.CONTACT)


@dataclass(frozen=True)
class Related:
    """Another case that this one is bound to. `seen`: whether the reader may see it; else only that there is one."""

    label: str
    number: str
    title: str
    status: str
    seen: bool


@dataclass
class Company:
    """Other cases: the main case, what was merged into this one, links; and all numbers that may be shown."""

    main: Related | None = None
    merged: list[Related] = field(default_factory=list)
    links: list[Related] = field(default_factory=list)
    known: Collection[str] = ()


def case_context(case: Case, user: "User", office: timekeeping.Office) -> dict[str, Any]:
    """What the case page shows, besides what may be done. Prefetches the helpers onto the case."""
    now = clock_now()
    events, cut = _events(case)
    acts = {event.act for event in events}
    photos = list(case.attachments.all())
    with_people = Prefetch("co_handlers", CoHandler.objects.order_by("pk").select_related("department", "done_by"))
    prefetch_related_objects([case], with_people)
    helpers = list(case.co_handlers.all())
    instructions = _instructions(case, acts, cut)
    meetings = _meetings(case, acts, cut)
    invitees = [invitee for _, invited in meetings for invitee in invited]
    stayed = timeline.stays(case, events, office.calendar, now)
    company = _company(case, user, events)
    facts = timeline.Facts(instructions, [meeting for meeting, _ in meetings], helpers)
    return {
        "case": case,
        "now": now,
        "steps": timeline.steps(case, stayed, office.calendar),
        "stays": stayed,
        "clock": timeline.clock_story(case, events, now),
        "ahead": timeline.ahead(case, office, now),
        "waiting": timeline.waiting(case, facts, now),
        "parts": timeline.parts(case, events, helpers, invitees, instructions, _returns(case)),
        "open_instructions": [row for row in instructions if row.answered_at is None] if case.is_open else [],
        "answered": [row for row in instructions if row.answered_at is not None],
        "meetings": meetings,
        "review_due": case.review_on is not None and case.review_on <= local_day(now),
        "company": company,
        "entries": timeline.entries(events, company.known),
        "cut": cut,
        "photo_groups": [
            (label, [photo for photo in photos if photo.kind == kind]) for kind, label in PhotoKind.choices
        ],
        "has_photos": bool(photos),
    }


def _events(case: Case) -> tuple[list[CaseEvent], bool]:
    """The history, oldest first; of a very long one the newest and, from before, what carries weight."""
    rows = case.events.select_related("actor", "from_grid", "to_grid").order_by("-pk")
    newest = list(rows[: _MOST_EVENTS + 1])
    if len(newest) <= _MOST_EVENTS:
        return newest[::-1], False
    older = list(rows.filter(pk__lt=newest[-1].pk, act__in=_WEIGHTY)[:_MOST_EVENTS])
    return [*older[::-1], *newest[::-1]], True


def _instructions(case: Case, acts: Collection[str], cut: bool) -> list[Instruction]:
    if not (cut or case.supervised or case.instruction_due_at or {Act.INSTRUCT, Act.SUPERVISE} & set(acts)):
        return []
    return list(case.instructions.select_related("given_by", "answered_by"))


def _meetings(case: Case, acts: Collection[str], cut: bool) -> list[tuple[Coordination, list[Invitee]]]:
    """Meetings with those invited, in one statement: nobody convenes a meeting without inviting somebody."""
    if not (cut or case.coordination_at or Act.CONVENE in acts):
        return []
    rows = Invitee.objects.filter(coordination__case=case).select_related("coordination__convened_by", "department")
    found: dict[int, tuple[Coordination, list[Invitee]]] = {}
    for row in rows.order_by("coordination_id", "pk"):
        found.setdefault(row.coordination_id, (row.coordination, []))[1].append(row)
    return list(found.values())


def _returns(case: Case) -> Sequence[Any]:
    return list(case.returns.select_related("person", "department")) if case.return_count else []


def _company(case: Case, user: "User", events: Sequence[CaseEvent]) -> Company:
    """Main case, merged cases, links and whatever else the history names: one statement, the reader's right with it."""
    named = timeline.numbers_in(events)
    bound = (
        Q(pk=case.merged_into_id)
        | Q(merged_into=case)
        | Q(pk__in=CaseLink.objects.filter(case=case).values("other"))
        | Q(pk__in=CaseLink.objects.filter(other=case).values("case"))
        | Q(community=case.community_id, number__in=named)
    )
    kind = CaseLink.objects.order_by()
    rows = (
        Case.objects.filter(bound)
        .exclude(pk=case.pk)
        .annotate(
            seen=Exists(Case.objects.visible_to(user).filter(pk=OuterRef("pk")).order_by()),
            out_kind=Subquery(kind.filter(case=case, other=OuterRef("pk")).values("kind")[:1]),
            in_kind=Subquery(kind.filter(other=case, case=OuterRef("pk")).values("kind")[:1]),
        )
        .order_by("pk")
    )
    company = Company()
    known = set()
    for row in rows.only("number", "title", "status", "merged_into_id"):
        if row.seen:
            known.add(row.number)
        if row.pk == case.merged_into_id:
            company.main = _related("主案件", row)
        elif row.merged_into_id == case.pk:
            company.merged.append(_related("并入", row))
        if row.out_kind or row.in_kind:
            company.links.append(_related(_link_label(row.out_kind, row.in_kind), row))
    company.known = known
    return company


def _link_label(out_kind: str | None, in_kind: str | None) -> str:
    """A follow-up points from the earlier case to the later one."""
    if out_kind == LinkKind.FOLLOW_UP:
        return "后续"
    return "前案" if in_kind == LinkKind.FOLLOW_UP else "相关"


def _related(label: str, row: Any) -> Related:
    if not row.seen:
        return Related(label, "", "", "", seen=False)
    return Related(label, row.number, row.title, row.get_status_display(), seen=True)
