"""``keurmerk diagram``: a process as a picture."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from cli.languages import DEFAULT, Language
from cli.output import Output, output
from cli.processes import known_process
from workflows.diagram import diagram
from workflows.process_file import load_processes


class Format(StrEnum):
    """How the picture is written."""

    SVG = "svg"
    DOT = "dot"
    MERMAID = "mermaid"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("diagram")(run)


def run(
    process: Annotated[str, typer.Argument(help="Process, such as school_label.")],
    form: Annotated[Format, typer.Option("--format", help="svg, dot or mermaid.")] = Format.SVG,
    language: Language = DEFAULT,
    state: Annotated[str | None, typer.Option(help="State to mark, such as draft.")] = None,
    to: Output = None,
) -> None:
    """Draw a process as a picture or for other tools."""
    processes = load_processes()
    known_process(process, processes)
    drawn = diagram(processes[process][0], language, form.value, current_state=state)
    with output(to) as out:
        out.write(f"{drawn.rstrip()}\n")
