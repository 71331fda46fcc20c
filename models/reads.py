"""Reading rows: what every step asks, past what SQLAlchemy does for each statement.

All of it runs inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Result, Select

from models.writes import told_as_sqlalchemy_does

#: A list that is longer is left to SQLAlchemy: each length is a statement of its own.
MAX_LISTED = 3
#: What libpq says of a connection without a transaction.
_IDLE = 0


@dataclass(frozen=True, eq=False)
class Question:
    """A query that is asked again and again.

    Its columns have names of their own.
    """

    query: Select[Any]
    #: Its parameters whose value is a list.
    lists: Sequence[str] = ()

    def rows(self, connection: Connection, known: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The answer, a row by the names of its columns.

        Arguments:
            known: the value of each parameter, or more.
        """
        lengths = tuple((name, len(known[name])) for name in self.lists)
        if any(length > MAX_LISTED for _, length in lengths):
            found = connection.execute(self.query, dict(known))
            return rows_of(found)
        asked = _asked(connection.dialect, self.query, lengths)
        return [asked.row(row) for row in _fetched(connection, asked, asked.sent(known))]


def rows_of(found: Result[Any]) -> list[dict[str, Any]]:
    """An answer of SQLAlchemy's, each row by the names of its columns.

    A third of what ``dict(row)`` takes for rows as ``mappings()`` gives them.
    """
    names = list(found.keys())
    return [dict(zip(names, row, strict=True)) for row in found]


_Takes = tuple[str, str, int | None, Callable[[Any], Any] | None]


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """A query in the words of a driver."""

    text: str
    #: What each parameter takes: its name there, that of the value (and which of a list of values),
    #: and what puts it in the driver's form.
    takes: Sequence[_Takes]
    #: The values that stand in the query itself, in the driver's form.
    fixed: Mapping[str, Any]
    #: The order of the parameters, where they have no names.
    order: Sequence[str] | None
    names: Sequence[str]
    #: What makes a value of what the driver gives, by its place.
    readers: Sequence[tuple[int, Callable[[Any], Any]]]

    def sent(self, known: Mapping[str, Any]) -> Any:
        """The parameters as the driver takes them."""
        values = dict(self.fixed)
        for there, name, index, write in self.takes:
            value = known[name] if index is None else known[name][index]
            values[there] = write(value) if write else value
        return values if self.order is None else tuple([values[name] for name in self.order])

    def row(self, given: Sequence[Any]) -> dict[str, Any]:
        """A row of the driver's with its names and values."""
        row = dict(zip(self.names, given, strict=True))
        for place, read in self.readers:
            name = self.names[place]
            row[name] = read(row[name])
        return row


def _fetched(connection: Connection, asked: _Asked, sent: Any) -> list[Any]:
    driver: Any = connection.connection.driver_connection
    cursor: Any = connection.connection.cursor()
    # PostgreSQL gets the beginning of a transaction and its first question in one round trip.
    server = connection.dialect.name == "postgresql"
    first = server and driver.pgconn.transaction_status == _IDLE
    together = driver.pipeline() if first else nullcontext()
    with told_as_sqlalchemy_does(connection):
        with together:
            cursor.execute(asked.text, sent)
        rows: list[Any] = cursor.fetchall()
    return rows


@lru_cache(maxsize=256)
def _asked(dialect: Dialect, query: Select[Any], lengths: tuple[tuple[str, int], ...]) -> _Asked:
    made = query.compile(dialect=dialect)
    binds, lists = made.bind_names.items(), dict(lengths)
    there = made.construct_expanded_state(
        {name: [None] * lists[name] if name in lists else one.value for one, name in binds}
    )
    takes: list[_Takes] = []
    fixed: dict[str, Any] = {}
    one: Any
    for one, name in binds:
        write = one.type.dialect_impl(dialect).bind_processor(dialect)
        places: Iterable[tuple[int | None, str]] = [(None, name)]
        if one.expanding:
            places = enumerate(there.parameter_expansion[name])
        for index, place in places:
            if one.required:
                takes.append((place, name, index, write))
            else:
                value = one.value if index is None else one.value[index]
                fixed[place] = write(value) if write else value
    readers = [
        column.type.dialect_impl(dialect).result_processor(dialect, None)
        for column in query.selected_columns
    ]
    return _Asked(
        text=there.statement,
        takes=takes,
        fixed=fixed,
        order=there.positiontup,
        names=[str(column.key) for column in query.selected_columns],
        readers=[(place, one) for place, one in enumerate(readers) if one],
    )
