"""Path columns of grids and of everything anchored to them, kept right by set-based updates (ADR 0003)."""

from collections.abc import Iterable

from django.db.models import ForeignKey, Q

from grids.choices import KINDS, PATH_FIELD, RANK
from grids.models import Grid, GridAnchored
from grids.querysets import within

_PATH_NAMES = frozenset(PATH_FIELD.values())


def anchored_models() -> list[type[GridAnchored]]:
    """Every concrete GridAnchored model, in a fixed order: tree writers lock their rows in this order."""
    found: dict[str, type[GridAnchored]] = {}
    waiting: list[type[GridAnchored]] = GridAnchored.__subclasses__()
    while waiting:
        model = waiting.pop()
        waiting.extend(model.__subclasses__())
        if not model._meta.abstract and not model._meta.proxy:
            found[model._meta.label] = model
    return [found[label] for label in sorted(found)]


def path_of(grid: Grid, parent: Grid | None) -> dict[str, int | None]:
    """Path columns of `grid` below `parent`: the parent's, and itself at its own level."""
    above: dict[str, int | None] = parent.path_ids() if parent else {f"{PATH_FIELD[kind]}_id": None for kind in KINDS}
    return {**above, f"{PATH_FIELD[grid.kind]}_id": grid.pk}


def write_path(grid: Grid, parent: Grid | None) -> None:
    """Set the path columns of a grid that has nothing below it yet."""
    path = path_of(grid, parent)
    Grid.objects.filter(pk=grid.pk).update(**path)


def relocate(grid: Grid, parent: Grid | None) -> None:
    """After a move: the columns above `grid` change, the same way for all that lies in its subtree."""
    path = path_of(grid, parent)
    above = {f"{PATH_FIELD[kind]}_id": path[f"{PATH_FIELD[kind]}_id"] for kind in KINDS[: RANK[grid.kind]]}
    if not above:
        return
    Grid.objects.filter(within(grid)).order_by().update(**above)
    for model in anchored_models():
        rows = model._default_manager.filter(within(grid)).order_by()
        if rows.update(**above):
            model.after_regrid(rows)


def reanchor(sources: Iterable[Grid], target: Grid) -> None:
    """After a merge: rows that hang on the sources themselves, and every other reference of theirs, go to `target`.

    What an event log says about a grid is no reference: it stays. Children must have moved before.
    """
    source_ids = [grid.pk for grid in sources]
    for model in anchored_models():
        rows = model._default_manager.filter(grid_id__in=source_ids).order_by()
        moved = rows.update(grid_id=target.pk, **target.path_ids())
        elsewhere: set[int] = set()
        for name in _other_references(model):
            rows = model._default_manager.filter(**{f"{name}_id__in": source_ids}).order_by()
            elsewhere.update(rows.exclude(within(target)).values_list("pk", flat=True))
            moved += rows.update(**{f"{name}_id": target.pk})
        if moved:
            # Rows of another grid that only refer to the target (border cases) have changed as well.
            changed = within(target) | Q(pk__in=elsewhere)
            model.after_regrid(model._default_manager.filter(changed).order_by())


def _other_references(model: type[GridAnchored]) -> list[str]:
    """Names of further foreign keys to a grid: the case's handling grid and second grid."""
    return [
        field.name
        for field in model._meta.concrete_fields
        if isinstance(field, ForeignKey)
        and field.related_model is Grid
        and field.name != "grid"
        and field.name not in _PATH_NAMES
    ]
