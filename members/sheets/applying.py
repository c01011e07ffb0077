"""A plan written into the register: in bulk, anchored under a lock, with history; all or nothing."""

from typing import TYPE_CHECKING, Any

from django.utils import timezone
from simple_history.utils import bulk_create_with_history

from grids.models import Grid
from liangcheng.common.db import share_locked
from members.sheets.base import Draft, RegisterSheet
from members.sheets.checking import Plan

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

_REASON = "Excel 导入"
_BATCH = 500


class Changed(Exception):
    """What the plan was made from is no longer so: make it anew."""


def write(plan: Plan, sheet: RegisterSheet, user: "User") -> None:
    """Write the plan's rows. In a transaction: a tree that moves meanwhile waits, or is seen. Raises Changed."""
    drafts = [*plan.new, *plan.changed]
    sheet.hold(drafts)
    _anchor(drafts)
    _hold(plan.changed, sheet)
    sheet.before_writing(plan.changed)
    bulk_create_with_history(
        [draft.row for draft in plan.new],
        sheet.model,
        batch_size=_BATCH,
        default_user=user,
        default_change_reason=_REASON,
    )
    _update(plan.changed, sheet, user)
    sheet.write_extras(drafts, user)


def _anchor(drafts: list[Draft]) -> None:
    """As GridAnchored.anchor does for one row."""
    wanted = {draft.row.grid_id for draft in drafts}
    grids = {grid.pk: grid for grid in share_locked(Grid.objects.filter(pk__in=wanted).order_by("pk"))}
    for draft in drafts:
        grid = grids[draft.row.grid_id]
        if not grid.is_active and draft.before.get("grid_id") != grid.pk:
            raise Changed
        draft.row.grid = grid
        for name, grid_id in grid.path_ids().items():
            setattr(draft.row, name, grid_id)


def _hold(changed: list[Draft], sheet: RegisterSheet) -> None:
    """Lock the rows to be changed; nobody has written them, and no merge has hung them elsewhere, since."""
    rows = sheet.model._default_manager.filter(pk__in=[draft.row.pk for draft in changed]).order_by("pk")
    held = {pk: rest for pk, *rest in rows.select_for_update().values_list("pk", "updated_at", "grid_id")}
    if any(held.get(draft.row.pk) != [draft.before["updated_at"], draft.before["grid_id"]] for draft in changed):
        raise Changed


def _update(changed: list[Draft], sheet: RegisterSheet, user: "User") -> None:
    """One small statement each, of what differs: quicker than a large one with cases, and touches nothing else."""
    moment = timezone.now()
    rows: Any = sheet.model._default_manager
    for draft in changed:
        draft.row.updated_at = moment
        rows.filter(pk=draft.row.pk).update(**draft.changes)
    history: Any = sheet.model.history  # type: ignore[attr-defined]
    history.bulk_history_create(
        [draft.row for draft in changed],
        batch_size=_BATCH,
        update=True,
        default_user=user,
        default_change_reason=_REASON,
    )
