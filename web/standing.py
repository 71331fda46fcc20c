"""Where a case stands, for the people whose it is.

What they must do and by when, what was decided and why, and what is ahead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, select

from base.days import local_day
from base.i18n import say
from models.cases import Case
from models.reads import rows_of
from models.registry import Label
from web.api.cases import deadlines, events
from web.api.lines import process_of
from web.api.shapes import Ahead, EventLine, Name
from web.context import Context
from web.scope import Scope, scope_of
from web.signing_in import Someone
from workflows import foresight
from workflows.actors import acts_as
from workflows.answers import may_edit
from workflows.answers_store import answers_of, evidence_counts
from workflows.definition import Process
from workflows.form import missing
from workflows.graph import onward
from workflows.log_words import UNDO
from workflows.machine import triggers_from
from workflows.parties import add_parties
from workflows.subjects import name_of, named_cases
from workflows.titles import add_titles

_case = Case.__table__  # type: ignore[attr-defined]
_label = Label.__table__  # type: ignore[attr-defined]

#: So many cases are shown at most; nobody has as many of her own.
MOST = 100


@dataclass(frozen=True, kw_only=True)
class Decided:
    """The last thing that was decided about a case by somebody else than those whose it is."""

    title: str
    #: In which capacity: a reviewer of the NSO.
    by: str
    at: datetime
    #: What was written with it, each text under its title.
    told: list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where one case stands."""

    id: str
    name: str
    #: What it is an application for: its process, and its round.
    what: str
    state: str
    since: datetime
    zone: str
    is_open: bool
    #: Whether it waits for the reader.
    hers: bool
    waits_for: str
    #: The first thing that happens by itself, if nobody acts.
    next: Ahead | None
    #: Days left until then, by the calendar where the case is; 0 is today.
    days_left: int | None
    #: What she may do now.
    steps: list[Name]
    #: The one of them that is meant to be taken; empty if there is none.
    main: str
    #: What she may do, but not today: what the step is called, and what it requires.
    closed: list[tuple[str, str]]
    #: Those of them that send the form in: the form leads to them.
    submits: frozenset[str]
    may_edit: bool
    #: How many things the form still lacks, where she fills it in.
    missing: int
    decided: Decided | None
    #: What usually comes after this state.
    ahead: list[str]
    #: Labels it awarded, by id.
    labels: list[str]


def own_standings(
    connection: Connection, context: Context, person: Someone, language: str, *, is_open: bool
) -> list[Standing]:
    """The reader's own cases, hers and her school's: those that wait for her first, soonest first.

    Arguments:
        is_open: whether those that run are wanted, or those that have ended.
    """
    scope = scope_of(connection, person.id, context.tools.clock)
    where = scope.own_cases() & _case.c.is_open.is_(is_open)
    rows = case_rows(connection, context, where)
    found = [_standing(connection, context, scope, row, person, language) for row in rows]
    return sorted(found, key=lambda one: (not one.hers, one.next is None, _due(one)))


def standing_of(
    connection: Connection, context: Context, person: Someone, case_id: str, language: str
) -> Standing:
    """Where one visible case stands."""
    scope = scope_of(connection, person.id, context.tools.clock)
    (row,) = case_rows(connection, context, scope.cases() & (_case.c.id == case_id))
    return _standing(connection, context, scope, row, person, language)


def _due(one: Standing) -> float:
    return one.next.at.timestamp() if one.next else -one.since.timestamp()


def case_rows(
    connection: Connection, context: Context, which: ColumnElement[bool]
) -> list[dict[str, Any]]:
    """Rows of cases with their names, parties and titles; the newest first."""
    query = named_cases().where(which).order_by(_case.c.id.desc()).limit(MOST)
    rows = rows_of(connection.execute(query))
    add_parties(connection, rows)
    add_titles(connection, process_of(connection, context.tools), rows)
    return rows


def what_for(connection: Connection, context: Context, row: dict[str, Any], language: str) -> str:
    """What a case is an application for: its process, and its round."""
    published = context.tools.library.release(connection, row["release_id"])
    parts = [say(published.process.title, language)]
    if row["round"]:
        parts.append(say(published.round_title(row["round"]), language))
    return ", ".join(parts)


def last_day(at: datetime, zone: str) -> Any:
    """The local day a deadline belongs to: one that is 24:00 belongs to the day it ends."""
    return local_day(at - timedelta(seconds=1), ZoneInfo(zone))


def _standing(
    connection: Connection, context: Context, scope: Scope, row: dict[str, Any],
    person: Someone, language: str,
) -> Standing:  # fmt: skip
    tools, now = context.tools, context.tools.clock.now()
    process = tools.library.release(connection, row["release_id"]).process
    state = process.states[row["state"]]
    waits_for = state.waits_for
    coming = deadlines(connection, context, row, language)
    fills_in = may_edit(connection, tools, row, person.id)
    days = None
    if coming:
        today = local_day(now, ZoneInfo(row["zone"]))
        days = max(0, (last_day(coming[0].at, row["zone"]) - today).days)
    possible = foresight.possible(connection, context.tools, row, person.id)
    closed = foresight.closed(connection, context.tools, row, possible)
    possible = [name for name in possible if name not in closed]
    issued = select(_label.c.id).where(_label.c.case_id == row["id"]).order_by(_label.c.id)
    return Standing(
        id=row["id"], name=name_of(row) or row["id"],
        what=what_for(connection, context, row, language),
        state=say(state.to_school, language), since=row["since"], zone=row["zone"],
        is_open=row["is_open"],
        hers=bool(waits_for)
        and acts_as(connection, process, [waits_for or ""], row, person.id, now) is not None,
        waits_for=say(process.actors[waits_for].title, language) if waits_for else "",
        next=coming[0] if coming else None, days_left=days,
        steps=[
            Name(name=name, title=say(process.transitions[name].title, language))
            for name in possible
        ],
        main=main_step(process, row["state"], possible),
        closed=[
            (say(process.transitions[name].title, language), reason.say(language))
            for name, reason in closed.items()
        ],
        submits=submitting(process),
        may_edit=fills_in,
        missing=_lacking(connection, process, row["id"]) if fills_in else 0,
        decided=_decided(process, events(connection, context, scope, row, language), language),
        ahead=[
            say(process.states[target].ahead, language)
            for _source, _trigger, target in onward(process, row["state"])
        ],
        labels=list(connection.execute(issued).scalars()),
    )  # fmt: skip


def main_step(process: Process, state: str, possible: Sequence[str]) -> str:
    """The step of those somebody may take that is meant to be taken; empty if there is none.

    It is the first one, unless that is a way out beside what the state waits for: withdrawing,
    while somebody else opens a link.
    """
    first = next(iter(possible), "")
    if not first or first == triggers_from(process, state)[0]:
        return first
    ends = all(process.states[one].final for one in process.transitions[first].targets)
    return "" if ends else first


def submitting(process: Process) -> frozenset[str]:
    """The steps that send the form in."""
    return frozenset(name for name, step in process.transitions.items() if step.records == "form")


def _lacking(connection: Connection, process: Process, case_id: str) -> int:
    answers = answers_of(connection, case_id)
    return len(missing(process, answers, evidence_counts(connection, case_id)))


def _decided(process: Process, history: Sequence[EventLine], language: str) -> Decided | None:
    """The last step of somebody who holds a right, or of the platform, that was not taken back."""
    judging = {
        name
        for name, step in process.transitions.items()
        if any(process.actors[actor].grant or process.actors[actor].platform for actor in step.by)
    }
    for place in range(len(history) - 1, -1, -1):
        event = history[place]
        taken_back = [one.trigger.name for one in history[place + 1 : place + 2]] == [UNDO]
        if event.trigger.name in judging and not taken_back:
            return Decided(
                title=event.trigger.title, by=event.acted_as, at=event.at,
                told=list(told(process, event, language)),
            )  # fmt: skip
    return None


def told(process: Process, event: EventLine, language: str) -> Iterator[tuple[str, str]]:
    """What the actor wrote with a step, each text under its title."""
    step = {**process.starts, **process.transitions}.get(event.trigger.name)
    sections = process.form.sections if process.form else []
    titles = {one.section: say(one.title, language) for one in sections}
    for ask in step.asks if step else []:
        value = event.payload.get(ask.name)
        if isinstance(value, dict):
            for name, text in dict[str, str](value).items():
                yield titles.get(name, name), text
        elif value and ask.type == "text":
            yield say(ask.title, language), str(value)
