"""One step of one or many cases: the guards, and everything that is written.

:func:`take` is the only place where a case's state is written. It works on many cases at once (a
screening opens thousands, a deadline closes hundreds), and a single ``fire`` is a batch of one. It
runs inside the caller's transaction and does nothing outside the database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, select
from sqlalchemy.sql.dml import UpdateBase

from base.canonical import canonical
from base.errors import Refused
from base.ids import new_id
from models.cases import Answer, Case, CaseEvent, CaseParty, Decision, Timer
from models.desk import Waiting
from models.messages import Mail, Notice
from models.registry import Organisation
from models.writes import Writes, pipelined
from workflows.applying import apply_effects
from workflows.asks import first_answers
from workflows.chain import event_hash
from workflows.definition import Process, Step
from workflows.effects.effect import TAKING_UP
from workflows.judging import Said, chosen_branch, decision_rows, judge_guard, refusal
from workflows.kept_values import kept_now
from workflows.log_words import UNDO
from workflows.messages import deadlines, messages_of
from workflows.parties import party_rows, unique_key, with_parties
from workflows.publishing import Published
from workflows.spent import days_spent
from workflows.subjects import KINDS
from workflows.timing import plan
from workflows.titles import add_titles
from workflows.tools import Cause, Tools
from workflows.waiting import waiting_rows

_answer = Answer.__table__  # type: ignore[attr-defined]
_case = Case.__table__  # type: ignore[attr-defined]
_event = CaseEvent.__table__  # type: ignore[attr-defined]
_party = CaseParty.__table__  # type: ignore[attr-defined]
_decision = Decision.__table__  # type: ignore[attr-defined]
_timer = Timer.__table__  # type: ignore[attr-defined]
_waiting = Waiting.__table__  # type: ignore[attr-defined]
_mail = Mail.__table__  # type: ignore[attr-defined]
_notice = Notice.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]

#: Tables of what a case can be about: their rows are written before the case's.
_SUBJECTS = {"organisation", "person", "project"}

Row = Mapping[str, Any]
#: From a case and the branch the rules chose to the state it comes to; None leaves the case out.
ToState = Callable[[dict[str, Any], str], str | None]


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A step that was taken."""

    case: dict[str, Any]
    event: dict[str, Any]
    mails: int = 0
    notices: int = 0


#: Waits for whoever takes such a step at one of the schools. Rows that refer to them do not wait.
_one_by_one = (
    select(_organisation.c.id)
    .where(_organisation.c.id.in_(bindparam("schools", expanding=True)))
    .order_by(_organisation.c.id)
    .with_for_update(key_share=True)
)


@dataclass(kw_only=True)
class _Batch:
    """What a step writes."""

    cases: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)
    #: What the effects give to the mails, case by case.
    contexts: list[dict[str, Any]] = field(default_factory=list)
    #: What the effects write.
    rows: dict[Any, list[dict[str, Any]]] = field(default_factory=dict)
    changes: list[UpdateBase] = field(default_factory=list)
    #: Whether an effect says what a case is about.
    settled: bool = False


def take(
    connection: Connection, tools: Tools, published: Published, cause: Cause,
    cases: Sequence[dict[str, Any]], to_state: ToState, said: Mapping[str, Said] | None = None,
    *, last: bool = False,
) -> tuple[list[Taken], dict[str, Refused]]:  # fmt: skip
    """Take one step in each of ``cases``: guards, then every row, in the caller's transaction.

    A case that is refused is left as it is and does not hold up the others.

    Arguments:
        cases: locked rows; a start gives new rows with ``version`` 0 and an empty ``state``.
        to_state: where the step leads from a case; None leaves the case out (the caller has
            said why already).
        said: what the guards say, where the caller has asked them.
        last: a step that is taken ends the transaction, in the same round trip.

    Returns:
        The steps taken, and the refusals by case id.
    """
    process, now = published.process, cause.now
    with_parties(connection, process, cases)
    add_titles(connection, lambda _case: process, cases)
    if TAKING_UP & cause.step.effect.keys():
        schools = {case["organisation_id"] for case in cases} - {None}
        connection.execute(_one_by_one, {"schools": sorted(schools)}).all()
    if said is None:
        said = judge_guard(
            connection, tools.judge, published, cause.step.guard, cases, now, cause.payload
        )
    refused: dict[str, Refused] = {}
    batch = _Batch()
    for before, branch, asked in _ways(connection, tools, published, cause, cases, said, refused):
        state = to_state(before, branch)
        if state is None:
            continue
        try:
            about, context, found = apply_effects(
                connection, tools.public_url, published, cause, before, batch.rows, batch.changes
            )
        except Refused as refused_effect:
            refused[before["id"]] = refused_effect
            continue
        batch.settled |= bool(about)
        if said_before := first_answers(
            cause.step, before["id"], cause.payload, cause.actor_id, cause.now
        ):
            batch.rows.setdefault(_answer, []).extend(said_before)
        if process.keeps:
            kept = kept_now(process, before, cause.payload, found)
            before = {**before, "kept": kept}  # noqa: PLW2901 - the same case, as it goes on
        _add(batch, published, cause, _settled(process, before, about), state, context, asked)
    if not batch.cases:
        return [], refused
    return _write(connection, tools, published, cause, batch, last=last), refused


def _ways(
    connection: Connection, tools: Tools, published: Published, cause: Cause,
    cases: Sequence[dict[str, Any]], said: Mapping[str, Said], refused: dict[str, Refused],
) -> list[tuple[dict[str, Any], str, Said]]:  # fmt: skip
    """The cases whose guard passes, each with the branch it takes and what was asked of it."""
    passed = []
    for case in cases:
        error = refusal(connection, published, case, said[case["id"]])
        if error is None:
            passed.append(case)
        else:
            refused[case["id"]] = error
    branches = cause.step.branches
    if len(branches) == 1 and not branches[0].when:
        return [(case, branches[0].to, said[case["id"]]) for case in passed]
    names = list(dict.fromkeys(name for branch in branches for name in branch.when))
    more = judge_guard(connection, tools.judge, published, names, passed, cause.now, cause.payload)
    found = []
    for case in passed:
        state, asked = chosen_branch(branches, dict(more[case["id"]]))
        error = refusal(connection, published, case, asked) if state is None else None
        if error:
            refused[case["id"]] = error
        elif state is not None:
            found.append((case, state, [*said[case["id"]], *asked]))
    return found


def _add(
    batch: _Batch, published: Published, cause: Cause, before: dict[str, Any], state: str,
    context: dict[str, Any], asked: Said,
) -> None:  # fmt: skip
    kept = decision_rows(published, before, cause.trigger, asked, cause.now, before["id"])
    case = _moved(published.process, before, state, cause.since or cause.now)
    event = event_row(before, case, cause, [row["id"] for row in kept])
    case["head"] = event["hash"]
    batch.decisions += kept
    batch.cases.append(case)
    batch.events.append(event)
    batch.contexts.append(context)


def _write(
    connection: Connection, tools: Tools, published: Published, cause: Cause, batch: _Batch,
    *, last: bool,
) -> list[Taken]:  # fmt: skip
    process, now = published.process, cause.now
    spent = days_spent(connection, process, batch.cases, undone=cause.trigger == UNDO)
    timers = [
        row
        for case in batch.cases
        for row in plan(process, case, published.values_of(case), now, spent[case["id"]])
    ]
    mails, notices = messages_of(
        connection, tools, published, cause,
        list(zip(batch.cases, batch.events, batch.contexts, strict=True)),
        deadlines(process, timers),
    )  # fmt: skip
    waiting = waiting_rows(published, batch.cases, timers)
    new = [case for case in batch.cases if case["version"] == 1]
    there = [case for case in batch.cases if case["version"] > 1]
    if tools.wake:
        tools.wake(connection)
    # From here on nothing is read.
    with pipelined(connection, last=last) as writes:
        # A subject that a start makes comes first: the case refers to it.
        for table, lines in batch.rows.items():
            if table.name in _SUBJECTS:
                writes.insert(table, lines)
        writes.insert(_case, [_columns(case, _ALL) for case in new])
        settled = batch.settled or _settles(cause.step)
        writes.update(_case, [_columns(case, _MOVES[settled]) for case in there])
        ids = [case["id"] for case in there]
        if process.parties:
            writes.among("DELETE FROM case_party WHERE case_id", ids)
        writes.insert(_party, [row for case in batch.cases for row in party_rows(case)])
        writes.insert(_decision, batch.decisions)
        writes.insert(_event, batch.events)
        for table, lines in batch.rows.items():
            if table.name not in _SUBJECTS:
                writes.insert(table, lines)
        for change in batch.changes:
            connection.execute(change)
        _clear(writes, process, ids)
        writes.insert(_timer, timers)
        writes.insert(_waiting, waiting)
        writes.insert(_mail, mails)
        writes.insert(_notice, notices)
    mailed = Counter(row["case_id"] for row in mails)
    noticed = Counter(row["case_id"] for row in notices)
    return [
        Taken(case=case, event=event, mails=mailed[case["id"]], notices=noticed[case["id"]])
        for case, event in zip(batch.cases, batch.events, strict=True)
    ]


def _settles(step: Step) -> bool:
    """Whether what is sent along with a step changes what a case is about."""
    return any(ask.becomes in KINDS or ask.type == "area" for ask in step.asks)


def _settled(process: Process, case: dict[str, Any], about: Row) -> dict[str, Any]:
    """The case with what its effects settle: what it is about, where they make that."""
    if not about:
        return case
    settled = {**case, **about}
    return {**settled, "unique_key": unique_key(process, settled)}


def _moved(process: Process, before: Row, state: str, since: datetime) -> dict[str, Any]:
    target = process.states[state]
    return {
        **before,
        "state": state,
        "since": since,
        "is_open": not target.final,
        "unique_key": None if target.frees else before["unique_key"],
        "version": before["version"] + 1,
    }


def event_row(before: Row, case: Row, cause: Cause, decisions: list[str]) -> dict[str, Any]:
    """The next event of a case's log: what it was, what it is, and why."""
    row: dict[str, Any] = {
        "id": new_id(),
        "case_id": case["id"],
        "sequence": case["version"],
        "at": cause.now,
        "trigger": cause.trigger,
        "from_state": before["state"],
        "to_state": case["state"],
        "actor_id": cause.actor_id,
        "acted_as": cause.acted_as,
        # As the database will give it back: the hash must be the same then.
        "payload": orjson.loads(canonical(cause.kept_payload)) if cause.kept_payload else {},
        "decisions": decisions,
        "previous": before["head"],
    }
    row["hash"] = event_hash(row)
    return row


def _columns(case: Row, names: Sequence[str]) -> dict[str, Any]:
    return {name: case[name] for name in names}


_ALL = tuple(column.name for column in _case.columns)
_MOVED = ("state", "since", "is_open", "unique_key", "version", "head", "kept")
#: Whether a step changes what a case is about, as few do -> what is written of a case there.
_MOVES = {
    False: (*_MOVED, "id"),
    True: (*_MOVED, "organisation_id", "project_id", "area", "zone", "id"),
}

DROP_TIMERS = "DELETE FROM timer WHERE case_id"
LEAVE_QUEUE = "DELETE FROM waiting WHERE case_id"
_WITHDRAW_REMINDERS = (
    # Joined to nothing, so that SQLite does not look through all that waits: it has no statistics,
    # and would take the index by status before the one by case.
    "UPDATE mail SET status = 'withdrawn' WHERE event_id IS NULL AND status || '' = 'waiting' "
    "AND case_id"
)


def _clear(writes: Writes, process: Process, cases: Sequence[str]) -> None:
    """Drop what belongs to the states that were left: timers, places in the queue, reminders.

    Arguments:
        cases: ids of those that were there before.
    """
    writes.among(LEAVE_QUEUE, cases)
    if not process.timers:
        return
    writes.among(DROP_TIMERS, cases)
    if any(rule.mail for rule in process.timers.values()):
        writes.among(_WITHDRAW_REMINDERS, cases)
