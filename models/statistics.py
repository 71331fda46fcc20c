"""What PostgreSQL plans by: how many rows a table had when it counted them last.

It counts by itself, once a minute. Where thousands of rows come to a table that was empty, its
plans are those for an empty table meanwhile: each check of a foreign key reads it from end to end,
and each claim of 50 mails sorts all that wait. So whoever adds many at once has them counted.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Engine, Table

from models.database import writing

#: Fewer rows than this are not worth it: a plan for an empty table does for them.
LEAST: Final = 100


class Growing:
    """Has the rows of tables counted whenever as many came as there were before."""

    def __init__(self, database: Engine, *tables: Table) -> None:
        """Count ``tables`` of ``database``; on SQLite, which plans without, nothing is done."""
        self._database = database
        names = ", ".join(map(database.dialect.identifier_preparer.format_table, tables))
        # One that somebody else is counting or clearing is left to them.
        self._statement = f"ANALYZE (SKIP_LOCKED) {names}"
        self._counted = self._since = 0

    def added(self, rows: int) -> None:
        """There are so many more rows in them, about, and they are committed."""
        self._since += rows
        if self._since < max(LEAST, self._counted):
            return
        self._counted += self._since
        self._since = 0
        if self._database.dialect.name == "postgresql":
            with writing(self._database) as connection:
                connection.exec_driver_sql(self._statement)
