"""``keurmerk check``: read process, rule, round and mail files and say what is wrong with them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from base.errors import BadDefinition, Remark
from cli.words import counted
from notifications.templates import Templates
from rules.book import FOLDER as RULES
from rules.book import RuleBook
from rules.checking import check_files
from rules.open_values import area_of, open_values
from workflows.checking import check_process
from workflows.known import known_to
from workflows.process_file import FOLDER as WORKFLOWS
from workflows.process_file import read_process

NO_MAILS = "mails are not checked one by one, but all installed ones together at every check"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check")(run)


def run(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Files, and folders of .yaml files; what is installed if left out.",
            show_default=False,
        ),
    ] = None,
    of_area: Annotated[
        str | None,
        typer.Option(
            "--area", metavar="AREA",
            help="Say instead what this country or region has not set yet: BE-VLG.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:  # fmt: skip
    """Say what is wrong in process, rule and round files.

    Each line is file:line:column: severity: what is wrong. The installed mails are checked, too.
    Exits with 1 if there is an error; warnings and notes are only printed.
    """
    remarks = (
        open_values(RuleBook.from_folder(), area_of(of_area))
        if of_area
        else check(paths or [WORKFLOWS, RULES])
    )
    if as_json:
        typer.echo(json.dumps([asdict(remark) for remark in remarks], indent=2))
    else:
        for remark in remarks:
            typer.echo(str(remark))
        counts = {
            kind: sum(remark.severity == kind for remark in remarks)
            for kind in ("error", "warning", "note")
        }
        typer.echo(", ".join(counted(count, kind) for kind, count in counts.items()) + ".")
    if any(remark.severity == "error" for remark in remarks):
        raise typer.Exit(1)


def check(paths: list[Path]) -> list[Remark]:
    """What there is to say of the YAML files at ``paths``, beside the installed ones."""
    remarks: list[Remark] = []
    rule_files: dict[str, str] = {}
    processes: dict[str, str] = {}
    for path in _files(paths, remarks):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            remarks.append(Remark(file=str(path), line=1, column=1, message=str(error)))
            continue
        # What a file is shows by its first keys; what is neither is read as a process.
        keys = {line.split(":", maxsplit=1)[0] for line in text.splitlines() if ":" in line}
        into = rule_files if keys & {"rule_set", "calendar"} else processes
        into[str(path)] = text
    installed = RuleBook.from_folder(lenient=True)
    remarks += check_files(rule_files, beside=installed)
    try:
        templates = Templates()
    except BadDefinition as error:
        return [*remarks, *error.remarks]
    book = RuleBook()
    for file, text in rule_files.items():
        try:
            book.add(text, file)
        except BadDefinition:
            continue
    book.add_missing(installed)
    known = known_to(book, templates)
    for file, text in processes.items():
        try:
            process, located = read_process(text, file)
        except BadDefinition as error:
            remarks += error.remarks
        else:
            remarks += check_process(process, located, known)
    return remarks


def _files(paths: list[Path], remarks: list[Remark]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(path.rglob("*.yaml"))
        elif path.suffix == ".md":
            remarks.append(Remark(file=str(path), line=1, column=1, message=NO_MAILS))
        elif path.is_file():
            found.append(path)
        else:
            remarks.append(
                Remark(file=str(path), line=1, column=1, message="there is no such file")
            )
    return found
