"""Moving open cases to another version of their process: an act of its own, seen before it is done.

One transaction a case: the row is locked, what would change is worked out anew and has to be
possible, and an event says from which version to which, by whom and why. State, answers, decisions
and whatever was sent stay; timers and the place in the queue are made by the new version.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from base.errors import BadInput, Conflict, KeurmerkError, NotFound, NotPossible, Refused
from base.i18n import FALLBACK, N_
from models.cases import Case, CaseEvent, Timer
from models.database import writing
from models.desk import Waiting
from models.writes import Writes
from workflows.administering import Administrator
from workflows.case_rows import locked
from workflows.definition import Transition
from workflows.engine import Engine
from workflows.log_words import ADMINISTRATOR, MOVE
from workflows.publishing import Published, release_on
from workflows.step import DROP_TIMERS, LEAVE_QUEUE, event_row
from workflows.tools import Cause, Tools
from workflows.version_moves import Move, moves
from workflows.waiting import waiting_rows

#: The longest reason, in characters.
LONGEST_REASON = 1000

_case = Case.__table__  # type: ignore[attr-defined]
_event = CaseEvent.__table__  # type: ignore[attr-defined]
_timer = Timer.__table__  # type: ignore[attr-defined]
_waiting = Waiting.__table__  # type: ignore[attr-defined]


def move_case(
    engine: Engine, who: Administrator, case_id: str, target: Published, why: str,
    version: int | None = None,
) -> Move:  # fmt: skip
    """Move an open case to another version of its process; gives what changed.

    Arguments:
        target: the version; it has to be in force already.
        why: the reason; whoever reads the case reads it.
        version: the version of the case's row that was looked at; another one now is a conflict.

    Raises:
        BadInput: there is no reason, or it is too long.
        NotFound: there is no such case in her area.
        NotPossible: it is over, or the version has no place for it, or is not in force.
        Conflict: it has changed since it was looked at, or there would be two of its kind.
    """
    why = why.strip()
    if not why or len(why) > LONGEST_REASON:
        raise BadInput(
            N_("Say in at most {most} characters why the cases are moved."), most=LONGEST_REASON
        )
    try:
        with writing(engine.database) as connection:
            return _move(connection, engine.tools, who, case_id, target, why, version)
    except Refused as refused:
        engine.note_refusal(case_id, MOVE, who.person_id, refused)
        raise
    except IntegrityError:
        twice = Conflict(N_("There would be two where this version allows one."))
        engine.note_refusal(case_id, MOVE, who.person_id, twice)
        raise twice from None


def move_cases(
    engine: Engine, who: Administrator, chosen: Mapping[str, int], target: Published, why: str
) -> dict[str, KeurmerkError | None]:
    """:func:`move_case` for many: what came of each, by id; None where it was moved.

    Arguments:
        chosen: the version of each case's row that was looked at, by the case's id.
    """
    found: dict[str, KeurmerkError | None] = {}
    for case_id, version in chosen.items():
        try:
            move_case(engine, who, case_id, target, why, version)
            found[case_id] = None
        except (Refused, NotFound) as refused:
            found[case_id] = refused
    return found


def in_force_on(connection: Connection, target: Published, day: date) -> bool:
    """Whether cases that begin on ``day`` take this version, or took it before."""
    newest = release_on(connection, target.process.process, day)
    return newest == target.id or target.in_force_from <= day


def _move(
    connection: Connection, tools: Tools, who: Administrator, case_id: str, target: Published,
    why: str, version: int | None,
) -> Move:  # fmt: skip
    case, now = locked(connection, case_id), tools.clock.now()
    if not who.covers(case["area"] or "-"):
        raise NotFound(N_("There is no such case."))
    if version not in (None, case["version"]):
        raise Conflict(N_("The case has changed since it was looked at. Look at it again."))
    if case["process"] != target.process.process or case["release_id"] == target.id:
        raise NotPossible(N_("The case has this version already."))
    if not case["is_open"]:
        raise NotPossible(N_("The case is over; it keeps the version it was decided by."))
    if target.in_force_from > now.date():
        raise NotPossible(
            N_("This version is in force from {day}; cases can be moved to it from then on."),
            day=target.in_force_from,
        )
    (move,) = moves(connection, tools.library, target, [case], now)
    if move.refused:
        raise move.refused
    _write(connection, tools, who, move, why, now)
    return move


def _write(
    connection: Connection, tools: Tools, who: Administrator, move: Move, why: str, now: Any
) -> None:
    before, target = move.case, move.after
    cause = Cause(
        trigger=MOVE,
        step=Transition(
            title={FALLBACK: MOVE}, to=before["state"], by=[ADMINISTRATOR], source=[before["state"]]
        ),
        actor_id=who.person_id, acted_as=ADMINISTRATOR, now=now,
        payload={
            "from": {"number": move.before.number, "release": move.before.id},
            "to": {"number": target.number, "release": target.id}, "why": why,
        },
    )  # fmt: skip
    case = {
        **before, "release_id": target.id, "version": before["version"] + 1,
        "unique_key": move.unique_key,
    }  # fmt: skip
    event = event_row(before, case, cause, [])
    writes = Writes(connection)
    writes.insert(_event, [event])
    changed = ("release_id", "version", "head", "unique_key", "id")
    writes.update(_case, [{**{name: case[name] for name in changed}, "head": event["hash"]}])
    writes.among(DROP_TIMERS, [case["id"]])
    writes.insert(_timer, list(move.rows))
    writes.among(LEAVE_QUEUE, [case["id"]])
    writes.insert(_waiting, waiting_rows(target, [case], move.rows))
    if tools.wake:
        tools.wake(connection)
