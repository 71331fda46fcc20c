"""``keurmerk verify``: follow every hash chain, and evaluate every decision again."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from cli.context import wiring
from cli.progress import progress
from cli.words import counted
from workflows.verifying import verify


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verify")(run)


def run(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Verify the log of every case, and every decision.

    The log is a chain of hashes; a decision is evaluated again from the facts and rules kept with
    it. Exits with 1 if something does not hold.
    """
    given = wiring(context)
    with given.open(given.settings(), None) as parts, progress("Verifying") as tell:
        report = verify(parts.database, tell)
    if as_json:
        typer.echo(json.dumps(asdict(report)))
    else:
        for fault in report.faults:
            typer.echo(fault)
        typer.echo(
            f"{counted(report.cases, 'case')}, {counted(report.events, 'event')} and "
            f"{counted(report.decisions, 'decision')} verified: "
            + (
                "everything holds."
                if not report.faults
                else f"{counted(len(report.faults), 'fault')}."
            )
        )
    if report.faults:
        raise typer.Exit(1)
