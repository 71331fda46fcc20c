"""Two people in one form: what somebody else has written meanwhile is not overwritten.

Every field has a version: who read it hands it back when she saves. An answer is *overtaken* when
the field has another version by then, somebody else made it, and it says something else. It is not
saved; both texts are handed back, and she chooses. Who names no version overwrites.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from base.days import local_day
from base.errors import Conflict, Problem
from base.i18n import N_
from models.cases import Answer
from models.registry import Person
from workflows.definition import Process
from workflows.form import find_field

_answer = Answer.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]

Row = Mapping[str, Any]

#: An answer that was taken back is kept as this: whoever reads the form sees none, and it is known
#: who took it back.
CLEARED = ""
#: The version of a field nobody has answered yet.
UNANSWERED = "0"

THEIRS = N_("“{title}”: {who} has changed this meanwhile. Choose which of the two texts stays.")


@dataclass(frozen=True, kw_only=True)
class Overtaken:
    """An answer that was not saved, and the one that is there."""

    #: ``section.field``.
    field: str
    #: What was to be saved; None clears the field.
    mine: Any
    #: What is there; None if it was cleared.
    theirs: Any
    #: Who wrote what is there, and when.
    who: str
    at: datetime
    #: The version of what is there: with it she may overwrite.
    version: str


@dataclass(frozen=True, kw_only=True)
class Saved:
    """What became of a saving."""

    at: datetime
    #: The version of every field that was named, as it is now.
    versions: Mapping[str, str]
    overtaken: Sequence[Overtaken] = ()


def versions_of(connection: Connection, case_id: str) -> dict[str, str]:
    """The version of every field somebody has answered; the others are ``UNANSWERED``."""
    query = select(_answer).where(_answer.c.case_id == case_id)
    rows = connection.execute(query).mappings()
    return {row["field"]: version(row["value"], row["saved_at"]) for row in rows}


def version(value: Any, saved_at: datetime) -> str:
    """The version of an answer: when it was saved, and a hash of it."""
    return f"{int(saved_at.timestamp() * 1000):x}-{_digest(value)}"


def _digest(value: Any) -> str:
    return hashlib.sha256(str(value or CLEARED).encode()).hexdigest()[:16]


def rows_of(connection: Connection, case_id: str, fields: Collection[str]) -> dict[str, Row]:
    """The answers that some fields of a case have, with who saved them and when."""
    query = (
        select(_answer, _person.c.name.label("who"))
        .outerjoin(_person, _person.c.id == _answer.c.saved_by)
        .where(_answer.c.case_id == case_id, _answer.c.field.in_(list(fields)))
    )
    return {row["field"]: dict(row) for row in connection.execute(query).mappings()}


def set_apart(
    there: Mapping[str, Row], answers: Mapping[str, Any], seen: Mapping[str, str], actor_id: str
) -> tuple[dict[str, Any], list[Overtaken]]:
    """The answers to write, and those that somebody else has overtaken.

    What is as it was is in neither: neither what the field says already, nor what its reader left
    as she saw it while somebody else changed it.

    Arguments:
        there: :func:`rows_of` of the fields.
        answers: as they are kept; None clears.
        seen: the versions she read, by field.
    """
    write: dict[str, Any] = {}
    overtaken: list[Overtaken] = []
    for name, mine in answers.items():
        row = there.get(name)
        value = row["value"] if row else CLEARED
        if (mine or CLEARED) == value:
            continue
        current = version(value, row["saved_at"]) if row else UNANSWERED
        read = seen.get(name)
        if row is None or read in (None, current):
            write[name] = mine
        elif _digest(mine) == (_digest(CLEARED) if read == UNANSWERED else read[-16:]):
            continue
        elif row["saved_by"] == actor_id:
            write[name] = mine
        else:
            overtaken.append(
                Overtaken(
                    field=name, mine=mine, theirs=value or None, who=row["who"] or "",
                    at=row["saved_at"], version=current,
                )
            )  # fmt: skip
    return write, overtaken


def refusal(process: Process, overtaken: Sequence[Overtaken], zone: Any) -> Conflict:
    """The error for a saving of which all or nothing is wanted."""
    problems = []
    for one in overtaken:
        wanted = find_field(process, one.field)
        title = wanted.title if wanted else one.field
        values = {"title": title, "who": one.who, "day": local_day(one.at, zone)}
        problems.append(Problem(where=one.field, message=THEIRS, values=values))
    return Conflict(
        N_("Nothing was saved: somebody else has changed the same answers meanwhile."), problems
    )
