"""The people, schools and projects of a story, written beside those of the demo."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from sqlalchemy import Connection, select

from base.errors import BadInput
from base.i18n import N_
from base.ids import new_id
from cli.context import Parts
from cli.story_file import StoryFile, StoryProject
from models.database import writing
from models.registry import (
    Contact,
    Grant,
    Label,
    Membership,
    Organisation,
    Person,
    Project,
    ProjectFounder,
    ProjectMember,
    ProjectSchool,
)
from workflows.subjects import schools_of

_person = Person.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]
_project = Project.__table__  # type: ignore[attr-defined]


def found(connection: Connection, kind: str, name: str) -> str:
    """The id of a person (by mail address), a school or a project (by name).

    Raises:
        BadInput: there is none.
    """
    columns = {
        "person": _person.c.email, "organisation": _organisation.c.name,
        "project": _project.c.title,
    }  # fmt: skip
    column = columns[kind]
    id_ = connection.execute(select(column.table.c.id).where(column == name)).scalar()
    if id_ is None:
        raise BadInput(N_("The story has nobody and nothing called {name}."), name=name)
    return str(id_)


def add_people(parts: Parts, story: StoryFile) -> None:
    """Write the schools, people, rights, contacts and projects a story adds to the demo's."""
    with writing(parts.database) as connection:
        for school in story.schools:
            _add(connection, Organisation(**school.model_dump(), validated=True))
        for one in story.people:
            values = one.model_dump(exclude={"school", "role", "since", "created_on"})
            created = datetime.combine(one.created_on, time(12), UTC) if one.created_on else None
            person = _add(connection, Person(**values, created_at=created))
            if one.school:
                here = found(connection, "organisation", one.school)
                _add(
                    connection,
                    Membership(
                        organisation_id=here, person_id=person, role=one.role, first_day=one.since
                    ),
                )
        for right in story.rights:
            holder = found(connection, "person", right.email)
            first_day = story.begins.date()
            _add(
                connection,
                Grant(person_id=holder, right=right.right, scope=right.scope, first_day=first_day),
            )
        for pair in story.contacts:
            first, second = (found(connection, "person", email) for email in pair)
            for person, contact in ((first, second), (second, first)):
                connection.execute(
                    Contact.__table__.insert(),  # type: ignore[attr-defined]
                    {"person_id": person, "contact_id": contact},
                )
        for project in story.projects:
            _add_project(connection, story, project)


def _add_project(connection: Connection, story: StoryFile, project: StoryProject) -> None:
    row = Project(title=project.title, registered_on=project.registered_on)
    project_id = _add(connection, row)
    people = {
        email: found(connection, "person", email)
        for email in [*project.founders, *project.members, *(one.email for one in project.labels)]
    }
    schools = schools_of(connection, list(people.values()), story.begins.date())
    for email in project.founders:
        person = people[email]
        founder = ProjectFounder(
            project_id=project_id, country=schools[person]["country"], person_id=person
        )
        _add(connection, founder)
    for person in people.values():
        here = schools[person]["id"]
        _add(
            connection,
            ProjectMember(project_id=project_id, person_id=person, organisation_id=here),
        )
    for school in {schools[person]["id"] for person in people.values()}:
        _add(connection, ProjectSchool(project_id=project_id, organisation_id=school))
    for label in project.labels:
        person = people[label.email]
        _add(
            connection,
            Label(
                kind=label.kind, granted_on=label.granted_on, score=label.score,
                project_id=project_id, person_id=person,
                school_at_grant_id=schools[person]["id"],
            ),
        )  # fmt: skip


def _add(connection: Connection, row: Any) -> str:
    values = row.model_dump()
    values["id"] = values.get("id") or new_id()
    connection.execute(row.__table__.insert(), values)
    return str(values["id"])
