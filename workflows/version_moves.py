"""What moving open cases to another version of their process would do to each of them.

A case pins the version it began with. Moving it keeps its state, its answers and all that was
decided; what follows from the files is made anew: its timers, its place in the queue, and what may
exist only once. Where the version has no place for the case, it is refused with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select

from base.errors import Conflict, NotFound, NotPossible, Refused
from base.i18n import N_
from models.cases import Answer, Case, Release, Timer
from models.sql import among
from workflows.actors import EVERYWHERE
from workflows.definition import Process
from workflows.form import fields
from workflows.overtaken import CLEARED
from workflows.parties import unique_key, with_parties
from workflows.publishing import Library, Published
from workflows.spent import days_spent
from workflows.subjects import named_cases
from workflows.timing import plan
from workflows.titles import add_titles

#: Cases looked at together.
CHUNK = 1000

_case = Case.__table__  # type: ignore[attr-defined]
_timer = Timer.__table__  # type: ignore[attr-defined]
_answer = Answer.__table__  # type: ignore[attr-defined]
_release = Release.__table__  # type: ignore[attr-defined]

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class TimerChange:
    """A timer of a case that the other version sets, cancels, or sets for another moment."""

    #: Its name in the process file.
    name: str
    #: When it is due now; None: it is not set.
    before: datetime | None
    #: When it is due in the other version; None: it is cancelled.
    after: datetime | None


@dataclass(frozen=True, kw_only=True)
class Move:
    """What the other version would do to one case."""

    #: Its row, with names and parties.
    case: dict[str, Any]
    #: The version it has.
    before: Published
    #: The version it would have.
    after: Published
    #: The state it would be in: its own, or what that has become.
    state: str
    #: Why it cannot be moved; None: it can.
    refused: Refused | None = None
    timers: tuple[TimerChange, ...] = ()
    #: Whether something is due at once, because its moment has passed.
    at_once: tuple[str, ...] = ()
    #: Answers that the form of the version has no field for: they are kept, and not shown.
    lost: tuple[str, ...] = ()
    #: The timer rows it would have.
    rows: tuple[dict[str, Any], ...] = ()
    unique_key: str | None = None


@dataclass(kw_only=True)
class Summary:
    """What a move would do to all cases it is about."""

    looked_at: int = 0
    #: Sentence of a refusal -> how many.
    refused: Counter[str] = field(default_factory=Counter)
    #: (timer, what happens to it: set, cancelled, moved) -> how many.
    timers: Counter[tuple[str, str]] = field(default_factory=Counter)
    #: Timer that would be due at once -> how many.
    at_once: Counter[str] = field(default_factory=Counter)
    #: Field of the form -> how many cases have an answer that would not be shown.
    lost: Counter[str] = field(default_factory=Counter)
    #: A move that changes a timer of that name.
    examples: dict[str, Move] = field(default_factory=dict)
    #: The first of them.
    moves: list[Move] = field(default_factory=list)

    @property
    def possible(self) -> int:
        """How many could be moved."""
        return self.looked_at - sum(self.refused.values())

    def add(self, move: Move, language: str, named: int) -> None:
        """Count a case."""
        self.looked_at += 1
        if len(self.moves) < named:
            self.moves.append(move)
        if move.refused:
            self.refused[move.refused.say(language)] += 1
            return
        for change in move.timers:
            self.timers[change.name, kind_of(change)] += 1
            self.examples.setdefault(change.name, move)
        self.at_once.update(move.at_once)
        self.lost.update(move.lost)


def kind_of(change: TimerChange) -> str:
    """What happens to a timer: set, cancelled or moved."""
    if change.before is None:
        return "set"
    return "cancelled" if change.after is None else "moved"


def summary(
    connection: Connection, library: Library, target: Published, now: datetime, language: str, *,
    scopes: frozenset[str] = frozenset({EVERYWHERE}), round_name: str | None = None,
    states: Mapping[str, str] | None = None, named: int = 0, most: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Summary:  # fmt: skip
    """What moving every open case of a process to ``target`` would do.

    Arguments:
        target: the version; it need not be published.
        scopes: the areas whose cases are meant; ``*`` is all.
        round_name: only the cases of this round.
        states: what the states that ``target`` lacks become there.
        named: how many cases are given with all that changes for them.
        most: no more cases than that are looked at.
        progress: is told how many of how many cases are done.
    """
    total = 0
    if progress:
        there = elsewhere(target, scopes, round_name)
        total = connection.execute(select(func.count()).select_from(there.subquery())).scalar_one()
    found = Summary()
    for page in pages(connection, target, scopes, round_name):
        left = None if most is None else most - found.looked_at
        for move in moves(connection, library, target, page[:left], now, states):
            found.add(move, language, named)
        if progress:
            progress(found.looked_at, total)
        if left is not None and len(page) >= left:
            break
    return found


def elsewhere(target: Published, scopes: frozenset[str], round_name: str | None) -> Select[Any]:
    """The open cases of the process that have another version than ``target``."""
    query = named_cases().where(
        _case.c.process == target.process.process, _case.c.is_open.is_(True),
        _case.c.release_id != target.id,
    )  # fmt: skip
    if EVERYWHERE not in scopes:
        inside = [
            one for scope in sorted(scopes)
            for one in (_case.c.area == scope, _case.c.area.startswith(f"{scope}-"))
        ]  # fmt: skip
        query = query.where(or_(*inside))
    return query.where(_case.c.round == round_name) if round_name else query


def pages(
    connection: Connection, target: Published, scopes: frozenset[str], round_name: str | None,
    after: str = "", size: int = CHUNK,
) -> Iterator[list[dict[str, Any]]]:  # fmt: skip
    """The cases of :func:`elsewhere`, oldest first, some at a time.

    Arguments:
        after: the id of the last case that is not wanted any more.
    """
    query = elsewhere(target, scopes, round_name).order_by(_case.c.id).limit(size)
    while True:
        rows = connection.execute(query.where(_case.c.id > after)).mappings()
        page = [dict(row) for row in rows]
        if page:
            yield page
        if len(page) < size:
            return
        after = page[-1]["id"]


def versions(connection: Connection, process: str) -> dict[int, tuple[str, int]]:
    """By number of each version that open cases have: its id, and how many cases."""
    query = (
        select(_release.c.number, _release.c.id, func.count())
        .join(_case, _case.c.release_id == _release.c.id)
        .where(_case.c.process == process, _case.c.is_open.is_(True))
        .group_by(_release.c.number, _release.c.id)
        .order_by(_release.c.number)
    )
    return {number: (id_, count) for number, id_, count in connection.execute(query).all()}


def version(connection: Connection, library: Library, process: str, number: int) -> Published:
    """A version of a process by its number.

    Raises:
        NotFound: there is none.
    """
    query = select(_release.c.id).where(_release.c.process == process, _release.c.number == number)
    found = connection.execute(query).scalar()
    if found is None:
        raise NotFound(
            N_("There is no version {number} of {process}."), number=number, process=process
        )
    return library.release(connection, found)


def moves(
    connection: Connection, library: Library, target: Published, cases: Sequence[dict[str, Any]],
    now: datetime, states: Mapping[str, str] | None = None,
) -> list[Move]:  # fmt: skip
    """What ``target`` would do to each of ``cases``, in their order.

    Arguments:
        cases: open cases of the process, as :func:`workflows.subjects.named_cases` gives them.
        states: what the states that ``target`` lacks become there.
    """
    states = states or {}
    if not cases:
        return []
    ids = [case["id"] for case in cases]
    timers = _by_case(connection, select(_timer).where(among(connection, _timer.c.case_id, ids)))
    answered = _by_case(
        connection,
        select(_answer.c.case_id, _answer.c.field, _answer.c.value).where(
            among(connection, _answer.c.case_id, ids)
        ),
    )
    begun = {case["id"]: library.release(connection, case["release_id"]) for case in cases}
    for case in cases:
        with_parties(connection, begun[case["id"]].process, [case])
    add_titles(connection, lambda case: begun[case["id"]].process, list(cases))
    placed = [{**case, "state": states.get(case["state"], case["state"])} for case in cases]
    spent = days_spent(connection, target.process, placed, states=states)
    found = []
    for given, case in zip(cases, placed, strict=True):
        move = Move(case=given, before=begun[case["id"]], after=target, state=case["state"])
        refused = _no_place(target, move.before.process, case)
        if case["state"] != given["state"] and case["state"] in move.before.process.states:
            refused = NotPossible(
                N_("The case’s own version has the state {state}, too: only a state that is new "
                   "can be what another one becomes."),
                state=case["state"],
            )  # fmt: skip
        if refused:
            found.append(replace(move, refused=refused))
            continue
        rows = _planned(target, move.before, case, timers.get(case["id"], ()), now,
                        spent[case["id"]])  # fmt: skip
        found.append(
            replace(
                move, rows=tuple(rows), unique_key=_key(target.process, case),
                timers=tuple(_changes(timers.get(case["id"], ()), rows)),
                at_once=tuple(dict.fromkeys(row["name"] for row in rows if row["due_at"] <= now)),
                lost=tuple(_lost(target.process, answered.get(case["id"], ()))),
            )
        )  # fmt: skip
    return _alone(connection, target.process, found)


def _by_case(connection: Connection, query: Select[Any]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in connection.execute(query).mappings():
        found.setdefault(row["case_id"], []).append(dict(row))
    return found


def _no_place(target: Published, before: Process, case: Row) -> Refused | None:
    """Why a case has no place in a version; None if it has one."""
    process, state = target.process, target.process.states.get(case["state"])
    if state is None:
        return NotPossible(
            N_("The case is “{state}”, and this version has no such state. Say which of its states "
               "that becomes."),
            state=before.states[case["state"]].title,
        )  # fmt: skip
    if state.final:
        return NotPossible(
            N_("The case is “{state}”, which is an end in this version: it would be over without "
               "anybody having decided."),
            state=state.title,
        )  # fmt: skip
    if process.subject != before.subject:
        return NotPossible(N_("In this version, cases are about something else."))
    gone = [name for name in case["parties"] if name not in process.parties]
    if gone:
        return NotPossible(
            N_("This version has no place for what the case names: {names}."), names=gone
        )
    if bool(process.round) != bool(case["round"]) or (
        case["round"] and case["round"] not in target.rounds
    ):
        return NotPossible(
            N_("This version does not have the case’s round, {round}."), round=case["round"] or "–"
        )
    return None


def _key(process: Process, case: Row) -> str | None:
    return None if process.states[case["state"]].frees else unique_key(process, case)


def _planned(
    target: Published, before: Published, case: Row, there: Sequence[Row], now: datetime,
    spent: Mapping[str, int],
) -> list[dict[str, Any]]:  # fmt: skip
    """The timer rows of a case in the version it would have, as of its next event.

    What comes again and again keeps its turn, if the version has it with the same pause.
    """
    moved = {**case, "version": case["version"] + 1}
    rows = plan(target.process, moved, target.values_of(case), now, spent)
    old = {row["name"]: row for row in there}
    for row in rows:
        rule = target.process.timers[row["name"]]
        earlier = before.process.timers.get(row["name"])
        if rule.every and earlier and earlier.every == rule.every and row["name"] in old:
            row["due_at"] = old[row["name"]]["due_at"]
    return rows


def _changes(there: Sequence[Row], rows: Sequence[Row]) -> Iterator[TimerChange]:
    """How the timers of a case differ: each name's moments, in their order."""
    before, after = _moments(there), _moments(rows)
    for name in dict.fromkeys([*before, *after]):
        gone = [one for one in before.get(name, ()) if one not in after.get(name, ())]
        new = [one for one in after.get(name, ()) if one not in before.get(name, ())]
        for place in range(max(len(gone), len(new))):
            yield TimerChange(
                name=name, before=gone[place] if place < len(gone) else None,
                after=new[place] if place < len(new) else None,
            )  # fmt: skip


def _moments(rows: Sequence[Row]) -> dict[str, list[datetime]]:
    found: dict[str, list[datetime]] = {}
    for row in sorted(rows, key=lambda one: (one["due_at"], one["name"])):
        found.setdefault(row["name"], []).append(row["due_at"])
    return found


def _lost(process: Process, answers: Sequence[Row]) -> list[str]:
    known = {name for name, _section, _field in fields(process)} if process.form else set()
    return [
        row["field"] for row in answers if row["field"] not in known and row["value"] != CLEARED
    ]


def _alone(connection: Connection, process: Process, found: list[Move]) -> list[Move]:
    """Refuse those of which, as the version counts, there would be two."""
    changing = [
        move for move in found
        if move.unique_key and not move.refused and move.unique_key != move.case["unique_key"]
    ]  # fmt: skip
    if not changing:
        return found
    query = select(_case.c.unique_key, _case.c.id).where(
        _case.c.process == process.process,
        among(connection, _case.c.unique_key, [str(move.unique_key) for move in changing]),
    )
    taken = {row.unique_key: row.id for row in connection.execute(query)}
    result = []
    for move in found:
        key = move.unique_key
        if move in changing and taken.setdefault(key, move.case["id"]) != move.case["id"]:
            move = replace(  # noqa: PLW2901 - the same move, refused
                move,
                refused=Conflict(
                    N_("There would be two where this version allows one, for the same {what}."),
                    what=list(process.unique),
                ),
            )
        result.append(move)
    return result
