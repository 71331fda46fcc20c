"""Facts about people: their accounts, their contacts, and where they work.

``who`` names a party of the case; without it the person the case is about is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from models.registry import Contact, Membership, Organisation, Person
from models.sql import id_table
from rules.criteria import FactType, Value
from rules.facts import Subject, provider
from rules.registry_facts import by_day

_person = Person.__table__  # type: ignore[attr-defined]
_contact = Contact.__table__  # type: ignore[attr-defined]
_member = Membership.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]

Found = Mapping[str, Value | None]
_WHO = {"who": FactType.TEXT}


def person_of(subject: Subject, who: str | None) -> str | None:
    """The id of a party of the case; of the person it is about if none is named."""
    return subject.parties.get(who) if who else subject.person_id


def people_of(subjects: Iterable[Subject], who: str | None) -> dict[str, str]:
    """The ids of :func:`person_of` by subject key, of those that are known."""
    found = {subject.key: person_of(subject, who) for subject in subjects}
    return {key: id_ for key, id_ in found.items() if id_}


def _column(
    connection: Connection, subjects: Sequence[Subject], who: str | None, column: Any
) -> Found:
    people = people_of(subjects, who)
    asked = id_table(connection, people.values())
    query = select(_person.c.id, column).select_from(asked)
    rows = connection.execute(query.join(_person, _person.c.id == asked.c.value))
    values = {row[0]: row[1] for row in rows}
    return {key: values.get(id_) for key, id_ in people.items()}


@provider("account_validated", FactType.BOOLEAN, _WHO, optional=["who"])
def account_validated(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """Whether the NSO has validated the account of a person."""
    return _column(connection, subjects, arguments.get("who"), _person.c.validated)


@provider("available_for_projects", FactType.BOOLEAN, _WHO, optional=["who"])
def available_for_projects(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """Whether a person has ticked “Available for eTwinning projects”."""
    return _column(connection, subjects, arguments.get("who"), _person.c.available)


@provider("are_contacts", FactType.BOOLEAN, {**_WHO, "other": FactType.TEXT}, optional=["who"])
def are_contacts(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """Whether two people are contacts of each other; never somebody with herself."""
    first = people_of(subjects, arguments.get("who"))
    second = people_of(subjects, arguments["other"])
    pairs = {key: (first[key], second[key]) for key in first if key in second}
    asked = id_table(connection, [*first.values(), *second.values()])
    query = (
        select(_contact.c.person_id, _contact.c.contact_id)
        .select_from(asked)
        .join(_contact, _contact.c.person_id == asked.c.value)
    )
    known = {(row.person_id, row.contact_id) for row in connection.execute(query)}
    return {
        key: one != other and (one, other) in known and (other, one) in known
        for key, (one, other) in pairs.items()
    }


@provider("same_country", FactType.BOOLEAN, {**_WHO, "other": FactType.TEXT}, optional=["who"])
def same_country(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    now: datetime,
) -> Found:  # fmt: skip
    """Whether the schools two people work at today are in one country."""
    first = people_of(subjects, arguments.get("who"))
    second = people_of(subjects, arguments["other"])
    found: dict[str, Value | None] = {}
    for day, there in by_day(subjects, now).items():
        keys = [one.key for one in there if one.key in first and one.key in second]
        people = {first[key] for key in keys} | {second[key] for key in keys}
        countries = _countries(connection, people, day)
        for key in keys:
            here, other = countries.get(first[key]), countries.get(second[key])
            found[key] = None if here is None or other is None else here == other
    return found


@provider("has_school", FactType.BOOLEAN, _WHO, optional=["who"])
def has_school(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    now: datetime,
) -> Found:  # fmt: skip
    """Whether a person works at a school today."""
    people = people_of(subjects, arguments.get("who"))
    found: dict[str, Value | None] = {}
    for day, there in by_day(subjects, now).items():
        keys = [one.key for one in there if one.key in people]
        countries = _countries(connection, {people[key] for key in keys}, day)
        found |= {key: people[key] in countries for key in keys}
    return found


def _countries(connection: Connection, people: Iterable[str], day: Any) -> dict[str, str]:
    """The country each of ``people`` works in on ``day``: of several that of the newest school."""
    asked = id_table(connection, people)
    in_force = and_(
        _member.c.first_day <= day, or_(_member.c.last_day.is_(None), _member.c.last_day >= day)
    )
    query = (
        select(_member.c.person_id, _organisation.c.country)
        .select_from(asked)
        .join(_member, and_(_member.c.person_id == asked.c.value, in_force))
        .join(_organisation, _organisation.c.id == _member.c.organisation_id)
        .order_by(_member.c.first_day, _member.c.id)
    )
    return {row.person_id: row.country for row in connection.execute(query)}


@provider("different_people", FactType.BOOLEAN, {**_WHO, "other": FactType.TEXT}, optional=["who"])
def different_people(
    _connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """Whether two parties are two people."""
    first = people_of(subjects, arguments.get("who"))
    second = people_of(subjects, arguments["other"])
    return {key: first[key] != second[key] for key in first if key in second}


@provider("works_at_school", FactType.BOOLEAN, _WHO, optional=["who"])
def works_at_school(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    now: datetime,
) -> Found:  # fmt: skip
    """Whether a person works at the case's school today."""
    people = people_of(subjects, arguments.get("who"))
    found: dict[str, Value | None] = {}
    for day, there in by_day(subjects, now).items():
        asked = id_table(connection, people.values())
        in_force = and_(
            _member.c.first_day <= day, or_(_member.c.last_day.is_(None), _member.c.last_day >= day)
        )
        query = (
            select(_member.c.person_id, _member.c.organisation_id)
            .select_from(asked)
            .join(_member, and_(_member.c.person_id == asked.c.value, in_force))
        )
        pairs = {(row.person_id, row.organisation_id) for row in connection.execute(query)}
        for one in there:
            if one.key in people and one.organisation_id:
                found[one.key] = (people[one.key], one.organisation_id) in pairs
    return found
