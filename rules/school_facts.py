"""Facts about a school that was sent along with a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from models.registry import Organisation
from rules.criteria import FactType, Value
from rules.facts import Subject, provider
from rules.subject_ids import id_table

_organisation = Organisation.__table__  # type: ignore[attr-defined]

Found = Mapping[str, Value | None]


@provider("sent_school_is_another", FactType.BOOLEAN, {"name": FactType.TEXT})
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
