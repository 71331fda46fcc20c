"""From the timer of the screening to the last invitation accepted by a mail server.

Two processes work at it, as ``keurmerk serve`` and ``keurmerk worker`` do: this one screens, the
other delivers what is there already.
"""

from __future__ import annotations

import argparse
import multiprocessing
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from time import perf_counter
from typing import Protocol

from sqlalchemy import func, select

from base.clock import VirtualClock
from base.garbage import collect_seldom
from base.settings import Settings
from benchmarks import postfix, sinks
from benchmarks.databases import POSTGRESQL, Databases
from benchmarks.installation import installation
from benchmarks.measure import forget_peak, peak_megabytes, timed
from benchmarks.table import Report, per_second, seconds
from models.cases import Case
from models.database import open_database, reading, writing
from models.messages import Mail
from notifications.carriers import SmtpCarrier
from notifications.delivery import Post, deliver
from notifications.message import Sender
from notifications.templates import Templates
from registry.generate import Size, generate
from workflows.sweep import prepare, sweep

#: eTwinning in the 2021-22 call.
WHOLE = Size()
#: The size of a first look.
QUICK = Size(schools=2_180, eligible=52, teachers=394)
DAY_BEFORE = datetime(2022, 11, 22, 12, 0, tzinfo=UTC)
#: 06:00 in Brussels on the round's snapshot day.
SNAPSHOT = datetime(2022, 11, 23, 5, 0, tzinfo=UTC)

_case = Case.__table__  # type: ignore[attr-defined]
_mail = Mail.__table__  # type: ignore[attr-defined]


class Server(Protocol):
    """A mail server that counts."""

    name: str
    port: int

    @property
    def accepted(self) -> int:
        """How many mails it took."""
        ...


def options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--connections", type=int, default=4, help="to the mail server at a time")
    names = sorted([*sinks.SERVERS, postfix.Postfix.name])
    parser.add_argument("--server", choices=names, help="only this mail server")


def measure(databases: Databases, given: argparse.Namespace) -> Report:
    """Screen a registry of eTwinning's size, on each kind of database for each mail server."""
    size = QUICK if given.quick else WHOLE
    report = Report(
        title=f"Screening {size.schools:,} schools, inviting {size.teachers:,} teachers of "
        f"{size.eligible:,}; {given.connections} connections to the mail server",
        columns=["the schools", "the last mail", "mails a second", "together"],
    )
    forget_peak()
    memory = 0.0
    for kind in databases.kinds:
        for name in [given.server] if given.server else _servers(given):
            with _running(name) as server:
                memory = max(memory, _once(databases, kind, server, given, size, report))
    whole = peak_megabytes() + memory
    report.add(
        "peak memory of both processes", "", "", "", f"{whole:,.0f} MB",
        aim="under 500 MB", reached=whole < 500,
    )  # fmt: skip
    report.notes.append(
        "Making the registry is not counted; its memory is. The mail server works on the same "
        "machine, and its time is in the figure."
    )
    if not postfix.available():
        report.notes.append("Postfix is not measured: it is not installed, or we are not root.")
    if POSTGRESQL in databases.kinds:
        report.notes.append("PostgreSQL’s own memory is not counted.")
    return report


def _servers(given: argparse.Namespace) -> list[str]:
    own = given.quick or not postfix.available()
    return [*sinks.SERVERS] if own else [*sinks.SERVERS, postfix.Postfix.name]


def _running(name: str) -> AbstractContextManager[Server]:
    if name == postfix.Postfix.name:
        return postfix.running()
    return sinks.running(name, sinks.SERVERS[name])


def _once(
    databases: Databases, kind: str, server: Server, given: argparse.Namespace, size: Size,
    report: Report,
) -> float:  # fmt: skip
    """Screen once; gives the most memory the worker had, in megabytes."""
    database = databases.fresh(kind)
    url = database.url.render_as_string(hide_password=False)
    with installation(database, DAY_BEFORE) as (engine, clock, _published):
        with writing(database) as connection:
            generate(connection, size)
        databases.settle(database)
        prepare(engine)
        look = 0.2 if given.quick else Settings.model_fields["sweep_seconds"].default
        with _worker(url, server.port, given.connections, look) as (ended, finished, memory):
            clock.move_to(SNAPSHOT)
            begun = perf_counter()
            screened = timed(lambda: sweep(engine))
            ended.set()
            finished.wait()
            together = perf_counter() - begun
        with reading(database) as connection:
            opened = connection.execute(select(func.count()).select_from(_case)).scalar_one()
            mails = connection.execute(select(func.count()).select_from(_mail)).scalar_one()
    database.dispose()
    if (opened, mails, server.accepted) != (size.eligible, size.teachers, size.teachers):
        message = (
            f"{opened} cases, {mails} mails and {server.accepted} accepted are not what is due"
        )
        raise AssertionError(message)
    report.add(
        f"{kind}, {server.name}", seconds(screened), seconds(together - screened),
        per_second(mails / together), seconds(together), aim="under 60 s", reached=together < 60,
    )  # fmt: skip
    return float(memory.value)


@contextmanager
def _worker(
    url: str, port: int, connections: int, look: float
) -> Iterator[tuple[Event, Event, Synchronized[float]]]:
    """A process that delivers, ready to.

    Gives what tells it that nothing more will come, what it then says when all is out, and the most
    memory it had.
    """
    context = multiprocessing.get_context("spawn")
    ready, ended, finished = context.Event(), context.Event(), context.Event()
    memory = context.Value("d", 0.0)
    process = context.Process(
        target=_deliver, args=(url, port, connections, look, ready, ended, finished, memory),
        daemon=True,
    )  # fmt: skip
    process.start()
    ready.wait()
    try:
        yield ended, finished, memory
    finally:
        process.join(60)
        process.kill()


def _deliver(
    url: str, port: int, connections: int, look: float, ready: Event, ended: Event,
    finished: Event, memory: Synchronized[float],
) -> None:  # fmt: skip
    collect_seldom()
    database = open_database(url, synchronous="NORMAL")
    post = Post(
        database=database, clock=VirtualClock(SNAPSHOT), templates=Templates(),
        sender=Sender(address="Keurmerk <keurmerk@example.org>", reply_to={}),
        carrier=lambda: SmtpCarrier(sinks.LOOPBACK, port, security="none"),
        connections=connections,
    )  # fmt: skip
    ready.set()
    over = False
    while not over:
        over = ended.wait(look)
        deliver(post)
    memory.value = peak_megabytes()
    finished.set()
    database.dispose()
