"""Publishing a draft: a release of every process that the file belongs to.

Releases that come into force later, published before, are made anew with the file in them: they
stay what comes after it, and what they change themselves is not undone.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection

from base.errors import NotFound
from models.drafts import Draft
from models.registry import Person
from rules.book import RuleBook
from workflows.administering import Administrator
from workflows.drafts import Row, mark_published, to_publish
from workflows.files_in_force import InForce, book_of, files_in_force
from workflows.known import Mails
from workflows.process_file import read_process
from workflows.publishing import (
    File,
    Library,
    Published,
    days_to_come,
    publish,
    rule_sets_of,
    texts_of,
)

_draft = Draft.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]


def publish_draft(
    connection: Connection, library: Library, mails: Mails, who: Administrator, draft_id: str,
    version: int, now: datetime, remark: str = "",
) -> dict[str, int]:  # fmt: skip
    """Publish a proposed draft; gives the number of the release it makes of each process.

    A first day that has passed since the proposal becomes today.

    Raises:
        NotAllowed: she wrote or proposed it herself.
        NotPossible: it is not proposed.
        BadDefinition: a file has errors; nothing was published.
        Conflict: the file in force has changed since the draft was begun.
    """
    first_day = connection.execute(
        _draft.select().with_only_columns(_draft.c.first_day).where(_draft.c.id == draft_id)
    ).scalar()
    day = max(first_day or now.date(), now.date())
    beside = files_in_force(connection, library, day)
    row = to_publish(connection, who, draft_id, version, beside=beside, mails=mails)
    releases = _releases(connection, library, mails, row, who, now, beside)
    mark_published(connection, row, who.person_id, now, day, releases, remark)
    return releases


def _releases(
    connection: Connection, library: Library, mails: Mails, row: Row, who: Administrator,
    now: datetime, beside: InForce,
) -> dict[str, int]:  # fmt: skip
    file: File = (row["kind"], row["name"])
    base = beside.texts.get(file)
    users = beside.users(file)
    if file[0] == "process" and not users:
        users = [file[1]]
    made = {}
    for process in users:
        # What is in force on each day from then on, as it is before anything is published.
        days = [beside.day, *days_to_come(connection, process, beside.day)]
        before = {day: _on(connection, library, process, day) for day in days}
        for day, published in before.items():
            texts = texts_of(connection, published) if published else {}
            if day == beside.day or texts.get(file) == base:
                texts[file] = row["text"]
            release = _publish(connection, mails, process, texts, beside, row, who, now, day)
            if day == beside.day:
                made[process] = release.number
    return made


def _publish(
    connection: Connection, mails: Mails, process: str, texts: dict[File, str], beside: InForce,
    row: Row, who: Administrator, now: datetime, day: date,
) -> Published:  # fmt: skip
    text = texts["process", process]
    return publish(
        connection, text, _needed(text, process, texts, beside), mails=mails,
        author=_name(connection, row["proposed_by"]), approver=_name(connection, who.person_id),
        now=now, in_force_from=day, file=f"{process}.yaml", again=True,
    )  # fmt: skip


def _needed(text: str, process: str, texts: dict[File, str], beside: InForce) -> RuleBook:
    """The rule sets and rounds a process needs, its own release's before those in force."""
    read, _located = read_process(text, f"{process}.yaml")
    names = rule_sets_of(read)
    calendars = {read.round, *(name.partition("/")[0] for name in names)}
    wanted = {
        file: content
        for file, content in {**beside.texts, **texts}.items()
        if (file[0] == "rule_set" and file[1] in names)
        or (file[0] == "round" and file[1].partition("/")[0] in calendars)
    }
    return book_of(wanted)


def _on(connection: Connection, library: Library, process: str, day: date) -> Published | None:
    try:
        return library.in_force(connection, process, day)
    except NotFound:
        return None


def _name(connection: Connection, person_id: str) -> str:
    query = _person.select().with_only_columns(_person.c.name).where(_person.c.id == person_id)
    return str(connection.execute(query).scalar() or "")
