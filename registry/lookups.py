"""Who is who: members of schools, holders of rights, and the areas a person looks after.

Each function asks for many at once; a day is a local day of the area in question.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, and_, or_, select

from models.registry import Grant, Membership, Person
from registry.bulk import chunks

_person: Table = Person.__table__  # type: ignore[attr-defined]
_member: Table = Membership.__table__  # type: ignore[attr-defined]
_grant: Table = Grant.__table__  # type: ignore[attr-defined]

#: The scope that covers all areas.
EVERYWHERE = "*"

_COLUMNS = (
    _person.c.id, _person.c.name, _person.c.email, _person.c.language, _person.c.validated,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Someone:
    """A person of the registry."""

    id: str
    name: str
    email: str
    #: The language asked for; None if none was.
    language: str | None
    validated: bool


def covers(scope: str, area: str) -> bool:
    """Whether a right for ``scope`` reaches ``area``: ``BE`` covers ``BE-VLG``, ``*`` all."""
    return scope in {EVERYWHERE, area} or area.startswith(f"{scope}-")


def scopes_over(area: str) -> list[str]:
    """Every scope that covers ``area``, narrowest first: ``BE-VLG``, ``BE``, ``*``."""
    parts = area.split("-")
    return ["-".join(parts[:count]) for count in range(len(parts), 0, -1)] + [EVERYWHERE]


def person(connection: Connection, id_: str) -> Someone | None:
    """The person with this id."""
    return people(connection, [id_]).get(id_)


def person_by_mail(connection: Connection, email: str) -> Someone | None:
    """The person with this mail address."""
    query = select(*_COLUMNS).where(_person.c.email == email.strip().lower())
    row = connection.execute(query).mappings().first()
    return _someone(row) if row else None


def people(connection: Connection, ids: Collection[str]) -> dict[str, Someone]:
    """The people with these ids, by id."""
    found = {}
    for part in chunks(sorted(ids)):
        query = select(*_COLUMNS).where(_person.c.id.in_(part))
        for row in connection.execute(query).mappings():
            found[row["id"]] = _someone(row)
    return found


def members_of(
    connection: Connection,
    organisation_ids: Collection[str],
    day: date,
    roles: Sequence[str] | None = None,
    *,
    validated: bool | None = None,
) -> list[tuple[str, Someone]]:
    """Organisation and person of everyone who works at one of the organisations on ``day``.

    Sorted by both ids; a person with two roles at one organisation is there once.

    Arguments:
        roles: only people in one of these roles.
        validated: only people whose account is validated (or is not).
    """
    found: list[tuple[str, Someone]] = []
    for part in chunks(sorted(set(organisation_ids))):
        query = (
            select(_member.c.organisation_id, *_COLUMNS)
            .join(_person, _person.c.id == _member.c.person_id)
            .where(_member.c.organisation_id.in_(part), _covering(_member, day))
            .distinct()
            .order_by(_member.c.organisation_id, _person.c.id)
        )
        if roles is not None:
            query = query.where(_member.c.role.in_(roles))
        if validated is not None:
            query = query.where(_person.c.validated.is_(validated))
        found += [
            (row["organisation_id"], _someone(row)) for row in connection.execute(query).mappings()
        ]
    return found


def organisations_of(connection: Connection, person_id: str, day: date) -> list[str]:
    """Ids of the organisations a person works at on ``day``."""
    query = (
        select(_member.c.organisation_id)
        .where(_member.c.person_id == person_id, _covering(_member, day))
        .distinct()
        .order_by(_member.c.organisation_id)
    )
    return list(connection.execute(query).scalars())


def holders_of(connection: Connection, right: str, area: str, day: date) -> list[Someone]:
    """Everyone who holds ``right`` for a scope that covers ``area`` on ``day``, by id."""
    query = (
        select(*_COLUMNS)
        .join(_grant, _grant.c.person_id == _person.c.id)
        .where(
            _grant.c.right == right, _grant.c.scope.in_(scopes_over(area)), _covering(_grant, day)
        )
        .distinct()
        .order_by(_person.c.id)
    )
    return [_someone(row) for row in connection.execute(query).mappings()]


def areas_of(
    connection: Connection, person_id: str, day: date, right: str | None = None
) -> list[tuple[str, str]]:
    """Right and scope of every grant a person holds on ``day``.

    Arguments:
        right: only this right.
    """
    query = (
        select(_grant.c.right, _grant.c.scope)
        .where(_grant.c.person_id == person_id, _covering(_grant, day))
        .distinct()
        .order_by(_grant.c.right, _grant.c.scope)
    )
    if right is not None:
        query = query.where(_grant.c.right == right)
    return [(row.right, row.scope) for row in connection.execute(query)]


def _covering(table: Table, day: date) -> ColumnElement[bool]:
    """First and last day are inclusive; without a last day it goes on."""
    return and_(table.c.first_day <= day, or_(table.c.last_day.is_(None), table.c.last_day >= day))


def _someone(row: RowMapping) -> Someone:
    return Someone(
        id=row["id"], name=row["name"], email=row["email"], language=row["language"],
        validated=bool(row["validated"]),
    )  # fmt: skip
