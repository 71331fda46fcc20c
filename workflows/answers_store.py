"""The answers and evidence of a case, as they stand in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from models.cases import Answer, Evidence
from models.reads import rows_of

_answer = Answer.__table__  # type: ignore[attr-defined]
_evidence = Evidence.__table__  # type: ignore[attr-defined]


def answers_of(connection: Connection, case_id: str) -> dict[str, Any]:
    """The answers of one case by ``section.field``."""
    return answers_of_many(connection, [case_id]).get(case_id, {})


def answers_of_many(connection: Connection, case_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The answers of several cases."""
    found: dict[str, dict[str, Any]] = {}
    query = select(_answer.c.case_id, _answer.c.field, _answer.c.value)
    for row in connection.execute(query.where(_answer.c.case_id.in_(list(case_ids)))):
        # One that was taken back is kept, as an empty text: see workflows/overtaken.py.
        if row.value:
            found.setdefault(row.case_id, {})[row.field] = row.value
    return found


def evidence_counts(connection: Connection, case_id: str) -> dict[str, int]:
    """How many links and files each field of one case has."""
    return evidence_counts_of_many(connection, [case_id]).get(case_id, {})


def evidence_counts_of_many(
    connection: Connection, case_ids: Sequence[str]
) -> dict[str, dict[str, int]]:
    """How many links and files each field of several cases has."""
    found: dict[str, dict[str, int]] = {}
    query = (
        select(_evidence.c.case_id, _evidence.c.field, func.count())
        .where(_evidence.c.case_id.in_(list(case_ids)), _evidence.c.removed_at.is_(None))
        .group_by(_evidence.c.case_id, _evidence.c.field)
    )
    for case_id, field, count in connection.execute(query):
        found.setdefault(case_id, {})[field] = count
    return found


def evidence_of(
    connection: Connection, case_id: str, *, removed: bool = False
) -> list[dict[str, Any]]:
    """The links and files of one case, oldest first; with ``removed`` those taken away too."""
    query = select(_evidence).where(_evidence.c.case_id == case_id).order_by(_evidence.c.id)
    if not removed:
        query = query.where(_evidence.c.removed_at.is_(None))
    return rows_of(connection.execute(query))


def snapshot(connection: Connection, case_id: str) -> dict[str, Any]:
    """The form as it stands now, as a submission keeps it in its event."""
    return {
        "answers": answers_of(connection, case_id),
        "evidence": [
            {
                "id": row["id"], "field": row["field"], "url": row["url"],
                "sha256": row["sha256"], "file_name": row["file_name"],
            }
            for row in evidence_of(connection, case_id)
        ],
    }  # fmt: skip
