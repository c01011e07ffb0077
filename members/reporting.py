"""双报到: handed in by anybody who has a link, or entered by the desk; confirmed, refused, withdrawn by the desk.

Who is already known is nobody's business outside the desk: handing in neither looks nor answers differently.
Order of locks: grids (shared), then registrations by id, then members.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from grids.authority import desk_condition, runs_desk
from grids.models import Grid
from grids.scoping import scope_of
from liangcheng.common.clock import now
from liangcheng.common.db import share_locked
from liangcheng.common.exceptions import (
    IllegalTransition,
    InvalidInput,
    NotPermitted,
    NotVisible,
    StaleObject,
)
from liangcheng.common.text import MOBILE, is_person_name, is_phone, is_uscc, normalize
from members.access import log_access, need_reason
from members.choices import AccessKind, RegistrationKind, RegistrationSource, RegistrationState, RegistrationTie
from members.flood import count_attempt, forget_attempts
from members.links import place
from members.models import Registration, RegistrationLink, Skill

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

MOST_REASON = 100
MOST_SKILLS = 10
_MOST = {"unit_name": 80, "organization_name": 80, "availability": 60, "remark": 200}


@dataclass(frozen=True)
class Given:
    """What the form holds, of either kind. `name` and `phone` are the contact's where a unit registers."""

    name: str = ""
    phone: str = ""
    tie: str = ""
    unit_name: str = ""
    uscc: str = ""
    organization_name: str = ""
    skills: Sequence[int] = field(default=())
    availability: str = ""
    remark: str = ""
    consent: bool = False

    def texts(self) -> dict[str, str]:
        names = ("name", "phone", "tie", "unit_name", "uscc", "organization_name", "availability", "remark")
        found = {name: normalize(getattr(self, name)) for name in names}
        return found | {"uscc": found["uscc"].upper(), "phone": found["phone"].replace(" ", "")}


def problems(kind: str, given: Given) -> dict[str, str]:
    """What is wrong, by field, in words; empty when it can be taken. Says nothing about who is known."""
    texts = given.texts()
    is_unit = kind == RegistrationKind.UNIT
    checks = {
        "name": (is_person_name(texts["name"]), f"{'联系人' if is_unit else '姓名'}请填 2–30 个汉字或字母。"),
        "phone": _phone_check(texts["phone"], is_unit),
        "unit_name": (len(texts["unit_name"]) >= 2, "请填写单位全称。"),
        "organization_name": (
            bool(texts["organization_name"]) or not is_unit,
            "请填写党组织全称，如“某某公司党支部”。",
        ),
        "uscc": (not texts["uscc"] or is_uscc(texts["uscc"]), "统一社会信用代码应为 18 位，请对照营业执照核对。"),
        "tie": (is_unit or texts["tie"] in RegistrationTie.values, "请选择居住在这里，还是工作在这里。"),
        "skills": (len(given.skills) <= MOST_SKILLS, f"特长最多选 {MOST_SKILLS} 项。"),
        "consent": (given.consent, "需要本人同意后才能登记。"),
    }
    found = {name: message for name, (right, message) in checks.items() if not right}
    too_long = {
        name: f"最多 {most} 个字，现在有 {len(texts[name])} 个字。"
        for name, most in _MOST.items()
        if len(texts[name]) > most
    }
    return found | too_long


def _phone_check(phone: str, is_unit: bool) -> tuple[bool, str]:
    if is_unit:
        return is_phone(phone), "请填 11 位手机号，或带区号的座机（如 021-65551234）。"
    return bool(MOBILE.fullmatch(phone)), "请填 11 位手机号。"


def submit(*, token: str, given: Given, source: str, address: str, nonce: UUID) -> Registration:
    """Hand in a form through a link. The same form sent again (`nonce`) is the same registration.

    Refusals: not_found (unknown, stopped or expired link), what `problems` says, too_many.
    """
    with transaction.atomic():
        link = _held_link(token)
        known = Registration.objects.filter(nonce=nonce).order_by().first()
        if known is not None and known.link_id == link.pk:
            return known
        _refuse_problems(link.kind, given)
        count_attempt(link.pk, address)
        # A form number that another link has used is a forged one.
        return _create(link.grid, link.kind, given, source=source, link=link, nonce=None if known else nonce)


def swallow(*, token: str, address: str) -> str:
    """For a form that no person has filled in: counted, not kept; returns a receipt number like any other."""
    with transaction.atomic():
        count_attempt(_held_link(token).pk, address)
    return _number()


def _held_link(token: str) -> RegistrationLink:
    """The open link, held, its grid held before it."""
    seen = RegistrationLink.objects.open().filter(token=token).order_by().first()
    if seen is not None:
        grids = share_locked(Grid.objects.filter(pk=seen.grid_id).order_by())
        rows = RegistrationLink.objects.open().filter(pk=seen.pk, grid_id=seen.grid_id)
        link = rows.select_for_update(no_key=True, of=("self",)).order_by().first()
        if link is not None and grids:
            link.grid = grids[0]
            return link
    raise NotVisible("这个报到链接已失效。")


def enter(*, actor: "User", grid_code: str, kind: str, given: Given) -> Registration:
    """Enter a registration at the desk, for somebody who has come or called.

    Refusals: unknown_kind, unknown_grid, wrong_grid, not_permitted, what `problems` says.
    """
    if kind not in RegistrationKind.values:
        raise InvalidInput("unknown_kind", "请选择报到类别。", field="kind")
    grid = place(actor, grid_code, kind)
    if kind == RegistrationKind.MEMBER and not reads_members(actor, grid):
        raise NotPermitted("not_permitted", "您的岗位不能查阅党员名册，不能登记党员报到。")
    _refuse_problems(kind, given)
    with transaction.atomic():
        _refuse_twice(grid, kind, given)
        return _create(grid, kind, given, source=RegistrationSource.DESK, entered_by=actor)


def _refuse_twice(grid: Grid, kind: str, given: Given) -> None:
    """Somebody whose registration waits at this grid already is not entered again: a button pressed twice."""
    texts = given.texts()
    waiting = Registration.objects.filter(grid=grid, kind=kind, state=RegistrationState.WAITING)
    same = waiting.filter(name=texts["name"], phone=texts["phone"], unit_name=texts["unit_name"]).order_by().first()
    if same is not None:
        message = f"这里已有一份同样的报到待核实（{same.number}），不用再登记。"
        raise InvalidInput("registered_already", message, field="name")


def reads_members(actor: "User", grid: Grid) -> bool:
    """Whether the actor may read who is a party member at the grid."""
    scope = scope_of(actor)
    return scope.everything or any(post.covers(grid) for post in scope.with_party.territorial)


def _refuse_problems(kind: str, given: Given) -> None:
    for name, message in problems(kind, given).items():
        raise InvalidInput(f"bad_{name}", message, field=name)


def _create(grid: Grid, kind: str, given: Given, **more: object) -> Registration:
    is_unit = kind == RegistrationKind.UNIT
    texts = given.texts()
    if is_unit:
        texts |= {"tie": "", "availability": ""}
    row = Registration.objects.create(
        grid=grid, kind=kind, number=_number(), consent_at=now(), registered_at=now(), **texts, **more
    )
    if given.skills and not is_unit:
        row.skills.set(Skill.objects.filter(pk__in=list(given.skills), is_active=True))
    return row


def _number() -> str:
    """BD260710-482913: the day, and six digits to say on the telephone. Says nothing about how many there are."""
    while True:
        number = f"BD{timezone.localdate(now()):%y%m%d}-{secrets.randbelow(10**6):06}"
        if not Registration.objects.filter(number=number).exists():
            return number


def held(actor: "User", registration_id: int, grid_code: str = "") -> tuple[Registration, Grid]:
    """A registration to be decided on, held with all of the same phone in its street, and the grid it goes to.

    Holding the others too lets only one of them at a time look for the member and make one. Needs a transaction.
    Raises NotVisible, NotPermitted, StaleObject, InvalidInput (unknown_grid).
    """
    rows = Registration.objects.visible_to(actor).order_by("pk")
    seen = rows.filter(pk=registration_id).first()
    if seen is None:
        raise NotVisible
    if not runs_desk(actor, seen):
        raise NotPermitted("not_permitted", "报到由所在网格的网格长、联络员或派遣员核实。")
    grid_code = normalize(grid_code)[:15]
    wanted = Q(pk=seen.grid_id) | Q(code=grid_code)
    grids = {grid.pk: grid for grid in share_locked(Grid.objects.filter(wanted).order_by("pk"))}
    same = Q(community_id=seen.community_id, phone=seen.phone, kind=seen.kind) & ~Q(phone="")
    locked = Registration.objects.filter(Q(pk=seen.pk) | same).order_by("pk").select_for_update(no_key=True)
    found = next(row for row in locked if row.pk == seen.pk)
    if found.grid_id != seen.grid_id:
        raise StaleObject
    own = grids[found.grid_id]
    grid = next((grid for grid in grids.values() if grid.code == grid_code), None) if grid_code else own
    if grid is None:
        raise InvalidInput("unknown_grid", "没有这个网格，或不在您的网格范围内。", field="grid")
    return found, grid


def refuse(*, actor: "User", registration_id: int, reason: str) -> Registration:
    """未通过: could not be verified, or is no party member. Refused twice stays refused. Refusals: missing_reason …"""
    return _close(actor, registration_id, reason, RegistrationState.REFUSED, {RegistrationState.WAITING})


def withdraw(*, actor: "User", registration_id: int, reason: str) -> Registration:
    """撤回: they take it back, or live and work elsewhere now. The member's row stays with the register."""
    allowed = {RegistrationState.WAITING, RegistrationState.CONFIRMED}
    return _close(actor, registration_id, reason, RegistrationState.WITHDRAWN, allowed)


def _close(
    actor: "User", registration_id: int, reason: str, state: RegistrationState, allowed: set[RegistrationState]
) -> Registration:
    reason = normalize(reason)
    if not reason or len(reason) > MOST_REASON:
        raise InvalidInput("missing_reason", f"请写明原因，{MOST_REASON} 个字以内。", field="reason")
    with transaction.atomic():
        row, _ = held(actor, registration_id)
        if row.state == state:
            return row
        if row.state not in allowed:
            raise IllegalTransition(
                "wrong_state", f"这份报到现在是“{row.get_state_display()}”，不能再改为“{state.label}”。"
            )
        row.state, row.reason, row.closed_by, row.closed_at = state, reason, actor, now()
        row.save(update_fields=["state", "reason", "closed_by", "closed_at", "updated_at"])
        return row


def reveal(*, actor: "User", registration_id: int, reason: str) -> Registration:
    """Show name and number whole, so that they can be rung up; logged with the reason."""
    with transaction.atomic():
        row = Registration.objects.visible_to(actor).filter(pk=registration_id).order_by().first()
        if row is None:
            raise NotVisible
        if not runs_desk(actor, row):
            raise NotPermitted("not_permitted", "完整信息由所在网格的网格长、联络员或派遣员查看。")
        said = need_reason(reason, row.name, row.phone)
        log_access(actor, AccessKind.REVEALED, row, reason=said)  # type: ignore[arg-type]
        return row


def waiting_count(user: "User") -> int:
    """Registrations that wait for the user's desk; without a desk none, and no statement."""
    if not runs_desk(user):
        return 0
    rows = Registration.objects.visible_to(user).filter(desk_condition(user), state=RegistrationState.WAITING)
    return rows.order_by().count()


def forget_closed() -> int:
    """Daily: refused and withdrawn registrations lose what they say about a person after REGISTRATION_KEEP_DAYS.

    What stays: number, kind, grid, days, decision; the unit's name where a unit had registered. Returns how many.
    """
    forget_attempts()
    closed = Registration.objects.filter(
        state__in=(RegistrationState.REFUSED, RegistrationState.WITHDRAWN),
        closed_at__lt=now() - timedelta(days=settings.REGISTRATION_KEEP_DAYS),
        erased_at=None,
    )
    return erase(list(closed.order_by().values_list("pk", flat=True)))


def erase_of_member(member_id: int) -> int:
    """Take the personal data out of all registrations of one member, when theirs are erased from the register."""
    rows = Registration.objects.filter(member_id=member_id, erased_at=None)
    return erase(list(rows.order_by().values_list("pk", flat=True)))


def erase(ids: Sequence[int]) -> int:
    """Empty the personal columns of these registrations; figures keep counting them."""
    with transaction.atomic():
        Registration.skills.through.objects.filter(registration_id__in=ids).delete()
        rows = Registration.objects.filter(pk__in=ids)
        rows.filter(kind=RegistrationKind.MEMBER).update(unit_name="", organization_name="")
        texts = dict.fromkeys(("name", "phone", "availability", "remark", "reason"), "")
        return rows.update(**texts, nonce=None, erased_at=now(), updated_at=now())
