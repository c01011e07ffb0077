"""What the rules of people, teams and venues share: a row read behind its lock, the right to write it, its saving."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.db.models import ForeignKey

from grids.authority import runs_desk
from grids.models import Grid, GridAnchored, PathColumns
from liangcheng.common.db import share_locked
from liangcheng.common.exceptions import DomainError, InvalidInput, NotPermitted, NotVisible, StaleObject
from liangcheng.common.text import normalize
from members.models import Register

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

Anchored = TypeVar("Anchored", bound=GridAnchored)
Named = TypeVar("Named", bound=Register)


def locked(model: type[Anchored], actor: "User", pk: int, *related: str) -> Anchored:
    """The row that the actor sees, held against other writers. Raises NotVisible."""
    rows: Any = model._default_manager
    row: Anchored | None = (
        rows.visible_to(actor)
        .select_for_update(no_key=True, of=("self",))
        .select_related(*related)
        .filter(pk=pk)
        .order_by()
        .first()
    )
    if row is None:
        raise NotVisible
    return row


def hold_street(model: type[GridAnchored], pk: int) -> None:
    """Keep the writers of this row's tree out until the transaction ends: they take all grids of it before any row.

    For acts that then lock rows of two registers, in whatever order.
    """
    share_locked(Grid.objects.filter(pk__in=model._default_manager.filter(pk=pk).values("grid_id")).order_by())


def require_desk(actor: "User", row: PathColumns) -> None:
    """Refuses (not_permitted) whoever does not run the desk of a grid that the row lies in."""
    if not runs_desk(actor, row):
        raise NotPermitted("not_permitted", "由本网格或上级网格的网格长、联络员、派遣员登记，您的岗位不能修改。")


def seen_of(row: Any) -> str:
    """What a form carries along, so that an edit made meanwhile by somebody else is noticed."""
    return str(row.updated_at.isoformat()) if row.pk else ""


def check_seen(row: Any, seen: str | None) -> None:
    """Raises StaleObject when the row is no longer the one that the actor saw (None: does not say)."""
    if seen is not None and seen != seen_of(row):
        raise StaleObject


def keep(
    model: type[Named], *, actor: "User", row_id: int | None, values: Mapping[str, Any], seen: str | None = None
) -> Named:
    """Enter a row of a register, or change the one with `row_id`: only the fields in `values`, by the desk of its
    grid (and of the new grid, if it goes to another).

    Refusals: not_found, not_permitted, stale_version, unknown_grid, unknown_row, erased, and invalid with its field.
    """
    with transaction.atomic():
        # Before the row's own lock: whoever moves a grid takes grids first and rows afterwards.
        target = _held_grid(actor, values["grid"]) if values.get("grid") is not None else None
        row = locked(model, actor, row_id) if row_id is not None else model()
        if row_id is not None:
            require_desk(actor, row)
            check_seen(row, seen)
            if getattr(row, "erased_at", None):
                raise DomainError("erased", "这份登记已应本人要求删除，不能再修改。")
        return _write(actor, row, target, values)


def _held_grid(actor: "User", grid: Grid) -> Grid:
    found = share_locked(Grid.objects.active().filter(pk=grid.pk).order_by())
    if not found:
        raise InvalidInput("unknown_grid", "这个网格已停用，请另选一个。", field="grid")
    if not runs_desk(actor, found[0]):
        raise InvalidInput("unknown_grid", "请选择您值守的网格或它的下级网格。", field="grid")
    return found[0]


def _write(actor: "User", row: Named, target: Grid | None, values: Mapping[str, Any]) -> Named:
    plain = {name: value for name, value in values.items() if name not in ("grid", "skills")}
    changed = {name for name, value in plain.items() if row._state.adding or getattr(row, name) != _clean(value)}
    for name in changed:
        value = _clean(plain[name])
        _check_related(actor, row, name, value)
        setattr(row, name, value)
    if target is not None and target.pk != row.grid_id:
        row.anchor(pk=target.pk)
        changed.add("grid")
    checked(row)
    if row._state.adding:
        row.save()
    elif changed:
        row.save(update_fields=[*changed, "name_pinyin", "updated_at"])
    if "skills" in values:
        row.skills.set(values["skills"])  # type: ignore[attr-defined]
    return row


def _clean(value: Any) -> Any:
    return normalize(value) if isinstance(value, str) else value


def _check_related(actor: "User", row: Register, name: str, value: Any) -> None:
    """What a row names must be within the actor's sight."""
    field: Any = row._meta.get_field(name)
    if value is None or not isinstance(field, ForeignKey):
        return
    if not type(value).objects.visible_to(actor).filter(pk=value.pk).exists():
        raise InvalidInput("unknown_row", f"没有找到这个{field.verbose_name}，或不在您的网格范围内。", field=name)


def checked(row: Any) -> None:
    """Raises InvalidInput (invalid) with the first thing that the model's own check finds wrong, and its field."""
    try:
        row.full_clean(exclude=[field.name for field in row._meta.fields if not field.editable])
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise InvalidInput("invalid", messages[0], field=None if field == NON_FIELD_ERRORS else field) from error
