"""To whom letters of 双报告 go, and what an employer's members did in a year."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from django.db.models import Q
from django.utils import timezone

from liangcheng.common.exceptions import InvalidInput, NotVisible
from members.choices import MemberKind, RegistrationKind, RegistrationState
from members.models import PartyMember, Registration, ResidentUnit
from members.performance import performance

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

# More go onto further letters; a street's largest employers have some dozens.
MOST_ON_LETTER = 300
FIRST_YEAR = 2020


@dataclass(frozen=True)
class Employer:
    """To whom a letter goes: a unit of the register, or one that only has a name."""

    name: str
    unit_id: int | None = None
    code: str = ""

    def matches(self) -> Q:
        """Condition on Registration."""
        return Q(unit_id=self.unit_id) if self.unit_id else Q(unit=None, unit_name=self.name)


@dataclass(frozen=True)
class YearRow:
    """One member's year."""

    member: PartyMember
    places: str
    times: int
    hours: Decimal
    detail: str
    remark: str


def employer_of(registration: Registration) -> Employer:
    """The unit that is told of a registration. Reads `unit`."""
    if registration.unit:
        return Employer(registration.unit.name, registration.unit_id, registration.unit.code)
    return Employer(registration.unit_name)


def find_employer(user: "User", *, code: str = "", name: str = "") -> Employer:
    """An employer by its unit's code, or by the name that registrations give it. Raises NotVisible."""
    if code:
        unit = ResidentUnit.objects.visible_to(user).filter(code=code[:20]).order_by().first()
        unit = unit or _unit_of_registrations(user, code)
        if unit is not None:
            return Employer(unit.name, unit.pk, unit.code)
    elif name and Registration.objects.visible_to(user).filter(unit=None, unit_name=name[:80]).exists():
        return Employer(name[:80])
    raise NotVisible


def _unit_of_registrations(user: "User", code: str) -> ResidentUnit | None:
    """A unit elsewhere in the street, whose members have registered here."""
    rows = Registration.objects.visible_to(user).filter(unit__code=code[:20]).select_related("unit").order_by()
    row = rows.first()
    return row.unit if row else None


def year_rows(user: "User", employer: Employer, year: int, member_id: int | None = None) -> list[YearRow]:
    """The year of each member of the employer who has registered in what the user sees; all, also without service.

    Four statements besides those of the sources (members/performance.py).
    """
    members, places, left = _members_of(user, employer, year, member_id)
    done = performance([member.pk for member in members], year)
    return [_year_row(member, places, left, done.get(member.pk, [])) for member in members]


def _members_of(
    user: "User", employer: Employer, year: int, member_id: int | None
) -> tuple[list[PartyMember], dict[int, list[str]], dict[int, date]]:
    """Members, where each had registered by the end of the year, and who has left since and when."""
    rows = Registration.objects.visible_to(user).filter(
        Q(closed_at=None) | Q(closed_at__year__gte=year),
        employer.matches(),
        kind=RegistrationKind.MEMBER,
        member__isnull=False,
        confirmed_at__year__lte=year,
    )
    places: dict[int, list[str]] = {}
    left: dict[int, date] = {}
    for row in rows.select_related("grid").order_by("pk"):
        member_pk = cast(int, row.member_id)
        places.setdefault(member_pk, []).append(row.grid.short_name)
        if row.state == RegistrationState.WITHDRAWN and row.closed_at:
            left[member_pk] = timezone.localdate(row.closed_at)
    # Whoever has come into the register without a form: by import, or by the office.
    listed = PartyMember.objects.visible_to(user).active().filter(kind=MemberKind.IN_SERVICE, erased_at=None)
    listed = listed.filter(unit_id=employer.unit_id) if employer.unit_id else listed.none()
    wanted = Q(pk__in=list(places)) | Q(pk__in=listed.order_by().values("pk"))
    members = PartyMember.objects.filter(wanted, erased_at=None, merged_into=None)
    if member_id is not None:
        members = members.filter(pk=member_id)
    found = list(members.select_related("grid").order_by("name_pinyin", "pk")[: MOST_ON_LETTER + 1])
    for member in found:
        places.setdefault(member.pk, [member.grid.short_name])
    return found, places, left


def _year_row(
    member: PartyMember, places: dict[int, list[str]], left: dict[int, date], done: list[tuple[str, int, Decimal]]
) -> YearRow:
    times = sum(each for _, each, _ in done)
    remarks = [] if times else ["本年度没有服务记录"]
    if member.pk in left:
        remarks.append(f"{left[member.pk]} 撤回报到")
    return YearRow(
        member=member,
        places="、".join(dict.fromkeys(places[member.pk]))[:120],
        times=times,
        hours=sum((hours for _, _, hours in done), Decimal(0)),
        detail="、".join(f"{label} {each} 次" for label, each, _ in done)[:300],
        remark="；".join(remarks),
    )


def check_year(year: int) -> None:
    """Raises InvalidInput for a year that cannot be reported on."""
    if not FIRST_YEAR <= year <= timezone.localdate().year:
        raise InvalidInput("bad_year", f"年度请填 {FIRST_YEAR} 到今年。", field="year")
