"""双报告: 报到回执 and 年度表现 to the units. A letter is issued, printed, delivered; the delivery is the fact.

Order of locks: the grid (shared), registrations by id. A number is drawn by trying the next one.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, cast

from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from grids.authority import runs_desk
from grids.choices import KINDS
from grids.models import Grid, PathColumns
from liangcheng.common.clock import now
from liangcheng.common.db import share_locked
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted, NotVisible, StaleObject
from liangcheng.common.text import normalize
from members.access import log_access
from members.choices import AccessKind, Delivery, LetterKind, RegistrationKind, RegistrationState
from members.employers import MOST_ON_LETTER, Employer, YearRow, check_year, employer_of, year_rows
from members.models import Letter, LetterLine, PartyMember, Registration

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

_MOST_COMMENT = 500
_MOST_NOTE = 100
_TRIES = 5
_LOADED = ("grid", "community", "neighborhood", "area", "unit")


@dataclass
class Waiting:
    """What is still to be reported back to one employer."""

    employer: Employer
    registrations: list[Registration] = field(default_factory=list)


def unreported(user: "User", rows: "QuerySet[Registration] | None" = None) -> list[Waiting]:
    """尚未反馈, by employer: confirmed registrations whose unit has not been told. One statement."""
    rows = Registration.objects.visible_to(user) if rows is None else rows
    found: dict[Employer, Waiting] = {}
    for row in rows.unreported().select_related("letter", *_LOADED).order_by("confirmed_at", "pk")[:1000]:  # type: ignore[attr-defined]
        employer = employer_of(row)
        found.setdefault(employer, Waiting(employer)).registrations.append(row)
    return list(found.values())


def issue_result(*, actor: "User", registration_ids: Collection[int]) -> Letter:
    """出函: one 报到回执 for these registrations of one employer.

    Refusals: nothing_chosen, too_many, not_confirmed, erased, already_reported, several_employers, not_permitted.
    """
    ids = sorted(set(registration_ids))
    if not ids:
        raise InvalidInput("nothing_chosen", "请至少选择一份报到。", field="registrations")
    if len(ids) > MOST_ON_LETTER:
        raise InvalidInput("too_many", f"一份函最多 {MOST_ON_LETTER} 人，请分几份出函。", field="registrations")
    with transaction.atomic():
        visible = Registration.objects.visible_to(actor).filter(pk__in=ids)
        grid = _speaking_grid(list(visible.order_by("pk")))
        list(Registration.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True))
        rows = list(visible.select_related(*_LOADED, "letter").order_by("pk"))
        _check_reportable(actor, rows, ids, grid)
        letter = _numbered(actor, grid, employer_of(rows[0]), LetterKind.RESULT, timezone.localdate(now()).year)
        Registration.objects.filter(pk__in=ids).update(letter=letter)
        return letter


def _check_reportable(actor: "User", rows: list[Registration], ids: list[int], grid: Grid) -> None:
    if len(rows) < len(ids):
        raise NotVisible
    for row in rows:
        if not runs_desk(actor, row):
            raise NotPermitted("not_permitted", "报到回执由所在网格的网格长、联络员或派遣员出具。")
        if row.state != RegistrationState.CONFIRMED:
            raise DomainError("not_confirmed", f"{row.number} 还没有核实通过，不能出函。", field="registrations")
        if row.erased_at:
            raise DomainError("erased", f"{row.number} 的个人信息已经删除，不能出函。", field="registrations")
        if row.letter is not None:
            raise DomainError("already_reported", f"{row.number} 已经出过函。", field="registrations")
    _check_one_voice(actor, rows, grid)


def _check_one_voice(actor: "User", rows: list[Registration], grid: Grid) -> None:
    """One employer, one grid that speaks."""
    if len({employer_of(row) for row in rows}) > 1:
        raise InvalidInput("several_employers", "一份函只写给一家单位，请分开出函。", field="registrations")
    if not runs_desk(actor, grid):
        raise InvalidInput("several_grids", "这些报到分属几个网格，请按网格分开出函。", field="registrations")
    if lowest_common(rows) != grid.pk:
        raise StaleObject


def _speaking_grid(rows: Iterable[PathColumns]) -> Grid:
    """The lowest grid that holds all rows, held against moving. Raises NotVisible where there are none."""
    grid_id = lowest_common(rows)
    found = share_locked(Grid.objects.filter(pk=grid_id).order_by()) if grid_id else []
    if not found:
        raise NotVisible
    return found[0]


def lowest_common(rows: Iterable[PathColumns]) -> int | None:
    """The id of the lowest grid in whose subtree all rows lie; None for no rows, or for several streets."""
    paths = [[row.grid_id_at(kind) for kind in KINDS] for row in rows]
    common = None
    for ids in zip(*paths, strict=True):
        if len(set(ids)) > 1:
            break
        common = ids[0] or common
    return common


def _numbered(actor: "User", grid: Grid, employer: Employer, kind: str, year: int, comment: str = "") -> Letter:
    """A new letter under the next number of its street and year."""
    today = timezone.localdate(now())
    for attempt in range(_TRIES):
        last = Letter.objects.filter(community_id=grid.community_id, number_year=today.year).aggregate(n=Max("serial"))
        try:
            with transaction.atomic():
                return Letter.objects.create(
                    grid=grid,
                    kind=kind,
                    number_year=today.year,
                    serial=(last["n"] or 0) + 1,
                    year=year,
                    unit_id=employer.unit_id,
                    unit_name=employer.name,
                    comment=comment,
                    issued_on=today,
                    issued_by=actor,
                )
        except IntegrityError:
            if attempt == _TRIES - 1:
                raise
    raise AssertionError("unreachable")


def issue_yearly(
    *, actor: "User", employer: Employer, year: int, member_id: int | None = None, comment: str = ""
) -> Letter:
    """出函: the year of one member, or of all members of the employer, as the figures stand now.

    Refusals: bad_year, too_long, no_members, too_many, not_permitted, issued_already.
    """
    check_year(year)
    comment = normalize(comment)
    if len(comment) > _MOST_COMMENT:
        raise InvalidInput("too_long", f"最多 {_MOST_COMMENT} 个字，现在有 {len(comment)} 个字。", field="comment")
    rows = year_rows(actor, employer, year, member_id)
    if not rows:
        raise InvalidInput("no_members", "这家单位在您的网格范围内没有已报到的党员。")
    if len(rows) > MOST_ON_LETTER:
        raise InvalidInput("too_many", f"一份函最多 {MOST_ON_LETTER} 人，请逐人出函或由下级网格出函。")
    with transaction.atomic():
        grid = _speaking_grid(_heard(actor, employer, rows))
        if not runs_desk(actor, grid):
            raise NotPermitted("not_permitted", "年度表现由所在网格的网格长、联络员或派遣员反馈。")
        letter = _numbered(actor, grid, employer, LetterKind.YEARLY, year, comment)
        _check_first(letter, {row.member.pk for row in rows})
        LetterLine.objects.bulk_create(
            LetterLine(
                letter=letter, member=row.member, places=row.places, times=row.times, hours=row.hours,
                detail=row.detail, remark=row.remark,
            )
            for row in rows
        )  # fmt: skip
        return letter


def _check_first(letter: Letter, member_ids: set[int]) -> None:
    """Refuses a second letter of the same grid to the same unit about the same people and year, until the first one
    is delivered (then it is a correction) or void. Behind the number, for which two at once queue.
    """
    same = Letter.objects.filter(
        **{name: getattr(letter, name) for name in ("grid_id", "kind", "year", "unit_id", "unit_name")},
        voided_at=None,
        delivered_on=None,
    )
    for other in same.exclude(pk=letter.pk).order_by("pk").prefetch_related("lines"):
        if {line.member_id for line in other.lines.all()} == member_ids:
            message = f"同样内容的反馈函已经出过（{other.number}），还没有送达。请送达那一份，或先作废再重新出函。"
            raise InvalidInput("issued_already", message)


def _heard(actor: "User", employer: Employer, rows: list[YearRow]) -> list[PathColumns]:
    """The rows whose grids the letter speaks for: the registrations, else the members themselves."""
    member_ids = [row.member.pk for row in rows]
    registrations = list(
        Registration.objects.visible_to(actor).filter(employer.matches(), member_id__in=member_ids).order_by()
    )
    known = {row.member_id for row in registrations}
    return [*registrations, *(row.member for row in rows if row.member.pk not in known)]


def heard_in_full(actor: "User", employer: Employer, rows: list[YearRow]) -> set[int]:
    """Ids of the members whose letter the actor could issue: the desk of every grid that speaks for them."""
    desks: dict[int, list[bool]] = {}
    for heard in _heard(actor, employer, rows):
        pk = heard.pk if isinstance(heard, PartyMember) else cast(Registration, heard).member_id
        desks.setdefault(cast(int, pk), []).append(runs_desk(actor, heard))
    return {pk for pk, answers in desks.items() if all(answers)}


def deliver(*, actor: "User", letter_id: int, how: str, on: date, note: str = "") -> Letter:
    """已反馈: the unit has the letter.

    Refusals: unknown_delivery, bad_day, too_long, letter_void, already_delivered.
    """
    if how not in Delivery.values:
        raise InvalidInput("unknown_delivery", "请选择送达方式。", field="how")
    note = normalize(note)
    if len(note) > _MOST_NOTE:
        raise InvalidInput("too_long", f"最多 {_MOST_NOTE} 个字。", field="note")
    with transaction.atomic():
        letter = _held_letter(actor, letter_id)
        if not letter.issued_on <= on <= timezone.localdate(now()):
            raise InvalidInput("bad_day", "送达日期应在出函日期到今天之间。", field="on")
        if letter.delivered_on is not None:
            raise DomainError("already_delivered", f"已登记 {letter.delivered_on} 送达，不用再登记。")
        letter.delivery, letter.delivery_note, letter.delivered_on, letter.delivered_by = how, note, on, actor
        letter.save(update_fields=["delivery", "delivery_note", "delivered_on", "delivered_by", "updated_at"])
        return letter


def void(*, actor: "User", letter_id: int) -> Letter:
    """作废: a letter that was not delivered; its registrations can be reported anew. Refusals: already_delivered."""
    with transaction.atomic():
        letter = _held_letter(actor, letter_id, also_void=True)
        if letter.delivered_on is not None:
            raise DomainError("already_delivered", "函已送达，不能作废；内容有误的，请另出一份更正。")
        if letter.voided_at is None:
            letter.voided_at, letter.voided_by = now(), actor
            letter.save(update_fields=["voided_at", "voided_by", "updated_at"])
            Registration.objects.filter(letter=letter).update(letter=None)
        return letter


def own_letter(actor: "User", letter_id: int) -> Letter:
    """A letter in the actor's scope. Raises NotVisible."""
    rows = Letter.objects.visible_to(actor).select_related(*_LOADED, "issued_by", "delivered_by")
    letter = rows.filter(pk=letter_id).order_by().first()
    if letter is None:
        raise NotVisible
    return letter


def _held_letter(actor: "User", letter_id: int, *, also_void: bool = False) -> Letter:
    letter = Letter.objects.visible_to(actor).filter(pk=letter_id).select_for_update(no_key=True).order_by().first()
    if letter is None:
        raise NotVisible
    if not runs_desk(actor, letter):
        raise NotPermitted("not_permitted", "反馈函由出函网格的网格长、联络员或派遣员办理。")
    if letter.voided_at and not also_void:
        raise DomainError("letter_void", "这份函已作废。")
    return letter


def content(letter: Letter) -> dict[str, Any]:
    """What the letter is about: registrations of a receipt (members, units), lines of a year. Three statements."""
    if letter.kind == LetterKind.YEARLY:
        return {"lines": list(letter.lines.select_related("member").order_by("member__name_pinyin", "pk"))}
    rows = letter.registrations.select_related("grid", "member", "organization").order_by("pk")
    found = list(rows)
    return {
        "members": [row for row in found if row.kind == RegistrationKind.MEMBER],
        "units": [row for row in found if row.kind == RegistrationKind.UNIT],
    }


def printed(actor: "User", letter_id: int) -> Letter:
    """The letter with whole names, for paper: by the desk, logged. Raises NotVisible, NotPermitted, letter_void."""
    letter = own_letter(actor, letter_id)
    if not runs_desk(actor, letter):
        raise NotPermitted("not_permitted", "带完整姓名的函由出函网格的网格长、联络员或派遣员打印。")
    if letter.voided_at:
        raise DomainError("letter_void", "这份函已作废，不能再打印。")
    reason = f"打印{letter.get_kind_display()} {letter.number}"
    log_access(actor, AccessKind.PRINTED, letter, reason=reason)  # type: ignore[arg-type]
    return letter
