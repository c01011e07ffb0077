"""A person's rights in their data (PIPL 44–50): found, shown whole for a reason, handed out, corrected, erased.

Every table that names people has a Holder: the registers' stand in members/holders.py, upper apps add theirs in
AppConfig.ready(). The office of the street acts for the person, who has shown who they are; every act is logged.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from grids.authority import office_streets, runs_desk, runs_street
from grids.models import GridAnchored
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted, NotVisible
from liangcheng.common.identity import is_identity_number, normalize_identity
from liangcheng.common.text import is_person_name, is_phone, normalize_name, normalize_phone, phone_spellings
from members import identity
from members.access import log_access, log_use, need_reason
from members.choices import AccessKind
from members.models import PartyMember, ResidentContact

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

Person = PartyMember | ResidentContact
# (label, value) as the subject reads it.
Fact = tuple[str, str]
# Gets a member or contact; says what must be ended before they can be erased ("还有 2 件未完成的认领"), or "".
Obstacle = Callable[[Any], str]
# Gets a member or contact who is being erased; takes away what an upper app has written of them.
Forgetter = Callable[[Any], None]


@dataclass(frozen=True, repr=False)
class Subject:
    """Whom the request is about, as they have said. Not printable: it would end in a log."""

    name: str
    phone: str = ""
    identity: str = ""

    @property
    def phones(self) -> list[str]:
        """The number as rows may hold it; none without a number."""
        return sorted(phone_spellings(self.phone)) if self.phone else []


class Holder:
    """A table that holds people's data. Subclasses say what they hold; `find` asks for scope and street itself."""

    # As AccessLog.register has it: the model's name.
    key: str
    label: str
    # For the page that asks before erasing.
    goes: str
    stays: str
    # A row that cannot go yet is left where it is and said so, instead of stopping everything.
    may_wait = False

    def find(self, actor: "User", subject: Subject) -> Iterable[tuple[Any, bool]]:
        """(row, sure) for rows of the subject in the streets whose office the actor runs; not sure: the name only."""
        raise NotImplementedError

    def lock(self, row: Any) -> Any:
        """The row FOR UPDATE, read anew."""
        return type(row)._default_manager.select_for_update().get(pk=row.pk)

    def place(self, row: Any) -> GridAnchored | None:
        """The anchored row by which a use is logged."""
        return row if isinstance(row, GridAnchored) else None

    def title(self, row: Any) -> str:
        """Masked: enough to tell the rows apart."""
        return str(row)

    def pages(self, row: Any) -> list[tuple[str, str]]:
        """(label, address) of where the row is read and mended."""
        return []

    def copy(self, row: Any, subject: Subject) -> list[Fact]:
        """Everything that is held, whole: for the subject only."""
        raise NotImplementedError

    def refusal(self, row: Any) -> str:
        """Why the row cannot be erased now; empty if it can."""
        return ""

    def erase(self, row: Any, subject: Subject) -> None:
        """Make the locked row say nothing about the subject any more, nor its history, and keep what is counted."""
        raise NotImplementedError


@dataclass(frozen=True)
class Found:
    """One row of one holder."""

    holder: Holder
    row: Any
    sure: bool

    @property
    def token(self) -> str:
        return f"{self.holder.key}:{self.row.pk}"

    @property
    def title(self) -> str:
        return self.holder.title(self.row)

    @property
    def refusal(self) -> str:
        return self.holder.refusal(self.row)

    @property
    def pages(self) -> list[tuple[str, str]]:
        return self.holder.pages(self.row)


_holders: dict[str, Holder] = {}
_obstacles: list[Obstacle] = []
_forgetters: list[Forgetter] = []
# What is done after every erasure, in its transaction; gets the streets it was about (None: all).
_afterwards: list[Callable[[frozenset[int] | None], None]] = []


def register_holder(holder: Holder) -> None:
    """Add a table that names people; the same key again takes its place."""
    _holders[holder.key] = holder


def register_obstacle(obstacle: Obstacle) -> Obstacle:
    """Add something that must be ended before a member or contact can be erased."""
    if obstacle not in _obstacles:
        _obstacles.append(obstacle)
    return obstacle


def register_afterwards(act: Callable[[frozenset[int] | None], None]) -> None:
    """Add what an erasure must take along that is in no table: copies, files."""
    if act not in _afterwards:
        _afterwards.append(act)


def obstacles(person: Any) -> list[str]:
    return [reason for obstacle in _obstacles if (reason := obstacle(person))]


def register_forgetter(forgetter: Forgetter) -> Forgetter:
    """Add something that goes together with a member or contact, in the same transaction."""
    if forgetter not in _forgetters:
        _forgetters.append(forgetter)
    return forgetter


def forget_traces(person: Any) -> None:
    for forgetter in _forgetters:
        forgetter(person)


def holders() -> list[Holder]:
    return list(_holders.values())


# -- reveal


@dataclass(frozen=True, repr=False)
class Revealed:
    """What is shown once. `identity` None: not asked for."""

    name: str
    phone: str
    identity: str | None = None


def may_reveal(user: "User", member: PartyMember) -> bool:
    """The desk of a grid of theirs. Of rows that the user may see: that already asks for the right to read members."""
    return runs_desk(user, member)


@sensitive_variables()
def reveal(*, actor: "User", person: PartyMember, reason: str, with_identity: bool = False) -> Revealed:
    """查看完整信息 of a member: for a reason that is logged before anything is shown. Others: members/revealing.py.

    Refusals: not_found, not_permitted, erased, and those of `need_reason` and identity.read_identity_number.
    """
    with transaction.atomic():
        row = PartyMember.objects.visible_to(actor).filter(pk=person.pk).first()
        if row is None:
            raise NotVisible
        if not may_reveal(actor, row):
            raise NotPermitted("not_permitted", "完整姓名和电话由所在网格的网格长、联络员、派遣员查看。")
        if row.erased_at:
            raise DomainError("erased", "这位人员的个人信息已经应要求删除。")
        said = need_reason(reason, row.name, row.phone)
        log_access(actor, AccessKind.REVEALED, row, reason=said)
        number = identity.read_identity_number(actor=actor, member_id=row.pk, reason=said) if with_identity else None
    return Revealed(row.name, row.phone, number)


# -- find, copy, correct, erase


@sensitive_variables()
def subject_of(*, name: str, phone: str = "", number: str = "") -> Subject:
    """Who is asked for. Refusals: bad_name, bad_phone, bad_identity, missing_phone."""
    subject = Subject(normalize_name(name), normalize_phone(phone), normalize_identity(number))
    if not is_person_name(subject.name):
        raise InvalidInput("bad_name", "请填写完整姓名。", field="name")
    if subject.phone and not is_phone(subject.phone):
        raise InvalidInput("bad_phone", "请填 11 位手机号，或带区号的座机。", field="phone")
    if subject.identity and not (identity.enabled() and is_identity_number(subject.identity)):
        raise InvalidInput("bad_identity", identity.BAD_IDENTITY, field="identity")
    if not (subject.phone or subject.identity):
        raise InvalidInput("missing_phone", "只凭姓名会找到同名的人，请再填手机号。", field="phone")
    return subject


@sensitive_variables()
def find(*, actor: "User", subject: Subject) -> list[Found]:
    """Every row about the subject in the streets whose office the actor runs; `look_up` logs it."""
    if not runs_street(actor):
        raise NotPermitted("not_permitted", "个人信息的查询、导出和删除由街道派遣员、街道网格长办理。")
    return [Found(holder, row, sure) for holder in holders() for row, sure in holder.find(actor, subject)]


@sensitive_variables()
def look_up(*, actor: "User", subject: Subject) -> list[Found]:
    """`find`, noted as an opening of each row."""
    found = find(actor=actor, subject=subject)
    _log(actor, AccessKind.OPENED, found, "个人信息查询")
    return found


@sensitive_variables()
def subject_copy(
    *, actor: "User", subject: Subject, tokens: Sequence[str], reason: str
) -> list[tuple[Found, list[Fact]]]:
    """导出本人信息: everything that the chosen rows hold, whole; for the subject."""
    with transaction.atomic():
        rows = _chosen(actor, subject, tokens)
        _log(actor, AccessKind.SUBJECT_COPY, rows, _reason(reason, subject))
        return [(found, found.holder.copy(found.row, subject)) for found in rows]


@sensitive_variables()
def correct(*, actor: "User", subject: Subject, tokens: Sequence[str], reason: str) -> list[Found]:
    """应本人要求更正: noted here, mended on the rows' own pages, which come back with the rows."""
    with transaction.atomic():
        rows = _chosen(actor, subject, tokens)
        _log(actor, AccessKind.CORRECTED, rows, _reason(reason, subject))
    return rows


@sensitive_variables()
def chosen(*, actor: "User", subject: Subject, tokens: Sequence[str], reason: str) -> list[Found]:
    """The ticked rows, for the page that asks before erasing; refuses what erasing would refuse of the input."""
    _reason(reason, subject)
    return _chosen(actor, subject, tokens)


@dataclass(frozen=True)
class Erasure:
    """What became of it: how many rows say nothing any more, and which have to wait."""

    erased: int
    left: list[Found]


@sensitive_variables()
def erase_rows(*, actor: "User", subject: Subject, tokens: Sequence[str], reason: str) -> Erasure:
    """应本人要求删除: all chosen rows or none; those that may wait (open cases) stay. Irreversible.

    Refusals: not_permitted, nothing_chosen, must_end_first (says what), and those of `need_reason`.
    """
    with transaction.atomic():
        said = _reason(reason, subject)
        rows = _chosen(actor, subject, tokens)
        locked = [Found(found.holder, found.holder.lock(found.row), found.sure) for found in rows]
        refused = [found for found in locked if found.refusal]
        hard = [found for found in refused if not found.holder.may_wait]
        if hard:
            reasons = "\n".join(f"{found.holder.label} {found.title}：{found.refusal}" for found in hard)
            raise DomainError("must_end_first", f"请先办完下面的事，再删除：\n{reasons}")
        going = [found for found in locked if not found.refusal]
        if not going:
            raise DomainError("nothing_chosen", "所选记录现在都不能删除，办结后再来办理。")
        _log(actor, AccessKind.ERASED, going, said)
        for found in going:
            found.holder.erase(found.row, subject)
        for act in _afterwards:
            act(office_streets(actor))
    return Erasure(len(going), refused)


@sensitive_variables()
def erase(*, actor: "User", person: Person, reason: str) -> Erasure:
    """Erase one member or contact, and nothing else about them."""
    subject = Subject(person.name, person.phone)
    token = f"{person._meta.model_name}:{person.pk}"
    return erase_rows(actor=actor, subject=subject, tokens=[token], reason=reason)


def _chosen(actor: "User", subject: Subject, tokens: Sequence[str]) -> list[Found]:
    """Of what is about the subject now, the rows that were ticked."""
    wanted = set(tokens)
    rows = [found for found in find(actor=actor, subject=subject) if found.token in wanted]
    if not rows:
        raise InvalidInput("nothing_chosen", "请至少勾选一条属于本人的记录。", field="rows")
    return rows


def _reason(text: str, subject: Subject) -> str:
    return need_reason(text, subject.name, subject.phone, subject.identity)


def _log(actor: "User", kind: AccessKind, rows: Iterable[Found], reason: str) -> None:
    for found in rows:
        place = found.holder.place(found.row)
        log_use(actor, kind, found.holder.key, found.row.pk, place, reason=reason)
