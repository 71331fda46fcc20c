"""``keurmerk simulate``: a whole round on a virtual clock, with made-up people."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from base.clock import VirtualClock
from base.errors import BadDefinition, BadInput
from cli.context import Parts, wiring
from cli.files import Definitions, definitions
from cli.languages import DEFAULT, Language
from cli.progress import progress
from cli.simulate_told import told
from cli.temporary import temporary
from models.database import writing
from registry.values import BadValue, day
from rules.open_values import area_of
from workflows.publishing import Published, publish
from workflows.simulation.manners import ANSWER_DAYS
from workflows.simulation.season import round_of, season_of
from workflows.simulation.simulate import simulate


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("simulate")(run)


def run(
    context: typer.Context,
    process: Annotated[str, typer.Argument(help="Process, such as school_label.")],
    country: Annotated[str, typer.Option(metavar="AREA", help="Country or region: NL, BE-VLG.")],
    round_name: Annotated[
        str | None,
        typer.Option("--round", metavar="ROUND", help="Round; may be left out if there is one."),
    ] = None,
    first_day: Annotated[
        str | None,
        typer.Option("--from", metavar="DAY", help="First day, where the round names no days."),
    ] = None,
    file: Annotated[
        list[Path] | None,
        typer.Option(help="Changed process, rule or round file in its place; repeatable."),
    ] = None,
    cases: Annotated[
        int, typer.Option(metavar="N", min=1, max=2000, help="How many apply.")
    ] = 50,
    answer_days: Annotated[
        float,
        typer.Option(min=0.1, max=250, help="Working days in which staff answers, on average."),
    ] = ANSWER_DAYS,
    seed: Annotated[int, typer.Option(help="Another number, other people and days.")] = 1,
    language: Language = DEFAULT,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:  # fmt: skip
    """Play a whole round on a virtual clock, with made-up people.

    Says what came of it: states, what stood in the way, waiting times, the staff's load, timers
    and mails. Engine, rules, timers and mails are the real ones. The same seed gives the same
    round. Takes the installed files; sends nothing, and leaves nothing behind.
    """
    defined = definitions(process, file or [])
    area = area_of(country)
    calls = defined.book.rounds(defined.process.round) if defined.process.round else []
    season = season_of(round_of(defined.process, calls, round_name), area, day_of(first_day))
    clock = VirtualClock(season.begins)
    with temporary(wiring(context), clock) as parts:
        published = _published(parts, defined, clock)
        with progress("days") as tell:
            found = simulate(
                parts.engine, clock, parts.files, published, season, applicants=cases, seed=seed,
                language=language, answer_days=answer_days, progress=tell,
            )  # fmt: skip
    data = {**found.as_data(), "seed": seed, "answer_days": answer_days}
    typer.echo(
        json.dumps(data, ensure_ascii=False, indent=2, default=str)
        if as_json
        else told(found, seed, answer_days)
    )


def day_of(text: str | None) -> date | None:
    """A day as somebody wrote it: 2027-01-04.

    Raises:
        BadInput: it is none.
    """
    try:
        return day(text) if text else None
    except BadValue as error:
        raise BadInput(error.message, **error.values) from None


def _published(parts: Parts, defined: Definitions, clock: VirtualClock) -> Published:
    """The process in force.

    Raises:
        BadInput: a file has errors.
    """
    try:
        with writing(parts.database) as connection:
            return publish(
                connection, defined.text, defined.book, mails=parts.templates,
                author="simulation", now=clock.now(), file=defined.file,
                untried=defined.unchanged,
            )  # fmt: skip
    except BadDefinition as error:
        raise BadInput(str(error)) from None
