"""The principal's report: asked for, made in the background, kept and downloaded again.

A report is a row from the moment it is asked for. Whoever makes it claims it with a lease and
writes down each list it has counted, so that one who dies in between loses nothing: the next goes
on. The figures are those of the day it is made, and do not change any more.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy
import structlog
from sqlalchemy import Connection, select, update
from sqlalchemy.exc import DBAPIError

from base.clock import Clock
from base.days import local_day, zone_of
from base.errors import BadInput, NotFound, NotPossible
from base.i18n import N_, translate
from base.ids import new_id
from digisnap.lists import ListShown, managed
from digisnap.paper import ListFigures, Report, render_report
from digisnap.scans import counted
from documents.store import FileStore
from models.database import is_away, reading, writing
from models.digisnap import DigisnapReport
from models.leases import Leases
from models.reads import rows_of
from models.writes import insert
from registry.values import BadValue, text_up_to

#: What a report is called if nobody says (003_4a7623deb6c7c7ce.txt, step 3: "Directierapport").
TITLE = N_("Principal’s report")
LONGEST_TITLE = 200
#: What is said of a report whose time in the archive is over.
FORGOTTEN = N_("This report is not kept any longer. You can make a new one.")
#: Reports claimed at once, and how long a claim holds.
BATCH, LEASE = 5, timedelta(minutes=5)
#: A report that fails is tried again after a minute, then two, four … at most a day.
FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=1), timedelta(days=1)

log = structlog.get_logger("keurmerk.reports")

_report = DigisnapReport.__table__  # type: ignore[attr-defined]

LEASES = Leases(
    table=_report, due=_report.c.asked_at, waiting=_report.c.done_at.is_(None), length=LEASE
)


def ask_for(
    connection: Connection, person_id: str, *, lists: Sequence[str], title: str,
    with_training: bool, language: str, now: datetime, least: int | None,
) -> str:  # fmt: skip
    """Ask for a report over some lists; gives its id. It is made in the background.

    Arguments:
        lists: ids of lists the person manages, all of one community of schools.
        title: as it was typed; empty is the usual one, in ``language``.
        least: completed scans each list needs: a setting without default, None where it is not set.

    Raises:
        BadInput: no list is chosen, they are of several communities, or the title is too long.
        NotFound: a list is not hers; whether there is one is not told.
        NotPossible: too few scans are completed, or it is not set how many are needed.
    """
    if not lists:
        raise BadInput(N_("Choose at least one Digisnap for the report."))
    try:
        title = text_up_to(LONGEST_TITLE, may_be_empty=True)(title)
    except BadValue as error:
        raise BadInput(error.message, **error.values) from None
    hers = {one.id: one for one in managed(connection, person_id, _day(now))}
    unknown = [one for one in lists if one not in hers]
    if unknown:
        raise NotFound(N_("There is no such Digisnap among those you manage."))
    chosen = [one for one in hers.values() if one.id in set(lists)]
    if len({one.community for one in chosen}) > 1:
        raise BadInput(
            N_("A report is made over Digisnaps of one school community. Take those of one.")
        )
    _enough(chosen, least)
    row = {
        "id": new_id(), "person_id": person_id, "title": title or translate(TITLE, language),
        "lists": [{"id": one.id, "name": one.name, "school": one.school} for one in chosen],
        "with_training": with_training, "language": language,
        "zone": chosen[0].zone or zone_of(chosen[0].area).key, "least": least, "asked_at": now,
        "counted": 0, "figures": {}, "sha256": None, "done_at": None, "leased_until": None,
        "failures": 0, "fault": None,
    }  # fmt: skip
    insert(connection, _report, [row])
    return str(row["id"])


def _enough(lists: Collection[ListShown], least: int | None) -> None:
    if least is None:
        raise NotPossible(
            N_("It is not set for this country yet how many completed scans a report needs "
               "(“report_min_completed”). An administrator adds it to the round file.")
        )  # fmt: skip
    # Of nobody's answers alone a report is made, however small the number that is set.
    least = max(least, 1)
    few = [one.name for one in lists if one.completed < least]
    if few:
        raise NotPossible(
            N_("Too few teachers have completed: {lists}. Each needs {least} or more."),
            lists=few, least=least,
        )  # fmt: skip


def archive(connection: Connection, person_id: str, now: datetime) -> list[dict[str, Any]]:
    """The reports a person has asked for, the oldest first; only over lists she still manages."""
    hers = {one.id for one in managed(connection, person_id, _day(now))}
    query = (
        select(_report)
        .where(_report.c.person_id == person_id)
        .order_by(_report.c.asked_at, _report.c.id)
    )
    rows = rows_of(connection.execute(query))
    return [row for row in rows if {one["id"] for one in row["lists"]} <= hers]


def report_of(
    connection: Connection, person_id: str, report_id: str, now: datetime
) -> dict[str, Any]:
    """One report of a person's own, as long as she manages all of its lists.

    Raises:
        NotFound: there is none, or it is not hers any more.
    """
    for row in archive(connection, person_id, now):
        if row["id"] == report_id:
            return row
    raise NotFound(N_("There is no such report."))


def make_reports(
    database: sqlalchemy.Engine, clock: Clock, files: FileStore,
    ending: threading.Event | None = None,
) -> int:  # fmt: skip
    """Make the reports that wait; gives how many.

    Arguments:
        ending: once it is set, no further one is begun.

    Raises:
        DBAPIError: the database went away; what was claimed is free again when its lease ends.
    """
    ending, made = ending or threading.Event(), 0
    while not ending.is_set():
        claimed = LEASES.claim(database, clock.now(), BATCH)
        if not claimed:
            break
        for row in claimed:
            try:
                _make(database, clock, files, row)
            except Exception as error:
                if isinstance(error, DBAPIError) and is_away(error):
                    raise
                _set_back(database, clock, row, error)
            else:
                made += 1
    return made


def _make(database: sqlalchemy.Engine, clock: Clock, files: FileStore, row: dict[str, Any]) -> None:
    this = update(_report).where(_report.c.id == row["id"])
    figures = dict(row["figures"])
    for one in row["lists"]:
        if one["id"] in figures:
            continue  # counted before it was taken over
        with writing(database) as connection:
            figures[one["id"]] = counted(connection, one["id"])
            connection.execute(this.values(counted=len(figures), figures=figures))
    now = clock.now()
    paper = render_report(
        Report(
            title=row["title"], made_on=local_day(now, ZoneInfo(row["zone"])),
            lists=[
                ListFigures(name=one["name"], school=one["school"], figures=figures[one["id"]])
                for one in row["lists"]
            ],
            with_training=row["with_training"],
        ),
        row["language"],
    )  # fmt: skip
    # The file is there before the row says so; why once more after it, documents/store.py says.
    name = files.put(paper)
    with writing(database) as connection:
        connection.execute(this.values(sha256=name, done_at=now, leased_until=None))
    files.put(paper)


def _set_back(
    database: sqlalchemy.Engine, clock: Clock, row: dict[str, Any], error: Exception
) -> None:
    reference = new_id()
    log.error(
        "report failed", reference=reference, report=row["id"], error=type(error).__name__,
        exc_info=error,
    )  # fmt: skip
    wait = min(FIRST_RETRY * 2 ** min(row["failures"], 12), LONGEST_RETRY)
    with writing(database) as connection:
        connection.execute(
            update(_report)
            .where(_report.c.id == row["id"])
            .values(failures=row["failures"] + 1, fault=reference, leased_until=clock.now() + wait)
        )


def content(
    connection: Connection, files: FileStore, person_id: str, report_id: str, now: datetime
) -> bytes:
    """The file of a report.

    Raises:
        NotFound: there is no such report of hers, it is not made yet, or not kept any longer.
    """
    row = report_of(connection, person_id, report_id, now)
    if is_forgotten(row):
        raise NotFound(FORGOTTEN)
    if row["sha256"] is None:
        raise NotFound(N_("This report is still being made. Try again in a moment."))
    return files.get(row["sha256"])


def is_forgotten(report: Mapping[str, Any]) -> bool:
    """Whether a report was made, and is not kept any longer (``digisnap/forgetting.py``)."""
    return report["done_at"] is not None and report["sha256"] is None


def reports_waiting(database: sqlalchemy.Engine) -> int:
    """How many reports wait to be made."""
    with reading(database) as connection:
        return len(
            connection.execute(select(_report.c.id).where(_report.c.done_at.is_(None))).all()
        )


def _day(now: datetime) -> date:
    """The day by which it is asked who manages what: that of Brussels, where Digisnap is."""
    return local_day(now, zone_of("BE"))
