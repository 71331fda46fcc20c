"""``keurmerk worker``: carries out what is due, on as many machines as wanted (PostgreSQL)."""

from __future__ import annotations

import asyncio
import signal
import threading
from contextlib import suppress

import structlog
import typer

from base.errors import BadSetting
from base.i18n import N_
from cli.context import Parts, wiring
from cli.serve import ticking
from notifications.delivery import deliver
from workflows.sweep import sweep
from workflows.waking import QUEUE, TASK

log = structlog.get_logger("keurmerk.worker")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("worker")(run)


def run(context: typer.Context) -> None:
    """Carry out timers and deliver mails until told to end; needs PostgreSQL."""
    given = wiring(context)
    settings = given.settings()
    if settings.is_sqlite:
        raise BadSetting(
            N_("Workers need PostgreSQL (KEURMERK_DATABASE). With SQLite, “keurmerk serve” does "
               "their work.")
        )  # fmt: skip
    with given.open(settings, None) as parts:
        ticker = ticking(parts)
        ticker.start()
        try:
            asyncio.run(_work(parts, ticker.ending))
        finally:
            ticker.stop()


async def _work(parts: Parts, ending: threading.Event) -> None:
    import procrastinate  # noqa: PLC0415 - only where the extra "postgres" is installed

    url = parts.database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))

    @app.task(name=TASK, queue=QUEUE)
    def work() -> None:
        sweep(parts.engine, ending=ending)
        deliver(parts.post, ending=ending)

    async with app.open_async():
        worker = asyncio.create_task(
            app.run_worker_async(
                queues=[QUEUE], delete_jobs="successful", install_signal_handlers=False
            )
        )

        def end() -> None:
            # A wake-up that is at work ends after its batch; the worker waits for that.
            ending.set()
            worker.cancel()

        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, end)
        log.info("worker ready")
        with suppress(asyncio.CancelledError):
            await worker
