"""``keurmerk evaluate``: one decision about one dossier, as JSON."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from base.clock import SystemClock
from base.days import zone_of
from base.errors import BadInput, KeurmerkError
from base.i18n import N_
from cli.context import instant
from cli.languages import DEFAULT, Language
from models.database import metadata, open_database, writing
from models.registry import Organisation
from registry.dossier import read_dossier
from registry.importing import load_dossier
from rules.book import RuleBook
from rules.decisions import judge_subjects
from rules.explain import explain
from rules.facts import Subject
from rules.judge import Judge
from workflows import facts  # noqa: F401 - brings the facts about cases


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("evaluate")(run)


def run(
    rule_set: Annotated[str, typer.Argument(help="Rule set, such as school_label/eligibility.")],
    round_name: Annotated[str, typer.Option("--round", help="Round, such as 2023-2024.")],
    dossier: Annotated[Path, typer.Option("--dossier", help="Dossier: a JSON file.")],
    at: Annotated[
        str | None, typer.Option(help="Day or instant to decide at; now if left out.")
    ] = None,
    language: Language = DEFAULT,
) -> None:
    """Decide about one dossier, and print why, as JSON.

    Exits with 0 whatever the outcome, and with 2 if the input cannot be used.
    """
    now = instant(at) if at else SystemClock().now()
    try:
        decision = _decide(rule_set, round_name, dossier, now, language)
    except KeurmerkError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    typer.echo(json.dumps(decision, ensure_ascii=False, indent=2))


def _decide(
    rule_set: str, round_name: str, path: Path, now: datetime, language: str
) -> dict[str, Any]:
    """The decision as data.

    Raises:
        KeurmerkError: the file cannot be used, or there is no such rule set or round.
    """
    book = RuleBook.from_folder()
    rules = book.rule_set(rule_set)
    call = book.round(round_name if "/" in round_name else f"{rules.calendar}/{round_name}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(
            N_("The file {name} cannot be opened: {why}."), name=path.name, why=error.strerror
        ) from None
    # The same statements over the same tables as everywhere: facts are made in one way only.
    database = open_database("sqlite://")
    metadata.create_all(database)
    with writing(database) as connection, Judge() as judge:
        school = load_dossier(connection, read_dossier(content), now)
        table = Organisation.__table__  # type: ignore[attr-defined]
        row = connection.execute(table.select().where(table.c.id == school)).mappings().one()
        values = call.values(row["area"])
        subject = Subject(
            key=school, organisation_id=school, area=row["area"],
            zone=row["zone"] or zone_of(row["area"]).key,
        )  # fmt: skip
        judgement = judge_subjects(connection, judge, rules, values, [subject], now)[0]
        return explain(rules, judgement, values, language)
