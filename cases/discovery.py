"""发现上报: how a case comes into being. Reached through cases.workflow, like every act."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from cases import attachments, borders, deadlines, routing, timekeeping
from cases.choices import Act, Grade, Nature, Source, Status, Urgency
from cases.deadlines import Limit
from cases.events import Before, Idempotency, already_done, record
from cases.models import Case, CaseCounter, Category, TimeLimit
from cases.photos import Photo
from cases.scoping import may_discover
from grids.choices import GridKind
from grids.models import Grid, PathColumns
from grids.scoping import scope_of
from liangcheng.accounts.models import ServiceAccount
from liangcheng.common import office_time
from liangcheng.common import text as texts
from liangcheng.common.clock import now
from liangcheng.common.exceptions import InvalidInput, NotPermitted
from members import registry
from members.models import Building, ResidentUnit

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

# A day has 86,400 seconds; a street has a few dozen cases. Five digits would still fit the column.
_NUMBER = "LC{day:%Y%m%d}{value:04d}"
_TITLE_LENGTH = 30
_LIMITS = {"title": 60, "description": 2000, "address": 150, "reporter_name": 30, "result": 2000, "external_id": 100}


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a discovery carries. The edge checks its shape, `discover` its meaning.

    Without `grid_code` the address book finds the grid; failing that, the street's desk gets the case.
    An empty `urgency` takes the category's.
    """

    category_code: str
    description: str
    title: str = ""
    grid_code: str = ""
    second_grid_code: str = ""
    unit_id: int | None = None
    building_id: int | None = None
    address: str = ""
    lng: Decimal | None = None
    lat: Decimal | None = None
    nature: str = Nature.COMPLAINT
    source: str = Source.PATROL
    urgency: str = ""
    reporter_name: str = ""
    reporter_phone: str = ""
    reporter_anonymous: bool = False
    wants_reply: bool = False
    confidential: bool = False
    external_system: str = ""
    external_id: str = ""
    resolved_on_spot: bool = False
    result: str = ""


def discover(
    *, actor: "User", report: Report, photos: Sequence[Photo] = (), idempotency: Idempotency | None = None
) -> Case:
    """File a case: PENDING at its first handling grid, or RESOLVED when settled on the spot.

    The same `idempotency` key, or the same external system and id, gives back the case that is there already.
    Raises NotPermitted, InvalidInput (with its field).
    """
    if not may_discover(actor):
        raise NotPermitted("not_permitted", "您目前没有可上报案件的岗位，请联系街道管理员。")
    known = already_done(actor, Act.DISCOVER, idempotency)
    if known:
        return known
    values = _clean(actor, report)
    try:
        with transaction.atomic():
            return _file(actor, report, values, photos, idempotency)
    except IntegrityError:
        # Somebody was faster with the same key or external number, perhaps at this very instant.
        known = already_done(actor, Act.DISCOVER, idempotency) or _known_external(actor, values)
        if known is None:
            raise
        return known


def _clean(actor: "User", report: Report) -> dict[str, Any]:
    """The case's own fields out of the report, normalized. Raises InvalidInput for what shows without a query."""
    values = _texts(report)
    if report.resolved_on_spot and not values["result"]:
        raise InvalidInput("missing_result", "当场解决的，请写明处置结果。", field="result")
    if not report.resolved_on_spot:
        values["result"] = ""
    if report.reporter_anonymous:
        values |= {"reporter_name": "", "reporter_phone": ""}
    for name in ("nature", "source", "reporter_anonymous", "wants_reply", "confidential", "lng", "lat"):
        values[name] = getattr(report, name)
    values["external_system"] = _system(actor, report)
    return values


def _system(actor: "User", report: Report) -> str:
    """A service account speaks for its own system only, and nobody else speaks for it."""
    if actor.is_service:
        return actor.service_account.system
    if report.external_system and ServiceAccount.objects.filter(system=report.external_system).exists():
        raise InvalidInput("system_taken", "这个来源系统由对方接口登记，请换一个名称。", field="external_system")
    return report.external_system


def _texts(report: Report) -> dict[str, Any]:
    """What was written, in one form and within its length."""
    names = ("title", "description", "address", "reporter_name", "reporter_phone", "external_id", "result")
    values: dict[str, Any] = {name: texts.normalize(getattr(report, name)) for name in names}
    if not values["description"]:
        raise InvalidInput("missing_description", "请写明情况。", field="description")
    for name, limit in _LIMITS.items():
        if len(values[name]) > limit:
            raise InvalidInput("too_long", f"最多 {limit} 个字，现在有 {len(values[name])} 个字。", field=name)
    values["reporter_name"] = texts.normalize_name(values["reporter_name"])
    values["reporter_phone"] = texts.normalize_phone(values["reporter_phone"])
    if values["reporter_phone"] and not texts.is_phone(values["reporter_phone"]):
        raise InvalidInput("bad_phone", "请填 11 位手机号，或带区号的座机。", field="reporter_phone")
    values["title"] = values["title"] or _headline(values["description"])
    return values


def _headline(description: str) -> str:
    """The head of the first line; a title needs no full stop."""
    head = description.split("\n")[0][:_TITLE_LENGTH]
    return head.rstrip("，。；、,.; ") or head


def _file(
    actor: "User",
    report: Report,
    values: dict[str, Any],
    photos: Sequence[Photo],
    idempotency: Idempotency | None,
) -> Case:
    at = now()
    case = Case(discovered_by=actor, reported_at=at, updated_at=at, status_since=at, **values)
    # The place first: its management grade chooses the limit.
    _place(case, actor, report)
    limit = _limit(report.category_code, case.grid.grade, deadlines.local_day(at))
    category = case.category = limit.category
    case.urgency = report.urgency or category.urgency
    _route(case, category, at)
    said = _promise(case, limit, at)
    if report.resolved_on_spot:
        _settle(case, actor, at)
        attachments.require_result_photo(case, photos)
    timekeeping.plan(case, said.office)
    case.number = _draw_number(case, at)
    case.save()
    attachments.store(case, photos, actor=actor, at=at)
    record(
        case,
        Act.DISCOVER,
        actor=actor,
        before=Before(),
        at=at,
        text=case.result,
        data=_on_record(case, photos) | said.data,
        idempotency=idempotency,
    )
    return case


def _limit(category_code: str, grade: str, day: date) -> TimeLimit:
    """The limit in force for the grid's management grade (GB/T 30428.8), else for grade A, with its category.

    A category without a limit in force promises nothing.
    """
    in_force = (
        TimeLimit.objects.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=day),
            Q(valid_to__isnull=True) | Q(valid_to__gte=day),
            category__code=category_code,
            category__is_active=True,
            grade__in={grade, Grade.A},
        )
        .select_related("category")
        # A is the last of the letters in this order: the grid's own grade comes before it.
        .order_by("-grade", F("valid_from").desc(nulls_last=True))
        .first()
    )
    if in_force:
        return in_force
    category = Category.objects.filter(code=category_code, is_active=True).first()
    if category is None:
        raise InvalidInput("unknown_category", "请选择一个在用的案件类别。", field="category_code")
    return TimeLimit(category=category)


def _place(case: Case, actor: "User", report: Report) -> None:
    """Hang the case on its grid, which is locked against moving until the case is written."""
    case.unit_id, case.building_id = report.unit_id, report.building_id
    lookup = {"code": report.grid_code} if report.grid_code else {"pk": _located(actor, report)}
    try:
        grid = case.anchor(**lookup)
    except Grid.DoesNotExist:
        raise _unknown(report) from None
    if not scope_of(actor).may_anchor_at(grid):
        raise _unknown(report)
    if not grid.is_active:
        raise InvalidInput("retired_grid", f"“{grid.name}”已停用，请选择现在的网格。", field="grid_code")
    if report.grid_code:
        # Without a code the address book has looked already.
        _check_unit_and_building(case, actor)
    if report.second_grid_code:
        case.second_grid = borders.neighbour(grid, report.second_grid_code)


def _unknown(report: Report) -> InvalidInput:
    """What was named is not there, or lies where the actor does not serve: the two are never told apart."""
    field = "building" if report.building_id is not None else "unit"
    if report.grid_code or (report.building_id is None and report.unit_id is None):
        return InvalidInput("unknown_grid", "没有这个网格，请选择您负责范围内的网格。", field="grid_code")
    return _unknown_place(field)


def _unknown_place(field: str) -> InvalidInput:
    message = "没有这个单位或楼栋，或不在您负责的范围内，请重新选择。"
    return InvalidInput(f"unknown_{field}", message, field=f"{field}_id")


def _check_unit_and_building(case: Case, actor: "User") -> None:
    """What is named beside the grid is there and lies where the actor serves: a case shows its name. One query."""
    found: ResidentUnit | Building | None
    if case.building_id is not None:
        of_unit = {} if case.unit_id is None else {"unit_id": case.unit_id}
        field, found = "building", Building.objects.active().filter(pk=case.building_id, **of_unit).first()
    elif case.unit_id is not None:
        rows = ResidentUnit.objects.active().select_related("second_grid")
        field, found = "unit", rows.filter(pk=case.unit_id).first()
    else:
        return
    if found is None or not any(scope_of(actor).may_anchor_at(side) for side in _sides(found)):
        raise _unknown_place(field)


def _sides(found: ResidentUnit | Building) -> list[PathColumns]:
    """Where it lies; a unit on the border of two grids lies in both."""
    second = found.second_grid if isinstance(found, ResidentUnit) else None
    return [found] if second is None else [found, second]


def _located(actor: "User", report: Report) -> int:
    """Without a named grid: the address book's; else the street's desk, which finds out where it is."""
    communities = sorted({post.path[0] for post in scope_of(actor).posts if post.path[0]})
    if report.unit_id is None and report.building_id is None and not report.address.strip():
        raise InvalidInput("missing_grid", "请选择网格，或填写地址。", field="grid_code")
    try:
        located = registry.find_grid(
            unit_id=report.unit_id, building_id=report.building_id, address=report.address, community_ids=communities
        )
    except InvalidInput:
        raise _unknown(report) from None
    if located:
        return located
    if not any(post.kind == GridKind.COMMUNITY for post in scope_of(actor).posts):
        raise InvalidInput("missing_grid", "按地址没有找到所属网格，请选择网格。", field="grid_code")
    return communities[0]


def _route(case: Case, category: Category, at: datetime) -> None:
    """A border case begins at the grid above both sides (R53)."""
    path = path_of(case)
    level: str = routing.first_level(path, category.default_level, case.urgency)
    if case.second_grid is not None:
        level = routing.highest(level, borders.common_level(case.grid, case.second_grid))
    put_at(case, level, at)
    case.highest_level = level


def path_of(case: Case) -> dict[str, int | None]:
    """Level → grid id, as cases.routing wants it."""
    return {kind: case.grid_id_at(kind) for kind in GridKind.values}


def put_at(case: Case, level: str, at: datetime) -> None:
    """Let the grid at `level` of the case's path answer for it, from `at` on. What it bounced on before is past."""
    case.handling_level = level
    case.handling_grid_id = path_of(case)[level]  # type: ignore[assignment]
    case.arrived_at = at
    case.bounced = False


@dataclass(frozen=True)
class _Said:
    """What was promised, as the event keeps it, and the office's time that it was promised by."""

    data: dict[str, Any]
    office: timekeeping.Office


def _promise(case: Case, limit: TimeLimit, at: datetime) -> _Said:
    """先行联系 is owed only to somebody who can be reached."""
    data = {"limit": timekeeping.as_data(Limit(limit.resolve_value, limit.resolve_unit))}
    if case.has_reporter:
        data["contact"] = timekeeping.as_data(Limit(limit.first_contact_value, limit.first_contact_unit))
    office = timekeeping.office(office_time.held())
    timekeeping.set_moments(case, [timekeeping.mark_of(Act.DISCOVER, at, data)], office)
    return _Said(data, office)


def _settle(case: Case, actor: "User", at: datetime) -> None:
    """当场解决: the case begins where others arrive; somebody else still verifies it.

    Solved where it was found, whatever level would have answered: that is what 小事不出网格 counts.
    """
    put_at(case, case.grid.kind, at)
    case.highest_level = case.resolved_level = case.handling_level
    case.status = Status.RESOLVED
    case.resolved_by = actor
    case.resolved_at = at
    case.on_time = case.on_time_original = True if case.due_at else None


def _draw_number(case: Case, at: datetime) -> str:
    """The street's next number of the day; late in the transaction, since its row is held to the end (SCALE 6)."""
    day = deadlines.local_day(at)
    counters = CaseCounter.objects.filter(community_id=case.community_id, day=day)
    if not counters.update(value=F("value") + 1):
        # First of the day: two writers may both get here; the loser of the insert waits and counts on.
        CaseCounter.objects.get_or_create(community_id=case.community_id, day=day)
        counters.update(value=F("value") + 1)
    return _NUMBER.format(day=day, value=counters.values_list("value", flat=True).get())


def _on_record(case: Case, photos: Sequence[Photo]) -> dict[str, Any]:
    return {
        "category": case.category.code,
        "due_at": timekeeping.iso(case.due_at),
        "photos": len(photos),
        "on_spot": bool(case.result),
    }


def _known_external(actor: "User", values: dict[str, Any]) -> Case | None:
    """The case that already carries this external number; a person who may not see it is told to look at the number."""
    if not values["external_id"]:
        return None
    taken = Case.objects.filter(external_system=values["external_system"], external_id=values["external_id"])
    known = taken.visible_to(actor).select_related("category", "grid", "handling_grid").first()
    if known is None and taken.exists():
        raise InvalidInput("external_id_taken", "这个来源系统编号已经登记过。", field="external_id")
    return known


__all__ = ["Idempotency", "Report", "Urgency", "discover", "path_of", "put_at"]
