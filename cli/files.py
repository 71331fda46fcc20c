"""Files that are named on the command line: changed process, rule and round files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from base.errors import BadDefinition, BadInput
from base.i18n import N_
from cli.processes import known_process
from rules.book import RuleBook
from rules.round_file import Round
from rules.rule_file import RuleSet
from workflows.definition import Process
from workflows.process_file import load_processes, read_process
from workflows.publishing import rule_sets_of

#: What only a process file has.
_STATES = re.compile(r"^states:", re.MULTILINE)


def text_of(file: Path) -> str:
    """The text of a file.

    Raises:
        BadInput: it cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            N_("The file {name} cannot be opened: {why}."),
            name=file.name, why=getattr(error, "strerror", None) or str(error),
        ) from None  # fmt: skip


def is_process(text: str) -> bool:
    """Whether a text is that of a process file, not of a rule or round file."""
    return bool(_STATES.search(text))


@dataclass(frozen=True, kw_only=True)
class Definitions:
    """A process, and the rule sets and rounds there are, with changed files in their places."""

    process: Process
    text: str
    file: str
    book: RuleBook
    #: Rule sets that are as they were installed: their examples came out with the installed rounds.
    unchanged: frozenset[str]


def definitions(name: str, files: Sequence[Path]) -> Definitions:
    """The installed files of a process, with those at ``files`` in the place of theirs.

    Raises:
        BadInput: there is no such process, a file cannot be read or has errors, or belongs to
            another process.
    """
    try:
        return _definitions(name, files)
    except BadDefinition as error:
        raise BadInput(str(error)) from None


def _definitions(name: str, files: Sequence[Path]) -> Definitions:
    changed = RuleBook()
    contents: list[tuple[Path, Process | RuleSet | Round]] = []
    processes = load_processes()
    for path in files:
        text = text_of(path)
        if is_process(text):
            process, located = read_process(text, str(path))
            processes[process.process] = process, located
            contents.append((path, process))
        else:
            contents.append((path, changed.add(text, str(path))))
    process, located = processes[known_process(name, processes)]
    for path, content in contents:
        own = (
            content.process == name if isinstance(content, Process)
            else content.name in rule_sets_of(process) if isinstance(content, RuleSet)
            else content.calendar == process.round
        )  # fmt: skip
        if not own:
            raise BadInput(
                N_("The file {name} does not belong to {process}: it would change nothing."),
                name=path.name, process=name,
            )  # fmt: skip
    own_rules = {one.name for one in changed.rule_sets()}
    changed.add_missing(RuleBook.from_folder())
    return Definitions(
        process=process,
        text=located.text,
        file=located.file,
        book=changed,
        unchanged=frozenset(one.name for one in changed.rule_sets()) - own_rules,
    )
