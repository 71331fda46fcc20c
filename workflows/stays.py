"""How long a case was in which state, by its log: without what was taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

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
    is moved to another version stays where it is.
    """
    query = (
        select(_event.c.case_id, _event.c.at, _event.c.trigger, _event.c.to_state)
        .where(among(connection, _event.c.case_id, case_ids), _event.c.trigger != MOVE)
        .order_by(_event.c.case_id, _event.c.sequence)
    )
    found: dict[str, list[Stay]] = {case_id: [] for case_id in case_ids}
    for row in connection.execute(query):
        if row.trigger == UNDO:
            found[row.case_id].pop()
        else:
            found[row.case_id].append(Stay(at=row.at, state=row.to_state))
    return found
