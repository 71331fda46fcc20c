"""Conflicts of interest: whose own, or whose school's, a case is.

Who may not decide in it is linked to its school, now or since it was opened; with ``involved`` also
to the school of a party, is a party herself, takes part in its project, or works at a school that
does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, null, select, union

from models.registry import ProjectFounder, ProjectMember
from models.sql import among
from workflows.definition import Actor

_taking_part = ProjectMember.__table__  # type: ignore[attr-defined]
_founder = ProjectFounder.__table__  # type: ignore[attr-defined]

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Involved:
    """Whom a case concerns too closely."""

    people: set[str] = field(default_factory=set)
    #: Nor anybody linked to these.
    schools: set[str] = field(default_factory=set)


def involved_in(
    connection: Connection, actor: Actor, cases: Collection[tuple[Row, Mapping[str, Row]]]
) -> dict[str, Involved]:
    """Whom each case concerns too closely for ``actor``, by case id.

    Arguments:
        cases: case rows, each with its parties.
    """
    found = {case["id"]: Involved(schools={case["organisation_id"]} - {None}) for case, _ in cases}
    if actor.unless != "involved":
        return found
    projects = _projects(connection, {case["project_id"] for case, _ in cases} - {None})
    for case, parties in cases:
        here = found[case["id"]]
        rows = [case, *parties.values(), *projects.get(case["project_id"] or "", ())]
        here.people.update(row["person_id"] for row in rows if row["person_id"])
        here.schools.update(row["organisation_id"] for row in rows if row["organisation_id"])
    return found


def _projects(connection: Connection, projects: set[str]) -> dict[str, list[Row]]:
    """Who takes part in each project, for which school; its founders, too."""
    if not projects:
        return {}
    query = union(
        select(
            _taking_part.c.project_id, _taking_part.c.person_id, _taking_part.c.organisation_id
        ).where(among(connection, _taking_part.c.project_id, sorted(projects))),
        select(_founder.c.project_id, _founder.c.person_id, null()).where(
            among(connection, _founder.c.project_id, sorted(projects))
        ),
    )
    found: dict[str, list[Row]] = {}
    for row in connection.execute(query).mappings():
        found.setdefault(row["project_id"], []).append(dict(row))
    return found
