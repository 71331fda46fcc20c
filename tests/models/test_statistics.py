from __future__ import annotations

from typing import Any

import sqlalchemy
from sqlalchemy import text

from base.ids import new_id
from models.cases import Timer
from models.database import reading, writing
from models.statistics import LEAST, Growing
from models.writes import insert
from tests.models.test_leases import NOW

_timer = Timer.__table__  # type: ignore[attr-defined]


def counted(database: sqlalchemy.Engine, table: str) -> int:
    """How many rows PostgreSQL counted last; -1 if it never did."""
    asked = text("SELECT reltuples FROM pg_class WHERE oid = CAST(quote_ident(:it) AS regclass)")
    with reading(database) as connection:
        return int(connection.execute(asked, {"it": table}).scalar_one())


def analyze(database: sqlalchemy.Engine) -> None:
    """Let PostgreSQL count all its rows now."""
    with writing(database) as connection:
        connection.execute(text("ANALYZE"))


def add_timers(database: sqlalchemy.Engine, number: int) -> None:
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(), "key": new_id(), "process": "p", "case_id": None, "name": "n",
            "data": {}, "due_at": NOW, "failures": 0,
        }
        for _ in range(number)
    ]  # fmt: skip
    with writing(database) as connection:
        insert(connection, _timer, rows)


def test_rows_are_counted_when_there_are_twice_as_many(postgres_engine: sqlalchemy.Engine) -> None:
    analyze(postgres_engine)
    growing = Growing(postgres_engine, _timer)
    seen = []
    for added in (LEAST - 1, 1, LEAST - 1, 1, LEAST):
        add_timers(postgres_engine, added)
        growing.added(added)
        seen.append(counted(postgres_engine, "timer"))
    assert seen == [0, LEAST, LEAST, 2 * LEAST, 2 * LEAST]


def test_a_table_that_has_many_rows_is_counted_when_as_many_came(
    postgres_engine: sqlalchemy.Engine,
) -> None:
    add_timers(postgres_engine, 3 * LEAST)
    analyze(postgres_engine)
    growing, seen = Growing(postgres_engine, _timer), []
    for _ in range(4):
        add_timers(postgres_engine, LEAST)
        growing.added(LEAST)
        seen.append(counted(postgres_engine, "timer"))
    assert seen == [3 * LEAST, 3 * LEAST, 6 * LEAST, 6 * LEAST]


def test_a_table_that_somebody_else_is_clearing_is_left_to_them(
    postgres_engine: sqlalchemy.Engine,
) -> None:
    growing = Growing(postgres_engine, _timer)
    with writing(postgres_engine) as other:
        other.execute(text("LOCK TABLE timer IN SHARE UPDATE EXCLUSIVE MODE"))
        growing.added(LEAST)  # does not wait


def test_sqlite_is_not_asked(sqlite_engine: sqlalchemy.Engine) -> None:
    with writing(sqlite_engine):  # anybody else who wrote would wait
        Growing(sqlite_engine, _timer).added(LEAST)
