"""``keurmerk export-log``: the event log for process mining, without any person in it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, TextIO
from xml.sax.saxutils import quoteattr

import sqlalchemy
import typer
from sqlalchemy import select

from cli.context import wiring
from cli.output import Output, output
from cli.processes import known_process
from models.cases import Case, CaseEvent
from models.database import reading
from workflows.process_file import load_processes

_case = Case.__table__  # type: ignore[attr-defined]
_event = CaseEvent.__table__  # type: ignore[attr-defined]

COLUMNS = ("case", "process", "round", "area", "sequence", "at", "event", "from", "to", "role")


class Format(StrEnum):
    """How the log is written."""

    XES = "xes"
    CSV = "csv"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export-log")(run)


def run(
    context: typer.Context,
    form: Annotated[Format, typer.Option("--format", help="xes or csv.")] = Format.XES,
    process: Annotated[str | None, typer.Option(help="Only cases of this process.")] = None,
    to: Output = None,
) -> None:
    """Write every step of every case, for process mining.

    What, when, from and to which state, and in which role; never who.
    """
    given = wiring(context)
    with given.open(given.settings(), None) as parts:
        if process is not None:
            known_process(process, _processes(parts.database) | set(load_processes()))
        with output(to) as out:
            _write(form, _rows(parts.database, process), out)


def _processes(database: sqlalchemy.Engine) -> set[str]:
    """The processes there are cases of, also those that are installed no more."""
    with reading(database) as connection:
        return set(connection.execute(select(_case.c.process).distinct()).scalars())


def _rows(database: sqlalchemy.Engine, process: str | None) -> Iterator[dict[str, Any]]:
    query = (
        select(
            _event.c.case_id.label("case"), _case.c.process, _case.c.round, _case.c.area,
            _event.c.sequence, _event.c.at, _event.c.trigger.label("event"),
            _event.c.from_state.label("from"), _event.c.to_state.label("to"),
            _event.c.acted_as.label("role"),
        )
        .join(_case, _case.c.id == _event.c.case_id)
        .order_by(_event.c.case_id, _event.c.sequence)
    )  # fmt: skip
    if process is not None:
        query = query.where(_case.c.process == process)
    with reading(database) as connection:
        streamed = connection.execution_options(yield_per=1000).execute(query)
        for row in streamed.mappings():
            yield {**row, "at": row["at"].isoformat(timespec="milliseconds")}


def _write(form: Format, rows: Iterator[dict[str, Any]], out: TextIO) -> None:
    if form is Format.CSV:
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    out.write('<log xes.version="1.0" xmlns="http://www.xes-standard.org/">\n')
    out.writelines(
        f'  <extension name="{name}" prefix="{prefix}"'
        f' uri="http://www.xes-standard.org/{prefix}.xesext"/>\n'
        for name, prefix in (("Concept", "concept"), ("Time", "time"), ("Organizational", "org"))
    )
    open_case = None
    for row in rows:
        if row["case"] != open_case:
            out.write("  </trace>\n" if open_case else "")
            open_case = row["case"]
            out.write("  <trace>\n")
            for key in ("case", "process", "round", "area"):
                name = "concept:name" if key == "case" else key
                out.write(_attribute("string", name, row[key] or "", "    "))
        out.write("    <event>\n")
        out.write(_attribute("string", "concept:name", row["event"], "      "))
        out.write(_attribute("date", "time:timestamp", row["at"], "      "))
        out.write(_attribute("string", "org:role", row["role"], "      "))
        out.write(_attribute("string", "from", row["from"], "      "))
        out.write(_attribute("string", "to", row["to"], "      "))
        out.write("    </event>\n")
    out.write("  </trace>\n" if open_case else "")
    out.write("</log>\n")


def _attribute(kind: str, key: str, value: str, indent: str) -> str:
    return f"{indent}<{kind} key={quoteattr(key)} value={quoteattr(value)}/>\n"
