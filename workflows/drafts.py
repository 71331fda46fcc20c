"""Drafts: begun from what is in force, proposed by one person, published by another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select, update

from base.canonical import sha256
from base.errors import BadDefinition, BadInput, Conflict, NotAllowed, NotFound, NotPossible
from base.i18n import N_
from base.ids import new_id
from models.drafts import Draft
from models.reads import rows_of
from models.registry import Person
from workflows.administering import Administrator
from workflows.draft_checks import Checked, check_draft
from workflows.files_in_force import InForce
from workflows.installed import installed_files
from workflows.known import Mails
from workflows.publishing import File

OPEN, PROPOSED, PUBLISHED, WITHDRAWN = "open", "proposed", "published", "withdrawn"
#: What a reason or remark can be at most, in characters.
LONGEST_REASON = 1000
#: What a file can be at most, in characters.
LONGEST_TEXT = 200_000

_draft = Draft.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]

Row = Mapping[str, Any]

NO_DRAFT = N_("There is no such draft.")
NOT_HERS = N_("Whole files are for administrators of all areas; you set the values of yours.")


def drafts(
    connection: Connection, who: Administrator, *, file: File | None = None,
    statuses: tuple[str, ...] = (), most: int = 200,
) -> list[dict[str, Any]]:  # fmt: skip
    """Drafts she may see, the last to change first, with the names of those who acted.

    Arguments:
        file: only of this file.
        statuses: only with one of these; all if empty.
    """
    query = select(_draft).order_by(_draft.c.changed_at.desc(), _draft.c.id.desc())
    if file:
        query = query.where(_draft.c.kind == file[0], _draft.c.name == file[1])
    if statuses:
        query = query.where(_draft.c.status.in_(statuses))
    rows = rows_of(connection.execute(query.limit(most)))
    return _named(connection, [row for row in rows if who.covers(row["area"])])


def read_draft(connection: Connection, who: Administrator, draft_id: str) -> dict[str, Any]:
    """One draft she may see, with the names of those who acted.

    Raises:
        NotFound: there is none, or it is not hers to see.
    """
    query = select(_draft).where(_draft.c.id == draft_id)
    row = connection.execute(query).mappings().first()
    if row is None or not who.covers(row["area"]):
        raise NotFound(NO_DRAFT)
    return _named(connection, [dict(row)])[0]


def begin(
    connection: Connection, who: Administrator, file: File, text: str, base: str, now: datetime,
    *, area: str = "", why: str = "",
) -> str:  # fmt: skip
    """Begin a draft; gives its id.

    Arguments:
        text: what it begins with.
        base: the text in force that it changes; empty for a new file.
        area: the country or region whose values it sets; empty for the whole file.

    Raises:
        NotAllowed: it is not hers to change.
        BadInput: the text or the reason is too long.
    """
    if not who.covers(area):
        raise NotAllowed(NOT_HERS)
    _fits(text, why)
    draft = Draft(
        id=new_id(), kind=file[0], name=file[1], area=area, text=text, why=why,
        base_sha256=sha256(base) if base else "", written_by=[who.person_id], begun_at=now,
        changed_at=now, releases={},
    )  # fmt: skip
    connection.execute(_draft.insert(), draft.model_dump())
    return draft.id


def save(
    connection: Connection, who: Administrator, draft_id: str, version: int, now: datetime,
    *, text: str, why: str, base: str | None = None,
) -> None:  # fmt: skip
    """Keep what somebody wrote in an open draft.

    Arguments:
        version: the one she saw.
        base: the text in force now, where she has brought the draft up to it.

    Raises:
        NotPossible: it is proposed, published or withdrawn.
        Conflict: somebody else wrote in it meanwhile.
    """
    row = _locked(connection, who, draft_id, version, OPEN)
    _fits(text, why)
    written = [*row["written_by"]]
    if who.person_id not in written:
        written.append(who.person_id)
    values: dict[str, Any] = {"text": text, "why": why, "written_by": written}
    if base is not None:
        values["base_sha256"] = sha256(base) if base else ""
    _change(connection, row, now, **values)


def propose(
    connection: Connection, who: Administrator, draft_id: str, version: int, now: datetime,
    *, beside: InForce, mails: Mails, first_day: date, gaps_known: bool = False,
) -> None:  # fmt: skip
    """Propose a draft: from here on it stands still until another person decides.

    Arguments:
        first_day: the first day on which cases that begin take it.
        gaps_known: whether she has read which texts are missing, and for whom.

    Raises:
        BadDefinition: the file has errors.
        BadInput: nothing is changed, there is no reason, the day is past, or texts are missing and
            she did not say that she knows.
        NotPossible: it is not open.
        Conflict: the file in force is another one than it was begun from, or it was changed.
    """
    row = _locked(connection, who, draft_id, version, OPEN)
    file = row["kind"], row["name"]
    checked = _usable(row, beside, mails)
    if not row["why"].strip():
        raise BadInput(N_("Say what you change, and why: those who read the history want to know."))
    if first_day < now.date():
        raise BadInput(
            N_("The first day is past. Cases that have begun keep their version; choose today or a "
               "later day.")
        )  # fmt: skip
    if beside.texts.get(file) == row["text"] and installed_files().get(file) == row["text"]:
        raise BadInput(N_("Nothing is changed: this is the text in force."))
    if checked.gaps and not gaps_known:
        raise BadInput(N_("Texts are missing in some languages. Add them, or say that you know."))
    _change(
        connection, row, now, status=PROPOSED, proposed_by=who.person_id, proposed_at=now,
        first_day=first_day, decided_by=None, decided_at=None, remark="",
    )  # fmt: skip


def open_again(
    connection: Connection, who: Administrator, draft_id: str, version: int, now: datetime,
    *, remark: str = "",
) -> None:  # fmt: skip
    """Take a proposal back to change it, or send it back to its proposer with a remark.

    Raises:
        NotPossible: it is not proposed.
    """
    row = _locked(connection, who, draft_id, version, PROPOSED)
    _fits("", remark)
    others = who.person_id not in {row["proposed_by"], *row["written_by"]}
    _change(
        connection, row, now, status=OPEN, remark=remark,
        decided_by=who.person_id if others else None, decided_at=now if others else None,
    )  # fmt: skip


def withdraw(
    connection: Connection, who: Administrator, draft_id: str, version: int, now: datetime
) -> None:
    """Give a draft up; it stays to be read.

    Raises:
        NotPossible: it is published, or withdrawn already.
    """
    row = _locked(connection, who, draft_id, version, OPEN, PROPOSED)
    _change(connection, row, now, status=WITHDRAWN)


def to_publish(
    connection: Connection, who: Administrator, draft_id: str, version: int,
    *, beside: InForce, mails: Mails,
) -> dict[str, Any]:  # fmt: skip
    """The proposed draft, locked, if she may publish it as it is.

    Raises:
        NotAllowed: she wrote in it or proposed it: another person publishes.
        NotPossible: it is not proposed.
        BadDefinition: the file has errors beside what is in force now.
        Conflict: the file in force has changed since it was begun.
    """
    row = _locked(connection, who, draft_id, version, PROPOSED)
    if who.person_id in {row["proposed_by"], *row["written_by"]}:
        raise NotAllowed(
            N_("You wrote or proposed this yourself. Another administrator has to publish it.")
        )
    _usable(row, beside, mails)
    return row


def mark_published(
    connection: Connection, row: Row, by: str, now: datetime, first_day: date,
    releases: Mapping[str, int], remark: str = "",
) -> None:  # fmt: skip
    """Keep that a draft was published, by whom, and what it made."""
    installed = installed_files().get((row["kind"], row["name"]))
    _change(
        connection, row, now, status=PUBLISHED, decided_by=by, decided_at=now, remark=remark,
        first_day=first_day, releases=dict(releases),
        installed_sha256=sha256(installed) if installed else "",
    )  # fmt: skip


def _usable(row: Row, beside: InForce, mails: Mails) -> Checked:
    """The draft, checked, if it can stand beside what is in force."""
    file = row["kind"], row["name"]
    current = beside.texts.get(file, "")
    if row["base_sha256"] != (sha256(current) if current else ""):
        raise Conflict(
            N_("The file in force has changed since this draft was begun. Bring the draft up to it "
               "first.")
        )  # fmt: skip
    checked = check_draft(file, row["text"], beside.book, mails)
    if checked.errors:
        raise BadDefinition(N_("The file has errors."), checked.errors)
    return checked


def _locked(
    connection: Connection, who: Administrator, draft_id: str, version: int, *statuses: str
) -> dict[str, Any]:
    query = select(_draft).where(_draft.c.id == draft_id).with_for_update()
    row = connection.execute(query).mappings().first()
    if row is None or not who.covers(row["area"]):
        raise NotFound(NO_DRAFT)
    if row["status"] not in statuses:
        raise NotPossible(N_("This draft cannot be changed so any more. Read it again."))
    if row["version"] != version:
        raise Conflict(N_("Somebody else changed this draft meanwhile. Read it again."))
    return dict(row)


def _change(connection: Connection, row: Row, now: datetime, **values: Any) -> None:
    connection.execute(
        update(_draft)
        .where(_draft.c.id == row["id"])
        .values(version=row["version"] + 1, changed_at=now, **values)
    )


def _fits(text: str, why: str) -> None:
    if len(why) > LONGEST_REASON or len(text) > LONGEST_TEXT:
        raise BadInput(
            N_("This is too long: a file has at most {text} characters, a reason {why}."),
            text=LONGEST_TEXT, why=LONGEST_REASON,
        )  # fmt: skip


def _named(connection: Connection, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    people = {
        one
        for row in rows
        for one in (row["proposed_by"], row["decided_by"], *row["written_by"])
        if one
    }
    query = select(_person.c.id, _person.c.name).where(_person.c.id.in_(people))
    names = {row.id: row.name for row in connection.execute(query)} if people else {}
    for row in rows:
        row["writers"] = [names.get(one, "–") for one in row["written_by"]]
        row["proposer"] = names.get(row["proposed_by"], "")
        row["decider"] = names.get(row["decided_by"], "")
    return rows
