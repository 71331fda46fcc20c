"""Cases that are about to be opened: what each is about, its row, and whether its place is free."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from base.errors import Conflict, NotFound
from base.i18n import N_
from base.ids import new_id
from models.cases import Case
from models.sql import only
from workflows.definition import Process, Start
from workflows.parties import unique_key
from workflows.publishing import Published
from workflows.subjects import NOTHING, at_school, subject

_case = Case.__table__  # type: ignore[attr-defined]

Row = Mapping[str, Any]

#: Kind of subject -> what is said where a start needs one and none was named, or there is none.
_NOT_NAMED = {
    "organisation": N_("Say which school it is about."),
    "person": N_("Say which person it is about."),
    "project": N_("Say which project it is about."),
}
_NOT_THERE = {
    "organisation": N_("There is no such organisation."),
    "person": N_("There is no such person."),
    "project": N_("There is no such project."),
}


def about_what(
    connection: Connection, process: Process, start: Start, given: Mapping[str, str | None],
    actor_id: str | None, now: datetime,
) -> dict[str, Any]:  # fmt: skip
    """What the new case is about, as :func:`workflows.subjects.subject` gives it."""
    if start.about == "made":
        return dict(NOTHING)
    kind = process.subject
    id_ = actor_id if start.about == "actor" else given.get(kind)
    if id_ is None:
        raise NotFound(_NOT_NAMED[kind])
    found = subject(connection, kind, id_, now)
    if found is None:
        raise NotFound(_NOT_THERE[kind])
    if kind == "person" and start.about == "given" and given.get("organisation"):
        return at_school(connection, found, str(given["organisation"]), now)
    return found


def new_case(
    published: Published, about: Row, round_name: str | None, now: datetime
) -> dict[str, Any]:
    """The row of a case that is about to be opened; nothing is written.

    Arguments:
        about: what it is about (see :mod:`workflows.subjects`).

    Raises:
        NotFound: the process goes by rounds, and has none of that name.
    """
    process = published.process
    if process.round is not None:
        published.values(round_name or "–", about["area"])
    case = {
        **about, "id": new_id(), "process": process.process, "release_id": published.id,
        "round": round_name if process.round else None, "state": "", "since": now, "is_open": True,
        "zone": about["zone"] or process.zone, "version": 0, "head": "", "opened_at": now,
        "parties": {}, "kept": {},
    }  # fmt: skip
    return {**case, "unique_key": unique_key(process, case)}


def taken_keys(connection: Connection, process: str, keys: list[str]) -> set[str]:
    """Those of ``keys`` under which a case exists that has not freed its place."""
    query = select(_case.c.unique_key).where(_case.c.process == process)
    query = only(connection, query, _case.c.unique_key, keys)
    return set(connection.execute(query).scalars())


def there_already(process: Process) -> Conflict:
    """The refusal of a case whose place is taken."""
    if process.unique == ["organisation", "round"]:
        return Conflict(N_("There is already an open application of this school in this round."))
    return Conflict(
        N_("There is already one that is not finished: {process}."), process=process.title
    )
