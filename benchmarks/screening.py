"""From the timer of the screening to the last invitation accepted by a mail server."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from sqlalchemy import func, select

from benchmarks.databases import POSTGRESQL, Databases
from benchmarks.installation import installation
from benchmarks.measure import forget_peak, peak_megabytes, timed
from benchmarks.sinks import LOOPBACK, SERVERS, Sink, running
from benchmarks.table import Report, per_second, seconds
from models.cases import Case
from models.database import reading, writing
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


def options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--connections", type=int, default=4, help="to the mail server at a time")
    parser.add_argument("--server", choices=sorted(SERVERS), help="only this mail server")


def measure(databases: Databases, given: argparse.Namespace) -> Report:
    """Screen a registry of eTwinning's size, once on each kind of database."""
    size = QUICK if given.quick else WHOLE
    report = Report(
        title=f"Screening {size.schools:,} schools, inviting {size.teachers:,} teachers of "
        f"{size.eligible:,}; {given.connections} connections to the mail server",
        columns=["schools", "mails", "delivery a second", "together"],
    )
    forget_peak()
    for kind in databases.kinds:
        for name in [given.server] if given.server else SERVERS:
            with running(name, SERVERS[name]) as sink:
                _once(databases, kind, sink, given, size, report)
    report.add(
        "peak memory of this process", "", "", "", f"{peak_megabytes():,.0f} MB",
        aim="under 500 MB", reached=peak_megabytes() < 500,
    )  # fmt: skip
    report.notes.append(
        "Making the registry is not counted; its memory is. The mail server is another process on "
        "the same machine, and its time is in the figure."
    )
    if POSTGRESQL in databases.kinds:
        report.notes.append("PostgreSQL’s own memory is not counted.")
    return report


def _once(
    databases: Databases, kind: str, sink: Sink, given: argparse.Namespace, size: Size,
    report: Report,
) -> None:  # fmt: skip
    database = databases.fresh(kind)
    with installation(database, DAY_BEFORE) as (engine, clock, _published):
        with writing(database) as connection:
            generate(connection, size)
        databases.settle(database)
        prepare(engine)
        clock.move_to(SNAPSHOT)
        screened = timed(lambda: sweep(engine))
        with reading(database) as connection:
            opened = connection.execute(select(func.count()).select_from(_case)).scalar_one()
            mails = connection.execute(select(func.count()).select_from(_mail)).scalar_one()
        post = Post(
            database=database, clock=clock, templates=Templates(),
            sender=Sender(address="Keurmerk <keurmerk@example.org>", reply_to={}),
            carrier=lambda: SmtpCarrier(LOOPBACK, sink.port, security="none"),
            connections=given.connections,
        )  # fmt: skip
        delivered = timed(lambda: deliver(post))
    database.dispose()
    if (opened, mails, sink.accepted) != (size.eligible, size.teachers, size.teachers):
        message = f"{opened} cases, {mails} mails and {sink.accepted} accepted are not what is due"
        raise AssertionError(message)
    whole = screened + delivered
    report.add(
        f"{kind}, {sink.name}", seconds(screened), seconds(delivered),
        per_second(mails / delivered), seconds(whole), aim="under 60 s", reached=whole < 60,
    )  # fmt: skip
