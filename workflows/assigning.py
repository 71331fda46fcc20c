"""Who of the staff looks after a case. It is no step: nothing moves, and nobody is written to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select

from base.errors import BadInput
from base.i18n import N_
from models.desk import Assignment
from models.registry import Person
from models.sql import among
from workflows.definition import Process
from workflows.recipients import Recipient, recipients
from workflows.tools import Tools

_assignment = Assignment.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]

Row = Mapping[str, Any]


def colleagues(
    connection: Connection, process: Process, case: Row, now: datetime
) -> list[Recipient]:
    """Those who can look after a case: whoever of the staff may act in it as it is, by name.

    While it waits for somebody else, it is whoever may act later. Somebody with a conflict of
    interest is not among them.
    """
    steps = process.transitions.values()
    ever, here = (
        {name for step in those for name in step.by if process.actors[name].grant}
        for those in (steps, [step for step in steps if case["state"] in step.source])
    )
    found: dict[str, Recipient] = {}
    for name in sorted(here or ever):
        for person in recipients(connection, process, name, [case], now)[case["id"]]:
            if person.id:
                found[person.id] = person
    return sorted(found.values(), key=lambda one: (one.name, one.id))


def assign(
    connection: Connection, tools: Tools, case: Row, reviewer_id: str | None, by: str
) -> None:
    """Put a case into somebody's hands, or into nobody's.

    Arguments:
        reviewer_id: one of :func:`colleagues`; None takes it out of anybody's.
        by: the person who says so.

    Raises:
        BadInput: this person cannot look after this case.
    """
    now = tools.clock.now()
    process = tools.library.release(connection, case["release_id"]).process
    if reviewer_id is not None:
        able = {one.id for one in colleagues(connection, process, case, now)}
        if reviewer_id not in able:
            raise BadInput(
                N_("This person cannot look after this case: she has no right for it, or is "
                   "linked to it herself.")
            )  # fmt: skip
    connection.execute(delete(_assignment).where(_assignment.c.case_id == case["id"]))
    if reviewer_id is not None:
        connection.execute(
            _assignment.insert(),
            {
                "case_id": case["id"], "reviewer_id": reviewer_id, "assigned_by": by,
                "assigned_at": now,
            },
        )  # fmt: skip


def reviewers_of(connection: Connection, case_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Id and name of who looks after each of several cases."""
    query = (
        select(_assignment.c.case_id, _person.c.id, _person.c.name)
        .join(_person, _person.c.id == _assignment.c.reviewer_id)
        .where(among(connection, _assignment.c.case_id, list(case_ids)))
    )
    return {row.case_id: (row.id, row.name) for row in connection.execute(query)}
