"""What the registry knows already of the schools, people and projects a file names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from base.i18n import N_
from models.registry import (
    Label,
    Membership,
    Organisation,
    Person,
    Project,
    ProjectFounder,
    ProjectSchool,
)
from registry.bulk import chunks
from registry.records import SchoolName
from registry.values import BadValue, folded

_organisation = Organisation.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]
_member = Membership.__table__  # type: ignore[attr-defined]
_project = Project.__table__  # type: ignore[attr-defined]
_founder = ProjectFounder.__table__  # type: ignore[attr-defined]
_involved = ProjectSchool.__table__  # type: ignore[attr-defined]
_label = Label.__table__  # type: ignore[attr-defined]

#: Country, name and town, compared without capitals.
SchoolKey = tuple[str, str, str]
#: Title and founders' countries.
ProjectKey = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class KnownSchool:
    """A school of the registry, or one that the file adds."""

    id: str
    registered_on: date | None
    #: Where the file adds it; empty for one of the registry.
    where: str = ""


class Schools:
    """Schools by country, name and town."""

    def __init__(self, connection: Connection, countries: Iterable[str]) -> None:
        """Know the registry's schools of ``countries``."""
        self._by_key: dict[SchoolKey, KnownSchool] = {}
        self._by_name: dict[tuple[str, str], list[KnownSchool]] = {}
        columns = (
            _organisation.c.country, _organisation.c.name, _organisation.c.place,
            _organisation.c.id, _organisation.c.registered_on,
        )  # fmt: skip
        query = select(*columns).where(_organisation.c.country.in_(list(countries)))
        for country, name, place, id_, registered_on in connection.execute(query):
            key = (country, folded(name), folded(place))
            self.add(key, KnownSchool(id_, registered_on))

    def add(self, key: SchoolKey, school: KnownSchool) -> KnownSchool:
        """Add a school, unless there is one of that key; gives the one there was, or ``school``."""
        there = self._by_key.setdefault(key, school)
        if there is school:
            self._by_name.setdefault(key[:2], []).append(school)
        return there

    def find(self, name: SchoolName) -> KnownSchool | None:
        """The school called so; None if there is none.

        Raises:
            BadValue: several are; its town must be said.
        """
        country, called = name.country, folded(name.name)
        if name.place:
            return self._by_key.get((country, called, folded(name.place)))
        found = self._by_name.get((country, called), [])
        if len(found) > 1:
            # A school without a town is meant by a name without one, if the file can say so.
            exact = self._by_key.get((country, called, ""))
            if exact and name.place is not None:
                return exact
            raise BadValue(
                N_("{count} schools have this name. Say its town, too."), count=len(found)
            )
        return found[0] if found else None


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person of the registry, or one that the file adds."""

    id: str
    name: str
    where: str = ""


def people_by_mail(connection: Connection, emails: Iterable[str]) -> dict[str, KnownPerson]:
    """The registry's people with one of these mail addresses."""
    found = {}
    for part in chunks(sorted(set(emails))):
        query = select(_person.c.email, _person.c.id, _person.c.name)
        for email, id_, name in connection.execute(query.where(_person.c.email.in_(part))):
            found[email] = KnownPerson(id_, name)
    return found


def memberships_of(
    connection: Connection, people: Iterable[str]
) -> dict[tuple[str, str], list[tuple[date, date | None]]]:
    """First and last days by organisation and person."""
    found: dict[tuple[str, str], list[tuple[date, date | None]]] = {}
    columns = (_member.c.organisation_id, _member.c.person_id, _member.c.first_day,
               _member.c.last_day)  # fmt: skip
    for part in chunks(sorted(people)):
        query = select(*columns).where(_member.c.person_id.in_(part))
        for organisation, person, first, last in connection.execute(query):
            found.setdefault((organisation, person), []).append((first, last))
    return found


def projects_by_title(connection: Connection, titles: Iterable[str]) -> dict[ProjectKey, str]:
    """The ids of the registry's projects with one of these titles."""
    names: dict[str, str] = {}
    countries: dict[str, list[str]] = {}
    for part in chunks(sorted(set(titles))):
        query = select(_project.c.id, _project.c.title).where(_project.c.title.in_(part))
        names.update((id_, title) for id_, title in connection.execute(query))
    for part in chunks(sorted(names)):
        founders = select(_founder.c.project_id, _founder.c.country)
        for id_, country in connection.execute(founders.where(_founder.c.project_id.in_(part))):
            countries.setdefault(id_, []).append(country)
    return {(title, tuple(sorted(countries.get(id_, [])))): id_ for id_, title in names.items()}


def involved_in(connection: Connection, projects: Iterable[str]) -> set[tuple[str, str]]:
    """Pairs of organisation and project that are known already."""
    table = _involved
    found: set[tuple[str, str]] = set()
    for part in chunks(sorted(projects)):
        query = select(table.c.organisation_id, table.c.project_id)
        rows = connection.execute(query.where(table.c.project_id.in_(part)))
        found.update((organisation, project) for organisation, project in rows)
    return found


#: What makes a label one of its kind.
LabelKey = tuple[str, str, str, date | None]


def labels_of(
    connection: Connection, projects: Iterable[str], organisations: Iterable[str]
) -> set[LabelKey]:
    """The labels of these projects and of these schools."""
    found: set[LabelKey] = set()
    query = select(
        _label.c.kind, _label.c.project_id, _label.c.organisation_id, _label.c.person_id,
        _label.c.granted_on, _label.c.valid_from,
    )  # fmt: skip
    for part in chunks(sorted(projects)):
        for row in connection.execute(query.where(_label.c.project_id.in_(part))):
            found.add((row.kind, row.project_id, row.person_id or "", row.granted_on))
    for part in chunks(sorted(organisations)):
        for row in connection.execute(query.where(_label.c.organisation_id.in_(part))):
            found.add((row.kind, row.organisation_id, "", row.valid_from))
    return found
