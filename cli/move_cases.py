"""``keurmerk move-cases``: move open cases to another version of their process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from sqlalchemy import Connection, func, select

from base.errors import BadInput, NotAllowed, NotFound, Refused
from base.i18n import FALLBACK, N_
from cli.context import Parts, wiring
from cli.progress import progress
from cli.words import counted
from models.database import reading
from models.registry import Person
from workflows.administering import ADMINISTRATOR, Administrator, administrator
from workflows.move_to_version import move_case
from workflows.publishing import Published
from workflows.renamed_states import check_states
from workflows.told_moves import as_data
from workflows.version_moves import Summary, elsewhere, pages, summary, version

#: Cases that are named; all are counted.
NAMED = 200

_person = Person.__table__  # type: ignore[attr-defined]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("move-cases")(run)


def run(
    context: typer.Context,
    process: Annotated[str, typer.Argument(help="The process, such as school_label.")],
    to: Annotated[
        int | None, typer.Option(min=1, help="Number of the version; the one in force if left out.")
    ] = None,
    round_name: Annotated[
        str | None,
        typer.Option("--round", metavar="ROUND", help="Only the cases of this round."),
    ] = None,
    state: Annotated[
        list[str] | None,
        typer.Option(metavar="OLD=NEW", help="What a state the version lacks becomes; repeatable."),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(metavar="MAIL", help="The administrator who moves them: her mail address."),
    ] = None,
    why: Annotated[
        str | None, typer.Option(help="Why; stands in the log of each case. Moves them.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what a new version would change in open cases; move them.

    They are moved with --by and --why; without, nothing changes. State, answers and decisions stay;
    what happens by itself follows the version from then on.
    Exits with 1 if a case could not be moved.
    """
    given = wiring(context)
    if (by is None) != (why is None):
        raise BadInput(N_("Give --by and --why together, or neither: then nothing changes."))
    states = _states(state or [])
    with given.open(given.settings(), None) as parts:
        library, now = parts.engine.tools.library, parts.clock.now()
        with reading(parts.database) as connection:
            target = (
                library.in_force(connection, process, now.date())
                if to is None
                else version(connection, library, process, to)
            )
            who = _administrator(connection, by, parts) if by else None
        check_states(target.process, states)
        if who is not None:
            moved = _move(parts, who, target, round_name, why or "", states)
            _print(moved, as_json, f"{counted(moved['moved'], 'case')} moved to version "
                   f"{target.number}; {len(moved['refused'])} stay.")  # fmt: skip
            if moved["refused"]:
                raise typer.Exit(1)
            return
        with reading(parts.database) as connection, progress("cases") as tell:
            found = summary(
                connection, library, target, now, FALLBACK, round_name=round_name, states=states,
                named=NAMED, progress=tell,
            )  # fmt: skip
        data = {"version": target.number, **as_data(found, FALLBACK)}
        words = said(found, f"moved to version {target.number}")
        typer.echo(json.dumps(data, ensure_ascii=False, indent=2) if as_json else words)


def _states(given: list[str]) -> dict[str, str]:
    found = {}
    for one in given:
        old, equals, new = one.partition("=")
        if not (old and equals and new):
            raise BadInput(N_("Give --state as OLD=NEW, such as draft=concept."))
        found[old] = new
    return found


def _administrator(connection: Connection, mail: str, parts: Parts) -> Administrator:
    query = select(_person.c.id).where(func.lower(_person.c.email) == mail.lower())
    person_id = connection.execute(query).scalar()
    found = administrator(connection, person_id, parts.clock.now().date()) if person_id else None
    if found is None:
        raise NotAllowed(N_("{mail} is no administrator here."), [ADMINISTRATOR], mail=mail)
    return found


def _move(
    parts: Parts, who: Administrator, target: Published, round_name: str | None, why: str,
    states: Mapping[str, str],
) -> dict[str, Any]:  # fmt: skip
    refused: list[dict[str, str]] = []
    moved, after = 0, ""
    with progress("cases") as tell:
        with reading(parts.database) as connection:
            there = elsewhere(target, who.scopes, round_name).subquery()
            total = connection.execute(select(func.count()).select_from(there)).scalar_one()
        while True:
            with reading(parts.database) as connection:
                page = next(
                    iter(pages(connection, target, who.scopes, round_name, after=after)), []
                )
            for case in page:
                try:
                    move_case(parts.engine, who, case["id"], target, why, case["version"], states)
                    moved += 1
                except (Refused, NotFound) as error:
                    refused.append({"case": case["id"], "why": str(error)})
                tell(moved + len(refused), total)
            if not page:
                break
            after = page[-1]["id"]
    return {"version": target.number, "moved": moved, "refused": refused}


def said(found: Summary, done: str) -> str:
    """A summary in lines.

    Arguments:
        done: what would be done, such as ``moved to version 2``.
    """
    lines = [f"{found.possible} of {counted(found.looked_at, 'open case')} can be {done}."]
    lines += [f"not possible ({count}): {why}" for why, count in found.refused.items()]
    lines += [f"timer {name} {kind}: {count}" for (name, kind), count in found.timers.items()]
    lines += [f"timer {name} due at once: {count}" for name, count in found.at_once.items()]
    lines += [
        f"answer {name} not shown any more, but kept: {count}" for name, count in found.lost.items()
    ]
    return "\n".join(lines)


def _print(data: dict[str, Any], as_json: bool, words: str) -> None:
    if as_json:
        typer.echo(json.dumps(data, ensure_ascii=False, indent=2))
        return
    for one in data["refused"]:
        typer.echo(f"{one['case']}: {one['why']}")
    typer.echo(words)
