"""The files in force on a day: those of every process's release, and the desk's new ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlalchemy import Connection

from base.errors import BadDefinition, NotFound
from base.i18n import N_
from rules.book import RuleBook
from rules.round_file import Round
from rules.rule_file import RuleSet
from workflows.definition import Process
from workflows.installed import desk_files, installed_files
from workflows.process_file import read_process
from workflows.publishing import File, Library, Published, texts_of

KINDS = ("process", "rule_set", "round")


@dataclass(frozen=True, kw_only=True)
class InForce:
    """What is in force on a day."""

    day: date
    releases: Mapping[str, Published]
    texts: Mapping[File, str]
    book: RuleBook

    def text(self, file: File) -> str:
        """The text of a file.

        Raises:
            NotFound: there is no such file in force.
        """
        if file not in self.texts:
            raise NotFound(N_("There is no such file."))
        return self.texts[file]

    def users(self, file: File) -> list[str]:
        """The processes that a file belongs to."""
        kind, name = file
        calendar = name.partition("/")[0]
        return [
            process
            for process, published in self.releases.items()
            if (kind == "process" and process == name)
            or (kind == "rule_set" and name in published.parts["rule_sets"])
            or (kind == "round" and published.process.round == calendar)
        ]


def files_in_force(connection: Connection, library: Library, day: date) -> InForce:
    """What is in force on ``day``.

    A rule set that no process uses yet, published at the desk or installed, is there, too.
    """
    releases: dict[str, Published] = {}
    texts: dict[File, str] = {}
    for published in library.all_in_force(connection, day):
        releases[published.process.process] = published
        texts |= texts_of(connection, published)
    new = {**installed_files(), **desk_files(connection, day)}
    texts = {**{file: text for file, text in new.items() if file not in texts}, **texts}
    return InForce(day=day, releases=releases, texts=texts, book=book_of(texts))


def book_of(texts: Mapping[File, str]) -> RuleBook:
    """The rule sets and rounds among some files; one that cannot be read is left out."""
    return _book(tuple(sorted((f, text) for f, text in texts.items() if f[0] != "process")))


@lru_cache(maxsize=32)
def _book(texts: tuple[tuple[File, str], ...]) -> RuleBook:
    book = RuleBook()
    for (_kind, name), text in texts:
        try:
            book.add(text, f"{name}.yaml")
        except BadDefinition:
            continue
    return book


def read_file(file: File, text: str) -> Process | RuleSet | Round:
    """A file as its type.

    Raises:
        BadDefinition: it does not have the form of one.
    """
    kind, name = file
    if kind == "process":
        return read_process(text, f"{name}.yaml")[0]
    return RuleBook().add(text, f"{name}.yaml")
