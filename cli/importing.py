"""``keurmerk import``: schools, people, activities, projects and labels into the registry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.context import wiring
from cli.progress import progress
from registry.importing import import_file


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import")(run)


def run(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="Dossiers (.json), a table (.csv) or several (.xlsx).")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be imported.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Import schools, people, projects and labels from a file.

    All of it, or nothing: then every error is named by row and field, and the exit code is 2.
    """
    given = wiring(context)
    with (
        given.open(given.settings(), None) as parts,
        progress("Importing") as tell,
        parts.database.connect() as connection,
        connection.begin() as transaction,
    ):
        report = import_file(connection, file, file.name, now=parts.clock.now(), progress=tell)
        if dry_run:
            transaction.rollback()
    if as_json:
        typer.echo(json.dumps({"imported": not dry_run, "counts": report.counts}))
        return
    for note in report.notes:
        typer.echo(f"{note.where}: {note.say()}")
    made = ", ".join(f"{kind} {count:,}" for kind, count in report.counts.items() if count)
    typer.echo(f"{'Would import' if dry_run else 'Imported'}: {made or 'nothing new'}.")
