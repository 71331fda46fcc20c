"""``keurmerk worker``: carries out what is due, beside the service and in a process of its own.

On PostgreSQL on as many machines as wanted; on SQLite on the service's own, for a second core.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from contextlib import suppress

import structlog
import typer
from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError

from cli.context import Parts, wiring
from cli.serve import ticking
from models.database import reading
from notifications.delivery import deliver
from notifications.ticker import attempt
from workflows.sweep import sweep
from workflows.waking import QUEUE, TASK

#: How often it is looked for wake-ups whose time has come, in seconds: nothing tells of those.
LOOK = 1.0
#: How long a database that is away is waited for before it is tried again, in seconds.
PATIENCE = 1.0
#: How long a wake-up that is at work is waited for at the end, in seconds.
LAST = 60.0

log = structlog.get_logger("keurmerk.worker")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("worker")(run)


def run(context: typer.Context) -> None:
    """Carry out what is due until told to end."""
    given = wiring(context)
    with given.open(given.settings(), None) as parts:
        ticker = ticking(parts)
        ticker.start()
        try:
            asyncio.run(_work(parts, ticker.ending))
        finally:
            ticker.stop()


async def _work(parts: Parts, ending: threading.Event) -> None:
    """Take up wake-ups, where there are any, until told to end."""
    task = asyncio.current_task()

    def end() -> None:
        if task and not ending.is_set():
            # A wake-up that is at work ends after its batch, and is waited for.
            ending.set()
            task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end)
    with suppress(asyncio.CancelledError):
        while not ending.is_set():
            await (_tick() if parts.settings.is_sqlite else _listen(parts, ending))
            # The database went away; the ticks go on by themselves.
            await asyncio.to_thread(_wait_for, parts.database, ending)


async def _tick() -> None:
    """Leave everything to the ticker: in a file of SQLite nobody enqueues a wake-up."""
    log.info("worker ready")
    await asyncio.Event().wait()


async def _listen(parts: Parts, ending: threading.Event) -> None:
    """Take up wake-ups while the database is there."""
    import procrastinate  # noqa: PLC0415 - only where the extra "postgres" is installed
    import psycopg  # noqa: PLC0415 - the same

    url = parts.database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    app = procrastinate.App(
        connector=procrastinate.PsycopgConnector(conninfo=url, min_size=1, timeout=PATIENCE)
    )

    def carry_out() -> None:
        sweep(parts.engine, ending=ending)
        deliver(parts.post, ending=ending)

    @app.task(name=TASK, queue=QUEUE)
    def work() -> None:
        attempt("wake-up", carry_out)

    async def take_up() -> None:
        try:
            async with app.open_async():
                log.info("worker ready")
                await app.run_worker_async(
                    queues=[QUEUE], fetch_job_polling_interval=LOOK, delete_jobs="always",
                    install_signal_handlers=False,
                )  # fmt: skip
        except (procrastinate.exceptions.ConnectorException, psycopg.OperationalError) as error:
            log.warning("database away", trouble=str(error.__cause__ or error))

    tasks = {
        asyncio.create_task(take_up()),
        asyncio.create_task(_gone_and_back(parts.database)),
    }
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()  # a fault of ours ends the worker
    finally:
        for task in tasks:
            task.cancel()
        # A wake-up at work is waited for at the end; else it ends by itself, beside a new worker.
        await asyncio.wait(tasks, timeout=LAST if ending.is_set() else PATIENCE)


async def _gone_and_back(database: Engine) -> None:
    """End once the database was away and is back.

    Procrastinate's worker does not always end by itself then, and one whose connections are gone
    takes up nothing more.
    """
    gone = False
    while True:
        await asyncio.sleep(LOOK)
        there = await asyncio.to_thread(_is_there, database)
        if gone and there:
            return
        if not there and not gone:
            log.warning("database away")
            gone = True


def _is_there(database: Engine) -> bool:
    try:
        with reading(database) as connection:
            connection.execute(select(1))
    except DBAPIError:
        return False
    return True


def _wait_for(database: Engine, ending: threading.Event) -> None:
    """Wait until the database is there, or the worker is told to end."""
    while not (ending.is_set() or _is_there(database)):
        ending.wait(PATIENCE)
