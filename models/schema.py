"""The version of a database, and bringing it up to this program's."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from base.errors import WrongDatabase
from base.i18n import N_

_MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def expected_version() -> str:
    """The version this program works with."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def current_version(connection: Connection) -> str | None:
    """The version of a database; None if it has none of our tables yet."""
    return MigrationContext.configure(connection).get_current_revision()


def migrate(engine: Engine) -> None:
    """Bring the database to this program's version; nothing happens if it is there already.

    Raises:
        WrongDatabase: it is of a newer program.
    """
    with engine.begin() as connection:
        found = current_version(connection)
        if found is not None and found not in _known_versions():
            raise _newer(found)
        command.upgrade(_config(connection), "head")


def check_version(engine: Engine) -> None:
    """See that the database has this program's version.

    Raises:
        WrongDatabase: it has another; the sentence names the command that helps.
    """
    with engine.connect() as connection:
        found = current_version(connection)
    expected = expected_version()
    if found is None:
        raise WrongDatabase(
            N_("The database is empty. “keurmerk migrate” makes its tables (version {expected})."),
            expected=expected,
        )
    if found == expected:
        return
    if found in _known_versions():
        raise WrongDatabase(
            N_("The database has version {found}, this program needs {expected}. "
               "Make a copy of it, then run “keurmerk migrate”."),
            found=found, expected=expected,
        )  # fmt: skip
    raise _newer(found)


def _known_versions() -> set[str]:
    return {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def _newer(found: str) -> WrongDatabase:
    return WrongDatabase(
        N_("The database has version {found}, which is newer than this program ({expected}). "
           "Install the newer program."),
        found=found, expected=expected_version(),
    )  # fmt: skip
