"""The one place for SQL that a vendor writes its own way, each with a fallback."""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db import DatabaseError, connections, models, transaction

Row = TypeVar("Row", bound=models.Model)


def share_locked(queryset: "models.QuerySet[Row]") -> list[Row]:
    """The rows of `queryset`, held against change until the transaction ends.

    PostgreSQL: FOR SHARE, which Django's ORM does not offer; readers that hold it do not block each other.
    Elsewhere the plain rows: SQLite runs every transaction IMMEDIATE, so no writer is beside this one.
    Raises TransactionManagementError outside `atomic`.
    """
    connection = connections[queryset.db]
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("share_locked needs an atomic block")
    if connection.vendor != "postgresql":
        return list(queryset)
    sql, params = queryset.query.get_compiler(using=queryset.db).as_sql()
    return list(queryset.model._base_manager.using(queryset.db).raw(f"{sql} FOR SHARE", params))


def answers(alias: str = "default") -> bool:
    """Whether the database answers at all; for health checks."""
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def postgresql_locale(alias: str) -> tuple[str, str]:
    """Encoding and ctype of a PostgreSQL database, as its server says them. Only for system checks."""
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "SELECT pg_encoding_to_char(encoding), datctype FROM pg_database WHERE datname = current_database()"
        )
        encoding, ctype = cursor.fetchone()
    return encoding, ctype


class _PercentileCont(models.Aggregate):
    """PostgreSQL's ordered-set aggregate over several fractions at once."""

    template = "percentile_cont(%(fractions)s) WITHIN GROUP (ORDER BY %(expressions)s)"

    def __init__(self, expression: Any, fractions: Sequence[float]) -> None:
        listed = ", ".join(str(float(fraction)) for fraction in fractions)
        # Intervals come back as a list of timedelta; no field of ours would convert them.
        super().__init__(expression, fractions=f"ARRAY[{listed}]", output_field=models.Field())


def percentiles(
    queryset: "models.QuerySet[Any]", expression: Any, fractions: Sequence[float], by: Any = None
) -> dict[Any, tuple[Any, ...]]:
    """Percentiles of a duration, interpolated, for each value of the expression `by` (None: in all, under None).

    Groups without rows are missing. PostgreSQL computes them; elsewhere the values are read and sorted here.
    """
    rows = queryset.order_by().annotate(by_=models.Value(0) if by is None else by, value_=expression)
    if connections[queryset.db].vendor == "postgresql":
        found = rows.values("by_").annotate(percentiles_=_PercentileCont("value_", fractions))
        # A whole without rows is still one row, of NULL.
        listed = {by_: tuple(each) for by_, each in found.values_list("by_", "percentiles_") if each is not None}
    else:
        values: dict[Any, list[Any]] = {}
        for by_, value in rows.values_list("by_", "value_"):
            values.setdefault(by_, []).append(value)
        listed = {by_: tuple(_percentile(sorted(each), part) for part in fractions) for by_, each in values.items()}
    return {None: listed[0]} if by is None and listed else listed


def _percentile(ordered: Sequence[Any], fraction: float) -> Any:
    """As percentile_cont has it: linear between the two neighbours."""
    place = fraction * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
