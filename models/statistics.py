"""What PostgreSQL plans by: how many rows a table had when it counted them last.

It counts by itself, once a minute. Where thousands of rows come to a table that was empty, its
plans are those for an empty table meanwhile: each check of a foreign key reads it from end to end,
and each claim of 50 mails sorts all that wait. So whoever adds many at once has them counted.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, Engine, Table

from models.database import writing

#: Fewer rows than this are not worth it: a plan for an empty table does for them.
LEAST: Final = 100


class Growing:
    """Has the rows of tables counted whenever as many came as there were before.

    On SQLite, which plans without, nothing is done.
    """

    def __init__(self, database: Engine, *tables: Table) -> None:
        """Count ``tables`` of ``database``."""
        self._database = database
        self._names = [database.dialect.identifier_preparer.format_table(one) for one in tables]
        #: How many there were before, in the table that has the fewest; not known yet: None.
        self._before: float | None = None
        self._since = 0

    def added(self, rows: int) -> None:
        """There are so many more rows in them, about, and they are committed."""
        self._since += rows
        enough = self._since >= max(LEAST, self._before or 0)
        if not enough or self._database.dialect.name != "postgresql":
            return
        with writing(self._database) as connection:
            if self._before is None:
                self._before = self._counted(connection)
            if self._since < self._before:
                return
            # One that somebody else is counting or clearing is left to them.
            connection.exec_driver_sql(f"ANALYZE (SKIP_LOCKED) {', '.join(self._names)}")
        self._before += self._since
        self._since = 0

    def _counted(self, connection: Connection) -> float:
        query = "SELECT min(reltuples) FROM pg_class WHERE oid = ANY(%s::regclass[])"
        fewest: float = connection.exec_driver_sql(query, (self._names,)).scalar_one()
        return max(0, fewest)  # -1: never counted
