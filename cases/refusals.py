"""Why an act is refused, in words: by the state, by who asks, by what is missing. And which acts are left."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from django.conf import settings
from django.db.models import TextChoices

from cases.choices import Act, Satisfaction, Status
from cases.models import Case
from cases.scoping import parties_of
from cases.transitions import LIAISON_UP, TABLE, Edge, Party, edges_from
from grids.choices import GridKind
from grids.scoping import scope_of
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
        raise IllegalTransition("illegal_transition", f"{_state(case, actor)}，不能进行“{act.label}”。")
    parties = parties_of(case, actor)
    edge = next((edge for edge in edges if edge.parties & parties), None)
    if edge is None:
        raise NotPermitted("not_permitted", _who_may(edges, act, case))
    if edge.not_resolver and actor is not None and case.resolved_by_id == actor.pk:
        raise NotPermitted("own_resolution", "自己处置的案件须由他人核查。")
    particular = _PARTICULAR.get(act)
    if particular:
        particular(case, parties)
    if act in _DECIDES_EXTENSION and actor is not None and _own_extension(case, actor):
        raise NotPermitted("own_extension", "自己申请、或由自己处置的案件，延期须由他人审批。")
    return edge


def _own_extension(case: Case, actor: "User") -> bool:
    """Asked by the actor, or for a case on their own plate or on that of somebody they stand in for."""
    return case.extension_asked_by_id == actor.pk or case.assignee_id in scope_of(actor).user_ids


def _state(case: Case, actor: "User | None") -> str:
    """Where the case rests; of one that was merged, where it went, if the actor may see that. A statement for these."""
    if case.merged_into_id and actor is not None:
        main = Case.objects.visible_to(actor).filter(pk=case.merged_into_id).values_list("number", flat=True).first()
        return f"案件已并入 {main or '另一件案件'}"
    return f"案件目前为“{Status(case.status).label}”"


_DECIDES_EXTENSION = {Act.GRANT_EXTENSION, Act.REFUSE_EXTENSION}


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
    _decided_above(case, parties)
    if case.handling_grid_id == case.grid_id:
        raise InvalidInput("no_lower_grid", "案件就在发现它的网格，没有下级可交办。")


def _may_reopen(case: Case, parties: frozenset[Party]) -> None:
    """By the head, or by any checker after a dissatisfied evaluation; for REOPEN_DAYS."""
    if Party.HEAD not in parties and case.satisfaction != Satisfaction.DISSATISFIED:
        raise NotPermitted("not_permitted", "回访不满意的才能由核查人员重新处置；其他情况请网格长办理。")
    if case.closed_at and now() - case.closed_at > timedelta(days=settings.REOPEN_DAYS):
        raise NotPermitted("reopen_too_late", f"结案已超过 {settings.REOPEN_DAYS} 天，请重新上报并注明原案件编号。")


def _may_reveal(case: Case, parties: frozenset[Party]) -> None:
    if not (case.reporter_name or case.reporter_phone or case.heat > 1):
        raise InvalidInput("no_contact", "这个案件没有登记反映人的联系方式。")


def _may_dispatch(case: Case, parties: frozenset[Party]) -> None:
    """退单拉锯: after too many 退单 the grid above decides, bindingly (PEERS b7). Nobody below undoes a 签派."""
    _decided_above(case, parties)
    if case.binding and not parties & {Party.DISPATCHER, Party.ABOVE}:
        raise NotPermitted("binding", "签派的案件由街道派遣员或上级网格重新派遣。")


def _decided_above(case: Case, parties: frozenset[Party]) -> None:
    """What must not be ended, moved down or given away by the very desk that cannot place it."""
    if case.bounced and Party.ABOVE not in parties:
        raise NotPermitted("only_parent_dispatches", f"{_bounced(case)}，须由上级网格签派。")


def _bounced(case: Case) -> str:
    return f"已退单 {case.return_count} 次" if case.return_count else "签派后没有接单"


def _may_withdraw(case: Case, parties: frozenset[Party]) -> None:
    """Whoever reported it takes back their own report, not those of others that were merged into it."""
    if Party.REPORTER not in parties:
        _decided_above(case, parties)
    elif case.heat > 1 and not parties & LIAISON_UP:
        raise NotPermitted("not_permitted", "还有其他人反映同一件事，请联络员、网格长处理。")


def _may_extend(case: Case, parties: frozenset[Party]) -> None:
    """Asked before the deadline, once at a time, EXTENSIONS_MOST times a case (DOMAIN B2)."""
    if case.due_at is None:
        raise InvalidInput("no_deadline", "这个案件没有处置期限，无须延期。")
    if case.extension_days:
        raise InvalidInput("extension_pending", f"已申请延期 {case.extension_days} 个工作日，请等待审批。")
    if case.extension_count >= settings.EXTENSIONS_MOST:
        raise InvalidInput("extension_used", f"每件最多延期 {settings.EXTENSIONS_MOST} 次；确有困难请上报上级。")
    if now() > case.due_at:
        raise InvalidInput("extension_too_late", "已超过处置期限，不能再申请延期。")


def _may_decide_extension(case: Case, parties: frozenset[Party]) -> None:
    if not case.extension_days:
        raise InvalidInput("no_extension_asked", "目前没有待审批的延期申请。")


def _may_contact(case: Case, parties: frozenset[Party]) -> None:
    if not case.has_reporter:
        raise InvalidInput("no_contact", "这个案件没有登记反映人的联系方式。")
    if case.first_contact_at:
        raise InvalidInput("already_contacted", "已登记过先行联系；后续联系请写在补充说明里。")


def _may_answer(case: Case, parties: frozenset[Party]) -> None:
    if case.instruction_due_at is None:
        raise InvalidInput("nothing_to_answer", "目前没有待答复的批示或督办。")


def _may_conclude(case: Case, parties: frozenset[Party]) -> None:
    if case.coordination_at is None:
        raise InvalidInput("no_coordination", "目前没有待登记结果的约请协调。")


def _may_hand_over(case: Case, parties: frozenset[Party]) -> None:
    if case.assignee_id is None:
        raise InvalidInput("no_assignee", "案件没有派给个人，无须交接。")
    if case.binding and not parties & {Party.DISPATCHER, Party.ABOVE}:
        raise NotPermitted("binding", "签派的案件由街道派遣员或上级网格交接。")


# What the table cannot say; here, so that no screen offers what the act then refuses.
_PARTICULAR: dict[Act, Callable[[Case, frozenset[Party]], None]] = {
    Act.DISPATCH: _may_dispatch,
    Act.REJECT: _decided_above,
    Act.MERGE: _decided_above,
    Act.WITHDRAW: _may_withdraw,
    Act.EXTEND: _may_extend,
    Act.GRANT_EXTENSION: _may_decide_extension,
    Act.REFUSE_EXTENSION: _may_decide_extension,
    Act.CONTACT: _may_contact,
    Act.ANSWER: _may_answer,
    Act.CONCLUDE: _may_conclude,
    Act.HAND_OVER: _may_hand_over,
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
    return [act for act in TABLE if edges_from(act, case.status) and refusal(case, user, act) is None]


def need_text(text: str, field: str, message: str) -> str:
    """Normalized text, at least one character and at most 2,000. Raises InvalidInput."""
    return need_line(text, field, message, most=_TEXT_LIMIT)


def need_line(text: str, field: str, message: str, *, most: int) -> str:
    """Normalized text of one to `most` characters. Raises InvalidInput."""
    cleaned = optional_text(text, field, most=most)
    if not cleaned:
        raise InvalidInput(f"missing_{field}", message, field=field)
    return cleaned


def optional_text(text: str, field: str = "text", *, most: int = _TEXT_LIMIT) -> str:
    cleaned = normalize(text or "")
    if len(cleaned) > most:
        raise InvalidInput("too_long", f"最多 {most} 个字，现在有 {len(cleaned)} 个字。", field=field)
    return cleaned


def need_days(days: int, *, most: int) -> int:
    """A number of working days from 1 to `most`. Raises InvalidInput (field `days`)."""
    if not 1 <= days <= most:
        raise InvalidInput("bad_days", f"工作日数应在 1 到 {most} 之间。", field="days")
    return days


def need_choice(value: str, choices: type[Choice], field: str, message: str) -> Choice:
    """A value of a closed list. Raises InvalidInput."""
    try:
        return choices(value)
    except ValueError:
        raise InvalidInput(f"unknown_{field}" if value else f"missing_{field}", message, field=field) from None
