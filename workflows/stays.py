"""How long a case was in which state, by its log: without what was taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, case, select

from models.cases import CaseEvent
from models.sql import among
from workflows.log_words import MOVE, UNDO

_event = CaseEvent.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Stay:
    """One stay of a case in a state, up to the next one."""

    #: When it came there.
    at: datetime
    state: str


def stays_of(connection: Connection, case_ids: Sequence[str]) -> dict[str, list[Stay]]:
    """The stays of cases, oldest first, by case id.

    A step that was taken back is as if it had never been: the stay before it went on. A case that
    is moved to another version stays where it is, under the names that the version has.
    """
    query = (
        select(
            _event.c.case_id,
            _event.c.at,
            _event.c.trigger,
            _event.c.to_state,
            # Only a move has what is looked for there, and few cases are moved.
            case((_event.c.trigger == MOVE, _event.c.payload)).label("payload"),
        )
        .where(among(connection, _event.c.case_id, case_ids))
        .order_by(_event.c.case_id, _event.c.sequence)
    )
    found: dict[str, list[Stay]] = {case_id: [] for case_id in case_ids}
    for row in connection.execute(query):
        if row.trigger == UNDO:
            found[row.case_id].pop()
        elif row.trigger == MOVE:
            found[row.case_id] = renamed(found[row.case_id], row.payload.get("states", {}))
        else:
            found[row.case_id].append(Stay(at=row.at, state=row.to_state))
    return found


def renamed(stays: Sequence[Stay], states: Mapping[str, str]) -> list[Stay]:
    """The same stays, by the new names of their states."""
    return [replace(one, state=states.get(one.state, one.state)) for one in stays]
