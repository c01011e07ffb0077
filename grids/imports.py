"""Bring a table of grids into the tree: create, rename, move, retire, merge. All or nothing, and a dry run first.

The dry run is the real one, taken back: what it reports is what would happen, refusals of the rules included.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from grids import merging, tree
from grids.choices import RANK, GridKind
from grids.import_plan import check_rows, standing_after
from grids.import_rows import GridRow, Problem, column_name, read_rows
from grids.models import Grid
from grids.planting import plant
from liangcheng.common.exceptions import DomainError
from liangcheng.common.spreadsheets import Table, read_table


@dataclass
class Outcome:
    """What an import did, or in a dry run would do."""

    applied: bool = False
    problems: list[Problem] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    # In use, of the same streets, and not in the table.
    missing: list[str] = field(default_factory=list)

    def note(self, what: str, text: str) -> None:
        self.counts[what] += 1
        self.changes.append(f"{what}：{text}")


class _TakeBack(Exception):
    """Ends the transaction of a dry run, or of a run with problems."""


def import_file(path: Path, *, apply: bool, retire_missing: bool = False) -> Outcome:
    """Import an xlsx or CSV file; see import_table."""
    return import_table(read_table(path), apply=apply, retire_missing=retire_missing)


def import_table(table: Table, *, apply: bool, retire_missing: bool = False) -> Outcome:
    """Bring the tree to what `table` says; with `apply` False take everything back again.

    Grids that the table does not name stay as they are, unless `retire_missing` ends them. The same table a second
    time changes nothing. Problems are listed with row and column, and then nothing at all is written.
    """
    rows, problems = read_rows(table)
    outcome = Outcome(problems=problems)
    try:
        with transaction.atomic():
            tree.tree_write_lock()
            if rows:
                _run(rows, outcome, retire_missing)
            if outcome.problems or not apply:
                raise _TakeBack
    except _TakeBack:
        outcome.problems.sort()
        return outcome
    outcome.applied = True
    return outcome


def _run(rows: list[GridRow], outcome: Outcome, retire_missing: bool) -> None:
    existing = {grid.code: grid for grid in Grid.objects.order_by("pk")}
    outcome.problems += check_rows(rows, existing)
    if outcome.problems:
        return
    rows = sorted(rows, key=lambda row: (RANK[row.kind], row.line))
    if _is_new_forest(rows, existing):
        _plant(rows, outcome)
        return
    work = _Work(rows, existing, outcome)
    work.run()
    _look_for_missing(rows, outcome, retire_missing and not outcome.problems)


def _is_new_forest(rows: list[GridRow], existing: Mapping[str, Grid]) -> bool:
    """Nothing of the table is there yet, and nothing in it hangs on what is."""
    codes = {row.code for row in rows}
    wanted = {code for row in rows for code in (row.parent_code, row.successor_code) if code}
    return not (codes & existing.keys()) and wanted <= codes


def _plant(rows: list[GridRow], outcome: Outcome) -> None:
    grids: list[Grid] = []
    for row in rows:
        values = {name: value for name, value in row.values.items() if name != "successor_code"}
        grid = Grid(kind=row.kind, code=row.code, is_active=row.active, **values)
        with _problems_of(row, outcome):
            tree.set_names(grid, row.name, row.values.get("short_name", ""))
            tree.check_dates(grid)
        grids.append(grid)
        outcome.note("新增", f"{row.code} {row.name}")
    if not outcome.problems:
        plant(
            grids,
            {row.code: row.parent_code for row in rows if row.parent_code},
            {row.code: row.successor_code for row in rows if row.successor_code},
        )


class _Work:
    """The steps of one import into a tree that exists; parents before children, ends from the bottom up."""

    def __init__(self, rows: list[GridRow], existing: Mapping[str, Grid], outcome: Outcome) -> None:
        self.rows = rows
        self.outcome = outcome
        self.old = existing
        self.ids = {code: grid.pk for code, grid in existing.items()}
        state = standing_after(rows, existing)
        upper = (GridKind.AREA, GridKind.NEIGHBORHOOD)
        self.prefixes = tuple(code for code, at in state.items() if at.kind in upper)

    def run(self) -> None:
        steps: list[tuple[Callable[[GridRow], None], list[GridRow]]] = [
            (self.create_or_restore, self.rows),
            (self.move, self.rows),
            (self.update, self.rows),
            (self.merge, self.rows),
            (self.retire, self.rows[::-1]),
            (self.correct_history, self.rows),
        ]
        for step, rows in steps:
            for row in rows:
                with _problems_of(row, self.outcome):
                    step(row)
            if self.outcome.problems:
                return

    def create_or_restore(self, row: GridRow) -> None:
        old = self.old.get(row.code)
        if old is None:
            values = {name: value for name, value in row.values.items() if name != "successor_code"}
            made = tree.create_grid(
                parent_id=self.ids[row.parent_code] if row.parent_code else None,
                kind=row.kind,
                code=row.code,
                name=row.name,
                code_prefixes=self.prefixes,
                **values,
            )
            self.ids[row.code] = made.pk
            self.outcome.note("新增", f"{row.code} {row.name}")
        elif "valid_to" in row.values and row.active and not old.is_active:
            tree.restore_grid(grid_id=old.pk)
            self.outcome.note("恢复", f"{row.code} {old}")

    def move(self, row: GridRow) -> None:
        old = self.old.get(row.code)
        parent_id = self.ids.get(row.parent_code)
        if old and old.parent_id != parent_id:
            tree.move_grid(grid_id=old.pk, parent_id=parent_id)
            self.outcome.note("移动", f"{row.code} {old}，改到 {row.parent_code} 下面")

    def update(self, row: GridRow) -> None:
        old = self.old.get(row.code)
        if old is None:
            return
        changes = {name: value for name, value in row.values.items() if name in tree.PLAIN_FIELDS}
        changes["name"] = row.name
        changed = tree.update_grid(grid_id=old.pk, **changes)
        if changed.name != old.name:
            self.outcome.note("改名", f"{row.code} {old} → {changed}")
        elif any(getattr(changed, name) != getattr(old, name) for name in changes):
            self.outcome.note("更新", f"{row.code} {changed}")

    def merge(self, row: GridRow) -> None:
        old = self.old.get(row.code)
        if old and old.is_active and row.successor_code:
            target_id = self.ids[row.successor_code]
            target = merging.merge_grids(source_ids=[old.pk], target_id=target_id, on=row.values["valid_to"])
            self.outcome.note("并入", f"{row.code} {old} → {target}")

    def retire(self, row: GridRow) -> None:
        old = self.old.get(row.code)
        if old and old.is_active and not row.active and not row.successor_code:
            tree.retire_grid(grid_id=old.pk, on=row.values["valid_to"])
            self.outcome.note("停用", f"{row.code} {old}")

    def correct_history(self, row: GridRow) -> None:
        """Last days and successors of grids that were out of use before, or came in as history."""
        old = self.old.get(row.code)
        if row.active or (old and old.is_active):
            return
        grid_id, successor_id = self.ids[row.code], self.ids.get(row.successor_code)
        if old and old.valid_to != row.values["valid_to"]:
            tree.correct_end(grid_id=grid_id, on=row.values["valid_to"])
            self.outcome.note("更新", f"{row.code} {old} 停用日期")
        if successor_id and (old is None or old.successor_id != successor_id):
            merging.record_successor(grid_id=grid_id, successor_id=successor_id)
            if old:
                self.outcome.note("更新", f"{row.code} {old} 并入 {row.successor_code}")


def _look_for_missing(rows: list[GridRow], outcome: Outcome, retire: bool) -> None:
    codes = [row.code for row in rows]
    streets = Grid.objects.filter(code__in=codes).order_by().values("community")
    missing = Grid.objects.active().filter(community__in=streets).exclude(code__in=codes).order_by("-level", "code")
    for grid in list(missing):
        outcome.missing.append(f"{grid.code} {grid}")
        if retire:
            try:
                tree.retire_grid(grid_id=grid.pk, on=timezone.localdate())
            except DomainError as error:
                outcome.problems.append(Problem(0, "", error.message))
            else:
                outcome.note("停用", f"{grid.code} {grid}")


@contextmanager
def _problems_of(row: GridRow, outcome: Outcome) -> Iterator[None]:
    """A refusal of the rules becomes a problem of its row; the savepoints of the rules keep the run going."""
    try:
        yield
    except DomainError as error:
        outcome.problems.append(Problem(row.line, column_name(error.field), error.message))
