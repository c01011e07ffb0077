"""What hangs on a case, as other systems may see it: neither ids of users nor names of party members."""

from typing import TYPE_CHECKING, Any

from django.db.models import F, Q
from django.db.models.functions import Coalesce

from cases.api.part_serializers import CoHandlingRow, CoordinationRow, InstructionRow, InviteeRow
from cases.choices import Act, InviteeKind
from cases.models import Case, CaseLink, Invitee
from liangcheng.common.api import as_rows, local_times
from liangcheng.common.text import mask_name

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

# Keys of an event that are for the program only: whose figures a 退单 counts in, whom to tell of an answer.
_NUMBERS = ("number", "main")
_INWARD = {"user_id", "department_id", "given_by", "from_id", "batch"}


def parts_of(case: Case, user: "User") -> dict[str, Any]:
    """The lists of CaseDetail. Four statements, three more where the row says that there is something to read."""
    return {
        "co_handling": _rows(case.co_handlers.order_by("pk"), CoHandlingRow),
        "instructions": _rows(case.instructions.order_by("pk"), InstructionRow),
        "coordinations": _coordinations(case),
        "links": _links(case, user),
        "returns": _returns(case) if case.return_count else [],
        "merged_count": case.merged_cases.count() if case.heat > 1 else 0,
    }


def _rows(queryset: Any, shape: Any) -> list[dict[str, Any]]:
    return [local_times(row) for row in as_rows(queryset, shape)]


def _returns(case: Case) -> list[dict[str, Any]]:
    who = Coalesce("person__full_name", "department__short_name")
    rows = case.returns.order_by("pk").values("reason", "created_at", who=who)
    return [local_times(dict(row)) for row in rows]


def _coordinations(case: Case) -> list[dict[str, Any]]:
    found = _rows(case.coordinations.order_by("pk"), CoordinationRow)
    by_id = {row["id"]: row for row in found}
    for row in found:
        row["invitees"] = []
    if found:
        invitees = Invitee.objects.filter(coordination__in=by_id).order_by("pk")
        for invitee in as_rows(invitees, InviteeRow).annotate(of=F("coordination_id")):
            by_id[invitee.pop("of")]["invitees"].append(invitee | {"name": _outward_name(invitee)})
    return found


def _outward_name(invitee: dict[str, Any]) -> str:
    """Party membership is sensitive, and residents are private persons."""
    if invitee["kind"] == InviteeKind.MEMBER:
        return ""
    name: str = invitee["name"]
    return mask_name(name) if invitee["kind"] == InviteeKind.RESIDENT else name


def _links(case: Case, user: "User") -> list[dict[str, Any]]:
    seen = Case.objects.visible_to(user).order_by().values("pk")
    links = CaseLink.objects.filter(Q(case=case, other__in=seen) | Q(other=case, case__in=seen)).order_by("pk")
    return [
        {"number": later if earlier == case.number else earlier, "kind": kind, "is_later": earlier == case.number}
        for earlier, later, kind in links.values_list("case__number", "other__number", "kind")
    ]


def hide_unseen(rows: list[dict[str, Any]], user: "User") -> None:
    """Take the numbers of other cases that the reader may not see out of the events. At most one statement."""
    named = {row["data"].get(key) for row in rows for key in _NUMBERS if row["act"] != Act.TRANSFER} - {None}
    if not named:
        return
    seen = set(Case.objects.visible_to(user).filter(number__in=named).order_by().values_list("number", flat=True))
    for row in rows:
        for key in _NUMBERS:
            if row["act"] != Act.TRANSFER and row["data"].get(key, "") not in {"", *seen}:
                row["data"] = row["data"] | {key: ""}


def outward(data: dict[str, Any]) -> dict[str, Any]:
    """An event's details without what is for the program only, and without the names of private persons."""
    shown = {name: value for name, value in data.items() if name not in _INWARD}
    if isinstance(shown.get("invited"), list):
        # Departments and residents stand in one list: how many, here; who, in `coordinations`.
        shown["invited"] = len(shown["invited"])
    return shown
