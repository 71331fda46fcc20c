"""The sweep: everything that is due happens, once, however late it is looked for.

A sweep claims due timers with a lease, so that any number of workers can sweep side by side, then
carries a batch out in one transaction: what it does and the end of its timers are one commit. A
worker that dies leaves nothing half done, and its lease runs out. A timer that fails is set back
and does not hold up the others.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy
import structlog
from sqlalchemy import Connection, bindparam, delete, func, select, update
from sqlalchemy.exc import DBAPIError

from base.errors import Refused
from base.ids import new_id
from models.cases import Timer
from models.database import is_away, reading, writing
from models.leases import Leases, outlast
from models.messages import Mail
from models.statistics import Growing
from models.types import Instant
from workflows.case_rows import lock
from workflows.digests import plan_digests, send_digest
from workflows.engine import Engine
from workflows.machine import next_state
from workflows.publishing import Published
from workflows.reminders import remind
from workflows.screening import plan_starts, screen
from workflows.step import take
from workflows.timing import next_time
from workflows.tools import Cause
from workflows.waiting import fill_queue

#: Timers a batch, which is one transaction.
BATCH = 500
#: How long a claim holds. A screening claims its timer anew with every chunk.
LEASE = timedelta(minutes=5)
#: A timer that fails is tried again after a minute, then two, four … at most a day.
FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(days=1)

log = structlog.get_logger("keurmerk.sweep")

_timer = Timer.__table__  # type: ignore[attr-defined]
_mail = Mail.__table__  # type: ignore[attr-defined]

LEASES = Leases(table=_timer, due=_timer.c.due_at, waiting=_timer.c.done_at.is_(None), length=LEASE)


def prepare(engine: Engine) -> None:
    """Set the timers that belong to processes (screenings, digests); see that there is a queue."""
    now = engine.tools.clock.now()
    with writing(engine.database) as connection:
        for published in engine.tools.library.all_in_force(connection, now.date()):
            plan_starts(connection, published, now)
            plan_digests(connection, published, now)
        fill_queue(connection, engine.tools.library)


def sweep(
    engine: Engine, progress: Callable[[int, int], None] | None = None, batch: int = BATCH,
    ending: threading.Event | None = None,
) -> int:  # fmt: skip
    """Carry out everything that is due now; gives how many timers were.

    Arguments:
        progress: is told how far a screening has come.
        batch: timers a transaction.
        ending: once it is set, no further batch is begun, nor chunk of a screening.

    Raises:
        DBAPIError: the database went away; the timers that were claimed are free again.
    """
    done, ending = 0, ending or threading.Event()
    growing = Growing(engine.database, _mail)
    while not ending.is_set():
        claimed = LEASES.claim(engine.database, engine.tools.clock.now(), batch)
        if not claimed:
            break
        try:
            _carry_out(engine, claimed, progress, ending)
        except DBAPIError:
            _give_back(engine, claimed, ending)
            raise
        done += len(claimed)
        growing.added(len(claimed))
    return done


def next_due(database: sqlalchemy.Engine) -> datetime | None:
    """When the next timer is due; None if there is none."""
    # A timer that was set back after a failure is due when its lease ends.
    due = func.coalesce(_timer.c.leased_until, _timer.c.due_at, type_=Instant())
    with reading(database) as connection:
        found: datetime | None = connection.execute(
            select(due).where(_timer.c.done_at.is_(None)).order_by(due).limit(1)
        ).scalar()
        return found


def _carry_out(
    engine: Engine, claimed: Sequence[dict[str, Any]],
    progress: Callable[[int, int], None] | None, ending: threading.Event,
) -> None:  # fmt: skip
    own = [timer for timer in claimed if timer["case_id"] is None]
    of_cases = [timer for timer in claimed if timer["case_id"] is not None]
    if of_cases:
        _attempt(engine, of_cases, lambda timers: _cases_due(engine, timers))
    for timer in own:
        _attempt(engine, [timer], lambda timers: _process_due(engine, timers[0], progress, ending))


def _give_back(engine: Engine, claimed: Sequence[dict[str, Any]], ending: threading.Event) -> None:
    """Free what was claimed and not carried out, when the database is back."""
    outlast(
        lambda: LEASES.give_back(engine.database, claimed), clock=engine.tools.clock,
        until=claimed[0]["leased_until"], ending=ending,
    )  # fmt: skip


def _attempt(
    engine: Engine, timers: Sequence[dict[str, Any]],
    carry_out: Callable[[Sequence[dict[str, Any]]], None],
) -> None:  # fmt: skip
    try:
        carry_out(timers)
    except Exception as error:
        if isinstance(error, DBAPIError) and is_away(error):
            raise
        if len(timers) > 1:
            # One of them is at fault: the others must not wait for it.
            for timer in timers:
                _attempt(engine, [timer], carry_out)
            return
        reference = new_id()
        log.exception(
            "timer failed", reference=reference, timer=timers[0]["key"], error=type(error).__name__
        )
        _set_back(engine, timers[0], reference)


def _set_back(engine: Engine, timer: dict[str, Any], reference: str) -> None:
    failures = timer["failures"] + 1
    wait = min(FIRST_RETRY * 2 ** min(failures - 1, 12), LONGEST_RETRY)
    with writing(engine.database) as connection:
        connection.execute(
            update(_timer)
            .where(_timer.c.id == timer["id"])
            .values(
                failures=failures, fault=reference,
                leased_until=engine.tools.clock.now() + wait,
            )
        )  # fmt: skip


def _cases_due(engine: Engine, timers: Sequence[dict[str, Any]]) -> None:
    tools = engine.tools
    now = tools.clock.now()
    refusals: list[tuple[dict[str, Any], Refused]] = []
    again: list[dict[str, Any]] = []
    with writing(engine.database) as connection:
        cases = lock(connection, sorted({timer["case_id"] for timer in timers}))
        groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for timer in timers:
            if not _in_time(timer, cases[timer["case_id"]]):
                continue
            release = cases[timer["case_id"]]["release_id"]
            groups.setdefault((release, timer["name"]), []).append(timer)
        for (release, name), due in groups.items():
            published = tools.library.release(connection, release)
            not_done = _rule_due(engine, connection, published, name, due, cases, now)
            if published.process.timers[name].every:
                again += _look_again(connection, published, name, not_done, cases, now)
            else:
                refusals += not_done
        waiting = {timer["id"] for timer in (*again, *(timer for timer, _ in refusals))}
        gone = [timer["id"] for timer in timers if timer["id"] not in waiting]
        connection.execute(delete(_timer).where(_timer.c.id.in_(gone)))
    for timer, refused in refusals:
        reference = new_id()
        log.warning("timer refused", reference=reference, timer=timer["key"], reason=str(refused))
        _set_back(engine, timer, reference)


def _look_again(
    connection: Connection, published: Published, name: str,
    not_done: Sequence[tuple[dict[str, Any], Refused]], cases: dict[str, dict[str, Any]],
    now: datetime,
) -> list[dict[str, Any]]:  # fmt: skip
    """Set a timer that comes again and again for its next time; gives those that were set."""
    span, moments = published.process.timers[name].every, []
    for timer, _refused in not_done:
        case = cases[timer["case_id"]]
        values = published.values(case["round"], case["area"])
        due = next_time(span, values, now, ZoneInfo(case["zone"])) if span else None
        moments.append({"b_id": timer["id"], "b_due": due})
    if moments:
        connection.execute(_again, moments)
    return [timer for timer, _refused in not_done]


_again = (
    update(_timer)
    .where(_timer.c.id == bindparam("b_id"))
    .values(due_at=bindparam("b_due", type_=Instant()), leased_until=None)
)


def _rule_due(
    engine: Engine, connection: Connection, published: Published, name: str,
    timers: Sequence[dict[str, Any]], cases: dict[str, dict[str, Any]], now: datetime,
) -> list[tuple[dict[str, Any], Refused]]:  # fmt: skip
    rule = published.process.timers[name]
    due = [
        (cases[timer["case_id"]], timer)
        for timer in timers
        if _in_time(timer, cases[timer["case_id"]])
    ]
    if rule.fire is None:
        remind(connection, engine.tools, published, rule, due, now)
        return []
    trigger = rule.fire
    transition = published.process.transitions[trigger]
    cause = Cause(
        trigger=trigger, step=transition, actor_id=None, acted_as=_platform(published, trigger),
        now=now,
    )  # fmt: skip
    taken, refused = take(
        connection, engine.tools, published, cause, [case for case, _ in due],
        lambda case, chosen: next_state(published.machine, case["state"], trigger, chosen),
    )  # fmt: skip
    cases.update({step.case["id"]: step.case for step in taken})
    return [(timer, refused[case["id"]]) for case, timer in due if case["id"] in refused]


def _in_time(timer: dict[str, Any], case: dict[str, Any]) -> bool:
    """Whether the case has not moved since the timer was set: a step ends the timers before it."""
    return str(timer["key"]).startswith(f"{case['id']}:{case['version']}:")


def _platform(published: Published, trigger: str) -> str:
    names = published.process.transitions[trigger].by
    return next(name for name in names if published.process.actors[name].platform)


def _process_due(
    engine: Engine, timer: dict[str, Any], progress: Callable[[int, int], None] | None,
    ending: threading.Event,
) -> None:  # fmt: skip
    tools = engine.tools
    if "start" in timer["data"]:
        screen(engine.database, tools, timer, LEASES.length, progress, ending)
        return
    now = tools.clock.now()
    with writing(engine.database) as connection:
        published = tools.library.in_force(connection, timer["process"], now.date())
        if timer["data"]["digest"] in published.process.digests:
            send_digest(connection, tools, published, timer, now)
        connection.execute(delete(_timer).where(_timer.c.id == timer["id"]))
        plan_digests(connection, published, now)
