"""Files that are named on the command line: changed process, rule and round files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from base.errors import BadDefinition, BadInput
from base.i18n import N_
from base.located import Located
from cli.processes import known_process
from rules.book import FOLDER as RULES
from rules.book import RuleBook
from rules.round_file import Round
from rules.rule_file import RuleSet
from workflows.definition import Process
from workflows.process_file import FOLDER as PROCESSES
from workflows.process_file import load_processes, read_process
from workflows.publishing import rule_sets_of

#: What only a process file has.
_STATES = re.compile(r"^states:", re.MULTILINE)
#: What tells a rule file from a round file, and whose it is, without reading the whole.
_NAMED = re.compile(r"^(rule_set|calendar): *([^ #\n]+)", re.MULTILINE)


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
    given: dict[str, tuple[Process, Located]] = {}
    for path in files:
        text = text_of(path)
        if is_process(text):
            process, located = read_process(text, str(path))
            given[process.process] = process, located
            contents.append((path, process))
        else:
            contents.append((path, changed.add(text, str(path))))
    process, located = given.get(name) or _installed(name)
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
    changed.add_missing(_installed_book(process))
    return Definitions(
        process=process,
        text=located.text,
        file=located.file,
        book=changed,
        unchanged=frozenset(one.name for one in changed.rule_sets()) - own_rules,
    )


def _installed(name: str) -> tuple[Process, Located]:
    """An installed process; where its file is called otherwise, all of them are read."""
    path = PROCESSES / f"{name}.yaml"
    if name.isidentifier() and path.is_file():
        found = read_process(path.read_text("utf-8"), path.name)
        if found[0].process == name:
            return found
    processes = load_processes()
    return processes[known_process(name, processes)]


def _installed_book(process: Process) -> RuleBook:
    """The installed rule sets and rounds that a process uses; the others are not read."""
    names = rule_sets_of(process)
    calendars = {process.round, *(name.partition("/")[0] for name in names)}
    book = RuleBook()
    for path in sorted(RULES.rglob("*.yaml")):
        text = path.read_text("utf-8")
        if found := _NAMED.search(text):
            kind, called = found.groups()
            if called.strip("\"'") in (names if kind == "rule_set" else calendars):
                book.add(text, str(path))
    return book
