"""Starts that happen by themselves: the platform looks at every subject on a round's day.

A screening walks through all organisations (or people, or projects) in order of id, a chunk at a
time, and keeps its place in its timer: after an interruption it goes on where it was. Every
decision is kept, whatever it was, so that a school can be told why it was not invited.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy
import structlog
from sqlalchemy import ColumnElement, Connection, and_, update

from base.ids import new_id
from models.ahead import ahead
from models.cases import Case, Decision, Timer
from models.database import reading, writing
from models.messages import Mail
from models.statistics import Growing
from models.writes import insert, insert_new
from workflows.judging import Said, decision_rows, judge_guard
from workflows.new_cases import new_case, taken_keys
from workflows.publishing import Published
from workflows.step import take
from workflows.subjects import count_subjects, subjects_after
from workflows.timing import instant
from workflows.tools import Cause, Tools

#: Schools at a time: long enough to be quick, short enough not to hold others up.
CHUNK = 2000

log = structlog.get_logger("keurmerk.screening")

#: A case that is about to be opened, and what the rules say of it.
Judged = tuple[dict[str, Any], Said]


@dataclass(frozen=True, kw_only=True)
class _Chunk:
    """Some of the subjects, judged."""

    published: Published
    judged: Sequence[Judged]
    looked: int
    #: The last of them; the next chunk begins behind it.
    after: str
    #: Whether no others are left.
    done: bool
    now: datetime


_timer = Timer.__table__  # type: ignore[attr-defined]
_case = Case.__table__  # type: ignore[attr-defined]
_mail = Mail.__table__  # type: ignore[attr-defined]
_decision = Decision.__table__  # type: ignore[attr-defined]


def plan_starts(connection: Connection, published: Published, now: datetime) -> None:
    """Set the timers of the starts that happen by themselves, for every round; once each.

    A start whose moment has passed is made up for as long as its ``until`` has not.
    """
    process = published.process
    zone = ZoneInfo(process.zone)
    rows = []
    for name, start in process.starts.items():
        for round_name in published.rounds if start.at else []:
            values = published.values(round_name, "")
            due = instant(start.at, values, zone) if start.at else None
            until = instant(start.until, values, zone) if start.until else None
            if due is None or (due <= now and (until is None or until <= now)):
                continue
            rows.append(
                {
                    "id": new_id(), "key": f"start:{process.process}:{name}:{round_name}",
                    "process": process.process, "case_id": None, "name": name,
                    "data": {"start": name, "round": round_name, "after": ""}, "due_at": due,
                }
            )  # fmt: skip
    insert_new(connection, _timer, rows)
    for row in rows:
        # A day that was changed since is waited for instead, unless it has begun already.
        connection.execute(
            update(_timer)
            .where(
                _timer.c.key == row["key"], _timer.c.due_at != row["due_at"],
                _timer.c.due_at > now, _timer.c.done_at.is_(None),
            )
            .values(due_at=row["due_at"])
        )  # fmt: skip


def screen(
    database: sqlalchemy.Engine, tools: Tools, timer: dict[str, Any], lease: timedelta,
    progress: Callable[[int, int], None] | None = None, ending: threading.Event | None = None,
) -> tuple[int, int]:  # fmt: skip
    """Carry out the start a timer stands for; gives how many were looked at, and opened.

    Arguments:
        timer: the timer's row, claimed; its ``data`` names start and round and how far it has come.
            Changed: until when it is claimed.
        lease: how long the claim holds; every chunk claims it anew. Once somebody else has it, that
            one goes on.
        progress: is told how many of how many organisations are done.
        ending: once it is set, the chunk is the last one; the timer is free for another.
    """
    data, ending = timer["data"], ending or threading.Event()
    growing = Growing(database, _case, _mail)
    looked, opened, total = 0, 0, 0
    if progress:
        with reading(database) as connection:
            day = tools.clock.now().date()
            process = tools.library.in_force(connection, timer["process"], day).process
            total = count_subjects(connection, process.subject)
    with closing(ahead(database, _chunks(database, tools, timer["process"], data))) as chunks:
        for chunk in chunks:
            looked += chunk.looked
            last = ending.is_set()
            until = None if chunk.done or last else tools.clock.now() + lease
            with writing(database) as connection:
                kept = connection.execute(
                    update(_timer)
                    .where(_held(timer))
                    .values(
                        data={**data, "after": chunk.after}, leased_until=until,
                        done_at=chunk.now if chunk.done else None,
                    )
                )  # fmt: skip
                if not kept.rowcount:
                    log.warning("screening taken over", timer=timer["key"])
                    break
                here = _open(connection, tools, chunk, data["start"])
            opened += here
            growing.added(here)
            if until:
                # Whoever claimed it gives it back as it is claimed now.
                timer["leased_until"] = until
            if progress:
                progress(looked, total)
            if last:
                break
    return looked, opened


def _held(timer: Mapping[str, Any]) -> ColumnElement[bool]:
    """The timer's row, while nobody else has claimed it."""
    return and_(_timer.c.id == timer["id"], _timer.c.leased_until == timer["leased_until"])


def _chunks(
    database: sqlalchemy.Engine, tools: Tools, process: str, data: Mapping[str, Any]
) -> Iterator[_Chunk]:
    """All from where the timer is, judged and not written: that holds up nobody.

    On SQLite all others who write would wait for it.
    """
    after, done = data["after"], False
    while not done:
        now = tools.clock.now()
        with reading(database) as connection:
            published = tools.library.in_force(connection, process, now.date())
            kind = published.process.subject
            found = subjects_after(connection, kind, after, CHUNK, now)
            cases = [new_case(published, one, data["round"], now) for one in found]
            guard = published.process.starts[data["start"]].guard
            judged = _judge(connection, tools, published, guard, cases, now)
        after, done = found[-1][f"{kind}_id"] if found else after, len(found) < CHUNK
        yield _Chunk(
            published=published, judged=judged, looked=len(found), after=after, done=done, now=now
        )


def _judge(
    connection: Connection, tools: Tools, published: Published, guard: Sequence[str],
    cases: list[dict[str, Any]], now: datetime,
) -> list[Judged]:  # fmt: skip
    """What the guard says of each case that could be opened."""
    free = _free(connection, published, cases)
    said = judge_guard(connection, tools.judge, published, guard, free, now)
    return [(case, said[case["id"]]) for case in free]


def _open(connection: Connection, tools: Tools, chunk: _Chunk, name: str) -> int:
    """Open the cases that pass, keep what was said of the others; gives how many were opened."""
    published, now = chunk.published, chunk.now
    start = published.process.starts[name]
    passed: dict[str, Said] = {}
    cases, kept = [], []
    for case, said in chunk.judged:
        if all(judgement.outcome == "met" for _, judgement in said):
            passed[case["id"]] = said
            cases.append(case)
        else:
            kept += decision_rows(published, case, name, said, now, None)
    insert(connection, _decision, kept)
    # Since they were judged, somebody may have begun one by hand.
    cases = _free(connection, published, cases)
    cause = Cause(trigger=name, step=start, actor_id=None, acted_as=start.by[0], now=now)
    taken, _refused = take(
        connection, tools, published, cause, cases, lambda _case, chosen: chosen, said=passed
    )
    return len(taken)


def _free(
    connection: Connection, published: Published, cases: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Those of the cases whose place nobody has taken."""
    keys = [case["unique_key"] for case in cases if case["unique_key"]]
    there = taken_keys(connection, published.process.process, keys)
    return [case for case in cases if case["unique_key"] not in there]
