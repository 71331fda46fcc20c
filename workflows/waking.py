"""Wake-ups for workers: a job in the step's own transaction, where there are workers.

Rows are the truth; a job only says "look". A lost one costs a delay until the next tick.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

#: The task every wake-up asks for.
TASK = "keurmerk.work"
QUEUE = "keurmerk"


def waker(distributed: bool) -> Callable[[Connection], None] | None:
    """What a step calls to wake workers; None where there are none."""
    return wake if distributed else None


def wake(connection: Connection) -> None:
    """Enqueue a wake-up in the transaction of ``connection`` (PostgreSQL with Procrastinate)."""
    app = procrastinate_app()
    raw: Any = connection.connection.driver_connection
    app.configure_task(TASK, queue=QUEUE).defer(connection=raw)


_apps: list[Any] = []


def procrastinate_app() -> Any:
    """The Procrastinate application that enqueues; it opens no connection of its own."""
    if not _apps:
        import procrastinate  # noqa: PLC0415 - only where the extra "postgres" is installed

        app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
        _apps.append(app)
    return _apps[0]
