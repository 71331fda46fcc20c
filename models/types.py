"""What every table is, and column types."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import DateTime, Dialect, String, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import SQLModel

from base.clock import in_utc


class Table(SQLModel):
    """A row of a table. The database checks it, so pydantic need not make its checks ready."""

    model_config = {"defer_build": True}


class Instant(TypeDecorator[datetime]):
    """An instant: aware in Python, UTC in the database. A naive datetime is refused.

    SQLite keeps it as text of one fixed form, so that comparing the text compares the instants.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Text on SQLite, ``timestamptz`` on PostgreSQL."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(27))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """To the database; ValueError for a naive datetime."""
        if value is None:
            return None
        value = in_utc(value)
        return _text(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """From the database."""
        if value is None:
            return None
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        return in_utc(value)


# Thousands of rows are written at one instant. In UTC only: elsewhere the two hours that have one
# name, when summer time ends, are equal to Python.
@lru_cache(maxsize=256)
def _text(instant: datetime) -> str:
    return f"{instant.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


class Json(TypeDecorator[Any]):
    """JSON: text on SQLite, ``jsonb`` on PostgreSQL. Dates become ISO text."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Text, or jsonb."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(JSONB())
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """To the database."""
        if value is None or dialect.name == "postgresql":  # its driver writes it: ``as_json``
            return value
        return as_json(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """From the database."""
        if value is None or dialect.name == "postgresql":  # its driver has read it already
            return value
        return orjson.loads(value)


def as_json(value: Any) -> str:
    """``value`` as JSON; dates and instants as ISO 8601."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z).decode()
