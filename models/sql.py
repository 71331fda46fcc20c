"""What every database says differently."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    Connection,
    Select,
    Text,
    any_,
    bindparam,
    cast,
    func,
    literal,
    select,
)

from models.types import as_json


def among(connection: Connection, column: ColumnElement[str], texts: Sequence[str]) -> Any:
    """Whether ``column`` is one of ``texts``: one parameter, however many they are, and the index.

    Both databases get slow plans from some of the other ways to say it, without statistics.
    """
    if connection.dialect.name == "postgresql":
        return column == any_(bindparam(None, list(texts), type_=ARRAY(Text)))
    listed = func.json_each(as_json(list(texts))).table_valued("value")
    return column.in_(select(listed.c.value))


def only(
    connection: Connection, query: Select[Any], column: ColumnElement[str], texts: Sequence[str]
) -> Select[Any]:
    """``query``, which selects from one table, with the rows whose ``column`` is one of ``texts``.

    For thousands of them, and for a table whose rows PostgreSQL has not counted yet, such as the
    cases while a screening opens them: it would compare each row with each text of :func:`among`.
    """
    if connection.dialect.name == "postgresql":
        asked = id_table(connection, texts)
        return query.join(asked, asked.c.value == column)
    return query.where(among(connection, column, texts))


def id_table(connection: Connection, ids: Iterable[str]) -> Any:
    """A table to select from, with one column ``value``: each of ``ids`` once.

    It is one parameter, so that no limit on parameters is met.
    """
    whole = as_json(list(dict.fromkeys(ids)))
    if connection.dialect.name == "sqlite":
        return func.json_each(whole).table_valued("value", name="subject")
    # Not an array: the driver writes one text by text; and PostgreSQL, which counts an array's
    # texts but never these, looks each up by the index rather than read whole tables.
    listed = func.json_array_elements_text(cast(literal(whole, Text), JSON))
    return listed.table_valued("value", name="subject").render_derived()
