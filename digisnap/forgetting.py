"""Reports are not kept for ever: so long after they were made as the country has set, then they go.

What stays is the line of the archive: when it was asked for, its title and its lists. The file and
the figures go. Two reports that are alike are one file, which goes with the last of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy
import structlog
from sqlalchemy import Connection, select, update

from digisnap.reports import is_forgotten
from documents.store import FileStore
from models.cases import Evidence
from models.database import reading, writing
from models.digisnap import DigisnapReport

log = structlog.get_logger("keurmerk.reports")

_report = DigisnapReport.__table__  # type: ignore[attr-defined]
_evidence = Evidence.__table__  # type: ignore[attr-defined]

#: Tells, reading by a connection, how many days a report is kept; None where it is not set.
Keeping = Callable[[Connection], Callable[[Mapping[str, Any]], int | None]]


def kept_until(report: Mapping[str, Any], days: int | None) -> datetime | None:
    """Until when a report is kept: None for ever, or as long as nobody has set it.

    Arguments:
        days: how long, counted from when it was made; fewer than one is no time to keep it.
    """
    if report["done_at"] is None or days is None or days < 1 or is_forgotten(report):
        return None
    made: datetime = report["done_at"]
    return made + timedelta(days=days)


def forget_reports(
    database: sqlalchemy.Engine, files: FileStore, now: datetime, keeping: Keeping
) -> int:
    """Forget the reports whose time is over; gives how many."""
    query = select(_report).where(_report.c.sha256.is_not(None)).order_by(_report.c.done_at)
    over: dict[str, list[str]] = {}
    with reading(database) as connection:
        kept = keeping(connection)
        for row in map(dict, connection.execute(query).mappings()):
            until = kept_until(row, kept(row))
            if until is not None and until <= now:
                over.setdefault(row["sha256"], []).append(row["id"])
    return sum(_forget(database, files, name, ids) for name, ids in over.items())


def _forget(database: sqlalchemy.Engine, files: FileStore, name: str, ids: list[str]) -> int:
    """Forget reports that are one file, and the file with the last row that names it."""
    with writing(database) as connection:
        # Of two who sweep at once, the second waits here and then sees what the first has left. The
        # file goes before the commit: if this dies in between, the next sweep finds the rows again.
        named = select(_report.c.id).where(_report.c.sha256 == name).order_by(_report.c.id)
        there = set(connection.execute(named.with_for_update()).scalars())
        mine = sorted(there & set(ids))
        if not mine:
            return 0
        gone = update(_report).where(_report.c.id.in_(mine)).values(sha256=None, figures={})
        connection.execute(gone)
        removed = files.remove(name, lambda: _is_named(connection, name))
    log.info("reports forgotten", reports=mine, file_removed=removed)
    return len(mine)


def _is_named(connection: Connection, name: str) -> bool:
    """Whether a report or any evidence, removed or not, is this file."""
    return any(
        connection.execute(select(table.c.id).where(table.c.sha256 == name).limit(1)).first()
        for table in (_report, _evidence)
    )
