"""How the demo is told: each act, and the decisions, steps and mails that came of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.markup import escape
from sqlalchemy import Connection, select

from base.i18n import N_, colon, say, translate
from cli.context import Parts
from models.cases import Case, CaseEvent, Decision
from models.database import reading
from models.messages import Mail, Notice
from models.reads import rows_of
from models.registry import Organisation
from notifications.delivery import render
from workflows.definition import Process
from workflows.kept import explained
from workflows.subjects import name_of, named_cases
from workflows.titles import add_titles

BRUSSELS = ZoneInfo("Europe/Brussels")
#: So many decisions of one screening that say the same are told as one.
MANY = 3
_TIMES, _REFUSED = N_("{number} times"), N_("refused")
#: What a rule set, and what one of its criteria, says.
_OF_RULES = {
    "met": N_("{rules} is met"), "unmet": N_("{rules} is not met"),
    "undetermined": N_("{rules} cannot be told"),
}  # fmt: skip
_OUTCOMES = {"unmet": N_("not met"), "undetermined": N_("cannot be told")}
#: A mail, alone, with one notice, or with several.
_CHANNELS = N_("mail"), N_("mail and 1 notice"), N_("mail and {number} notices")

_case = Case.__table__  # type: ignore[attr-defined]
_event = CaseEvent.__table__  # type: ignore[attr-defined]
_decision = Decision.__table__  # type: ignore[attr-defined]
_mail = Mail.__table__  # type: ignore[attr-defined]
_notice = Notice.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]


class Teller:
    """Prints what came of each act: new decisions, events, mails and notices."""

    def __init__(self, parts: Parts, language: str, *, as_json: bool) -> None:
        """Tell in ``language``, as text or as JSON lines."""
        self._parts, self._language, self._as_json = parts, language, as_json
        self._console = Console(highlight=False, soft_wrap=True)
        self._seen = {table.name: "" for table in (_event, _decision, _mail, _notice)}
        #: A daily mail that says the same day after day is told once, and then counted.
        self._daily, self._repeats, self._last = "", 0, ""

    def look(self, line: str) -> None:
        """Print the act and what is new since the last one.

        Arguments:
            line: a chapter (``# …``), a refusal (``! …``), or who did what.
        """
        if line.startswith("# "):
            self._print({"chapter": line[2:]}, f"\n[bold underline]{escape(line[2:])}[/]")
            return
        if line.startswith("!"):
            self._print(
                {"refused": line[1:].strip()},
                f"  [bold red]{self._in_words(_REFUSED)}[/]  {escape(line[2:])}",
            )
        elif line != "The clock":
            self._print({"act": line}, f"  {self._at()}[cyan]{escape(line)}[/]")
        with reading(self._parts.database) as connection:
            self._tell_decisions(connection)
            for row in self._new(connection, _event):
                self._tell_event(connection, row)
            self._tell_messages(connection)

    def end(self) -> None:
        """Say what was still being counted."""
        if self._repeats:
            again = N_("… and the same once more, on {day}")
            if self._repeats > 1:
                again = N_("… and the same {number} more times, last on {day}")
            words = self._in_words(again, number=self._repeats, day=self._last)
            self._console.print(f"  {'':18}[dim]{words}[/]")
        self._daily, self._repeats = "", 0

    def _new(self, connection: Connection, table: Any) -> list[dict[str, Any]]:
        query = select(table).where(table.c.id > self._seen[table.name]).order_by(table.c.id)
        rows = rows_of(connection.execute(query))
        if rows:
            self._seen[table.name] = rows[-1]["id"]
        return rows

    def _tell_decisions(self, connection: Connection) -> None:
        """The new decisions; of a screening, those that say the same of many are told once."""
        alike: dict[Any, list[dict[str, Any]]] = {}
        for row in self._new(connection, _decision):
            row["findings"] = explained(connection, row, self._language)["findings"]
            told = [one for one in row["findings"] if one["outcome"] != "met"]
            many = row["case_id"] is None and row["outcome"] != "met" and not self._as_json
            key = (row["rule_set"], json.dumps(told)) if many else row["id"]
            alike.setdefault(key, []).append(row)
        for rows in alike.values():
            if len(rows) < MANY:
                for row in rows:
                    self._tell_decision(row, self._named(connection, row))
            else:
                self._tell_decision(rows[0], self._in_words(_TIMES, number=len(rows)))

    def _named(self, connection: Connection, row: dict[str, Any]) -> str:
        query = select(_organisation.c.name).where(_organisation.c.id == row["organisation_id"])
        return str(connection.execute(query).scalar() or "–")

    def _tell_decision(self, row: dict[str, Any], name: str) -> None:
        findings = row["findings"]
        colour = "green" if row["outcome"] == "met" else "yellow"
        outcome = self._in_words(_OF_RULES[row["outcome"]], rules=row["rule_set"])
        text = f"{escape(name)}{colon(self._language)}[{colour}]{escape(outcome)}[/]"
        for finding in findings:
            if finding["outcome"] != "met":
                text += f"\n  {'':18}{self._in_words(_OUTCOMES[finding['outcome']])}"
                text += colon(self._language) + escape(finding["reason"])
                text += f"\n  {'':18}  {escape(finding['remedy'])}" if finding["remedy"] else ""
        self._print(
            {"decision": row["rule_set"], "school": name, "at": row["at"].isoformat(),
             "outcome": row["outcome"], "findings": findings, "facts": row["facts"]},
            f"  {self._at(row['at'])}{text}",
        )  # fmt: skip

    def _tell_event(self, connection: Connection, row: dict[str, Any]) -> None:
        school, process = self._school(connection, row["case_id"])
        states = process.states
        before = say(states[row["from_state"]].title, self._language) if row["from_state"] else "–"
        after = say(states[row["to_state"]].title, self._language)
        who = say(process.actors[row["acted_as"]].title, self._language)
        self._print(
            {"event": row["trigger"], "school": school, "from": row["from_state"],
             "to": row["to_state"], "by": row["acted_as"], "at": row["at"].isoformat()},
            f"  {self._at(row['at'])}[bold]{escape(school)}{colon(self._language)}"
            f"{before} → {after}[/] ({who})",
        )  # fmt: skip

    def _tell_messages(self, connection: Connection) -> None:
        notices = _grouped(self._new(connection, _notice), ("event_id", "template"))
        mails = _grouped(self._new(connection, _mail), ("event_id", "template", "case_id"))
        for (event, template, case_id), rows in mails.items():
            first = rows[0]
            subject = render(self._parts.templates, first).subject
            also = len(notices.pop((event, template), []))
            channel = self._in_words(_CHANNELS[min(also, 2)], number=also)
            names = ", ".join(row["to_name"] or row["to_address"] for row in rows)
            to = self._in_words(N_("“{subject}” to {names}"), subject=subject, names=names)
            text = f"[blue]{channel}[/] {escape(to)}"
            self._print(
                {"mail": template, "subject": subject, "to": [row["to_address"] for row in rows],
                 "language": first["language"], "notices": also,
                 "at": first["created_at"].isoformat()},
                f"  {self._at(first['created_at'])}{text}",
                daily=text if case_id is None else "",
            )  # fmt: skip

    def _school(self, connection: Connection, case_id: str) -> tuple[str, Process]:
        query = named_cases().where(_case.c.id == case_id)
        row = dict(connection.execute(query).mappings().one())
        process = self._parts.engine.tools.library.release(connection, row["release_id"]).process
        add_titles(connection, lambda _case: process, [row])
        return name_of(row), process

    def _in_words(self, sentence: str, **values: Any) -> str:
        return translate(sentence, self._language, **values)

    def _at(self, when: datetime | None = None) -> str:
        local = (when or self._parts.clock.now()).astimezone(BRUSSELS)
        return f"[dim]{local:%d/%m/%Y %H:%M}[/]  "

    def _print(self, data: Mapping[str, Any], text: str, daily: str = "") -> None:
        if self._as_json:
            typer.echo(json.dumps(data, ensure_ascii=False, default=str))
            return
        if daily and daily == self._daily:
            self._repeats += 1
            self._last = (
                datetime.fromisoformat(data["at"]).astimezone(BRUSSELS).strftime("%d/%m/%Y")
            )
            return
        self.end()
        self._daily = daily
        self._console.print(text)


def _grouped(
    rows: Iterable[dict[str, Any]], keys: tuple[str, ...]
) -> dict[tuple[Any, ...], list[dict[str, Any]]]:
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(tuple(row[key] for key in keys), []).append(row)
    return found
