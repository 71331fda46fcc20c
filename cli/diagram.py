"""``keurmerk diagram``: a process as a picture."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from base.errors import NotFound
from base.i18n import N_
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
    process: Annotated[str, typer.Argument(help="Process: school_label.")],
    form: Annotated[Format, typer.Option("--format", help="svg, dot or mermaid.")] = Format.SVG,
    language: Annotated[str, typer.Option(help="Language of the labels.")] = "en",
    state: Annotated[str | None, typer.Option(help="State to mark.")] = None,
    output: Annotated[Path | None, typer.Option(help="File to write; else printed.")] = None,
) -> None:
    """Draw a process."""
    processes = load_processes()
    if process not in processes:
        raise NotFound(
            N_("There is no process {name}. There are: {known}."),
            name=process, known=sorted(processes),
        )  # fmt: skip
    drawn = diagram(processes[process][0], language, form.value, current_state=state)
    if output:
        output.write_text(drawn, encoding="utf-8")
    else:
        typer.echo(drawn)
