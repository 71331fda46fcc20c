"""``keurmerk demo``: plays the Flemish School Label round of 2022-23 on a virtual clock."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from sqlalchemy import select

from base.clock import VirtualClock
from base.errors import NotFound
from base.i18n import LANGUAGES, N_, say
from base.settings import Settings
from cli.context import Parts, wiring
from cli.demo_data import EVE, begin
from cli.demo_story import PROCESS, Story, whole_round
from models.cases import Case, CaseEvent, Decision
from models.database import open_database, reading
from models.messages import Mail, Notice
from models.registry import Organisation, Person
from models.schema import migrate
from notifications.delivery import render
from workflows.verifying import verify

BRUSSELS = ZoneInfo("Europe/Brussels")

_case = Case.__table__  # type: ignore[attr-defined]
_event = CaseEvent.__table__  # type: ignore[attr-defined]
_decision = Decision.__table__  # type: ignore[attr-defined]
_mail = Mail.__table__  # type: ignore[attr-defined]
_notice = Notice.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(run)


def run(
    context: typer.Context,
    process: Annotated[str, typer.Argument(help="Process to play.")] = PROCESS,
    language: Annotated[str, typer.Option(help="Language of titles and sentences.")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Play a round step by step and print each step, decision and mail. Leaves nothing behind."""
    if process != PROCESS:
        raise NotFound(
            N_("There is no demo of {name}. There is one of: {known}."),
            name=process, known=PROCESS,
        )  # fmt: skip
    if language not in LANGUAGES:
        message = f"there are: {', '.join(LANGUAGES)}"
        raise typer.BadParameter(message, param_hint="--language")
    with tempfile.TemporaryDirectory(prefix="keurmerk-demo-") as folder:
        settings = Settings(
            database=f"sqlite:///{folder}/demo.db", files=Path(folder) / "files",
            mail_folder=Path(folder) / "mail", smtp_host=None,
        )  # fmt: skip
        database = open_database(settings.database)
        migrate(database)
        database.dispose()
        clock = VirtualClock(EVE)
        with wiring(context).open(settings, clock) as parts:
            begin(parts)
            whole_round(Story(parts, clock, Teller(parts, language, as_json).look))
            report = verify(parts.database)
            sent = len(list((Path(folder) / "mail").glob("*.eml")))
        typer.echo(
            json.dumps({"cases": report.cases, "events": report.events,
                        "decisions": report.decisions, "faults": report.faults, "mails": sent})
            if as_json
            else f"\n{report.cases} cases, {report.events} events and {report.decisions} decisions "
                 f"verified, {sent} mails written: "
                 + ("everything holds." if not report.faults else str(report.faults))
        )  # fmt: skip
        if report.faults:
            raise typer.Exit(1)


class Teller:
    """Prints what came of each act: new events, decisions, mails and notices."""

    def __init__(self, parts: Parts, language: str, as_json: bool) -> None:
        """Tell in ``language``, as text or as JSON lines."""
        self._parts, self._language, self._as_json = parts, language, as_json
        self._console = Console(highlight=False, soft_wrap=True)
        self._seen = {table.name: "" for table in (_event, _decision, _mail, _notice)}

    def look(self, line: str) -> None:
        """Print the act and what is new since the last one."""
        if line.startswith("# "):
            self._print({"chapter": line[2:]}, f"\n[bold underline]{_safe(line[2:])}[/]")
            return
        if line.startswith("!"):
            self._print({"refused": line[2:]}, f"  [bold]refused[/]  {_safe(line[2:])}")
        elif line != "The clock":
            self._print({"act": line}, f"  [dim]{_safe(line)}[/]")
        with reading(self._parts.database) as connection:
            for row in self._new(connection, _decision):
                self._decision(connection, row)
            for row in self._new(connection, _event):
                self._event(connection, row)
            self._messages(connection)

    def _new(self, connection: Any, table: Any) -> list[dict[str, Any]]:
        query = select(table).where(table.c.id > self._seen[table.name]).order_by(table.c.id)
        rows = [dict(row) for row in connection.execute(query).mappings()]
        if rows:
            self._seen[table.name] = rows[-1]["id"]
        return rows

    def _event(self, connection: Any, row: dict[str, Any]) -> None:
        school, process = self._school(connection, row["case_id"])
        states = process.states
        before = say(states[row["from_state"]].title, self._language) if row["from_state"] else "–"
        after = say(states[row["to_state"]].title, self._language)
        who = say(process.actors[row["acted_as"]].title, self._language)
        at = row["at"].astimezone(BRUSSELS).strftime("%d/%m/%Y %H:%M")
        self._print(
            {"event": row["trigger"], "school": school, "from": row["from_state"],
             "to": row["to_state"], "by": row["acted_as"], "at": row["at"].isoformat()},
            f"  {at}  [bold]{_safe(school)}[/]: {before} → [bold]{after}[/] ({who})",
        )  # fmt: skip

    def _decision(self, connection: Any, row: dict[str, Any]) -> None:
        name = connection.execute(
            select(_organisation.c.name).where(_organisation.c.id == row["organisation_id"])
        ).scalar()
        unmet = [key for key, outcome in row["findings"].items() if outcome != "met"]
        why = f" – {', '.join(unmet)}" if unmet else ""
        self._print(
            {"decision": row["rule_set"], "school": name, "outcome": row["outcome"],
             "findings": row["findings"], "facts": row["facts"]},
            f"  decision  {_safe(str(name))}: {row['rule_set']} is {row['outcome']}{why}",
        )  # fmt: skip

    def _messages(self, connection: Any) -> None:
        notices: dict[Any, list[dict[str, Any]]] = {}
        for row in self._new(connection, _notice):
            notices.setdefault((row["event_id"], row["template"]), []).append(row)
        groups: dict[Any, list[dict[str, Any]]] = {}
        for row in self._new(connection, _mail):
            groups.setdefault((row["event_id"], row["template"], row["case_id"]), []).append(row)
        for (event, template, _case_id), rows in groups.items():
            subject = render(self._parts.templates, rows[0]).subject
            to = ", ".join(row["to_name"] for row in rows)
            also = len(notices.pop((event, template), []))
            channel = f"mail and {also} notice(s)" if also else "mail"
            self._print(
                {"mail": template, "subject": subject, "to": [row["to_address"] for row in rows],
                 "language": rows[0]["language"], "notices": also},
                f"  {channel}  “{_safe(subject)}” to {_safe(to)}",
            )  # fmt: skip

    def _school(self, connection: Any, case_id: str) -> tuple[str, Any]:
        row = connection.execute(
            select(_case.c.release_id, _organisation.c.name)
            .join(_organisation, _organisation.c.id == _case.c.organisation_id)
            .where(_case.c.id == case_id)
        ).one()
        library = self._parts.engine.tools.library
        return row.name, library.release(connection, row.release_id).process

    def _print(self, data: dict[str, Any], text: str) -> None:
        if self._as_json:
            typer.echo(json.dumps(data, ensure_ascii=False, default=str))
        else:
            self._console.print(text)


def _safe(text: str) -> str:
    return text.replace("[", "\\[")
