"""What a register looks like as a sheet, and one row of it on its way in."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import Q, QuerySet

from grids.authority import desk_condition, kept_condition, may_keep, may_take_contacts, runs_desk
from grids.models import Grid
from grids.scoping import scope_of
from liangcheng.common.sheets.cells import Text, Truth
from liangcheng.common.text import mask_name, mask_phone
from members import access
from members.models import PartyMember, Person, Register
from members.querysets import MemberQuerySet

if TYPE_CHECKING:
    from liangcheng.accounts.models import User
    from members.sheets.desk import Desk

# At most so many rows at once, and so long is a job with its files kept.
ROWS_MOST = 5_000
KEPT_DAYS = 7


class Reader:
    """For whom a sheet is written: names and numbers of people are whole for the heads of the row's grids only."""

    def __init__(self, user: "User") -> None:
        self.user = user

    def name(self, row: Register, name: str) -> str:
        return name if may_take_contacts(self.user, row) else mask_name(name)

    def phone(self, row: Register, phone: str) -> str:
        return phone if may_take_contacts(self.user, row) else mask_phone(phone)

    def sees(self, person: Person) -> bool:
        """Whether `visible_to` would hold the person: rows of other registers name people from elsewhere too."""
        if isinstance(person, PartyMember):
            return access.reads_members(self.user, person)
        scope = scope_of(self.user)
        return scope.everything or any(post.covers(person) for post in scope.territorial)

    def name_of(self, person: Person | None) -> str:
        """Masked by the person's own grids; nothing of whom the user does not see."""
        return self.name(person, person.name) if person and self.sees(person) else ""

    def phone_of(self, person: Person | None) -> str:
        return self.phone(person, person.phone) if person and self.sees(person) else ""


@dataclass(frozen=True)
class Column:
    """A column: `attribute` of the row under a Chinese `header`.

    `show`: the value to be written, where it is not simply the attribute. `find`: what the cell names, looked up.
    `virtual`: no field of the row; the sheet's `finish` makes something of it.
    """

    header: str
    attribute: str
    cell: Text = field(default_factory=Text)
    required: bool = False
    hint: str = ""
    example: str = ""
    width: int = 14
    show: Callable[[Any, Reader], Any] | None = None
    find: Callable[[Any, "Draft"], Any] | None = None
    virtual: bool = False
    # What the template offers: a name of Desk.lists.
    offers: str = ""

    def text(self, row: Any, reader: Reader) -> str:
        value = self.show(row, reader) if self.show else getattr(row, self.attribute)
        return self.cell.show(value)


@dataclass
class Draft:
    """One line of an uploaded sheet, being made into a row. `seen`: how the row stood when it was read."""

    line: int
    row: Any
    desk: "Desk"
    existing: bool = False
    # Whether the user may change the row as it stands.
    writable: bool = True
    before: dict[str, Any] = field(default_factory=dict)
    # Header → cleaned text of the cell; and the headers whose cell differs from what an export would say.
    texts: dict[str, str] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    # What `finish` leaves to be written beside the row.
    extras: dict[str, Any] = field(default_factory=dict)
    problems: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def seen(self) -> list[Any]:
        """[pk, when it was last written] of the row that this line changes; [] for a new one."""
        return [self.row.pk, self.before["updated_at"].isoformat()] if self.existing else []

    @property
    def changes(self) -> dict[str, Any]:
        """Column → new value, of an existing row."""
        return {name: value for name, value in values_of(self.row).items() if self.before.get(name) != value}

    def wrong(self, header: str, words: str) -> None:
        self.problems.append((header, words))


def values_of(row: Any) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


@dataclass(frozen=True)
class Unique:
    """What may occur once in the register, whoever may see it. `fields` as columns of the row."""

    fields: tuple[str, ...]
    header: str
    words: str
    when: Callable[[Any], bool] = lambda row: True
    condition: Q = field(default_factory=Q)


class RegisterSheet:
    """One register as a sheet. Instances stand in members.sheets.SHEETS."""

    slug: ClassVar[str]
    model: ClassVar[type[Register]]
    columns: ClassVar[tuple[Column, ...]]
    # Columns that tell which row a line means where it gives no number (编号).
    natural: ClassVar[tuple[str, ...]] = ()
    uniques: ClassVar[tuple[Unique, ...]] = ()
    related: ClassVar[tuple[str, ...]] = ("grid",)
    prefetched: ClassVar[tuple[Any, ...]] = ()
    # Kept by the street and its areas (grids.authority.may_keep), or by the desk of every grid (runs_desk).
    of_people: ClassVar[bool] = False

    @property
    def title(self) -> str:
        return str(self.model._meta.verbose_name)

    @property
    def list_name(self) -> str:
        """The page of the register (members/urls.py)."""
        return f"members:{self.slug.removesuffix('s')}_list"

    # -- rights

    def may_import(self, user: "User") -> bool:
        return runs_desk(user) if self.of_people else may_keep(user)

    def may_export(self, user: "User") -> bool:
        """Whoever runs a desk takes lists away; who only reads looks at the pages."""
        return runs_desk(user)

    def may_write(self, user: "User", row: Any) -> bool:
        return runs_desk(user, row) if self.of_people else may_keep(user, row)

    def grids(self, user: "User") -> "QuerySet[Grid]":
        """The grids that a line may name."""
        return Grid.objects.filter(desk_condition(user) if self.of_people else kept_condition(user)).active()

    # -- rows

    def rows(self, user: "User") -> "QuerySet[Any]":
        """What a line may mean, and what an export may hold."""
        rows: QuerySet[Any] = self.model.objects.visible_to(user)  # type: ignore[attr-defined]
        return self.loaded(rows)

    def loaded(self, rows: "QuerySet[Any]") -> "QuerySet[Any]":
        """With what the columns show: a fixed number of statements for any number of rows."""
        return rows.select_related(*self.related).prefetch_related(*self.prefetched)

    def importable(self, user: "User") -> "QuerySet[Any]":
        return self.rows(user)

    def names_people(self, user: "User", rows: "QuerySet[Any]") -> "Iterable[QuerySet[Any]]":
        """Rows of the people's registers that an export of `rows` names besides: it is logged there as well."""
        return ()

    # -- a line on its way in

    def finish(self, draft: Draft) -> None:
        """After the columns: what several of them say together."""

    def look_around(self, drafts: Sequence[Draft], desk: "Desk") -> None:
        """After all lines: what only shows when they are seen together with the register."""

    def hold(self, drafts: Sequence[Draft]) -> None:
        """In the transaction, before anything else is locked: what the rule by hand holds first."""

    def before_writing(self, changed: Sequence[Draft]) -> None:
        """In the transaction, before rows are written."""

    def write_extras(self, drafts: Sequence[Draft], user: "User") -> None:
        """In the transaction, after the rows are written."""

    @property
    def headers(self) -> list[str]:
        return [column.header for column in self.columns]

    @property
    def required(self) -> list[str]:
        return [column.header for column in self.columns if column.required]


# -- columns that several registers have

ID_HEADER = "编号"


def id_column(what: str) -> Column:
    return Column(
        ID_HEADER, "pk", hint=f"修改已有{what}时保留导出的编号；新登记的空着", example="", width=10, virtual=True
    )


def grid_column() -> Column:
    return Column(
        "网格编码",
        "grid",
        required=True,
        hint="所在网格的编码，见“参考”表",
        example="310109016011001",
        width=18,
        show=lambda row, reader: row.grid.code,
        find=lambda text, draft: draft.desk.grid(text),
        offers="grids",
    )


def note_column() -> Column:
    return Column("备注", "note", hint="最多 300 字", width=20)


def active_column() -> Column:
    return Column("在用", "is_active", Truth(empty=True), hint="空着算“是”；停用填“否”", example="是", width=8)


def reads_members(user: "User") -> bool:
    """Whether the user reads who is a party member, somewhere."""
    return access.reads_members(user)


def known_members() -> MemberQuerySet:
    """Members who are still there as themselves."""
    return PartyMember.objects.filter(merged_into=None, erased_at=None)
