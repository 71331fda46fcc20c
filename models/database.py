"""Opening the database, and transactions on it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, Literal

import orjson
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool
from sqlmodel import SQLModel

from base.errors import BadSetting, WrongDatabase
from base.i18n import N_
from models import (  # noqa: F401 - registers the tables
    access,
    cases,
    desk,
    digisnap,
    drafts,
    messages,
    preferences,
    registry,
    survey_results,
    surveys,
)
from models.types import as_json

metadata = SQLModel.metadata

#: A PostgreSQL connection that was not used for so long is tried first, in seconds: less than a
#: server takes to start again.
IDLE = 0.5


def open_database(
    url: str, synchronous: Literal["NORMAL", "FULL"] = "FULL", *, make: bool = True
) -> Engine:
    """An engine for ``url``.

    On SQLite: write-ahead log, foreign keys on, and every writing transaction begins with
    ``BEGIN IMMEDIATE``: deferred ones fail with "database is locked" where they could have waited.

    What a statement was given stands in no error, since errors are logged: the answers of a
    questionnaire beside the moment they came at would tell whose they are.

    Arguments:
        url: ``sqlite:///path``, ``sqlite://`` (in memory) or ``postgresql+psycopg://…``.
        synchronous: SQLite only; FULL keeps an acknowledged commit through a power cut.
        make: SQLite only; whether the first connection makes the file where there is none.

    Raises:
        WrongDatabase: there is no such file and none is to be made, or its folder cannot be made.
        BadSetting: PostgreSQL is asked for, and its driver is not installed.
    """
    address = make_url(url)
    if not address.get_backend_name().startswith("sqlite"):
        try:
            postgresql = create_engine(
                address, pool_size=10, max_overflow=20, hide_parameters=True,
                json_serializer=as_json, json_deserializer=orjson.loads,
            )  # fmt: skip
        except ModuleNotFoundError as error:
            raise BadSetting(
                N_("KEURMERK_DATABASE names a PostgreSQL database, which needs the extra "
                   "“postgres”: {module} is not installed."),
                module=error.name,
            ) from None  # fmt: skip
        _try_idle_connections(postgresql)
        return postgresql
    options: dict[str, Any] = {"connect_args": {"timeout": 30.0, "check_same_thread": False}}
    if address.database in {None, "", ":memory:"}:
        options["poolclass"] = StaticPool
    else:
        _see_to(Path(str(address.database)), make=make)
    engine = create_engine(address, hide_parameters=True, **options)

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in (
            "journal_mode=WAL", f"synchronous={synchronous}", "foreign_keys=ON",
            "busy_timeout=30000", "temp_store=MEMORY", "cache_size=-32000",
            "secure_delete=ON",  # what is deleted is not left in the file: answers, above all
        ):  # fmt: skip
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get("reads_only", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _see_to(file: Path, *, make: bool) -> None:
    """See that ``file`` is there, or can be made."""
    if not make:
        if not file.exists():
            raise WrongDatabase(
                N_("There is no database at {file} yet. “keurmerk migrate” makes it, if "
                   "KEURMERK_DATABASE names the right one."),
                file=file,
            )  # fmt: skip
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WrongDatabase(
            N_("The folder {folder} cannot be made for the database: {why}."),
            folder=file.parent, why=error.strerror,
        ) from None  # fmt: skip


def _try_idle_connections(engine: Engine) -> None:
    """Before a connection is used that lay idle, see that the server still knows it.

    SQLAlchemy's own ``pool_pre_ping`` asks before every use, which costs each step a round trip.
    """

    @event.listens_for(engine, "checkin")
    def _returned(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info["returned"] = monotonic()

    @event.listens_for(engine, "checkout")
    def _taken(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        if monotonic() - record.info.get("returned", monotonic()) < IDLE:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            # The pool takes another one.
            raise DisconnectionError from error


def is_away(error: DBAPIError) -> bool:
    """Whether the database could not be reached or cut the connection: no fault of what was asked.

    On SQLite, never.
    """
    if error.connection_invalidated:
        return True
    # Class 08 is about connections; 57P is a server that ends or begins. An attempt to connect that
    # failed has no code, and brings its connection along.
    code = getattr(error.orig, "sqlstate", None) or ""
    return code.startswith(("08", "57P")) or getattr(error.orig, "pgconn", None) is not None


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that writes: committed at the end, rolled back on any exception."""
    with engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that only reads: on SQLite it does not wait for the writer."""
    with engine.connect().execution_options(reads_only=True) as connection, connection.begin():
        yield connection
