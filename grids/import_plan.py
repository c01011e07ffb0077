"""Whether a table of grids fits together, and with what is there already. Looks at the state after the import."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from grids.choices import ALLOWED_PARENTS, SHORT_LEVEL, GridKind
from grids.codes import check_code
from grids.import_rows import GridRow, Problem, column_name
from grids.models import Grid
from liangcheng.common.exceptions import InvalidInput


@dataclass(frozen=True)
class Standing:
    """What a code will stand for when the import is done."""

    kind: str
    parent_code: str
    active: bool
    successor_code: str = ""


def standing_after(rows: list[GridRow], existing: Mapping[str, Grid]) -> dict[str, Standing]:
    """Every code of the database and the table, the table winning where it speaks. Columns that it lacks stay."""
    codes = {grid.pk: grid.code for grid in existing.values()}
    state = {
        code: Standing(
            grid.kind, codes.get(grid.parent_id or 0, ""), grid.is_active, codes.get(grid.successor_id or 0, "")
        )
        for code, grid in existing.items()
    }
    for row in rows:
        old = existing.get(row.code)
        active = row.active if "valid_to" in row.values or old is None else old.is_active
        state[row.code] = Standing(row.kind, row.parent_code, active, row.successor_code)
    return state


def check_rows(rows: list[GridRow], existing: Mapping[str, Grid]) -> list[Problem]:
    """All errors between rows, and between rows and the database."""
    state = standing_after(rows, existing)
    prefixes = {code for code, at in state.items() if at.kind in (GridKind.AREA, GridKind.NEIGHBORHOOD)}
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for row in rows:
        if row.code in seen:
            problems.append(_problem(row, "code", f"编码 {row.code} 与第 {seen[row.code]} 行重复。"))
            continue
        seen[row.code] = row.line
        problems += _code_problems(row, existing.get(row.code), prefixes)
        problems += _parent_problems(row, state)
        problems += _end_problems(row, state)
    return problems


def _code_problems(row: GridRow, old: Grid | None, prefixes: set[str]) -> Iterator[Problem]:
    if old is not None:
        if old.kind != row.kind:
            yield _problem(row, "kind", f"“{old}”现为{SHORT_LEVEL[old.kind]}，层级不能改；请停用后用新编码另建。")
        return
    try:
        check_code(row.kind, row.code, prefixes)
    except InvalidInput as error:
        yield _problem(row, "code", error.message)


def _parent_problems(row: GridRow, state: Mapping[str, Standing]) -> Iterator[Problem]:
    parent = state.get(row.parent_code) if row.parent_code else None
    if row.parent_code and parent is None:
        yield _problem(row, "parent_code", f"表格和系统里都没有编码为 {row.parent_code} 的上级网格。")
    elif (parent.kind if parent else None) not in ALLOWED_PARENTS[row.kind]:
        yield _problem(row, "parent_code", _belongs(row.kind))
    elif parent and state[row.code].active and not parent.active:
        yield _problem(row, "parent_code", f"上级网格 {row.parent_code} 已停用，在用的网格不能挂在下面。")


def _end_problems(row: GridRow, state: Mapping[str, Standing]) -> Iterator[Problem]:
    if not row.successor_code:
        return
    successor = state.get(row.successor_code)
    if state[row.code].active:
        yield _problem(row, "valid_to", "写了并入网格，就要写停用日期。")
    if successor is None:
        yield _problem(row, "successor_code", f"表格和系统里都没有编码为 {row.successor_code} 的网格。")
    elif successor.kind != row.kind:
        yield _problem(row, "successor_code", "并入的网格须为同一层级。")
    elif _comes_back(row.code, state):
        yield _problem(row, "successor_code", "并入关系绕回到了自己。")


def _comes_back(code: str, state: Mapping[str, Standing]) -> bool:
    seen: set[str] = set()
    while code and code not in seen:
        seen.add(code)
        code = state[code].successor_code if code in state else ""
    return bool(code)


def _belongs(kind: str) -> str:
    parents = [SHORT_LEVEL[above] for above in ALLOWED_PARENTS[kind] if above]
    return f"{SHORT_LEVEL[kind]}的上级须为{'或'.join(parents)}。" if parents else "街道没有上级，此格请留空。"


def _problem(row: GridRow, field: str, message: str) -> Problem:
    return Problem(row.line, column_name(field), message)
