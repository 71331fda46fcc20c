"""What every database says differently."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Connection, Text, any_, bindparam, func, select

from models.types import as_json


def among(connection: Connection, column: ColumnElement[str], texts: Sequence[str]) -> Any:
    """Whether ``column`` is one of ``texts``: one parameter, however many they are, and the index.

    Both databases get slow plans from some of the other ways to say it, without statistics.
    """
    if connection.dialect.name == "postgresql":
        return column == any_(bindparam(None, list(texts), type_=ARRAY(Text)))
    listed = func.json_each(as_json(list(texts))).table_valued("value")
    return column.in_(select(listed.c.value))
