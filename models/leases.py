"""Rows that fall due, claimed with a lease, so that any number of workers can look side by side.

A claim is a commit of its own. Whoever made it carries the rows out and says so; from one that died
they are free again when the lease ends.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

import structlog
from sqlalchemy import (
    Column,
    ColumnElement,
    Engine,
    Table,
    UpdateBase,
    bindparam,
    or_,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError

from base.clock import Clock
from models.database import is_away, writing
from models.reads import rows_of
from models.types import Instant

#: How often a database that is away is tried again, in seconds.
PATIENCE: Final = 0.5

log = structlog.get_logger("keurmerk.leases")


@dataclass(frozen=True, kw_only=True, eq=False)
class Leases:
    """How the due rows of one table are claimed. It has the columns ``id`` and ``leased_until``."""

    table: Table
    #: The column that says from when on a row is due.
    due: Column[datetime]
    #: Which rows are to be done at all.
    waiting: ColumnElement[bool]
    #: How long a claim holds.
    length: timedelta

    @cached_property
    def _claims(self) -> UpdateBase:
        rows, now = self.table.c, bindparam("now", type_=Instant())
        # Several claim at once on PostgreSQL: none waits for the rows of another. What locks rows
        # is carried out once, before the update, so that the limit holds.
        due = (
            select(rows.id)
            .where(
                self.waiting, self.due <= now,
                or_(rows.leased_until.is_(None), rows.leased_until <= now),
            )
            .order_by(self.due, rows.id)
            .limit(bindparam("batch"))
            .with_for_update(skip_locked=True)
            .cte("due")
        )  # fmt: skip
        return (
            update(self.table)
            .where(rows.id.in_(select(due.c.id)))
            .values(leased_until=bindparam("until", type_=Instant()))
            .returning(*rows)
        )

    def claim(self, database: Engine, now: datetime, batch: int) -> list[dict[str, Any]]:
        """Lease up to ``batch`` due rows, the most overdue first."""
        given = {"now": now, "until": now + self.length, "batch": batch}
        with writing(database) as connection:
            claimed = rows_of(connection.execute(self._claims, given))
        # An update gives its rows in no order.
        return sorted(claimed, key=lambda row: (row[self.due.name], row["id"]))

    def give_back(self, database: Engine, rows: Sequence[dict[str, Any]]) -> None:
        """Free rows as they were claimed; those on which something else was said since stay so."""
        if not rows:
            return
        columns = self.table.c
        freed = (
            update(self.table)
            .where(
                columns.id.in_([row["id"] for row in rows]),
                columns.leased_until.in_({row["leased_until"] for row in rows}),
            )
            .values(leased_until=None)
        )
        with writing(database) as connection:
            connection.execute(freed)


def outlast(
    act: Callable[[], None], *, clock: Clock, until: datetime, ending: threading.Event
) -> None:
    """Do ``act``, and while the database is away, do it again.

    For what is known here alone, such as which mails a server has accepted. ``act`` must come to
    the same when it is done twice: a commit may have held although its answer was lost.

    Arguments:
        until: when it is no longer worth it: the lease ends.
        ending: once it is set, it is tried one last time.

    Raises:
        DBAPIError: the database was away to the end, or is there and refuses.
    """
    while True:
        last = ending.is_set() or clock.now() >= until
        try:
            act()
        except DBAPIError as error:
            if last or not is_away(error):
                raise
            log.warning("database away", trouble=str(error.orig))
            ending.wait(PATIENCE)
        else:
            return
