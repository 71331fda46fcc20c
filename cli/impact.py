"""``keurmerk impact``: what a changed file would do to the cases there are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from base.errors import BadDefinition, BadInput
from base.i18n import FALLBACK, N_
from cli.context import Parts, wiring
from cli.files import is_process, text_of
from cli.move_cases import NAMED, said
from cli.progress import progress
from cli.words import counted
from models.database import reading
from rules.book import RuleBook
from rules.checking import check_files
from workflows.checking import check_process
from workflows.files_in_force import files_in_force
from workflows.impact import Impact, impact
from workflows.known import known_to
from workflows.process_file import read_process
from workflows.process_impact import process_impact
from workflows.told_moves import impact_as_data


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("impact")(run)


def run(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The changed process, rule or round file.")],
    against: Annotated[
        str | None,
        typer.Option(metavar="ROUND", help="Only the cases of this round; all if left out."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what a changed file would do to the cases there are.

    Nothing changes. Facts are those each decision saw; a fact the file asks for differently is
    looked up as it is today. A process file changes cases only if they are moved to it; it says
    what that would do. Exits with 2 if the file has errors.
    """
    given = wiring(context)
    text = text_of(file)
    with given.open(given.settings(), None) as parts, reading(parts.database) as connection:
        now = parts.clock.now()
        force = files_in_force(connection, parts.engine.tools.library, now.date())
        if is_process(text):
            typer.echo(_of_process(connection, parts, text, file, force.book, against, as_json))
            return
        errors = [
            one for one in check_files({str(file): text}, beside=force.book)
            if one.severity == "error"
        ]  # fmt: skip
        if errors:
            raise BadInput(str(BadDefinition(N_("The file has errors."), errors)))
        book = RuleBook()
        content = book.add(text, str(file))
        book.add_missing(force.book)
        with progress("decisions") as tell:
            found = impact(connection, content, book, now, against=against, progress=tell)
    data = json.dumps(_as_data(found), ensure_ascii=False, indent=2) if as_json else _said(found)
    typer.echo(data)


def _of_process(
    connection: Connection, parts: Parts, text: str, file: Path, book: RuleBook,
    against: str | None, as_json: bool,
) -> str:  # fmt: skip
    process, located = read_process(text, str(file))
    remarks = check_process(process, located, known_to(book, parts.templates))
    errors = [one for one in remarks if one.severity == "error"]
    if errors:
        raise BadInput(str(BadDefinition(N_("The file has errors."), errors)))
    with progress("cases") as tell:
        found = process_impact(
            connection, parts.engine.tools.library, process, book, parts.clock.now(), FALLBACK,
            round_name=against, named=NAMED, progress=tell,
        )  # fmt: skip
    if as_json:
        return json.dumps(impact_as_data(found, FALLBACK), ensure_ascii=False, indent=2)
    gone = [
        f"gone: {one.kind} {one.name}"
        + (f" ({counted(one.cases, 'open case')} there)" if one.cases else "")
        for one in found.gone
    ]
    return "\n".join([*gone, said(found.moves, "moved to it")])


def _as_data(found: Impact) -> dict[str, object]:
    return {
        "looked_at": found.looked_at,
        "changes": found.changes,
        "counts": [
            {"before": before, "after": after, "count": count}
            for (before, after), count in sorted(found.counts.items())
        ],
        "changed": [vars(one) for one in found.changed],
    }


def _said(found: Impact) -> str:
    lines = [
        f"{counted(found.changes, 'decision')} of {found.looked_at} would come out differently."
    ]
    lines += [
        f"{before} -> {after}: {count}" for (before, after), count in sorted(found.counts.items())
        if before != after
    ]  # fmt: skip
    for one in found.changed:
        why = ", ".join(f"{name} {b or '-'} -> {a or '-'}" for name, (b, a) in one.findings.items())
        lines.append(f"{one.name} ({one.rule_set}): {one.before} -> {one.after} ({why})")
    return "\n".join(lines)
