"""``keurmerk serve``: pages, API, clock and delivery in one process."""

from __future__ import annotations

import errno
import ipaddress
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from types import FrameType
from typing import Annotated, Any, NoReturn

import structlog
import typer
import uvicorn
from sqlalchemy.exc import DBAPIError

from base.clock import Clock, ShiftedClock
from base.errors import BadDefinition, BadSetting
from base.i18n import N_
from base.settings import Settings
from cli.context import Parts, Wiring, wiring
from cli.demo_data import demo_book, demo_clock, demo_settings, web_address
from cli.demo_service import make_demo
from cli.publishing import publish_installed
from digisnap.reports import make_reports
from models.database import is_away
from notifications.delivery import deliver
from notifications.ticker import Ticker
from rules.book import RuleBook
from surveys.answering import drop_expired
from workflows.digisnap_desk import forget_old_reports
from workflows.survey_reports import forget_old_answers, make_due_reports
from workflows.sweep import prepare, sweep

log = structlog.get_logger("keurmerk.serve")

#: How often the timers of processes are looked over, in seconds.
HOURLY = 3600
#: How long requests that are being answered are waited for at the end, in seconds.
PATIENCE = 10
#: How long a database that went away is waited for before it is tried again, in seconds.
PAUSE = 1.0


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(run)


def run(
    context: typer.Context,
    demo: Annotated[
        bool,
        typer.Option(
            "--demo", help="Made-up schools; sign in as any of their people. On loopback only."
        ),
    ] = False,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; KEURMERK_HOST if left out.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Port to listen on; KEURMERK_PORT if left out."),
    ] = None,
) -> None:
    """Serve pages and API, and carry out what is due."""
    _at_the_end(_leave)
    given = wiring(context)
    settings = given.settings()
    changed = {"host": host or settings.host, "port": port or settings.port}
    settings = settings.model_copy(update=changed)
    clock: Clock | None = None
    if demo:
        if not is_loopback(settings.host):
            raise BadSetting(
                N_("The demo signs in without a password, so it is served on a loopback address "
                   "only, such as 127.0.0.1; {host} is none."),
                host=settings.host,
            )  # fmt: skip
        settings = demo_settings(settings)
        make_demo(given, settings)
        clock = demo_clock(settings)
    serve(given, settings, clock, demo=demo)


def serve(given: Wiring, settings: Settings, clock: Clock | None, *, demo: bool) -> None:
    """Serve until the process is told to end; what is running is finished.

    Raises:
        BadSetting: nothing can listen on the host and port of the settings.
    """
    with given.open(settings, clock) as parts, listening(settings) as listener:
        _publish(parts, demo_book() if demo else None)
        ticker = ticking(parts)
        server = uvicorn.Server(server_settings(given.app(parts, demo), settings, demo=demo))
        # Uvicorn has handlers of its own while it serves, and hands on to these what came then.
        _at_the_end(lambda *_: setattr(server, "should_exit", True))
        ticker.start()
        typer.echo(f"Keurmerk is at {web_address(settings)}", err=True)
        try:
            server.run(sockets=[listener])
            # Whoever asks twice does not wait for the batch under way.
            _at_the_end(_leave)
        finally:
            ticker.stop()


def server_settings(app: Any, settings: Settings, *, demo: bool) -> uvicorn.Config:
    """How ``app`` is served; only the web servers that are named are believed for whom they ask."""
    return uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False,
        timeout_graceful_shutdown=PATIENCE, proxy_headers=not demo,
        forwarded_allow_ips=settings.forwarded_from,
    )  # fmt: skip


def _publish(parts: Parts, book: RuleBook | None) -> None:
    """Publish what is installed, however often the database goes away meanwhile.

    It was there a moment ago and had the right version: it is being restarted, and comes back.
    """
    while True:
        try:
            publish_installed(parts, book=book)
        except BadDefinition as error:
            log.error("files have errors; what is in force stays", remarks=str(error))
        except DBAPIError as error:
            if not is_away(error):
                raise
            log.warning("database away", job="publish", trouble=str(error.orig))
            time.sleep(PAUSE)
            continue
        return


@contextmanager
def listening(settings: Settings) -> Iterator[socket.socket]:
    """A socket that takes connections on the host and port of ``settings``.

    Raises:
        BadSetting: it cannot; the sentence names both and says why.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        raise BadSetting(
            N_("Nothing can listen on {host}, port {port}: {why}. KEURMERK_HOST and "
               "KEURMERK_PORT, or --host and --port, name others."),
            host=settings.host, port=settings.port, why=_why(error),
        ) from None  # fmt: skip
    with listener:
        yield listener


def _why(error: OSError) -> str:
    # What asyncio and socket add is the address, which the sentence has already.
    known = error.errno in errno.errorcode
    return os.strerror(error.errno) if known and error.errno else str(error.strerror or error)


def ticking(parts: Parts) -> Ticker:
    """The jobs of one process: timers, mails, reports, and the timers of processes."""
    ticker = Ticker(parts.clock)
    ticker.every(HOURLY, "prepare", lambda: prepare(parts.engine))
    seconds, ending = parts.settings.sweep_seconds, ticker.ending
    ticker.every(seconds, "sweep", still(parts, lambda: sweep(parts.engine, ending=ending)))
    ticker.every(
        seconds,
        "reports",
        still(parts, lambda: make_reports(parts.database, parts.clock, parts.files, ending=ending)),
    )
    tools = parts.engine.tools
    ticker.every(
        seconds,
        "survey reports",
        still(parts, lambda: make_due_reports(parts.database, tools, ending)),
    )
    ticker.every(
        HOURLY, "old answers", still(parts, lambda: forget_old_answers(parts.database, tools))
    )
    ticker.every(
        HOURLY,
        "old reports",
        still(parts, lambda: forget_old_reports(parts.database, tools, parts.files)),
    )
    ticker.every(HOURLY / 60, "questionnaires", still(parts, lambda: drop(parts)))
    ticker.every(seconds, "deliver", still(parts, lambda: deliver(parts.post, ending=ending)))
    return ticker


def drop(parts: Parts) -> None:
    """Delete what is left of questionnaires whose two hours are over."""
    drop_expired(parts.database, parts.clock.now())


def still(parts: Parts, job: Callable[[], object]) -> Callable[[], None]:
    """``job``, while which nobody moves the clock, where it is one that can be moved."""

    def run() -> None:
        clock = parts.clock
        with clock.still() if isinstance(clock, ShiftedClock) else nullcontext():
            job()

    return run


def _at_the_end(do: Callable[[int, FrameType | None], object]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, do)


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    # Unlike the end that Python would make, this one undoes transactions and closes what is open.
    raise SystemExit(0)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches ``host``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
