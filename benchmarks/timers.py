"""Many timers due at once: reminders, and what expires."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from sqlalchemy import Engine, func, select

from benchmarks.databases import Databases
from benchmarks.installation import add_cases, add_schools, installation
from benchmarks.measure import timed
from benchmarks.table import Report, per_second, seconds
from models.cases import Case, CaseEvent, Timer
from models.database import reading
from models.messages import Mail, Notice
from workflows.sweep import sweep

#: Drafts in the middle of the first window: three reminders and an expiry lie ahead of each.
OPENED = datetime(2023, 1, 10, 10, 0, tzinfo=UTC)
#: The window has closed, and nobody has looked at a timer for three weeks.
CLOSED = datetime(2023, 2, 1, 10, 0, tzinfo=UTC)
PER_CASE = 4

_tables = {
    "events": CaseEvent.__table__,  # type: ignore[attr-defined]
    "mails": Mail.__table__,  # type: ignore[attr-defined]
    "notices": Notice.__table__,  # type: ignore[attr-defined]
}
_case = Case.__table__  # type: ignore[attr-defined]
_timer = Timer.__table__  # type: ignore[attr-defined]


def options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--timers", type=int, default=100_000, help="how many are due")


def measure(databases: Databases, given: argparse.Namespace) -> Report:
    """Carry out what is due, once on each kind of database."""
    cases = (800 if given.quick else given.timers) // PER_CASE
    report = Report(
        title=f"{cases * PER_CASE:,} timers due at once, {cases * 3:,} reminders and {cases:,} "
        "expiries, by one sweep",
        columns=["timers a second", "together"],
    )
    for kind in databases.kinds:
        database = databases.fresh(kind)
        with installation(database, OPENED) as (engine, clock, published):
            add_cases(engine, published, add_schools(database, cases, 2), "start", "draft")
            databases.settle(database)
            clock.move_to(CLOSED)
            before = _due(engine.database)
            taken = timed(lambda: sweep(engine))
            left = _due(engine.database)
            with reading(database) as connection:
                written = {
                    name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                    for name, table in _tables.items()
                }
                expired = connection.execute(
                    select(func.count()).where(_case.c.state == "expired")
                ).scalar_one()
        database.dispose()
        if (before, left, expired) != (cases * PER_CASE, 0, cases):
            message = f"{before} timers were due and {left} are left; {expired} cases expired"
            raise AssertionError(message)
        report.add(kind, per_second(before / taken), seconds(taken))
        report.notes.append(
            f"{kind}: {written['mails']:,} mails, {written['notices']:,} notices, "
            f"{cases:,} more events."
        )
    return report


def _due(database: Engine) -> int:
    with reading(database) as connection:
        return int(
            connection.execute(
                select(func.count()).where(_timer.c.done_at.is_(None), _timer.c.case_id.isnot(None))
            ).scalar_one()
        )
