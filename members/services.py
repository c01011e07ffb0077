"""志愿服务: recorded by whoever did it or by their grid, confirmed by the grid. Only what is confirmed counts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Count, Q, Sum
from django.utils import timezone

from grids.authority import runs_desk
from grids.choices import KINDS, PATH_FIELD
from liangcheng.common.clock import now
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted, NotVisible, StaleObject
from liangcheng.common.text import normalize
from members.choices import ServiceKind, ServiceState
from members.models import Offer, ServiceRecord
from members.roll import Individual, Ref, columns, held, may_enter_for

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

_STEP, _DAY = Decimal("0.5"), Decimal(24)
# Later than that nobody remembers it for certain.
_LATEST_ENTRY = timedelta(days=366)


@dataclass(frozen=True)
class Deed:
    """What was done: the same for all people of one activity."""

    on: date
    hours: Decimal
    kind: str
    what: str


def record_service(
    *,
    actor: "User",
    people: Collection[Ref],
    deed: Deed,
    case_id: int | None = None,
    offer: Offer | None = None,
    sure: bool = False,
) -> list[ServiceRecord]:
    """One record for each of these people, to be confirmed; all or none. `sure`: what looks recorded already is not.

    Raises NotVisible, NotPermitted, InvalidInput (field: that of the deed, or `sure`: recorded already).
    """
    checked = _checked(deed)
    if not people:
        raise InvalidInput("missing_people", "请选择参加人员。", field="names")
    with transaction.atomic():
        found = held(actor, people)
        for person in found:
            if not may_enter_for(actor, person):
                raise NotPermitted("not_permitted", "志愿服务由本人，或所在网格的网格员、联络员、网格长登记。")
        _check_days(actor, found, checked, sure=sure)
        rows = []
        for person in found:
            row = ServiceRecord(grid_id=person.grid_id, entered_by=actor, case_id=case_id, offer=offer)
            _write(actor, row, columns(person) | vars(checked))
            rows.append(row)
    return rows


def confirm_service(*, actor: "User", record_id: int, expected_version: int | None = None) -> ServiceRecord:
    """确认: by the desk of the record's grid, never by whom it is about."""
    with transaction.atomic():
        row = _judged(actor, record_id, expected_version)
        _need(row, ServiceState.WAITING)
        return _write(
            actor,
            row,
            {"state": ServiceState.CONFIRMED, "reason": "", "confirmed_by": actor, "confirmed_at": now()},
        )


def refuse_service(*, actor: "User", record_id: int, reason: str, expected_version: int | None = None) -> ServiceRecord:
    """不予确认, with the reason; whoever recorded it may correct it, and it waits again."""
    with transaction.atomic():
        row = _judged(actor, record_id, expected_version)
        _need(row, ServiceState.WAITING)
        return _write(actor, row, {"state": ServiceState.REFUSED, "reason": _reason(reason)})


def withdraw_confirmation(
    *, actor: "User", record_id: int, reason: str, expected_version: int | None = None
) -> ServiceRecord:
    """撤销确认: it waits again and may be corrected. Who confirmed it before stays in the history."""
    with transaction.atomic():
        row = _judged(actor, record_id, expected_version)
        _need(row, ServiceState.CONFIRMED)
        values = {"state": ServiceState.WAITING, "reason": _reason(reason), "confirmed_by": None, "confirmed_at": None}
        return _write(actor, row, values)


def correct(
    *, actor: "User", record_id: int, deed: Deed, expected_version: int | None = None, sure: bool = False
) -> ServiceRecord:
    """Change what was recorded, before it is confirmed; one that was refused waits again."""
    checked = _checked(deed)
    with transaction.atomic():
        row = _locked(actor, record_id, expected_version)
        if not may_correct(actor, row):
            raise NotPermitted("not_permitted", "志愿服务由本人、登记人或所在网格更正。")
        _need(row, ServiceState.WAITING, ServiceState.REFUSED)
        [person] = [row.person]
        type(person)._base_manager.select_for_update(no_key=True).order_by().get(pk=person.pk)
        _check_days(actor, [person], checked, sure=sure, besides=row.pk)
        return _write(actor, row, vars(checked) | {"state": ServiceState.WAITING, "reason": ""})


def may_judge(actor: "User", row: ServiceRecord) -> bool:
    """Whether the actor may confirm this: the desk of its grid, unless it is about themselves."""
    return runs_desk(actor, row) and row.person.user_id != actor.pk


def may_correct(actor: "User", row: ServiceRecord) -> bool:
    return row.person.user_id == actor.pk or row.entered_by_id == actor.pk or runs_desk(actor, row)


# -- figures


def performance(member_ids: Collection[int], year: int) -> dict[int, list[tuple[str, int, Decimal]]]:
    """Member id → (kind, times, hours) of a year, confirmed only, for the letters to their units. One statement."""
    rows = (
        ServiceRecord.objects.confirmed()
        .filter(member_id__in=member_ids, on__year=year)
        .order_by()
        .values("member_id", "kind")
        .annotate(times=Count("pk"), total=Sum("hours"))
        .values_list("member_id", "kind", "times", "total")
    )
    order = {kind: place for place, kind in enumerate(ServiceKind.values)}
    found: dict[int, list[tuple[str, int, Decimal]]] = {}
    for member_id, kind, times, total in sorted(rows, key=lambda each: order[each[1]]):
        found.setdefault(member_id, []).append((ServiceKind(kind).label, times, total))
    return found


def hours_by_grid(user: "User", year: int) -> dict[int, tuple[int, Decimal]]:
    """Grid id → (times, hours) of a year, everything below included, confirmed only. One statement."""
    names = [f"{PATH_FIELD[kind]}_id" for kind in KINDS]
    rows = (
        ServiceRecord.objects.countable_by(user)
        .confirmed()
        .filter(on__year=year)
        .order_by()
        .values(*names)
        .annotate(times=Count("pk"), total=Sum("hours"))
    )
    found: dict[int, tuple[int, Decimal]] = {}
    for row in rows:
        for grid_id in filter(None, (row[name] for name in names)):
            times, total = found.get(grid_id, (0, Decimal(0)))
            found[grid_id] = (times + row["times"], total + row["total"])
    return found


# -- inside


def _checked(deed: Deed) -> Deed:
    today = timezone.localdate(now())
    if deed.on > today:
        raise InvalidInput("in_future", "日期不能晚于今天。", field="on")
    if deed.on < today - _LATEST_ENTRY:
        raise InvalidInput("too_long_ago", "一年以前的服务不再补登。", field="on")
    if not _STEP <= deed.hours <= _DAY or deed.hours % _STEP:
        raise InvalidInput("bad_hours", "时长请填 0.5–24 小时，以半小时为单位。", field="hours")
    if deed.kind not in ServiceKind.values:
        raise InvalidInput("unknown_kind", "请选择服务类别。", field="kind")
    what = normalize(deed.what)
    if not what or len(what) > 300:
        raise InvalidInput("bad_what", "请写明做了什么，300 字以内。", field="what")
    return Deed(deed.on, deed.hours, deed.kind, what)


def _reason(text: str) -> str:
    reason = normalize(text)
    if not reason or len(reason) > 100:
        raise InvalidInput("bad_reason", "请写明原因，100 字以内。", field="reason")
    return reason


def _check_days(
    actor: "User", people: Sequence[Individual], deed: Deed, *, sure: bool, besides: int | None = None
) -> None:
    """Nobody serves more than 24 hours a day; what looks recorded already is asked about. One statement."""
    sums = _sums(people, deed, besides)
    for person in people:
        total, same = sums.get(next(iter(columns(person))) + str(person.pk), (Decimal(0), 0))
        whose = "您" if person.user_id == actor.pk else person.masked_name
        if total + deed.hours > _DAY:
            message = f"{whose}{deed.on:%m月%d日}已登记 {total.normalize():f} 小时，加上这次超过 24 小时。"
            raise InvalidInput("too_many_hours", message, field="hours")
        if same and not sure:
            label = ServiceKind(deed.kind).label
            message = f"{whose}{deed.on:%m月%d日}已登记过“{label}”。确实是另一次服务的，请勾选后再提交。"
            raise InvalidInput("recorded_already", message, field="sure")


def _sums(people: Sequence[Individual], deed: Deed, besides: int | None) -> dict[str, tuple[Decimal, int]]:
    ids: dict[str, list[int]] = {"member": [], "contact": []}
    for person in people:
        ids[next(iter(columns(person)))].append(person.pk)
    rows = (
        ServiceRecord.objects.filter(Q(member__in=ids["member"]) | Q(contact__in=ids["contact"]), on=deed.on)
        .exclude(state=ServiceState.REFUSED)
        .exclude(pk__in=() if besides is None else (besides,))
        .order_by()
        .values("member_id", "contact_id")
        .annotate(total=Sum("hours"), same=Count("pk", filter=Q(kind=deed.kind)))
    )
    return {
        (f"member{row['member_id']}" if row["member_id"] else f"contact{row['contact_id']}"): (
            row["total"],
            row["same"],
        )
        for row in rows
    }


def _locked(actor: "User", record_id: int, expected_version: int | None) -> ServiceRecord:
    rows = ServiceRecord.objects.reachable_by(actor).select_related("member", "contact")
    row = rows.select_for_update(of=("self",)).filter(pk=record_id).order_by().first()
    if row is None:
        raise NotVisible
    if expected_version is not None and row.version != expected_version:
        raise StaleObject
    return row


def _judged(actor: "User", record_id: int, expected_version: int | None) -> ServiceRecord:
    row = _locked(actor, record_id, expected_version)
    if row.person.user_id == actor.pk:
        raise NotPermitted("own_service", "本人的志愿服务由所在网格的其他人确认。")
    if not runs_desk(actor, row):
        raise NotPermitted("not_permitted", "志愿服务由所在网格的联络员、网格长、派遣员确认。")
    return row


def _need(row: ServiceRecord, *states: ServiceState) -> None:
    if row.state not in states:
        raise DomainError("wrong_state", f"这条服务记录现在是“{row.get_state_display()}”，不能这样办理。")


def _write(actor: "User", row: ServiceRecord, values: dict[str, Any]) -> ServiceRecord:
    fresh = row._state.adding
    row._history_user = actor  # type: ignore[attr-defined]
    for name, value in values.items():
        setattr(row, name, value)
    if fresh:
        row.save()
    else:
        row.version += 1
        row.save(update_fields=[*values, "version", "updated_at"])
    return row
