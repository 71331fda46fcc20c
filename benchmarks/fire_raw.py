"""The rows a step writes, and the raw driver writing them."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, select, text

from models.cases import Case
from models.database import metadata
from models.types import Json

_case = Case.__table__  # type: ignore[attr-defined]

#: Tables a step adds rows to.
ADDED = ("decision", "case_event", "timer", "waiting", "mail", "notice")
#: What a step changes of the case.
CHANGED = ("state", "since", "is_open", "unique_key", "version", "head")


@dataclass(frozen=True, kw_only=True)
class Written:
    """What one step wrote, in the values of the driver."""

    case_id: str
    #: The case's columns of :data:`CHANGED`, as they are after it.
    case: tuple[Any, ...]
    #: The rows added, by table; each in the table's order of columns.
    rows: dict[str, list[tuple[Any, ...]]]
    #: The same in our own types, for SQLAlchemy: the case's columns …
    changed: dict[str, Any]
    #: … and the rows added.
    values: dict[str, list[dict[str, Any]]]


def rows_of(database: Engine, cases: Sequence[str]) -> list[Written]:
    """What the last step of each of ``cases`` wrote."""
    with database.connect() as connection:
        changed = {
            row["id"]: row
            for row in connection.execute(select(*(_case.c[name] for name in ("id", *CHANGED))))
            .mappings()
            .all()
        }
        columns = ", ".join(CHANGED)
        plain = {
            row[0]: tuple(row[1:])
            for row in connection.exec_driver_sql(f'SELECT id, {columns} FROM "case"')  # noqa: S608
        }
        added = {table: _read(connection, table, set(cases)) for table in ADDED}
    return [
        Written(
            case_id=case,
            case=plain[case],
            rows={table: found.get(case, ([], []))[0] for table, found in added.items()},
            changed={name: changed[case][name] for name in CHANGED},
            values={table: found.get(case, ([], []))[1] for table, found in added.items()},
        )
        for case in cases
    ]


def _read(
    connection: Connection, name: str, cases: Collection[str]
) -> dict[str, tuple[list[tuple[Any, ...]], list[dict[str, Any]]]]:
    """The rows of a table that the last step of each case added, by case, plain and typed."""
    table = metadata.tables[name]
    # JSON as the text that was sent; anything else as the driver gives it.
    shown = ", ".join(
        f"{column.name}::text"
        if isinstance(column.type, Json) and connection.dialect.name == "postgresql"
        else f'"{column.name}"'
        for column in table.columns
    )
    last, first = _LAST.get(name, "1 = 1"), next(iter(table.primary_key.columns)).name
    plain = connection.exec_driver_sql(
        f"SELECT {shown} FROM {name} WHERE {last} ORDER BY {first}"  # noqa: S608 - our own names
    )
    typed = connection.execute(select(table).where(text(last)).order_by(table.c[first])).mappings()
    found: dict[str, tuple[list[tuple[Any, ...]], list[dict[str, Any]]]] = {}
    for row, values in zip(plain.all(), typed.all(), strict=True):
        if values["case_id"] in cases:
            rows, dicts = found.setdefault(values["case_id"], ([], []))
            rows.append(tuple(row))
            dicts.append(dict(values))
    return found


#: Which rows of a table the last step wrote, where it wrote not all of them.
_LAST = {
    "case_event": 'sequence = (SELECT version FROM "case" WHERE "case".id = case_id)',
    "mail": "event_id IS NOT NULL",
    "notice": "event_id IS NOT NULL",
}


def raw(database: Engine, steps: Sequence[Written]) -> float:
    """Write ``steps`` by the driver alone, a transaction each; gives the seconds it took."""
    mark = "?" if database.dialect.name == "sqlite" else "%s"

    def insert(table: str) -> str:
        # By name: a column that a migration added stands last in the table, and not in the model.
        names = [f'"{column.name}"' for column in metadata.tables[table].columns]
        marks = ", ".join([mark] * len(names))
        return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608

    inserts = {table: insert(table) for table in ADDED}
    changed = ", ".join(f"{name} = {mark}" for name in CHANGED)
    update = f'UPDATE "case" SET {changed} WHERE id = {mark} AND version = {mark}'  # noqa: S608
    select = f'SELECT * FROM "case" WHERE id = {mark}'  # noqa: S608
    clear = f"DELETE FROM timer WHERE case_id = {mark}"  # noqa: S608
    leave = f"DELETE FROM waiting WHERE case_id = {mark}"  # noqa: S608
    withdraw = (
        f"UPDATE mail SET status = 'withdrawn' WHERE case_id = {mark} AND event_id IS NULL "  # noqa: S608
        "AND status || '' = 'waiting'"
    )
    connection: Any = database.raw_connection().driver_connection
    cursor = connection.cursor()
    sqlite = isinstance(connection, sqlite3.Connection)
    if not sqlite:
        assert isinstance(connection, psycopg.Connection)  # noqa: S101 - the only other driver
        connection.rollback()
        select += " FOR UPDATE"
    start = perf_counter()
    for step in steps:
        if sqlite:
            cursor.execute("BEGIN IMMEDIATE")
        cursor.execute(select, (step.case_id,)).fetchone()
        version = step.case[CHANGED.index("version")]
        cursor.execute(update, (*step.case, step.case_id, version - 1))
        cursor.execute(clear, (step.case_id,))
        cursor.execute(leave, (step.case_id,))
        cursor.execute(withdraw, (step.case_id,))
        for table, rows in step.rows.items():
            if len(rows) == 1:
                cursor.execute(inserts[table], rows[0])
            elif rows:
                cursor.executemany(inserts[table], rows)
        connection.commit()
    return perf_counter() - start
