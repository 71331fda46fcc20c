from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from base.errors import WrongDatabase
from models.database import metadata, reading, writing
from models.schema import check_version, current_version, expected_version, migrate
from tests.conftest import opened


def ours(_object: Any, name: str | None, kind: str, *_more: Any) -> bool:
    return not (kind == "table" and (name or "").startswith("procrastinate_"))


def test_the_migrations_make_exactly_the_tables_of_the_models(engine: sqlalchemy.Engine) -> None:
    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours})
        assert compare_metadata(context, metadata) == []
        assert current_version(connection) == expected_version()


def test_migrating_again_changes_nothing(engine: sqlalchemy.Engine) -> None:
    migrate(engine)
    check_version(engine)


def test_an_empty_database_is_refused_with_the_command_that_helps() -> None:
    with opened("sqlite://") as empty, pytest.raises(WrongDatabase, match="keurmerk migrate"):
        check_version(empty)


@pytest.mark.parametrize(
    ("version", "words"), [("0001", "keurmerk migrate"), ("9999", "newer program")]
)
def test_another_version_is_refused_with_what_helps(
    engine: sqlalchemy.Engine, version: str, words: str
) -> None:
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})
    with pytest.raises(WrongDatabase, match=words):
        check_version(engine)


def test_a_database_of_a_newer_program_is_not_migrated(engine: sqlalchemy.Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(WrongDatabase, match="newer than this program"):
        migrate(engine)
    with reading(engine) as connection:
        assert current_version(connection) == "9999"


def test_a_database_can_go_back_to_nothing(engine: sqlalchemy.Engine) -> None:
    from alembic import command  # noqa: PLC0415

    from models.schema import _config  # noqa: PLC0415

    with engine.begin() as connection:
        command.downgrade(_config(connection), "base")
    with reading(engine) as connection:
        left = set(sqlalchemy.inspect(connection).get_table_names())
    assert left <= {"alembic_version"}
    migrate(engine)
    check_version(engine)
