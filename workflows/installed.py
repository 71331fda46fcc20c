"""The files of this installation beside those that were published at the desk.

What is on disk is the base. A file that was published at the desk stands in its place from its
first day on, and stays when the program is updated: if the update brings another text of that file,
neither wins in silence; it is a conflict, which the desk shows until somebody publishes the file
again (docs/decisions/1401-files-on-disk-and-at-the-desk.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from sqlalchemy import Connection, select

from base.canonical import sha256
from models.drafts import Draft
from rules.book import RuleBook
from workflows.known import Mails
from workflows.process_file import load_processes
from workflows.publishing import File, days_to_come, newest, publish

_draft = Draft.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """A file that was published at the desk, and that the installation has brought anew since."""

    file: File
    draft_id: str
    installed: str


@lru_cache(maxsize=1)
def installed_files() -> Mapping[File, str]:
    """The text of every file that comes with the program, as it was when this process began."""
    book = RuleBook.from_folder(lenient=True)
    found = {("rule_set", one.name): book.text_of(one.name) for one in book.rule_sets()}
    found |= {("round", one.name): book.text_of(one.name) for one in book.rounds()}
    found |= {("process", name): located.text for name, (_, located) in load_processes().items()}
    return found


def desk_files(connection: Connection, day: date) -> dict[File, str]:
    """The files that were published at the desk, as they are in force on ``day``."""
    rows = connection.execute(
        select(_draft.c.kind, _draft.c.name, _draft.c.text)
        .where(_draft.c.status == "published", _draft.c.first_day <= day)
        .order_by(_draft.c.first_day, _draft.c.decided_at, _draft.c.id)
    )
    return {(row.kind, row.name): row.text for row in rows}


def conflicts(connection: Connection) -> list[Conflict]:
    """The files of the desk whose installed text has changed since they were published."""
    rows = connection.execute(
        select(_draft.c.id, _draft.c.kind, _draft.c.name, _draft.c.text, _draft.c.installed_sha256)
        .where(_draft.c.status == "published")
        .order_by(_draft.c.decided_at, _draft.c.id)
    )
    last = {(row.kind, row.name): row for row in rows}
    found = []
    for file, row in sorted(last.items()):
        text = installed_files().get(file)
        if text is None or text == row.text or sha256(text) == row.installed_sha256:
            continue
        found.append(Conflict(file=file, draft_id=row.id, installed=text))
    return found


def publish_beside_desk(
    connection: Connection, process: str, text: str, book: RuleBook, *, mails: Mails, author: str,
    now: datetime, file: str,
) -> None:  # fmt: skip
    """Publish an installed process; files that were published at the desk stand in their place.

    Arguments:
        text: the installed process file.
        book: the installed rule sets and rounds.

    Raises:
        BadDefinition: a file has errors; nothing was published.
    """
    today = now.date()
    later = days_to_come(connection, process, today)
    known = newest(connection, process)
    for day in (today, *later):
        desk = desk_files(connection, day)
        # The installed rule files came out with the installed rounds, before they were shipped.
        untried = [one.name for one in book.rule_sets()] if desk else []
        published = publish(
            connection, desk.get(("process", process), text), beside(book, desk), mails=mails,
            author=author, now=now, in_force_from=day, file=file, again=day != today,
            untried=untried,
        )  # fmt: skip
        if published.number <= known:
            return  # it was published before, and what is to come stands as it is


def beside(book: RuleBook, files: Mapping[File, str]) -> RuleBook:
    """``book`` with some rule sets and rounds in the place of its own."""
    texts = {name: text for (kind, name), text in files.items() if kind != "process"}
    if not texts:
        return book
    found = RuleBook.from_texts(texts)
    found.add_missing(book)
    return found
