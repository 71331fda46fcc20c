"""Facts about a project: the one a case is about, or concerns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, union

from base.i18n import N_
from models.registry import Organisation, Project, ProjectFounder, ProjectMember
from models.sql import id_table
from rules.criteria import FactType, Value
from rules.facts import Subject, provider
from rules.person_facts import people_of

#: Where a project stands.
STATES = (N_("pending"), N_("active"), N_("closed"), N_("deleted"))

_project = Project.__table__  # type: ignore[attr-defined]
_founder = ProjectFounder.__table__  # type: ignore[attr-defined]
_taking_part = ProjectMember.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]

Found = Mapping[str, Value | None]


def projects_of(subjects: Sequence[Subject]) -> dict[str, str]:
    """The id of each subject's project, by its key."""
    return {one.key: one.project_id for one in subjects if one.project_id}


@provider("national_project", FactType.BOOLEAN)
def national_project(
    connection: Connection, subjects: Sequence[Subject], _arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """Whether the project is national: founded within one country, and not made European since.

    A project that was registered here and is not marked either way became European when a partner
    from abroad joined (until school year 2021-22); of one from before that was kept only the
    founders tell.
    """
    projects = projects_of(subjects)
    asked = id_table(connection, projects.values())
    marked = select(_project.c.id, _project.c.national).select_from(asked)
    rows = connection.execute(marked.join(_project, _project.c.id == asked.c.value))
    known: dict[str, Value | None] = {row.id: row.national for row in rows}
    founders = (
        select(_founder.c.project_id, _founder.c.country)
        .select_from(asked)
        .join(_founder, _founder.c.project_id == asked.c.value)
    )
    partners = (
        select(_taking_part.c.project_id, _organisation.c.country)
        .select_from(asked)
        .join(_taking_part, _taking_part.c.project_id == asked.c.value)
        .join(_project, _project.c.id == asked.c.value)
        .join(_organisation, _organisation.c.id == _taking_part.c.organisation_id)
        .where(_project.c.registered_on.is_not(None))
    )
    countries: dict[str, set[str]] = {}
    for id_, country in connection.execute(union(founders, partners)):
        countries.setdefault(id_, set()).add(country)
    for id_, there in countries.items():
        if known[id_] is None:
            known[id_] = len(there) == 1
    return {key: known.get(id_) for key, id_ in projects.items()}


@provider("project_state", FactType.TEXT)
def project_state(
    connection: Connection, subjects: Sequence[Subject], _arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """Where the project stands: pending, active, closed or deleted."""
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
