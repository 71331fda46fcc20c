"""The rows of cases as a step takes them: locked, and with the last of what happened to each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select

from base.errors import NotFound
from base.i18n import N_
from models.cases import Case, CaseEvent
from models.reads import Question, rows_of
from models.registry import Organisation
from workflows.subjects import add_names

_case = Case.__table__  # type: ignore[attr-defined]
_event = CaseEvent.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]

Row = Mapping[str, Any]

_with_school = (
    select(_case, _organisation.c.name.label("organisation_name"))
    .outerjoin(_organisation, _organisation.c.id == _case.c.organisation_id)
    .with_for_update(of=_case)
)
_some = _with_school.where(_case.c.id.in_(bindparam("ids", expanding=True))).order_by(_case.c.id)
#: Most steps are of one case.
_one = Question(_with_school.where(_case.c.id == bindparam("id")))


def lock(connection: Connection, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The case rows of ``ids``, locked until the transaction ends, with the names in them.

    SQLite has locked the whole database by ``BEGIN IMMEDIATE`` already.
    """
    if len(ids) == 1:
        rows = _one.rows(connection, {"id": ids[0]})
    else:
        rows = rows_of(connection.execute(_some, {"ids": ids}))
    found = {row["id"]: row for row in rows}
    add_names(connection, list(found.values()))
    return found


def locked(connection: Connection, case_id: str) -> dict[str, Any]:
    """The case row, locked.

    Raises:
        NotFound: there is none.
    """
    found = lock(connection, [case_id]).get(case_id)
    if found is None:
        raise NotFound(N_("There is no such case."))
    return found


def last_event(connection: Connection, case: Row) -> dict[str, Any]:
    """The last event of a case."""
    row = connection.execute(
        select(_event).where(_event.c.case_id == case["id"], _event.c.sequence == case["version"])
    )
    return dict(row.mappings().one())
