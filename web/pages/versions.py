"""Moving open cases to another version of their process: what it would do, then doing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from base.errors import BadInput, KeurmerkError, NotFound
from base.i18n import N_, say
from models.cases import Case
from models.database import reading
from web import drafting
from web.context import Context, Here
from web.language import Language
from web.pages.rendering import page
from web.pages.sending import Form
from web.signing_in import Reader
from workflows.definition import Process
from workflows.form import find_field
from workflows.move_to_version import move_cases
from workflows.publishing import Published
from workflows.readable import what_it_does
from workflows.renamed_states import renaming
from workflows.subjects import name_of, named_cases
from workflows.version_moves import (
    Move,
    Summary,
    TimerChange,
    moves,
    pages,
    summary,
    version,
    versions,
)

router = APIRouter()

_case = Case.__table__  # type: ignore[attr-defined]

#: Cases on a page, each with all that changes for it.
AT_ONCE = 100
#: Cases that are counted for the summary.
MOST = 2000

#: What stands before the name of a state the version lacks, in the name of its box.
STATE = "state-"
#: The version of a row that nobody has seen.
NOT_SEEN = -1

#: What happens to a timer.
KINDS = {
    "set": N_("is set"),
    "cancelled": N_("is cancelled"),
    "moved": N_("is set for another day"),
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """A case in the list."""

    move: Move
    name: str
    state: str
    #: What the state becomes; empty where it stays.
    becomes: str
    #: What each timer does, and how it changes.
    timers: list[tuple[str, TimerChange]]
    #: What would be due at once.
    at_once: list[str]
    #: Titles of the fields that would not be shown.
    lost: list[str]
    #: Why it cannot be moved; empty where it can.
    why: str


@router.get("/rules/versions/{name}")
def look(
    request: Request, context: Here, reader: Reader, language: Language, name: str,
    to: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
    call: Annotated[str, Query(alias="round", max_length=40)] = "",
    after: Annotated[str, Query(max_length=40)] = "",
) -> Response:  # fmt: skip
    """The open cases of other versions, and what moving them would do; nothing changes.

    Arguments:
        to: the number of the version; the one in force if left out.
        call: only the cases of this round.
        after: the id of the last case of the page before.

    What a state becomes that the version lacks stands in the address as ``state-OLD=NEW``.
    """
    return _shown(
        request, context, reader.id, language, name, to=to, call=call, after=after,
        states=_states(request.query_params),
    )  # fmt: skip


@router.post("/rules/versions/{name}")
def carry_out(
    request: Request, context: Here, reader: Reader, language: Language, sent: Form, name: str
) -> Response:
    """Move the cases that were looked at and are ticked; each by itself."""
    number, call, after = sent.get("to"), sent.get("round"), sent.get("after")
    to = int(number) if number.isdigit() and len(number) < 8 else None
    why = sent.get("why")
    with reading(context.database) as connection:
        who = drafting.administrator_of(connection, context, reader.id)
        target = _target(connection, context, name, to)
    # A case without a version was not on the list: it is told so, as one that has changed since.
    chosen = {
        one: sent.number(f"version-{one}") or NOT_SEEN for one in dict.fromkeys(sent.all("case"))
    }
    states = _states({key: sent.get(key) for key in sent.fields})
    problems: dict[str, str] = {}
    done: Mapping[str, KeurmerkError | None] | None = None
    try:
        if not chosen:
            raise BadInput(N_("Choose at least one case first."))
        done = move_cases(context.engine, who, chosen, target, why, states)
    except BadInput as error:
        problems = {"why" if chosen else "cases": error.say(language)}
    return _shown(
        request, context, reader.id, language, name, to=to, call=call, after=after, why=why,
        states=states, problems=problems, done=done, chosen=chosen if problems else None,
    )  # fmt: skip


def _states(sent: Mapping[str, str]) -> dict[str, str]:
    """What each state becomes, where that is said."""
    return {
        key.removeprefix(STATE): new for key, new in sent.items() if key.startswith(STATE) and new
    }


def _target(connection: Connection, context: Context, name: str, to: int | None) -> Published:
    library, today = context.tools.library, context.tools.clock.now().date()
    if to is None:
        return library.in_force(connection, name, today)
    found = version(connection, library, name, to)
    if found.in_force_from > today:
        raise NotFound(N_("There is no such version in force yet."))
    return found


def _shown(
    request: Request, context: Context, person_id: str, language: str, name: str, *,
    to: int | None, call: str, after: str, states: dict[str, str], why: str = "",
    problems: dict[str, str] | None = None,
    done: Mapping[str, KeurmerkError | None] | None = None, chosen: Mapping[str, int] | None = None,
) -> Response:  # fmt: skip
    library, now = context.tools.library, context.tools.clock.now()
    with reading(context.database) as connection:
        who = drafting.administrator_of(connection, context, person_id)
        target = _target(connection, context, name, to)
        rounds = {one: say(target.round_title(one), language) for one in target.rounds}
        wanted = call if call in rounds else None
        names = renaming(connection, library, target, who.scopes, wanted)
        # What an address says of other states is of no use here.
        states = {
            old: new for old, new in states.items() if old in names.lacking and new in names.new
        }
        there = versions(connection, name)
        here = next(iter(pages(connection, target, who.scopes, wanted, after, AT_ONCE)), [])
        whole = summary(
            connection, library, target, now, language, scopes=who.scopes, round_name=wanted,
            states=states, most=MOST,
        )  # fmt: skip
        lines = [
            line(one, language) for one in moves(connection, library, target, here, now, states)
        ]
        results = _results(connection, done, language) if done else []
    return page(
        request, "versions.html", status=422 if problems else 200, target=target, name=name,
        versions=there, rounds=rounds, call=wanted or "", after=after, lines=lines, whole=whole,
        counted=_counted(whole, language), kinds=KINDS, why=why, problems=problems or {},
        results=results, chosen=chosen, most=MOST, last=here[-1]["id"] if len(here) == AT_ONCE
        else "", choices=_numbers(there, target), lacking=names.lacking, states=states,
        becoming={one: _called(target.process, one, language) for one in names.new},
        state_box=STATE,
        next_query=urlencode(
            {"to": target.number, "round": wanted or "", "after": here[-1]["id"] if here else ""}
            | {f"{STATE}{old}": new for old, new in states.items()}
        ),
    )  # fmt: skip


def _numbers(there: Mapping[int, tuple[str, int]], target: Published) -> dict[str, str]:
    """The versions one can move to: those that cases have, and the one that is shown."""
    return {str(one): str(one) for one in sorted({*there, target.number}, reverse=True)}


def shown_moves(whole: Summary, language: str) -> dict[str, Any]:
    """What a template needs to show a summary and the moves it names."""
    return {
        "whole": whole, "kinds": KINDS, "counted": _counted(whole, language),
        "lines": [line(one, language) for one in whole.moves],
    }  # fmt: skip


def _called(process: Process, state: str, language: str) -> str:
    """A state by its title and its name: a renamed one often keeps its title."""
    return f"{say(process.states[state].title, language)} ({state})"


def line(move: Move, language: str) -> Line:
    """A case of the list, in words."""
    before, after = move.before.process, move.after.process
    renamed = move.state != move.case["state"]
    return Line(
        move=move, name=name_of(move.case) or say(after.title, language),
        state=_called(before, move.case["state"], language)
        if renamed else say(before.states[move.case["state"]].title, language),
        becomes=_called(after, move.state, language) if renamed else "",
        timers=[(_does(move, change.name, language), change) for change in move.timers],
        at_once=[_does(move, one, language) for one in move.at_once],
        lost=[_field(move, one, language) for one in move.lost],
        why=move.refused.say(language) if move.refused else "",
    )  # fmt: skip


def _does(move: Move, name: str, language: str) -> str:
    process = move.after.process if name in move.after.process.timers else move.before.process
    return what_it_does(process, process.timers[name], language)


def _field(move: Move, key: str, language: str) -> str:
    found = find_field(move.before.process, key)
    return say(found.title, language) if found else key


def _counted(whole: Summary, language: str) -> list[tuple[str, str, int]]:
    """How many timers change, and how: what each does, what happens to it, in how many cases."""
    return [
        (_does(whole.examples[name], name, language), kind, count)
        for (name, kind), count in sorted(whole.timers.items())
    ]


def _results(
    connection: Connection,
    done: Mapping[str, KeurmerkError | None],
    language: str,
) -> list[tuple[str, str, str]]:
    """What came of each case: its id, its name, and why it was not moved."""
    query = named_cases().where(_case.c.id.in_(list(done)))
    names = {row["id"]: name_of(dict(row)) for row in connection.execute(query).mappings()}
    return [
        (one, names.get(one) or "–", refused.say(language) if refused else "")
        for one, refused in done.items()
    ]
