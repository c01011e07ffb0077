"""Writing what happened: the event and its outbox rows, in the transaction of the act."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from cases import notifications
from cases.choices import Act
from cases.models import Case, CaseEvent
from liangcheng.common.exceptions import InvalidInput
from liangcheng.common.request_id import current_request_id

if TYPE_CHECKING:
    from liangcheng.accounts.models import User


@dataclass(frozen=True)
class Idempotency:
    """The caller's key for one act, and a digest of what it asked for: the same key must mean the same thing."""

    key: str
    fingerprint: str


@dataclass(frozen=True)
class Before:
    """Where a case stood before an act; for a new case nowhere."""

    status: str = ""
    grid_id: int | None = None


def record(
    case: Case,
    act: Act,
    *,
    actor: "User | None",
    before: Before,
    at: datetime,
    text: str = "",
    data: dict[str, Any] | None = None,
    idempotency: Idempotency | None = None,
) -> CaseEvent:
    """Write the event of an act on `case` as it stands now, and whom to tell; inside the act's transaction."""
    event = CaseEvent(
        community_id=cast(int, case.community_id),
        case=case,
        actor=actor,
        act=act,
        from_status=before.status,
        to_status=case.status,
        from_grid_id=before.grid_id,
        to_grid_id=case.handling_grid_id,
        level=case.handling_level,
        text=text,
        data=data or {},
        request_id=current_request_id(),
        idempotency_key=idempotency.key if idempotency else "",
        fingerprint=idempotency.fingerprint if idempotency else "",
        created_at=at,
    )
    event.save()
    notifications.enqueue(event, case)
    return event


def already_done(
    actor: "User | None", act: Act, idempotency: Idempotency | None, case_id: int | None = None
) -> Case | None:
    """The case of an earlier call with the same key, or None. `case_id`: the case it is about, where there was one.

    Raises InvalidInput when the key meant something else.
    """
    if idempotency is None:
        return None
    event = (
        CaseEvent.objects.filter(actor=actor, idempotency_key=idempotency.key)
        .select_related("case__category", "case__grid", "case__handling_grid")
        .first()
    )
    if event is None:
        return None
    same_case = case_id is None or event.case_id == case_id
    if not same_case or event.act != act or event.fingerprint != idempotency.fingerprint:
        raise InvalidInput("idempotency_key_reused", "这个幂等键已用于另一个请求，请换一个新的。")
    return event.case
