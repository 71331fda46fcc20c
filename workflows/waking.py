"""Wake-ups for workers: a job in the step's own transaction, where there are workers.

Rows are the truth; a job only says "look". A lost one costs a delay until the next tick.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

#: The task every wake-up asks for, and the queue it waits in.
TASK = "keurmerk.work"
QUEUE = "keurmerk"


def waker(*, distributed: bool) -> Callable[[Connection], None] | None:
    """What a step calls to wake workers; None where there are none."""
    return wake if distributed else None


def wake(connection: Connection) -> None:
    """Enqueue a wake-up in the transaction of ``connection`` (PostgreSQL with Procrastinate)."""
    raw: Any = connection.connection.driver_connection
    _app().configure_task(TASK, queue=QUEUE, connection=raw).defer()


@lru_cache(maxsize=1)
def _app() -> Any:
    """An application that only enqueues, by connections of others; it opens none of its own."""
    import procrastinate  # noqa: PLC0415 - only where the extra "postgres" is installed

    return procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
