"""The start page: what runs here, and what waits for the reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import ColumnElement, Connection, Row, func, select, tuple_

from base.i18n import say
from models.cases import Case
from models.database import reading
from models.reads import rows_of
from web.api.cases import deadlines
from web.api.definitions import in_force
from web.api.lines import case_line, process_of
from web.api.shapes import Ahead
from web.context import Context, Here
from web.due import Due, due
from web.language import Language
from web.pages.rendering import page
from web.queue import dues_of
from web.scope import Scope, scope_of
from web.signing_in import Perhaps, Someone
from web.standing import own_standings
from workflows.actors import acts_as
from workflows.definition import Process
from workflows.parties import add_parties
from workflows.publishing import Library, Published
from workflows.subjects import named_cases
from workflows.titles import add_titles
from workflows.tools import Tools
from workflows.waiting import NEVER

router = APIRouter()

_case = Case.__table__  # type: ignore[attr-defined]

#: Cases named in each list of the start page; the API lists them all.
NAMED = 20
#: Cases looked at for those that wait for the reader: some may not, such as her own school's.
LOOKED_AT = 100


@dataclass(frozen=True, kw_only=True)
class CaseShown:
    """A case in a list of the start page."""

    id: str
    name: str
    #: What it is an application for: its process, and its round.
    what: str
    state: str
    since: datetime
    zone: str
    next: Ahead | None
    #: By when it is to be looked at, for those who judge; None for others.
    due: Due | None = None


@dataclass(frozen=True, kw_only=True)
class ProcessShown:
    """A process in force."""

    name: str
    title: str
    number: int
    #: Its rounds that have a window for applications: title and dates by name.
    rounds: list[tuple[str, Mapping[str, Any]]]


@dataclass(kw_only=True)
class Desk:
    """What the reader sees of the cases."""

    #: Process -> titles of states with the number of cases there.
    counts: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    #: Those that wait for her, the most urgent first.
    hers: list[CaseShown] = field(default_factory=list)
    #: Other open ones, the last to change first.
    others: list[CaseShown] = field(default_factory=list)


@router.get("/")
def start(request: Request, context: Here, person: Perhaps, language: Language) -> HTMLResponse:
    """The processes with their rounds, and the cases the reader may see."""
    desk, standings = Desk(), []
    if person:
        with reading(context.database) as connection:
            desk = _desk(connection, context, person, language)
            own = own_standings(connection, context, person, language, is_open=True)
            standings = [one for one in own if one.hers]
    shown = [_process(one, language) for one in in_force(context)]
    return page(
        request, "start.html", desk=desk, standings=standings,
        # What is shown as a card is not named in the table as well.
        carded={one.id for one in standings},
        # First those that there is something to tell of.
        processes=sorted(shown, key=lambda one: (one.name not in desk.counts, not one.rounds)),
    )  # fmt: skip


def _process(published: Published, language: str) -> ProcessShown:
    rounds = {name: published.values(name, "") for name in published.rounds}
    return ProcessShown(
        name=published.process.process, title=say(published.process.title, language),
        number=published.number,
        rounds=[
            (say(published.round_title(name), language), values)
            for name, values in rounds.items() if "first_window.opens" in values
        ],
    )  # fmt: skip


def _desk(connection: Connection, context: Context, person: Someone, language: str) -> Desk:
    library, now = context.tools.library, context.tools.clock.now()
    scope = scope_of(connection, person.id, context.tools.clock)
    columns = _case.c.process, _case.c.state, _case.c.release_id
    groups = connection.execute(
        select(*columns, func.count()).where(scope.cases()).group_by(*columns)
    ).all()
    groups = sorted(groups, key=lambda group: _place(library, connection, group))
    found, waiting = Desk(), []
    totals: dict[tuple[str, str], int] = {}
    for name, state, release, count in groups:
        process = library.release(connection, release).process
        texts = process.states[state]
        title = say(texts.title if scope.is_staff else texts.to_school, language)
        totals[name, title] = totals.get((name, title), 0) + count
        if _may_wait_for(process, state, scope):
            waiting.append((release, state))
    for (name, title), count in totals.items():
        found.counts.setdefault(name, []).append((title, count))

    in_wait = tuple_(_case.c.release_id, _case.c.state).in_(waiting)
    tools, where = context.tools, scope.cases() & in_wait
    rows = _rows(connection, tools, where, _case.c.since, LOOKED_AT) if waiting else []
    hers = []
    for row in rows:
        process = library.release(connection, row["release_id"]).process
        actor = process.states[row["state"]].waits_for
        if actor and acts_as(connection, process, [actor], row, person.id, now):
            hers.append(row)
    dues = dues_of(connection, [row["id"] for row in hers]) if scope.is_staff else {}
    hers = sorted(hers, key=lambda row: dues.get(row["id"], NEVER))[:NAMED]
    rest = scope.cases() & _case.c.is_open.is_(True)
    rest &= _case.c.id.not_in([row["id"] for row in hers])
    others = _rows(connection, context.tools, rest, _case.c.since.desc(), NAMED)
    found.hers = [
        replace(
            _shown(connection, context, scope, row, language),
            due=due(dues[row["id"]], row, now) if row["id"] in dues else None,
        )
        for row in hers
    ]
    found.others = [_shown(connection, context, scope, row, language) for row in others]
    return found


def _place(library: Library, connection: Connection, group: Row[Any]) -> tuple[str, int]:
    """Where a state stands in the process file, so that states are told in that order."""
    states = library.release(connection, group.release_id).process.states
    return group.process, list(states).index(group.state)


def _may_wait_for(process: Process, state: str, scope: Scope) -> bool:
    """Whether a case in this state can wait for somebody of this scope."""
    name = process.states[state].waits_for
    if name is None:
        return False
    actor = process.actors[name]
    if actor.linked_to == "organisation":
        return bool(scope.organisations)
    return scope.is_staff if actor.grant else not actor.platform


def _rows(
    connection: Connection,
    tools: Tools,
    which: ColumnElement[bool],
    order: ColumnElement[Any],
    most: int,
) -> list[dict[str, Any]]:
    query = named_cases().where(which).order_by(order, _case.c.id).limit(most)
    rows = rows_of(connection.execute(query))
    add_parties(connection, rows)
    add_titles(connection, process_of(connection, tools), rows)
    return rows


def _shown(
    connection: Connection, context: Context, scope: Scope, row: dict[str, Any], language: str
) -> CaseShown:
    line = case_line(connection, context.tools, row, language, staff=scope.is_staff_in(row))
    coming = deadlines(connection, context, row, language)
    published = context.tools.library.release(connection, row["release_id"])
    what = [say(published.process.title, language)]
    if row["round"]:
        what.append(say(published.round_title(row["round"]), language))
    return CaseShown(
        id=line.id, name=line.name or line.id, what=", ".join(what), state=line.state.title,
        since=line.since,
        zone=row["zone"], next=coming[0] if coming else None,
    )  # fmt: skip
