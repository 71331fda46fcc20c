"""``keurmerk demo``: plays a process on a virtual clock.

The School Label's is the Flemish round of 2022-23; the others are story files (``cli/stories``).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from base.clock import VirtualClock
from base.i18n import N_, translate
from cli.context import wiring
from cli.demo_acts import Story
from cli.demo_data import EVE, begin
from cli.demo_story import PROCESS, whole_round
from cli.demo_teller import Teller
from cli.languages import DEFAULT, Language
from cli.publishing import publish_installed
from cli.story_file import beginning, read_story
from cli.story_people import add_people
from cli.story_player import Player
from cli.story_settings import book_of
from cli.temporary import temporary
from cli.words import counted_in
from workflows.verifying import Report, verify


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(run)


def run(
    context: typer.Context,
    process: Annotated[str, typer.Argument(help="Process to play.")] = PROCESS,
    language: Language = DEFAULT,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Play a process on a virtual clock, and leave nothing behind.

    Each step, decision and mail is printed.
    """
    story = read_story(process) if process != PROCESS else None
    clock = VirtualClock(beginning(story) if story else EVE)
    with temporary(wiring(context), clock) as parts:
        book = book_of(story) if story else None
        begin(parts, process, book)
        for other in story.processes if story else []:
            publish_installed(parts, other, book)
        teller = Teller(parts, language, as_json=as_json)
        if story:
            add_people(parts, story)
            Player(parts, clock, story, teller.look, language).play()
        else:
            whole_round(Story(parts, clock, teller.look, language))
        teller.end()
        report = verify(parts.database)
        sent = len(list(Path(parts.settings.mail_folder).glob("*.eml")))
    typer.echo(
        json.dumps({"cases": report.cases, "events": report.events,
                    "decisions": report.decisions, "faults": report.faults, "mails": sent})
        if as_json
        else "\n" + _summary(report, sent, language)
    )  # fmt: skip
    if report.faults:
        raise typer.Exit(1)


def _summary(report: Report, sent: int, language: str) -> str:
    """What was verified at the end; faults stand as they are found."""
    counts = [
        counted_in(language, count, one, many)
        for count, one, many in (
            (report.cases, N_("1 case"), N_("{number} cases")),
            (report.events, N_("1 event"), N_("{number} events")),
            (report.decisions, N_("1 decision"), N_("{number} decisions")),
            (sent, N_("1 mail"), N_("{number} mails")),
        )
    ]
    names = dict(zip(("cases", "events", "decisions", "mails"), counts, strict=True))
    if report.faults:
        found = N_("{cases}, {events} and {decisions} verified, {mails} written: {faults}")
        return translate(found, language, **names, faults=str(report.faults))
    holds = N_("{cases}, {events} and {decisions} verified, {mails} written: everything holds.")
    return translate(holds, language, **names)
