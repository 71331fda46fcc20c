"""Writing rows: what every step and every timer does, past what SQLAlchemy does for each statement.

All of it runs inside the caller's transaction, and no result is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from base.clock import in_utc
from models.types import Instant, as_json

Rows = Sequence[Mapping[str, Any]]


def insert(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert ``rows``, which all have the same columns, in one round trip."""
    Writes(connection).insert(table, rows)


def insert_new(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert ``rows``; those whose key (primary or unique) exists already are left as they are."""
    Writes(connection).insert(table, rows, " ON CONFLICT DO NOTHING")


@contextmanager
def pipelined(connection: Connection, *, last: bool = False) -> Iterator[Writes]:
    """Send the statements inside one after the other, and wait for the server once, at the end.

    Only for statements whose results nobody reads. One that fails may be told by a later one, or by
    the end. On SQLite there is nobody to wait for.

    Arguments:
        last: nothing follows in this transaction: it is committed, and that is sent along.
    """
    driver: Any = connection.connection.driver_connection
    together = driver.pipeline() if connection.dialect.name == "postgresql" else nullcontext()
    with told_as_sqlalchemy_does(connection), together:
        yield Writes(connection)
        if last and (transaction := connection.get_transaction()):
            transaction.commit()


class Writes:
    """Sends writing statements by the driver's own cursor, one for all of them."""

    def __init__(self, connection: Connection) -> None:
        """Write in the transaction of ``connection``."""
        self._connection = connection
        self._dialect = connection.dialect
        self._server = self._dialect.name == "postgresql"
        self._cursor: Any = connection.connection.cursor()

    def insert(self, table: Table, rows: Rows, rest: str = "") -> None:
        """Insert ``rows``, which all have the same columns, in one round trip.

        Arguments:
            rest: the end of the statement: what to do where a row is there already.
        """
        if rows:
            self._send_rows(_insertion(self._dialect, table, tuple(rows[0])), rows, rest)

    def update(self, table: Table, rows: Rows) -> None:
        """Give each row that is there, by its ``id``, the values of the one in ``rows``.

        Arguments:
            rows: all with the same columns, ``id`` the last of them.
        """
        if rows:
            self._send_rows(_change(self._dialect, table, tuple(rows[0])), rows)

    def among(self, statement: str, texts: Sequence[str]) -> None:
        """Send a statement for the rows whose column is one of ``texts``.

        Arguments:
            statement: ends in that column: ``DELETE FROM timer WHERE case_id``. It is part of the
                program, never of what somebody typed.
        """
        if len(texts) == 1:
            self._send(f"{statement} = {'%s' if self._server else '?'}", (texts[0],))
        elif self._server:
            self._send(f"{statement} = ANY(%s)", (list(texts),))
        elif texts:
            listed = "SELECT value FROM json_each(?)"
            self._send(f"{statement} IN ({listed})", (as_json(list(texts)),))

    def _send_rows(self, made: _Statement, rows: Rows, rest: str = "") -> None:
        if self._server:
            # One parameter, however many rows: four times as fast as a statement a row.
            whole = as_json([{**made.defaults, **row, **_in_utc(made, row)} for row in rows])
            self._send(made.text + rest, (whole,))
            return
        defaults = tuple(made.defaults.values())
        plain = [
            tuple([write(row[name]) if write else row[name] for name, write in made.writers])
            + defaults
            for row in rows
        ]
        with told_as_sqlalchemy_does(self._connection):
            self._cursor.executemany(made.text + rest, plain)

    def _send(self, statement: str, parameters: tuple[Any, ...]) -> None:
        with told_as_sqlalchemy_does(self._connection):
            self._cursor.execute(statement, parameters)


@contextmanager
def told_as_sqlalchemy_does(connection: Connection) -> Iterator[None]:
    """Let an error of the driver be what SQLAlchemy makes of it, without the values sent."""
    errors = connection.dialect.loaded_dbapi.Error
    try:
        yield
    except errors as error:
        driver = connection.connection.driver_connection
        raise DBAPIError.instance(
            None, None, error, errors, hide_parameters=True, dialect=connection.dialect,
            connection_invalidated=getattr(driver, "closed", False),
        ) from error  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Statement:
    """How rows with certain columns are written to a table."""

    text: str
    #: Columns that the rows leave out and that have a value by themselves.
    defaults: Mapping[str, Any]
    instants: Sequence[str]
    #: Each column that is given, and what puts its values in the driver's form.
    writers: Sequence[tuple[str, Callable[[Any], Any] | None]]


#: PostgreSQL knows the columns' types by itself.
_SENT = "json_populate_recordset(NULL::{name}, %s)"


@lru_cache(maxsize=128)
def _insertion(dialect: Dialect, table: Table, given: tuple[str, ...]) -> _Statement:
    defaults = {
        one.name: one.default.arg
        for one in table.columns
        if one.name not in given and isinstance(one.default, ScalarElementColumnDefault)
    }
    quote = dialect.identifier_preparer.quote
    name, names = quote(table.name), ", ".join(quote(one) for one in (*given, *defaults))
    source = (
        f"SELECT {names} FROM {_SENT.format(name=name)}"  # noqa: S608 - our own names
        if dialect.name == "postgresql"
        else f"VALUES ({', '.join('?' * (len(given) + len(defaults)))})"
    )
    return _statement(dialect, table, given, f"INSERT INTO {name} ({names}) {source}", defaults)


@lru_cache(maxsize=16)
def _change(dialect: Dialect, table: Table, given: tuple[str, ...]) -> _Statement:
    quote = dialect.identifier_preparer.quote
    name, changed = quote(table.name), [quote(one) for one in given[:-1]]
    if dialect.name == "postgresql":
        values = ", ".join(f"{one} = new.{one}" for one in changed)
        rows = f" FROM {_SENT.format(name=name)} AS new WHERE {name}.id = new.id"
    else:
        values, rows = ", ".join(f"{one} = ?" for one in changed), " WHERE id = ?"
    return _statement(dialect, table, given, f"UPDATE {name} SET {values}{rows}", {})  # noqa: S608


def _statement(
    dialect: Dialect, table: Table, given: tuple[str, ...], text: str, defaults: Mapping[str, Any]
) -> _Statement:
    return _Statement(
        text=text,
        defaults=defaults,
        instants=[one for one in given if isinstance(table.columns[one].type, Instant)],
        writers=[
            (one, table.columns[one].type.dialect_impl(dialect).bind_processor(dialect))
            for one in given
        ],
    )


def _in_utc(made: _Statement, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row's instants; a naive one is refused: PostgreSQL would take it for its own zone's."""
    return {name: in_utc(row[name]) for name in made.instants if row[name] is not None}
