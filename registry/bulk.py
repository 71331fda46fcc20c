"""Many rows at once, as quickly as each database takes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Table

T = TypeVar("T")

#: Values a statement: below the limit of both databases, and few enough to be planned at once.
CHUNK = 5_000


def insert_many(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert ``rows``, which all have the same columns; with COPY on PostgreSQL.

    Only for tables whose values are plain: texts, days, yes or no.
    """
    if not rows:
        return
    if connection.dialect.name != "postgresql":
        for part in chunks(rows):
            connection.execute(table.insert(), part)
        return
    columns = list(rows[0])
    quote = connection.dialect.identifier_preparer.quote
    into = f"{quote(table.name)} ({', '.join(quote(column) for column in columns)})"
    cursor = connection.connection.cursor()
    try:
        with cursor.copy(f"COPY {into} FROM STDIN") as copy:
            for row in rows:
                copy.write_row([row[column] for column in columns])
    finally:
        cursor.close()


def chunks(items: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """``items`` in parts of at most ``size``."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
