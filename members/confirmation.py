"""核实报到: the desk finds out whether a registration's person or unit is in the register, and links or adds them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import CharField, F, Q, QuerySet, Value

from grids.authority import may_keep, runs_desk
from grids.choices import GridKind
from grids.models import Grid
from grids.scoping import scope_of
from liangcheng.common.clock import now
from liangcheng.common.exceptions import IllegalTransition, InvalidInput, NotPermitted
from members.access import log_access
from members.choices import (
    AccessKind,
    MemberKind,
    OrganizationKind,
    RegistrationKind,
    RegistrationState,
    UnitKind,
)
from members.models import PartyMember, PartyOrganization, Registration, ResidentUnit
from members.people import organizations_for
from members.reporting import held

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

_MOST_MATCHES = 20
_ORDER = ("grid__code", "kind", "name")
_CONFIRMED_FIELDS = (
    "state", "confirmed_by", "confirmed_at", "member", "unit", "organization", "unit_name", "organization_name",
    "uscc", "grid", "updated_at",
)  # fmt: skip


@dataclass(frozen=True)
class Match:
    """Somebody of the street who may be the one; masked. `in_scope`: whether the asker sees their page."""

    member: PartyMember
    same_phone: bool
    same_name: bool
    in_scope: bool

    @property
    def certain(self) -> bool:
        return self.same_phone and self.same_name


def matches(actor: "User", registration: Registration) -> list[Match]:
    """Members of the street with the same phone or the same name, the likeliest first.

    For the desk that confirms only. Whom it would not see otherwise leaves a row in the log.
    """
    if not runs_desk(actor, registration) or registration.kind != RegistrationKind.MEMBER:
        return []
    scope = scope_of(actor).with_party
    found = [
        Match(
            member,
            bool(registration.phone) and member.phone == registration.phone,
            member.name == registration.name,
            scope.everything or any(post.covers(member) for post in scope.territorial),
        )
        for member in _alike(registration).select_related("grid", "organization").order_by("pk")[:_MOST_MATCHES]
    ]
    for match in found:
        if not match.in_scope:
            log_access(actor, AccessKind.OPENED, match.member, reason=f"核对报到 {registration.number}")
    return sorted(found, key=lambda match: (not match.certain, not match.same_phone))


def _alike(registration: Registration) -> "QuerySet[PartyMember]":
    same = Q(name=registration.name)
    if registration.phone:
        same |= Q(phone=registration.phone)
    rows: QuerySet[PartyMember] = (
        PartyMember.objects.active().filter(same, community_id=registration.community_id).exclude(name="")
    )
    return rows


def unit_matches(actor: "User", registration: Registration) -> "list[ResidentUnit]":
    """Units that the actor sees in the street with the same code (统一社会信用代码) or a name that holds the other."""
    names = Q(name=registration.unit_name)
    if len(registration.unit_name) >= 4:
        names |= Q(name__icontains=registration.unit_name) | Q(typed__icontains=F("name"))
    if registration.uscc:
        names |= Q(uscc=registration.uscc)
    rows = ResidentUnit.objects.visible_to(actor).active().filter(community_id=registration.community_id)
    rows = rows.annotate(typed=Value(registration.unit_name, output_field=CharField())).filter(names)
    return list(rows.order_by("code")[:_MOST_MATCHES])


def organizations(actor: "User", registration: Registration) -> "QuerySet[PartyOrganization]":
    """What a member can be put under, or a unit's own: those of the 居民区 (or area) that the actor sees."""
    column, top = "neighborhood_id", registration.neighborhood_id
    if top is None:
        column, top = "area_id", registration.area_id
    rows: QuerySet[PartyOrganization] = (
        PartyOrganization.objects.visible_to(actor).active().filter(**{column: top}).order_by(*_ORDER)
    )
    return rows if registration.kind == RegistrationKind.UNIT else organizations_for(rows)


def confirm_member(
    *,
    actor: "User",
    registration_id: int,
    grid_code: str = "",
    member_id: int | None = None,
    organization_id: int | None = None,
    unit_code: str = "",
) -> Registration:
    """已报到: link the member that `matches` has shown, or add one to the register, at the micro-unit.

    Whoever stands there already with this name and phone is that member, also when two desks confirm at once.
    Confirmed twice it stays as it was. Refusals: wrong_state, wrong_grid, unknown_member, organization_required,
    unknown_unit, and those of `held`.
    """
    with transaction.atomic():
        row, grid = held(actor, registration_id, grid_code)
        if row.state == RegistrationState.CONFIRMED:
            return row
        _check(row, RegistrationKind.MEMBER)
        if grid.kind != GridKind.MICRO_UNIT or not grid.is_active or grid.community_id != row.community_id:
            raise InvalidInput("wrong_grid", "请选择党员报到的微单元网格。", field="grid")
        if not runs_desk(actor, grid):
            raise NotPermitted("not_permitted", "只能核实到您负责的网格；其他网格请由该网格联络员登记。")
        if unit_code:
            row.unit = _unit(actor, row, unit_code)
        row.grid = grid
        row.member = _member(actor, row, grid, member_id, organization_id)
        row.organization_id = row.member.organization_id
        return _confirmed(actor, row)


def _check(row: Registration, kind: str) -> None:
    if row.kind != kind:
        raise IllegalTransition("wrong_kind", "这份报到的类别不对，请从报到详情页重新办理。")
    if row.erased_at:
        raise IllegalTransition("erased", "这份报到的个人信息已经删除，不能核实；请退回，需要时重新报到。")
    if row.state != RegistrationState.WAITING:
        raise IllegalTransition("wrong_state", f"这份报到现在是“{row.get_state_display()}”，不能核实通过。")


def _confirmed(actor: "User", row: Registration) -> Registration:
    row.state, row.confirmed_by, row.confirmed_at = RegistrationState.CONFIRMED, actor, now()
    row.save(update_fields=_CONFIRMED_FIELDS)
    return row


def _unit(actor: "User", row: Registration, code: str) -> ResidentUnit:
    found = ResidentUnit.objects.visible_to(actor).active().filter(code=code[:20], community_id=row.community_id)
    unit = found.order_by().first()
    if unit is None:
        raise InvalidInput("unknown_unit", "没有找到这个单位，请重新选择。", field="unit")
    return unit


def _member(
    actor: "User", row: Registration, grid: Grid, member_id: int | None, organization_id: int | None
) -> PartyMember:
    alike = _alike(row).select_for_update(no_key=True, of=("self",))
    if member_id is not None:
        member = alike.filter(pk=member_id).order_by().first()
        if member is None:
            raise InvalidInput("unknown_member", "所选党员已有变动，请重新核对。", field="member")
    else:
        member = alike.filter(name=row.name, phone=row.phone).order_by("pk").first()
    if member is None:
        return _new_member(row, grid, _organization(actor, row, organization_id))
    if runs_desk(actor, member):
        _complete(member, row)
    return member


def _organization(actor: "User", row: Registration, organization_id: int | None) -> PartyOrganization:
    found = organizations(actor, row).filter(pk=organization_id).first() if organization_id else None
    if found is None:
        message = "请选择党员在本网格编入的党组织；列表为空的，请先在党组织底册里登记。"
        raise InvalidInput("organization_required", message, field="organization")
    return found


def _new_member(row: Registration, grid: Grid, organization: PartyOrganization) -> PartyMember:
    member = PartyMember.objects.create(
        grid=grid,
        organization=organization,
        kind=MemberKind.IN_SERVICE,
        name=row.name,
        phone=row.phone,
        unit=row.unit,
        availability=row.availability,
    )
    member.skills.set(row.skills.all())
    return member


def _complete(member: PartyMember, row: Registration) -> None:
    """What the register does not know yet; what it knows stays."""
    given = {"phone": row.phone, "unit_id": row.unit_id, "availability": row.availability}
    missing = [name for name, value in given.items() if value and not getattr(member, name)]
    for name in missing:
        setattr(member, name, given[name])
    if missing:
        member.save(update_fields=[*missing, "name_pinyin", "updated_at"])
    member.skills.add(*row.skills.all())


def confirm_unit(
    *,
    actor: "User",
    registration_id: int,
    unit_code: str = "",
    organization_id: int | None = None,
    create: bool = False,
) -> Registration:
    """已报到 of a unit's party organization: link the unit of the register; `create` adds it, by whoever keeps units.

    Confirmed twice it stays as it was. Refusals: wrong_state, unit_required, not_permitted, unknown_unit,
    unknown_organization, unit_clash, and those of `held`.
    """
    with transaction.atomic():
        row, grid = held(actor, registration_id)
        if row.state == RegistrationState.CONFIRMED:
            return row
        _check(row, RegistrationKind.UNIT)
        if unit_code:
            row.unit = _unit(actor, row, unit_code)
        elif create:
            row.unit = _new_unit(actor, row, grid)
        else:
            raise InvalidInput("unit_required", "请选择底册里的单位；还没有登记的，请先登记入册再核实。", field="unit")
        row.organization = _own_organization(actor, row, organization_id, create and grid)
        return _confirmed(actor, row)


def _new_unit(actor: "User", row: Registration, grid: Grid) -> ResidentUnit:
    if not may_keep(actor, row):
        raise NotPermitted("not_permitted", "新单位由片区或街道的联络员、网格长登记入册，入册后您再核实。")
    unit = ResidentUnit(
        grid=grid,
        code=row.number,
        name=row.unit_name,
        kind=UnitKind.INSTITUTION,
        uscc=row.uscc,
        contact_name=row.name,
        contact_phone=row.phone,
    )
    unit.anchor(pk=grid.pk)
    try:
        unit.full_clean(exclude=["grid"])
        with transaction.atomic():
            unit.save()
    except ValidationError as error:
        raise InvalidInput("unit_clash", " ".join(error.messages), field="unit") from error
    except IntegrityError as error:
        raise InvalidInput("unit_clash", "刚刚有人登记了同一家单位，请刷新后选择它。", field="unit") from error
    return unit


def _own_organization(
    actor: "User", row: Registration, organization_id: int | None, new_at: Grid | bool
) -> PartyOrganization | None:
    """The unit's party organization: chosen, or new together with a new unit, or not in the register."""
    if organization_id:
        rows = PartyOrganization.objects.visible_to(actor).active().filter(community_id=row.community_id)
        found = rows.filter(pk=organization_id).order_by().first()
        if found is None:
            raise InvalidInput("unknown_organization", "没有找到这个党组织，请重新选择。", field="organization")
        return found
    if not isinstance(new_at, Grid):
        return None
    known = PartyOrganization.objects.filter(grid=new_at, kind=OrganizationKind.BRANCH, name=row.organization_name)
    return known.order_by().first() or PartyOrganization.objects.create(
        grid=new_at,
        kind=OrganizationKind.BRANCH,
        name=row.organization_name,
        unit=row.unit,
        contact_name=row.name,
        contact_phone=row.phone,
    )
