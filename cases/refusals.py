"""Why an act is refused, in words: by the state, by who asks, by what is missing. And which acts are left."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from django.conf import settings
from django.db.models import TextChoices

from cases.choices import Act, Satisfaction, Status
from cases.models import Case
from cases.scoping import parties_of
from cases.transitions import TABLE, Edge, Party, edges_from
from grids.choices import GridKind
from liangcheng.common.clock import now
from liangcheng.common.exceptions import DomainError, IllegalTransition, InvalidInput, NotPermitted
from liangcheng.common.text import normalize

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

Choice = TypeVar("Choice", bound=TextChoices)
_TEXT_LIMIT = 2000


def permit(case: Case, act: Act, actor: "User | None") -> Edge:
    """The edge of the table by which `actor` may do `act` on `case` now; inputs are not looked at.

    Raises IllegalTransition, NotPermitted, or InvalidInput where the case itself rules the act out.
    """
    edges = edges_from(act, case.status)
    if not edges:
        raise IllegalTransition(
            "illegal_transition", f"案件目前为“{Status(case.status).label}”，不能进行“{act.label}”。"
        )
    parties = parties_of(case, actor)
    edge = next((edge for edge in edges if edge.parties & parties), None)
    if edge is None:
        raise NotPermitted("not_permitted", _who_may(edges, act, case))
    if edge.not_resolver and actor is not None and case.resolved_by_id == actor.pk:
        raise NotPermitted("own_resolution", "自己处置的案件须由他人核查。")
    particular = _PARTICULAR.get(act)
    if particular:
        particular(case, parties)
    return edge


def _who_may(edges: list[Edge], act: Act, case: Case) -> str:
    allowed = {party for edge in edges for party in edge.parties if party is not Party.CLOCK}
    names = "、".join(party.value for party in Party if party in allowed)
    return f"“{act.label}”由{names}办理；现在由“{case.handling_grid.short_name}”负责。"


def _may_return(case: Case, parties: frozenset[Party]) -> None:
    if case.binding:
        raise NotPermitted("binding", "签派的案件不得退单；确有困难请上报上级。")


def _may_escalate(case: Case, parties: frozenset[Party]) -> None:
    if case.handling_level == GridKind.COMMUNITY:
        raise InvalidInput("no_higher_grid", "已是街道一级，不能再上报。")


def _may_hand_down(case: Case, parties: frozenset[Party]) -> None:
    if case.handling_grid_id == case.grid_id:
        raise InvalidInput("no_lower_grid", "案件就在发现它的网格，没有下级可交办。")


def _may_reopen(case: Case, parties: frozenset[Party]) -> None:
    """By the head, or by any checker after a dissatisfied evaluation; for REOPEN_DAYS."""
    if Party.HEAD not in parties and case.satisfaction != Satisfaction.DISSATISFIED:
        raise NotPermitted("not_permitted", "回访不满意的才能由核查人员重新处置；其他情况请网格长办理。")
    if case.closed_at and now() - case.closed_at > timedelta(days=settings.REOPEN_DAYS):
        raise NotPermitted("reopen_too_late", f"结案已超过 {settings.REOPEN_DAYS} 天，请重新上报并注明原案件编号。")


def _may_reveal(case: Case, parties: frozenset[Party]) -> None:
    if not (case.reporter_name or case.reporter_phone):
        raise InvalidInput("no_contact", "这个案件没有登记反映人的联系方式。")


# What the table cannot say; here, so that no screen offers what the act then refuses.
_PARTICULAR: dict[Act, Callable[[Case, frozenset[Party]], None]] = {
    Act.RETURN: _may_return,
    Act.ESCALATE: _may_escalate,
    Act.HAND_DOWN: _may_hand_down,
    Act.REOPEN: _may_reopen,
    Act.REVEAL: _may_reveal,
}


def refusal(case: Case, user: "User | None", act: Act) -> DomainError | None:
    """Why `user` may not do `act` on `case` now; None when they may. Inputs are not looked at."""
    try:
        permit(case, act, user)
    except DomainError as error:
        return error
    return None


def available_actions(case: Case, user: "User | None") -> list[Act]:
    """The acts that `user` may do on `case` now, in the order of the table."""
    return [act for act in TABLE if refusal(case, user, act) is None]


def need_text(text: str, field: str, message: str) -> str:
    """Normalized text, at least one character and at most 2,000. Raises InvalidInput."""
    cleaned = optional_text(text, field)
    if not cleaned:
        raise InvalidInput(f"missing_{field}", message, field=field)
    return cleaned


def optional_text(text: str, field: str = "text") -> str:
    cleaned = normalize(text or "")
    if len(cleaned) > _TEXT_LIMIT:
        raise InvalidInput("too_long", f"最多 {_TEXT_LIMIT} 个字，现在有 {len(cleaned)} 个字。", field=field)
    return cleaned


def need_choice(value: str, choices: type[Choice], field: str, message: str) -> Choice:
    """A value of a closed list. Raises InvalidInput."""
    try:
        return choices(value)
    except ValueError:
        raise InvalidInput(f"unknown_{field}" if value else f"missing_{field}", message, field=field) from None
