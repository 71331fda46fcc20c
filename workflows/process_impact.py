"""What a changed process file would do to the cases there are.

Nothing by itself: cases keep the version they began with. It says what the file has no more and how
many cases stand there, and what moving the open cases to it would do to each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, func, select

from base.i18n import Text
from models.cases import Case
from rules.book import RuleBook
from workflows.definition import Process
from workflows.publishing import Library, Published, newest, rule_sets_of
from workflows.version_moves import Summary, summary

_case = Case.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Gone:
    """Something the file in force has, and the changed one has not."""

    #: state, step or timer.
    kind: str
    name: str
    #: What it is called; its name where it has no other.
    title: Text | str
    #: Of a state: how many open cases stand there.
    cases: int = 0


@dataclass(frozen=True, kw_only=True)
class ProcessImpact:
    """What would change."""

    gone: list[Gone] = field(default_factory=list)
    #: What moving the open cases to it would do.
    moves: Summary


def process_impact(
    connection: Connection, library: Library, process: Process, book: RuleBook, now: datetime,
    language: str, *, round_name: str | None = None, named: int = 0, most: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ProcessImpact:  # fmt: skip
    """What the changed file ``process`` would do; nothing is written.

    Arguments:
        book: the rule sets and rounds in force.
        round_name, named, most, progress: as :func:`workflows.version_moves.summary` has them.
    """
    target = unpublished(connection, process, book)
    found = summary(
        connection, library, target, now, language, round_name=round_name, named=named, most=most,
        progress=progress,
    )  # fmt: skip
    known = library.processes(connection)
    if process.process not in known:
        return ProcessImpact(moves=found)
    before = library.in_force(connection, process.process, now.date()).process
    query = (
        select(_case.c.state, func.count())
        .where(_case.c.process == process.process, _case.c.is_open.is_(True))
        .group_by(_case.c.state)
    )
    standing = {state: count for state, count in connection.execute(query).all()}  # noqa: C416
    gone = [
        Gone(kind="state", name=name, title=state.title, cases=standing.get(name, 0))
        for name, state in before.states.items()
        if name not in process.states
    ]
    steps = {**process.starts, **process.transitions}
    gone += [
        Gone(kind="step", name=name, title=step.title)
        for name, step in {**before.starts, **before.transitions}.items()
        if name not in steps
    ]
    gone += [
        Gone(kind="timer", name=name, title=name)
        for name in before.timers
        if name not in process.timers
    ]
    return ProcessImpact(gone=gone, moves=found)


def unpublished(connection: Connection, process: Process, book: RuleBook) -> Published:
    """A process as the version it would be, with the rule sets and rounds in force."""
    rounds = [f"{one.calendar}/{one.round}" for one in book.rounds(process.round or "-")]
    return Published(
        id="", number=newest(connection, process.process) + 1, process=process, book=book,
        parts={
            "process": "", "rule_sets": dict.fromkeys(rule_sets_of(process), ""),
            "rounds": dict.fromkeys(rounds, ""),
        },
    )  # fmt: skip
