"""Facts about a school: one that was sent along with a step, and what cases the case's own has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from models.cases import Case
from models.registry import Organisation
from models.sql import among, id_table
from rules.criteria import FactType, Value
from rules.facts import Subject, provider

_case = Case.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]

Found = Mapping[str, Value | None]


@provider("sent_school_is_another", FactType.BOOLEAN, {"name": FactType.TEXT}, sent=True)
def sent_school_is_another(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """Whether the school sent along is another than the case's, validated, of the same country."""
    sent = {one.key: str(one.sent.get(arguments["name"], "")) for one in subjects}
    ids = [*sent.values(), *(one.organisation_id for one in subjects if one.organisation_id)]
    asked = id_table(connection, ids)
    query = (
        select(_organisation.c.id, _organisation.c.country, _organisation.c.validated)
        .select_from(asked)
        .join(_organisation, _organisation.c.id == asked.c.value)
    )
    known = {row.id: row for row in connection.execute(query)}
    found: dict[str, Value | None] = {}
    for subject in subjects:
        other, own = known.get(sent[subject.key]), known.get(subject.organisation_id or "")
        if other is not None and own is not None:
            found[subject.key] = (
                other.id != own.id and other.validated and other.country == own.country
            )
    return found


@provider("state_of_school", FactType.TEXT, {"process": FactType.TEXT})
def state_of_school(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """The state of the school's newest case of another process; – where it has none."""
    schools = sorted({one.organisation_id for one in subjects if one.organisation_id})
    query = (
        select(_case.c.organisation_id, _case.c.state)
        .where(
            among(connection, _case.c.organisation_id, schools),
            _case.c.process == arguments["process"],
        )
        .order_by(_case.c.opened_at, _case.c.id)
    )
    states = {row.organisation_id: row.state for row in connection.execute(query)}
    return {
        one.key: states.get(one.organisation_id, "–") for one in subjects if one.organisation_id
    }


@provider("opened_lately", FactType.INTEGER, {"hours": FactType.INTEGER}, least=0)
def opened_lately(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    now: datetime,
) -> Found:  # fmt: skip
    """How many other cases of this process and school were opened in the last so many hours."""
    schools = sorted({one.organisation_id for one in subjects if one.organisation_id})
    query = select(_case.c.id, _case.c.process, _case.c.organisation_id, _case.c.opened_at).where(
        among(connection, _case.c.organisation_id, schools)
    )
    rows = connection.execute(query).all()
    return {
        one.key: sum(
            row.organisation_id == one.organisation_id
            and row.process == one.process
            and row.id != one.case_id
            and (now - row.opened_at).total_seconds() < arguments["hours"] * 3600
            for row in rows
        )
        for one in subjects
    }  # fmt: skip
