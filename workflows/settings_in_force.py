"""Values of the round in force today, for what has no case of its own."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from base.days import local_day
from workflows.publishing import Library


def setting(
    connection: Connection, library: Library, process: str, name: str, area: str, now: datetime
) -> Any:
    """A value of the round of a process that holds today; None is UNKNOWN.

    Raises:
        NotFound: the process is not in force.
    """
    published = library.in_force(connection, process, now.date())
    call = published.round_on(local_day(now, ZoneInfo(published.process.zone)))
    return published.values(call, area).get(name)
