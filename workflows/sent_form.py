"""A case's form as it was sent in, which is all that those who judge it see of it.

What is still being written is for those who write it. A form is being written in the states in
which it may be edited and from which a step that records it leads on; where it may be edited and no
such step follows, what is written counts at once, and everybody sees it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from models.cases import CaseEvent
from models.reads import rows_of
from workflows.answers_store import answers_of, evidence_of
from workflows.definition import Process
from workflows.log_words import UNDO

Row = Mapping[str, Any]

_event = CaseEvent.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class FormAt:
    """The answers and evidence of a form at one time."""

    #: By ``section.field``.
    answers: Mapping[str, Any]
    #: Rows of links and files, oldest first.
    evidence: Sequence[Row]
    #: When it was sent in like this, in UTC; None: it is shown as it stands now.
    sent_at: datetime | None = None


def written_in(process: Process) -> set[str]:
    """The states in which the form is being written, to be sent in by a step that records it."""
    if process.form is None:
        return set()
    leading = {state for name in _recording(process) for state in process.transitions[name].source}
    return leading & set(process.form.edited_in)


def form_as_it_stands(connection: Connection, case_id: str) -> FormAt:
    """The form with everything that was saved."""
    return FormAt(
        answers=answers_of(connection, case_id), evidence=evidence_of(connection, case_id)
    )


def form_as_sent(connection: Connection, process: Process, case: Row) -> FormAt | None:
    """The form without what has been written since it was last sent in; None: it never was.

    Arguments:
        case: its row; ``id`` and ``state`` are read.
    """
    events = _standing(connection, case["id"])
    written, recording, sent = written_in(process), _recording(process), None
    pending = case["state"] in written
    for event in events:
        recorded = event["trigger"] in recording
        sent = event if recorded else sent
        if event["from_state"] in written and case["state"] not in written:
            pending = not recorded
    if not pending:
        return form_as_it_stands(connection, case["id"])
    if sent is None:
        return None
    kept = sent["payload"]["form"]
    named = {one["id"] for one in kept["evidence"]}
    return FormAt(
        answers=kept["answers"],
        evidence=[
            row for row in evidence_of(connection, case["id"], removed=True) if row["id"] in named
        ],
        sent_at=sent["at"],
    )  # fmt: skip


def last_sent_at(connection: Connection, process: Process, case_id: str) -> datetime | None:
    """When the form was last sent in, in UTC; None: never."""
    sent = submissions(connection, process, case_id)
    return sent[-1]["at"] if sent else None


def submissions(connection: Connection, process: Process, case_id: str) -> list[Row]:
    """The steps that sent the form in, in their order, each with the form as it was."""
    recording = _recording(process)
    return [event for event in _standing(connection, case_id) if event["trigger"] in recording]


def _recording(process: Process) -> set[str]:
    return {name for name, step in process.transitions.items() if step.records == "form"}


def _standing(connection: Connection, case_id: str) -> list[Row]:
    """The case's steps in their order, without those that were taken back."""
    query = select(_event).where(_event.c.case_id == case_id).order_by(_event.c.sequence)
    events = rows_of(connection.execute(query))
    undone = {event["payload"]["undoes"] for event in events if event["trigger"] == UNDO}
    return [one for one in events if one["id"] not in undone and one["trigger"] != UNDO]
