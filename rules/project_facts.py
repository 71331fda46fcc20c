"""Facts about a project: the one a case is about, or concerns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, distinct, func, select, union

from base.i18n import N_
from models.registry import Project, ProjectFounder, ProjectMember
from rules.criteria import FactType, Value
from rules.facts import Subject, provider
from rules.person_facts import people_of
from rules.subject_ids import id_table

#: Where a project stands.
STATES = (N_("pending"), N_("active"), N_("closed"))

_project = Project.__table__  # type: ignore[attr-defined]
_founder = ProjectFounder.__table__  # type: ignore[attr-defined]
_taking_part = ProjectMember.__table__  # type: ignore[attr-defined]

Found = Mapping[str, Value | None]


def projects_of(subjects: Sequence[Subject]) -> dict[str, str]:
    """The id of each subject's project, by its key."""
    return {one.key: one.project_id for one in subjects if one.project_id}


@provider("national_project", FactType.BOOLEAN)
def national_project(
    connection: Connection, subjects: Sequence[Subject], _arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """Whether the project was founded within one country; it then stays national for ever."""
    projects = projects_of(subjects)
    asked = id_table(connection, projects.values())
    query = (
        select(_project.c.id, _project.c.national, func.count(distinct(_founder.c.country)))
        .select_from(asked)
        .join(_project, _project.c.id == asked.c.value)
        .outerjoin(_founder, _founder.c.project_id == _project.c.id)
        .group_by(_project.c.id, _project.c.national)
    )
    known: dict[str, Value | None] = {}
    for id_, national, countries in connection.execute(query):
        known[id_] = national if national is not None else (countries == 1 if countries else None)
    return {key: known.get(id_) for key, id_ in projects.items()}


@provider("project_state", FactType.TEXT)
def project_state(
    connection: Connection, subjects: Sequence[Subject], _arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """Where the project stands: pending, active or closed."""
    projects = projects_of(subjects)
    asked = id_table(connection, projects.values())
    query = select(_project.c.id, _project.c.state).select_from(asked)
    rows = connection.execute(query.join(_project, _project.c.id == asked.c.value))
    known = {row.id: row.state for row in rows}
    return {key: known.get(id_) for key, id_ in projects.items()}


@provider("takes_part", FactType.BOOLEAN, {"who": FactType.TEXT}, optional=["who"])
def takes_part(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """Whether a person takes part in the project; founders do."""
    projects, people = projects_of(subjects), people_of(subjects, arguments.get("who"))
    asked = id_table(connection, projects.values())
    query = union(
        *(
            select(table.c.project_id, table.c.person_id)
            .select_from(asked)
            .join(table, table.c.project_id == asked.c.value)
            for table in (_taking_part, _founder)
        )
    )
    known = {(row.project_id, row.person_id) for row in connection.execute(query)}
    return {
        key: (projects[key], person) in known for key, person in people.items() if key in projects
    }
