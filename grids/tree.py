"""The only writer of the grid tree: create, update, move, retire. Merging: grids/merging.py (ADR 0001).

Every function here runs in its own `atomic`, takes the one lock, and reads the nodes anew behind it: django-mptt
corrupts a tree that is written from stale nodes or by two at once (STYLE 3.4). Order of locks, for everybody: tree
lock, grid rows by id, anchored rows. Whoever files an anchored row holds its grid FOR SHARE before anything else.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from grids.blockers import blocking
from grids.choices import ALLOWED_PARENTS, RANK, SHORT_LEVEL, Grade, GridKind
from grids.codes import check_code
from grids.models import Grid, TreeLock
from grids.paths import relocate, write_path
from liangcheng.common.exceptions import DomainError, InvalidInput, NotVisible, StaleObject
from liangcheng.common.pinyin import initials
from liangcheng.common.text import normalize

# What update_grid() may change; everything else is structure or history.
PLAIN_FIELDS = frozenset({
    "name", "short_name", "brand", "location", "facts", "note", "grade", "assumed", "valid_from",
    "lead_organization_id",
})  # fmt: skip
_TEXTS = frozenset({"name", "short_name", "brand", "location", "note"})


def tree_write_lock() -> None:
    """Make this transaction the only writer of the tree until it ends.

    One row, held FOR UPDATE; on SQLite the IMMEDIATE transaction does it. Raises outside `atomic`.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("tree_write_lock needs an atomic block")
    TreeLock.objects.select_for_update().get_or_create(pk=1)


@contextmanager
def writing(clash: str = "编码或名称与已有的重复，没有保存。") -> Iterator[None]:
    """One structural write: transaction and lock; a unique clash becomes a refusal with the text `clash`."""
    try:
        with transaction.atomic():
            tree_write_lock()
            yield
    except IntegrityError as error:
        raise DomainError("grid_clash", clash) from error


def locked(*grid_ids: int | None) -> list[Grid]:
    """The grids, read behind the lock, all rows of their trees held against filers, in the order of `grid_ids`.

    Without that an inserting mptt would take row after row in no fixed order. Raises NotVisible.
    """
    wanted = [grid_id for grid_id in grid_ids if grid_id is not None]
    rows = Grid.objects.trees_of(wanted).order_by("pk").select_for_update(no_key=True, of=("self",))
    found = {grid.pk: grid for grid in rows if grid.pk in wanted}
    if len(found) < len(set(wanted)):
        raise NotVisible("没有找到这个网格。")
    return [found[grid_id] for grid_id in wanted]


def create_grid(
    *,
    parent_id: int | None,
    kind: str,
    code: str,
    name: str,
    short_name: str = "",
    brand: str = "",
    location: str = "",
    facts: dict[str, str] | None = None,
    note: str = "",
    grade: str = Grade.A,
    assumed: bool = False,
    valid_from: date | None = None,
    valid_to: date | None = None,
    lead_organization_id: int | None = None,
    code_prefixes: tuple[str, ...] = (),
) -> Grid:
    """Add a grid below `parent_id` (None: a new street). With a `valid_to` it is a historic one, out of use.

    `code_prefixes` allows further 12-digit beginnings of a micro-unit's code (imports). Refusals: code_format,
    code_taken, wrong_level, retired_parent, dates_order, future_date, missing_name, unknown_grade, not_found.
    """
    with writing():
        parent = locked(parent_id)[0] if parent_id is not None else None
        grid = Grid(
            kind=kind, code=normalize(code), brand=normalize(brand), location=normalize(location), facts=facts or {},
            note=normalize(note), grade=grade, assumed=assumed, valid_from=valid_from, valid_to=valid_to,
            is_active=valid_to is None, lead_organization_id=lead_organization_id,
        )  # fmt: skip
        set_names(grid, name, short_name)
        check_grade(grade)
        check_place(grid, parent)
        check_code(grid.kind, grid.code, {parent.code if parent else "", *code_prefixes})
        _check_unused(grid.code)
        check_dates(grid)
        if parent is None:
            # Behind the last street: in order of codes mptt would renumber every later tree (SCALE 1).
            grid.insert_at(None)
        grid.parent_id = parent_id
        grid.save()
        write_path(grid, parent)
        return fresh(grid)


def update_grid(*, grid_id: int, expected_version: int | None = None, **changes: Any) -> Grid:
    """Change fields of PLAIN_FIELDS. Nothing is written, and no version counted, where nothing differs.

    Refusals: stale_version, missing_name, dates_order, unknown_grade. Raises TypeError for any other field.
    """
    if unknown := changes.keys() - PLAIN_FIELDS:
        raise TypeError(f"update_grid does not write {', '.join(sorted(unknown))}")
    changes = {name: normalize(value) if name in _TEXTS else value for name, value in changes.items()}
    with writing():
        grid = locked(grid_id)[0]
        check_version(grid, expected_version)
        changes = {name: value for name, value in changes.items() if getattr(grid, name) != value}
        if not changes:
            return fresh(grid)
        for name, value in changes.items():
            setattr(grid, name, value)
        set_names(grid, grid.name, grid.short_name)
        check_grade(grid.grade)
        check_dates(grid)
        save(grid)
        return fresh(grid)


def rename_grid(
    *, grid_id: int, name: str | None = None, short_name: str | None = None, expected_version: int | None = None
) -> Grid:
    """Change name or short name (None: keep). The code stays; so does the place in the tree."""
    given = {"name": name, "short_name": short_name}
    return update_grid(
        grid_id=grid_id,
        expected_version=expected_version,
        **{field: value for field, value in given.items() if value is not None},
    )


def set_grade(*, grid_id: int, grade: str, subtree: bool = False, expected_version: int | None = None) -> int:
    """Give a grid its 管理等级, with `subtree` also all grids in use below it (GB/T 30428.8: limits by grade).

    Returns how many grids have changed; what was promised to cases stays. Refusals: unknown_grade, stale_version.
    """
    check_grade(grade)
    with writing():
        grid = locked(grid_id)[0]
        check_version(grid, expected_version)
        below = Grid.objects.within(grid).active().exclude(pk=grid_id).order_by("pk") if subtree else ()
        changed = [each for each in (grid, *below) if each.grade != grade]
        for each in changed:
            each.grade = grade
            save(each)
        return len(changed)


def move_grid(*, grid_id: int, parent_id: int | None, expected_version: int | None = None) -> Grid:
    """Hang a grid with all below it and all that is anchored there below another parent.

    Refusals: wrong_level, cycle, retired_parent, stale_version, grid_clash (a number that exists in the other
    street). Moving to where it is already changes nothing.
    """
    with writing("移过去会与那边已有的登记重复（如同一街道的楼栋地址、案件编号），没有移动。"):
        grid, *parents = locked(grid_id, parent_id)
        check_version(grid, expected_version)
        parent = parents[0] if parents else None
        if grid.parent_id != parent_id:
            check_not_below(grid, parent)
            check_place(grid, parent)
            place_below(grid, parent)
        return fresh(grid)


def retire_grid(*, grid_id: int, on: date, expected_version: int | None = None) -> Grid:
    """End a grid; `on` is its last day. Refused (retire_blocked, with the reasons) while something lives on it.

    Further refusals: grid_retired, future_date, dates_order, stale_version.
    """
    with writing():
        grid = locked(grid_id)[0]
        check_version(grid, expected_version)
        check_in_use(grid)
        if reasons := blocking(grid):
            raise DomainError("retire_blocked", f"“{grid}”还不能停用：{'；'.join(reasons)}。请先处理完再停用。")
        end(grid, on)
        return fresh(grid)


def restore_grid(*, grid_id: int, expected_version: int | None = None) -> Grid:
    """Undo a retirement made by mistake. Refused for a merged grid: what hung on it has gone to its successor."""
    with writing():
        grid = locked(grid_id)[0]
        check_version(grid, expected_version)
        if grid.successor_id:
            raise DomainError("grid_merged", f"“{grid}”已并入“{grid.successor}”，不能恢复。")
        if grid.parent_id and not locked(grid.parent_id)[0].is_active:
            raise DomainError("retired_parent", f"上级网格“{grid.parent}”已停用，请先恢复上级。", field="parent")
        grid.is_active, grid.valid_to = True, None
        save(grid)
        return fresh(grid)


def correct_end(*, grid_id: int, on: date) -> Grid:
    """Put the last day of a retired grid right."""
    with writing():
        grid = locked(grid_id)[0]
        if grid.is_active:
            raise DomainError("grid_active", f"“{grid}”还在用，请用“停用”。", field="valid_to")
        if grid.valid_to != on:
            end(grid, on, grid.successor)
        return fresh(grid)


# --- Pieces that merging and imports use as well; all of them expect the lock to be held. ---


def fresh(grid: Grid) -> Grid:
    """The grid as it stands in the database now: mptt leaves stale numbers on instances."""
    return Grid.objects.get(pk=grid.pk)


def save(grid: Grid) -> None:
    """Save a grid that was read behind the lock, and count the write."""
    grid.version += 1
    grid.save()


def place_below(grid: Grid, parent: Grid | None) -> None:
    """Move `grid` in the tree and rewrite every path below it."""
    grid.parent_id = parent.pk if parent else None
    save(grid)
    relocate(grid, parent)


def end(grid: Grid, on: date, successor: Grid | None = None) -> None:
    """Mark `grid` as retired from the day after `on`."""
    grid.is_active, grid.valid_to, grid.successor = False, on, successor
    check_dates(grid)
    save(grid)


def set_names(grid: Grid, name: str, short_name: str) -> None:
    """Names and the initials that the search looks through: of the name, and of a short name it does not hold."""
    grid.name, grid.short_name = normalize(name), normalize(short_name) or normalize(name)[:30]
    if not grid.name:
        raise InvalidInput("missing_name", "请填网格名称。", field="name")
    for field in ("name", "short_name"):
        most: int = getattr(Grid._meta.get_field(field), "max_length", 0)
        if len(getattr(grid, field)) > most:
            raise InvalidInput("too_long", f"名称太长，最多 {most} 个字。", field=field)
    sounds = [initials(grid.name, 4)]
    if not grid.name.startswith(grid.short_name):
        sounds.append(initials(grid.short_name, 4))
    grid.name_pinyin = " ".join(sounds)[:200]


def check_place(grid: Grid, parent: Grid | None) -> None:
    """Refuse a parent of the wrong kind, or one out of use."""
    if grid.kind not in GridKind.values:
        raise InvalidInput("unknown_kind", f"没有“{grid.kind}”这个层级。", field="kind")
    allowed = ALLOWED_PARENTS[grid.kind]
    if (parent.kind if parent else None) not in allowed:
        raise DomainError("wrong_level", _where_it_belongs(grid.kind), field="parent")
    if parent and grid.is_active and not parent.is_active:
        raise DomainError("retired_parent", f"上级网格“{parent}”已停用，不能再挂下级。", field="parent")


def check_not_below(grid: Grid, parent: Grid | None) -> None:
    """Refuse to hang a grid below itself."""
    if parent and grid.contains(parent):
        raise DomainError("cycle", f"不能把“{grid}”移到它自己下面。", field="parent")


def check_version(grid: Grid, expected: int | None) -> None:
    if expected is not None and grid.version != expected:
        raise StaleObject("这个网格刚刚被别人改过，请看一下最新情况再操作。")


def check_in_use(grid: Grid) -> None:
    if not grid.is_active:
        raise DomainError("grid_retired", f"“{grid}”已经停用。")


def check_grade(grade: str) -> None:
    if grade not in Grade.values:
        raise InvalidInput("unknown_grade", f"没有“{grade}”这个管理等级。", field="grade")


def check_dates(grid: Grid) -> None:
    if grid.valid_to and grid.valid_to > timezone.localdate():
        raise InvalidInput("future_date", "停用日期不能晚于今天，请到那一天再停用。", field="valid_to")
    if grid.valid_from and grid.valid_to and grid.valid_to < grid.valid_from:
        raise InvalidInput("dates_order", "停用日期不能早于启用日期。", field="valid_to")


def next_day(day: date) -> date:
    return day + timedelta(days=1)


def _check_unused(code: str) -> None:
    holder = Grid.objects.filter(code=code).first()
    if holder:
        state = "在用" if holder.is_active else "已停用"
        raise DomainError("code_taken", f"编码 {code} 已用于“{holder}”（{state}），编码不重复使用。", field="code")


def _where_it_belongs(kind: str) -> str:
    """居民区网格只能放在片区网格下面。"""
    own = GridKind(kind).label
    parents = [above for above in ALLOWED_PARENTS[kind] if above]
    if not parents:
        return f"{own}是最上一级，没有上级网格。"
    names = "或".join(SHORT_LEVEL[above] for above in sorted(parents, key=RANK.__getitem__, reverse=True))
    return f"{own}只能放在{names}下面。"
