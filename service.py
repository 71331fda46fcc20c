"""The composition root: builds the parts of Keurmerk and puts them together. It decides nothing.

Its functions import what they build: a command starts with what it needs, in a quarter of the time.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog

from base.clock import Clock, SystemClock
from base.garbage import collect_seldom
from cli.app import run
from cli.context import Parts, Wiring

if TYPE_CHECKING:
    from base.settings import Settings
    from notifications.carriers import Carrier


def carrier(settings: Settings) -> Carrier:
    """What takes mails away: the mail server of the settings, else a folder."""
    from notifications.carriers import FolderCarrier, SmtpCarrier

    if settings.smtp_host is None:
        return FolderCarrier(settings.mail_folder)
    password = settings.smtp_password
    return SmtpCarrier(
        settings.smtp_host, settings.smtp_port, security=settings.smtp_security,
        user=settings.smtp_user, password=password.get_secret_value() if password else None,
    )  # fmt: skip


@contextmanager
def open_parts(settings: Settings, clock: Clock | None = None) -> Iterator[Parts]:
    """An installation, closed at the end.

    Raises:
        WrongDatabase: there is no database, or it has another version than this program.
    """
    from documents.store import FolderStore
    from models.database import open_database
    from models.schema import check_version
    from notifications.delivery import Post
    from notifications.message import Sender
    from notifications.templates import Templates
    from rules.judge import Judge
    from workflows.engine import Engine
    from workflows.publishing import Library
    from workflows.tools import Tools
    from workflows.waking import waker

    clock = clock or SystemClock()
    database = open_database(settings.database, settings.sqlite_synchronous, make=False)
    try:
        check_version(database)
        grace = timedelta(seconds=settings.grace_seconds)
        with Judge() as judge:
            tools = Tools(
                clock=clock, library=Library(), judge=judge, grace=grace,
                public_url=settings.public_url.rstrip("/"),
                wake=waker(distributed=settings.distributed, grace=grace),
                **_signing(settings),
            )  # fmt: skip
            templates = Templates()
            yield Parts(
                settings=settings, clock=clock, database=database,
                engine=Engine(database, tools), templates=templates,
                files=FolderStore(settings.files),
                post=Post(
                    database=database, clock=clock, templates=templates,
                    public_url=tools.public_url,
                    sender=Sender(address=settings.mail_from, reply_to=settings.mail_reply_to),
                    carrier=lambda: carrier(settings),
                    connections=settings.smtp_connections if settings.smtp_host else 1,
                ),
            )  # fmt: skip
    finally:
        database.dispose()


def _signing(settings: Settings) -> dict[str, str]:
    key = settings.secret_key
    return {"secret": key.get_secret_value()} if key else {}


def application(parts: Parts, demo: bool) -> Any:
    """The web application of an installation."""
    from web.app import create_app
    from web.context import Context
    from web.oidc.providers import read_providers
    from web.oidc.remote import Remote
    from workflows.moving import mover

    return create_app(
        Context(
            settings=parts.settings, database=parts.database, engine=parts.engine,
            templates=parts.templates, files=parts.files, demo=demo,
            move=mover(parts.engine, parts.post, parts.clock) if demo else None,
            remotes=tuple(
                Remote(one, SystemClock()) for one in read_providers(parts.settings.providers)
            ),
        )
    )  # fmt: skip


def set_up_logs(form: str = "text", level: str = "info") -> None:
    """Log lines go to the error stream, as text or JSON. Traces in them are plain: no variables."""
    last: list[Any] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if form == "json"
        else [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def settings_with_logs() -> Settings:
    """The settings of this process; from here on its log has their form."""
    from base.settings import read_settings

    settings = read_settings()
    set_up_logs(settings.log_format, settings.log_level)
    return settings


def main() -> None:
    """The command ``keurmerk``."""
    collect_seldom()
    # Before anything can fail: what structlog does by itself shows the values of variables.
    set_up_logs()
    run(Wiring(settings=settings_with_logs, open=open_parts, app=application))


if __name__ == "__main__":
    main()
