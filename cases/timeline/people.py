"""Who is involved in a case, and in which part. Pure over rows already read."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cases.choices import Act, HelperRole, InviteeKind, ReturnReason
from cases.models import Case, CaseEvent, CaseReturn, CoHandler, Instruction, Invitee
from cases.timeline import words


@dataclass(frozen=True)
class Part:
    """One part, and the people in it: (who, what is to be said of them)."""

    label: str
    people: list[tuple[str, str]]


_CHECKS = {Act.VERIFY: "核查通过", Act.REWORK: "要求返工", Act.CLOSE: "回访"}
_ATTENDED = {True: "到场", False: "未到场", None: ""}


def parts(
    case: Case,
    events: Sequence[CaseEvent],
    helpers: Sequence[CoHandler],
    invitees: Sequence[Invitee],
    instructions: Sequence[Instruction],
    returns: Sequence[CaseReturn],
) -> list[Part]:
    """Only the parts that somebody has, in the order of the work."""
    everybody = [
        Part("上报", [(words.name(case.discovered_by), "")]),
        Part("主办", list(_handler(case))),
        Part("协办", list(_helpers(helpers))),
        Part("约请", list(_invited(invitees, helpers))),
        Part("先行联系", _first(events, Act.CONTACT)),
        Part("批示督办", list(_instructors(instructions))),
        Part("催办", list(_counted(event for event in events if event.act == Act.URGE))),
        Part("办结", [(words.name(case.resolved_by), "")] if case.resolved_at else []),
        Part("核查回访", list(_checkers(events))),
        Part("退单", list(refusals(returns))),
    ]
    return [part for part in everybody if part.people]


def _handler(case: Case) -> Iterator[tuple[str, str]]:
    binding = "签派，不得退单" if case.binding else ""
    if case.assignee:
        yield words.name(case.assignee), binding
    elif case.assigned_department:
        yield case.assigned_department.name, binding
    elif case.is_open:
        yield "尚未派遣", ""


def _helpers(helpers: Iterable[CoHandler]) -> Iterator[tuple[str, str]]:
    for row in helpers:
        if row.role != HelperRole.HELPER:
            continue
        if row.done_at is None:
            yield row.department.short_name, "未完成"
        else:
            yield row.department.short_name, f"{words.name(row.done_by)} 已完成：{row.result}"


def _invited(invitees: Sequence[Invitee], helpers: Iterable[CoHandler]) -> Iterator[tuple[str, str]]:
    """Everybody invited, once; whether they came stands beside the meeting."""
    # Two members may look the same, masked.
    named: dict[tuple[str, int | None], str] = {}
    for row in invitees:
        who = (row.name, row.member_id)
        kind = "" if row.kind == InviteeKind.DEPARTMENT else InviteeKind(row.kind).label
        named[who] = "，".join(filter(None, (kind, _ATTENDED[row.attended]))) or named.get(who, "")
    for helper in helpers:
        if helper.role == HelperRole.INVITED:
            named.setdefault((helper.department.short_name, None), "")
    yield from ((name, what) for (name, _), what in named.items())


def _first(events: Iterable[CaseEvent], act: Act) -> list[tuple[str, str]]:
    event = next((event for event in events if event.act == act), None)
    if event is None:
        return []
    in_time = event.data.get("in_time")
    return [(words.name(event.actor), "" if in_time is None else "按时" if in_time else "超时")]


def _instructors(instructions: Iterable[Instruction]) -> Iterator[tuple[str, str]]:
    for row in instructions:
        answered = f"{words.name(row.answered_by)} 已答复" if row.answered_at else "待答复"
        yield words.name(row.given_by), f"{row.get_kind_display()}，{answered}"


def _checkers(events: Iterable[CaseEvent]) -> Iterator[tuple[str, str]]:
    did: dict[str, dict[str, int]] = {}
    for event in events:
        if event.act in _CHECKS:
            own = did.setdefault(words.name(event.actor), {})
            word = _CHECKS[Act(event.act)]
            own[word] = own.get(word, 0) + 1
    for who, acts in did.items():
        yield who, "，".join(word if times == 1 else f"{word} {times} 次" for word, times in acts.items())


def _counted(events: Iterable[CaseEvent]) -> Iterator[tuple[str, str]]:
    times: dict[str, int] = {}
    for event in events:
        who = words.name(event.actor)
        times[who] = times.get(who, 0) + 1
    for who, count in times.items():
        yield who, f"{count} 次"


def refusals(returns: Iterable[CaseReturn]) -> Iterator[tuple[str, str]]:
    """("城管中队", "2 次（不属于本岗位或本部门职责）"): who sent the case back, how often and why."""
    found: dict[str, list[str]] = {}
    for row in returns:
        who = row.department.short_name if row.department else words.name(row.person)
        found.setdefault(who, []).append(ReturnReason(row.reason).label)
    for who, reasons in found.items():
        yield who, f"{len(reasons)} 次（{'；'.join(dict.fromkeys(reasons))}）"
