"""``keurmerk serve``: pages, API, clock and delivery in one process."""

from __future__ import annotations

import ipaddress
import signal
from typing import Annotated, NoReturn

import structlog
import typer
import uvicorn

from base.clock import Clock
from base.errors import BadDefinition, BadSetting
from base.i18n import N_
from base.settings import Settings
from cli.context import Parts, Wiring, wiring
from cli.demo_data import demo_clock, demo_settings
from cli.demo_service import make_demo
from cli.publishing import publish_installed
from notifications.delivery import deliver
from notifications.ticker import Ticker
from workflows.sweep import prepare, sweep

log = structlog.get_logger("keurmerk.serve")

#: How often the timers of processes are looked over, in seconds.
HOURLY = 3600
#: How long requests that are being answered are waited for at the end, in seconds.
PATIENCE = 10


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(run)


def run(
    context: typer.Context,
    demo: Annotated[
        bool, typer.Option("--demo", help="Demo data, and sign-in as a demo person; loopback only.")
    ] = False,
    host: Annotated[str | None, typer.Option(help="Address; else KEURMERK_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; else KEURMERK_PORT.")] = None,
) -> None:
    """Serve pages and API, and carry out what is due."""
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
    """Serve until the process is told to end; what is running is finished."""
    with given.open(settings, clock) as parts:
        try:
            publish_installed(parts)
        except BadDefinition as error:
            log.error("files have errors; what is in force stays", remarks=str(error))
        ticker = ticking(parts)
        signal.signal(signal.SIGTERM, _end)
        ticker.start()
        typer.echo(f"Keurmerk is at http://{settings.host}:{settings.port}", err=True)
        try:
            uvicorn.run(
                given.app(parts, demo), host=settings.host, port=settings.port,
                log_level="warning", access_log=False, server_header=False,
                timeout_graceful_shutdown=PATIENCE,
            )  # fmt: skip
        finally:
            ticker.stop()


def ticking(parts: Parts) -> Ticker:
    """The jobs of one process: timers, mails, and the timers of processes."""
    ticker = Ticker(parts.clock)
    ticker.every(HOURLY, "prepare", lambda: prepare(parts.engine))
    seconds, ending = parts.settings.sweep_seconds, ticker.ending
    ticker.every(seconds, "sweep", lambda: sweep(parts.engine, ending=ending))
    ticker.every(seconds, "deliver", lambda: deliver(parts.post, ending=ending))
    return ticker


def _end(_signal: int, _frame: object) -> NoReturn:
    # Uvicorn ends its own work at a SIGTERM and then raises it again, by which Python would leave
    # at once, in the middle of a batch of mails.
    raise SystemExit(0)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches ``host``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
