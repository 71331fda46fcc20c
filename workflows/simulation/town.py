"""The made-up people of a simulation: those who apply, and those who answer them.

Schools, teachers and projects come from ``registry.generate``, all as complete as can be; then
some lose something, so that not everybody meets everything. Who else a process speaks of is added
by its own actors: holders of its rights, people with its roles, founders, contacts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import Connection, delete, select, update

from models.registry import (
    Activity,
    Contact,
    Grant,
    Label,
    Membership,
    Organisation,
    Person,
    Project,
    ProjectFounder,
    ProjectMember,
)
from models.writes import insert
from registry.generate import Size, generate, language_of
from workflows.actors import EVERYWHERE
from workflows.definition import Actor, Process
from workflows.simulation.season import Season

#: Teachers of each school.
TEACHERS = 5
#: Schools abroad, for those who need a partner there.
ABROAD = 3
#: So many hold each right.
HOLDERS = 3
#: One school in so many has a teacher with a second account.
SECOND_ACCOUNT = 5
#: How many schools have too few who are active, no label yet, or came late.
FEW_ACTIVE, NO_LABEL, LATE = 0.35, 0.15, 0.1

_organisation = Organisation.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]
_member = Membership.__table__  # type: ignore[attr-defined]
_activity = Activity.__table__  # type: ignore[attr-defined]
_label = Label.__table__  # type: ignore[attr-defined]
_project = Project.__table__  # type: ignore[attr-defined]
_founder = ProjectFounder.__table__  # type: ignore[attr-defined]
_part = ProjectMember.__table__  # type: ignore[attr-defined]
_grant = Grant.__table__  # type: ignore[attr-defined]
_contact = Contact.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Town:
    """Whom and what there is, by id; everything in the area of the round."""

    #: What cases can be about.
    subjects: dict[str, list[str]]
    #: A teacher of each school, in its order.
    teachers: list[str]
    #: People who have just made an account: of no school, validated by nobody.
    newcomers: list[str]


def make_town(
    connection: Connection, process: Process, season: Season, applicants: int, random: Random
) -> Town:
    """Fill an empty registry with so many applicants of the area of the round."""
    begins = season.begins.astimezone(season.zone).date()
    schools = applicants + (ABROAD if process.parties else 0)
    days = {one.name for one in fields(Size)} - {"today"}
    # Where a round sets what the made-up schools have to meet, they fit it.
    fitting = {name: day for name in days if isinstance(day := season.values.get(name), date)}
    size = Size(
        schools=schools, eligible=schools, teachers=TEACHERS * schools, today=begins,
        areas=((season.area, language_of(season.area)),),
        **_before(begins) | {name: day for name, day in fitting.items() if day < begins},
    )  # fmt: skip
    generate(connection, size)
    _Added(connection, process, season, begins, random).add(applicants)
    here = list(connection.execute(
        select(_organisation.c.id).where(_organisation.c.area == season.area)
        .order_by(_organisation.c.id)
    ).scalars())  # fmt: skip
    projects = list(connection.execute(select(_project.c.id).order_by(_project.c.id)).scalars())
    teachers = [staff[0] for staff in _staff(connection).values()][: len(here)]
    newcomers = connection.execute(
        select(_person.c.id).where(_person.c.validated.is_(False)).order_by(_person.c.id)
    )
    return Town(
        subjects={
            "organisation": here, "person": teachers, "project": projects[: len(here)],
        },
        teachers=teachers, newcomers=list(newcomers.scalars()),
    )  # fmt: skip


def _before(begins: date) -> dict[str, Any]:
    """When made-up schools have done what they did, where no round says since when it counts."""
    return {
        "registered_by": begins - timedelta(days=730), "activity_since": begins - timedelta(365),
        "nql_since": begins - timedelta(days=400),
    }  # fmt: skip


def _staff(connection: Connection) -> dict[str, list[str]]:
    """The people of each school, in order of id; those of a second account left out."""
    query = select(_member.c.organisation_id, _member.c.person_id).order_by(
        _member.c.organisation_id, _member.c.person_id
    )
    found: dict[str, list[str]] = {}
    for school, person in connection.execute(query):
        there = found.setdefault(school, [])
        if person not in there:
            there.append(person)
    return found


class _Added:
    """What is added to the generated registry, and taken from it."""

    def __init__(
        self, connection: Connection, process: Process, season: Season, begins: date,
        random: Random,
    ) -> None:  # fmt: skip
        self._connection, self._process, self._season = connection, process, season
        self._begins, self._random = begins, random
        self._staff = _staff(connection)
        #: Ids of our own, so that the same seed makes the same order.
        self._number = 0

    def add(self, applicants: int) -> None:
        self._take_away()
        if self._process.parties:
            self._go_abroad()
        self._second_accounts()
        self._newcomers(applicants)
        self._roles()
        self._rights()
        self._projects()
        self._contacts()

    def _id(self) -> str:
        self._number += 1
        return f"018c0000-0000-7000-9000-{self._number:012x}"

    def _take_away(self) -> None:
        schools, connection = list(self._staff), self._connection
        for school in schools:
            chance = [self._random.random() for _ in range(3)]
            if chance[0] < FEW_ACTIVE:
                idle = self._random.sample(self._staff[school], self._random.randint(1, TEACHERS))
                connection.execute(delete(_activity).where(_activity.c.person_id.in_(idle)))
            if chance[1] < NO_LABEL:
                connection.execute(delete(_label).where(_label.c.school_at_grant_id == school))
            if chance[2] < LATE:
                late = self._begins - timedelta(days=self._random.randint(1, 300))
                connection.execute(
                    update(_organisation).where(_organisation.c.id == school)
                    .values(registered_on=late)
                )  # fmt: skip

    def _go_abroad(self) -> None:
        """The last schools are those of another country."""
        there = list(self._staff)[-ABROAD:]
        other = _partner(self._season.area)
        self._connection.execute(
            update(_organisation).where(_organisation.c.id.in_(there))
            .values(area=other, country=other)
        )  # fmt: skip

    def _second_accounts(self) -> None:
        people, members = [], []
        for school in list(self._staff)[::SECOND_ACCOUNT]:
            first = self._connection.execute(
                select(_person).where(_person.c.id == self._staff[school][-1])
            ).mappings().one()  # fmt: skip
            id_ = self._id()
            made = self._season.begins - timedelta(days=self._random.randint(2, 90))
            people.append(_of(first["name"], id_, first["language"], created_at=made))
            members.append(self._member(school, id_, "teacher"))
        insert(self._connection, _person, people)
        insert(self._connection, _member, members)

    def _newcomers(self, count: int) -> None:
        language = language_of(self._season.area)
        people = [
            _of(f"Newcomer {number + 1}", self._id(), language, validated=False)
            for number in range(count)
        ]
        insert(self._connection, _person, people)

    def _roles(self) -> None:
        """Somebody of each school has each role that the process speaks of."""
        roles = sorted({role for actor in self._process.actors.values() for role in actor.roles})
        rows = [
            self._member(school, people[place % len(people)], role)
            for school, people in self._staff.items()
            for place, role in enumerate(roles)
        ]
        insert(self._connection, _member, rows)

    def _rights(self) -> None:
        people, grants = [], []
        scopes: dict[tuple[str, str], None] = {}
        for actor in self._process.actors.values():
            for scope in self._scopes(actor):
                scopes[str(actor.grant), scope] = None
        for right, scope in scopes:
            for number in range(HOLDERS):
                id_ = self._id()
                name = f"{right.replace('_', ' ')} {scope} {number + 1}"
                people.append(_of(name, id_, language_of(scope)))
                grants.append(
                    {"id": self._id(), "person_id": id_, "right": right, "scope": scope,
                     "first_day": self._begins - timedelta(days=365), "last_day": None,
                     "reason": ""}
                )  # fmt: skip
        insert(self._connection, _person, people)
        insert(self._connection, _grant, grants)

    def _scopes(self, actor: Actor) -> Sequence[str]:
        if not actor.grant or actor.scope == "organisation":
            return ()
        if actor.scope == "all":
            return (EVERYWHERE,)
        abroad = (_partner(self._season.area),) if self._process.parties else ()
        return (self._season.area, *abroad)

    def _projects(self) -> None:
        """Two teachers of each school take part in its project; the first one has founded it."""
        rows = []
        query = select(_project.c.id).order_by(_project.c.id)
        projects = self._connection.execute(query).scalars()
        for (school, people), project in zip(self._staff.items(), projects, strict=True):
            own = update(_founder).where(
                _founder.c.project_id == project, _founder.c.country == self._season.area[:2]
            )
            self._connection.execute(own.values(person_id=people[0]))
            rows += [
                {"id": self._id(), "project_id": project, "person_id": person,
                 "organisation_id": school, "joined_on": None}
                for person in people[:2]
            ]  # fmt: skip
        insert(self._connection, _part, rows)

    def _contacts(self) -> None:
        """Everybody’s first teacher knows a colleague, somebody of the next school, one abroad."""
        schools = list(self._staff.values())
        pairs: dict[tuple[str, str], None] = {}
        for number, people in enumerate(schools):
            others = [people[-1], schools[(number + 1) % len(schools)][0], schools[-1][0]]
            for other in others:
                if other != people[0]:
                    pairs[people[0], other] = pairs[other, people[0]] = None
        rows = [{"person_id": one, "contact_id": other} for one, other in pairs]
        insert(self._connection, _contact, rows)
        self._connection.execute(update(_person).values(available=True))

    def _member(self, school: str, person: str, role: str) -> dict[str, Any]:
        return {
            "id": self._id(), "organisation_id": school, "person_id": person, "role": role,
            "first_day": self._begins - timedelta(days=500), "last_day": None,
        }  # fmt: skip


def _partner(area: str) -> str:
    """A country that is not that of ``area``; the one made-up projects have as a partner, too."""
    return "FR" if area[:2] != "FR" else "IT"


def _of(
    name: str, id_: str, language: str, *, validated: bool = True,
    created_at: datetime | None = None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "id": id_, "name": name, "email": f"{id_[-12:]}@example.org", "language": language,
        "validated": validated, "available": True, "created_at": created_at,
    }  # fmt: skip
