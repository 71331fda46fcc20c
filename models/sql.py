"""What every database says differently."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Table,
    Text,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from base.clock import in_utc
from models.types import Instant, as_json


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert ``rows``; those whose key (primary or unique) exists already are left as they are."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        _insert_as_json(connection, table, rows, " ON CONFLICT DO NOTHING")
    else:
        connection.execute(sqlite.insert(table).on_conflict_do_nothing(), list(rows))


def insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert ``rows``, which all have the same columns, in one round trip."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        _insert_as_json(connection, table, rows)
    else:
        connection.execute(table.insert(), list(rows))


def _insert_as_json(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], rest: str = ""
) -> None:
    """One statement with one parameter, however many rows: PostgreSQL takes them apart itself.

    Four times as fast as a statement a row, even where these are sent without waiting.
    """
    quote = connection.dialect.identifier_preparer.quote
    instants = [one.name for one in table.columns if isinstance(one.type, Instant)]
    given = rows[0].keys()
    missing = {
        one.name: one.default.arg
        for one in table.columns
        if one.name not in given and isinstance(one.default, ScalarElementColumnDefault)
    }
    whole = [
        {**missing, **row, **{name: in_utc(row[name]) for name in instants if row.get(name)}}
        for row in rows
    ]
    names = ", ".join(quote(name) for name in (*missing, *given))
    name = quote(table.name)
    connection.exec_driver_sql(
        f"INSERT INTO {name} ({names}) SELECT {names} "  # noqa: S608 - names of our own tables
        f"FROM json_populate_recordset(NULL::{name}, %s){rest}",
        (as_json(whole),),
    )


def among(connection: Connection, column: ColumnElement[str], texts: Sequence[str]) -> Any:
    """Whether ``column`` is one of ``texts``: one parameter, however many they are, and the index.

    Both databases get slow plans from some of the other ways to say it, without statistics.
    """
    if connection.dialect.name == "postgresql":
        return column == any_(bindparam(None, list(texts), type_=ARRAY(Text)))
    listed = func.json_each(as_json(list(texts))).table_valued("value")
    return column.in_(select(listed.c.value))


@contextmanager
def pipelined(connection: Connection) -> Iterator[None]:
    """Send the statements inside one after the other, and wait for the server once, at the end.

    Only for statements whose results nobody reads. One that fails may be told by a later one, or by
    the end. On SQLite there is nobody to wait for.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    driver: Any = connection.connection.driver_connection
    errors = connection.dialect.loaded_dbapi.Error
    try:
        with driver.pipeline():
            yield
    except errors as error:
        raise DBAPIError.instance(
            None, None, error, errors, hide_parameters=True, dialect=connection.dialect
        ) from error
