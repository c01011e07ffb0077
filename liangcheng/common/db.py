"""The one place for SQL that a vendor writes its own way, each with a fallback."""

from typing import TypeVar

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
