"""``keurmerk verify``: follow every hash chain, and evaluate every decision again."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from cli.context import wiring
from cli.progress import progress
from workflows.verifying import verify


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verify")(run)


def run(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Verify every case's log and every decision. Exits with 1 if something does not hold."""
    given = wiring(context)
    with given.open(given.settings(), None) as parts, progress("Verifying") as tell:
        report = verify(parts.database, tell)
    if as_json:
        typer.echo(json.dumps(asdict(report)))
    else:
        for fault in report.faults:
            typer.echo(fault)
        typer.echo(
            f"{report.cases} cases with {report.events} events and {report.decisions} decisions: "
            + ("all hold." if not report.faults else f"{len(report.faults)} do not hold.")
        )
    if report.faults:
        raise typer.Exit(1)
