"""Many ids in one statement: as one parameter, so that no limit on parameters is met."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import ARRAY, Connection, Text, bindparam, func


def id_table(connection: Connection, ids: Iterable[str]) -> Any:
    """A table to select from, with one column ``value``: each of ``ids`` once."""
    distinct = list(dict.fromkeys(ids))
    if connection.dialect.name == "sqlite":
        return func.json_each(orjson.dumps(distinct).decode()).table_valued("value", name="subject")
    array = bindparam(None, distinct, type_=ARRAY(Text))
    return func.unnest(array).table_valued("value", name="subject").render_derived()
