"""What a person can start herself, and what is looked at by itself for her school or project."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from base.errors import NotFound
from base.i18n import N_
from models.registry import Grant, Membership, Organisation, Person, Project, ProjectMember
from web.context import Context
from web.signing_in import Someone
from workflows.actors import acts_as
from workflows.definition import Process, Start
from workflows.new_cases import new_case
from workflows.publishing import Published
from workflows.subjects import NOTHING, subject

_grant = Grant.__table__  # type: ignore[attr-defined]
_member = Membership.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]
_project = Project.__table__  # type: ignore[attr-defined]
_taking_part = ProjectMember.__table__  # type: ignore[attr-defined]

#: Things that are found by a search at most, and the fewest letters one searches with.
FOUND, FEWEST = 20, 2


@dataclass(frozen=True, kw_only=True)
class Opportunity:
    """A start, with what a new case of it would be about."""

    published: Published
    way: str
    #: As :func:`workflows.subjects.subject` gives it; None: still to be said.
    about: Mapping[str, Any] | None
    #: Its id; empty where there is nothing to choose.
    about_id: str
    #: By what name people know what it is about; empty for oneself and for what is yet to be made.
    name: str
    #: Whether the platform looks by itself; else she starts it.
    by_itself: bool

    @property
    def process(self) -> Process:
        """The process."""
        return self.published.process

    @property
    def start(self) -> Start:
        """The start."""
        return self.process.starts[self.way]


def opportunities(
    connection: Connection, context: Context, person: Someone
) -> Iterator[Opportunity]:
    """Everything she may start today, guards aside, by process; then what begins by itself."""
    tools = context.tools
    now = tools.clock.now()
    hers = _Hers.of(connection, person.id, now)
    for published in tools.library.all_in_force(connection, now.date()):
        for way, start in published.process.starts.items():
            yield from _of_start(connection, published, way, start, hers, now)


def opportunity(
    connection: Connection, context: Context, person: Someone, process: str, way: str, about_id: str
) -> Opportunity:
    """One of her opportunities.

    Raises:
        NotFound: there is none such for her.
    """
    there = [
        one
        for one in opportunities(connection, context, person)
        if (one.process.process, one.way) == (process, way)
    ]
    for one in there:
        if one.about_id == about_id or (not about_id and len(there) == 1):
            return one
        if one.about is None and about_id:
            now = context.tools.clock.now()
            found = subject(connection, one.process.subject, about_id, now)
            if found and _may(connection, one.published, one.start, found, person.id, now):
                return _opportunity(one.published, one.way, found)
    if there and not about_id:
        return next((one for one in there if one.about is None), there[0])
    raise NotFound(N_("There is nothing of this kind that you can start."))


@dataclass(frozen=True, kw_only=True)
class _Hers:
    """What a person can start something about without looking for it."""

    id: str
    subjects: Mapping[str, Sequence[Mapping[str, Any]]]
    #: Names of the rights she holds today.
    rights: frozenset[str]

    @classmethod
    def of(cls, connection: Connection, person_id: str, now: datetime) -> _Hers:
        day = now.date()
        schools = connection.execute(
            select(_member.c.organisation_id)
            .where(
                _member.c.person_id == person_id,
                _member.c.first_day <= day,
                or_(_member.c.last_day.is_(None), _member.c.last_day >= day),
            )
            .distinct()
        ).scalars()
        projects = connection.execute(
            select(_taking_part.c.project_id).where(_taking_part.c.person_id == person_id)
        ).scalars()
        rights = connection.execute(
            select(_grant.c.right).where(
                _grant.c.person_id == person_id, _grant.c.first_day <= day,
                or_(_grant.c.last_day.is_(None), _grant.c.last_day >= day),
            )
        ).scalars()  # fmt: skip
        ids = {"organisation": list(schools), "project": list(projects), "person": [person_id]}
        found = {
            kind: [one for id_ in there if (one := subject(connection, kind, id_, now))]
            for kind, there in ids.items()
        }
        return cls(id=person_id, subjects=found, rights=frozenset(rights))


def _of_start(
    connection: Connection, published: Published, way: str, start: Start, hers: _Hers,
    now: datetime,
) -> Iterator[Opportunity]:  # fmt: skip
    process = published.process
    if any(process.actors[name].platform for name in start.by):
        yield from _by_itself(connection, published, way, start, hers, now)
        return
    if start.about == "made":
        if _may(connection, published, start, NOTHING, hers.id, now):
            yield _opportunity(published, way, NOTHING, chosen=False)
        return
    kind = "person" if start.about == "actor" else process.subject
    for about in hers.subjects[kind]:
        if _may(connection, published, start, about, hers.id, now):
            yield _opportunity(published, way, about, chosen=start.about == "given")
    if start.about == "given" and hers.rights.intersection(
        process.actors[name].grant or "" for name in start.by
    ):
        yield Opportunity(
            published=published, way=way, about=None, about_id="", name="", by_itself=False
        )


def _by_itself(
    connection: Connection, published: Published, way: str, start: Start, hers: _Hers,
    now: datetime,
) -> Iterator[Opportunity]:  # fmt: skip
    """What the platform begins for her school or project, to wait for her then."""
    process = published.process
    waiting = process.states[start.targets[-1]].waits_for
    if start.every not in ("organisation", "project") or waiting is None:
        return
    for about in hers.subjects[start.every]:
        case = new_case(published, about, _any_round(published), now)
        if acts_as(connection, process, [waiting], case, hers.id, now):
            yield _opportunity(published, way, about, by_itself=True)


def _may(
    connection: Connection, published: Published, start: Start, about: Mapping[str, Any],
    person_id: str, now: datetime,
) -> bool:  # fmt: skip
    case = new_case(published, about, _any_round(published), now)
    return acts_as(connection, published.process, start.by, case, person_id, now) is not None


def _any_round(published: Published) -> str | None:
    return published.rounds[-1] if published.process.round and published.rounds else None


def _opportunity(
    published: Published, way: str, about: Mapping[str, Any], *, chosen: bool = True,
    by_itself: bool = False,
) -> Opportunity:  # fmt: skip
    kind = published.process.subject
    names = {"organisation": "organisation_name", "person": "person_name"}
    name = about[names.get(kind, "project_title")] if chosen or by_itself else None
    return Opportunity(
        published=published, way=way, about=about,
        about_id=about[f"{kind}_id"] if chosen or by_itself else "", name=name or "",
        by_itself=by_itself,
    )  # fmt: skip


def search(
    connection: Connection, kind: str, words: str, person_id: str, *, everywhere: bool
) -> dict[str, str]:
    """Schools, projects or people by a part of the name: name by id, at most ``FOUND``.

    Arguments:
        everywhere: among all projects and people; else only among those she works with.
    """
    if len(words.strip()) < FEWEST:
        return {}
    if kind == "organisation":
        query = select(_organisation.c.id, _organisation.c.name, _organisation.c.place)
        column = _organisation.c.name
    elif kind == "project":
        query = select(_project.c.id, _project.c.title)
        column = _project.c.title
        if not everywhere:
            mine = select(_taking_part.c.project_id).where(_taking_part.c.person_id == person_id)
            query = query.where(_project.c.id.in_(mine))
    else:
        query = select(_person.c.id, _person.c.name, _person.c.email)
        column = _person.c.name
        if not everywhere:
            return {}
    query = query.where(column.icontains(words.strip(), autoescape=True))
    rows = connection.execute(query.order_by(column).limit(FOUND)).all()
    return {row[0]: ", ".join(str(part) for part in row[1:] if part) for row in rows}


def known_projects(connection: Connection, person_id: str) -> dict[str, str]:
    """The projects a person takes part in: title by id."""
    query = (
        select(_project.c.id, _project.c.title)
        .join(_taking_part, _taking_part.c.project_id == _project.c.id)
        .where(_taking_part.c.person_id == person_id)
        .order_by(_project.c.title)
    )
    return {row.id: row.title for row in connection.execute(query)}


def name_of_id(connection: Connection, kind: str, id_: str) -> str | None:
    """The name of a school or project that was chosen; None if there is none."""
    column = _organisation.c.name if kind == "organisation" else _project.c.title
    table = _organisation if kind == "organisation" else _project
    return connection.execute(select(column).where(table.c.id == id_)).scalar()
