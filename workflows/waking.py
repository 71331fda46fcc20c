"""Wake-ups for workers: a job in the step's own transaction, where there are workers.

Rows are the truth; a job only says "look". A lost one costs a delay until the next tick.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import Connection

#: The task every wake-up asks for, and the queue it waits in.
TASK = "keurmerk.work"
QUEUE = "keurmerk"


def waker(
    *, distributed: bool, grace: timedelta = timedelta()
) -> Callable[[Connection], None] | None:
    """What a step calls to wake workers; None where there are none.

    Arguments:
        grace: how long the step's mails are held: before its end there is nothing to do.
    """
    return partial(wake, after=grace) if distributed else None


def wake(connection: Connection, after: timedelta = timedelta()) -> None:
    """Enqueue a wake-up in the transaction of ``connection`` (PostgreSQL with Procrastinate).

    Arguments:
        after: how long from now it comes, by the machine's clock: a clock that was set to another
            time runs on just as fast.
    """
    raw: Any = connection.connection.driver_connection
    waits: Any = {"schedule_in": {"seconds": after.total_seconds()}} if after else {}
    _app().configure_task(TASK, queue=QUEUE, connection=raw, **waits).defer()


@lru_cache(maxsize=1)
def _app() -> Any:
    """An application that only enqueues, by connections of others; it opens none of its own."""
    import procrastinate  # noqa: PLC0415 - only where the extra "postgres" is installed

    return procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
