"""Who may act in a case, and who is written to: the actors of a process file, resolved.

A scope covers the areas below it: ``BE`` covers ``BE-VLG``; ``*`` covers all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, or_, select

from base.days import local_day
from models.cases import CaseEvent
from models.registry import Grant, Membership, Person
from workflows.definition import Actor, Process

#: Who acts when nobody does.
PLATFORM = "platform"
EVERYWHERE = "*"

Row = Mapping[str, Any]

_person = Person.__table__  # type: ignore[attr-defined]
_member = Membership.__table__  # type: ignore[attr-defined]
_grant = Grant.__table__  # type: ignore[attr-defined]
_event = CaseEvent.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipient:
    """A person who is written to."""

    id: str
    name: str
    email: str
    #: The language asked for; None if none was.
    language: str | None


def scopes_of(area: str) -> list[str]:
    """The scopes that cover ``area``: itself, its country, and everywhere."""
    country = area.split("-", maxsplit=1)[0]
    return list(dict.fromkeys([area, country, EVERYWHERE]))


def acts_as(
    connection: Connection, process: Process, names: Sequence[str], case: Row, actor_id: str | None,
    now: datetime,
) -> str | None:  # fmt: skip
    """In which of the capacities ``names`` the person may act in ``case``; None if in none.

    Arguments:
        case: the case row (organisation_id, area, zone, opened_at, id).
        actor_id: the person; None is the platform.
        now: decides which grants and memberships are in force, by the case's local day.
    """
    day = local_day(now, ZoneInfo(case["zone"]))
    for name in names:
        actor = process.actors[name]
        if actor.platform:
            if actor_id is None:
                return name
        elif actor_id is not None and _is(connection, actor, case, actor_id, day):
            return name
    return None


def _is(connection: Connection, actor: Actor, case: Row, person_id: str, day: date) -> bool:
    if actor.linked_to and not _links(connection, actor, case, person_id, day):
        return False
    if actor.grant and not _holds(connection, actor, case, person_id, day):
        return False
    if actor.did and _doers(connection, actor.did, [case["id"]]).get(case["id"]) != person_id:
        return False
    return not (actor.unless and is_linked(connection, case, person_id, day))


def _links(connection: Connection, actor: Actor, case: Row, person_id: str, day: date) -> bool:
    query = (
        select(_member.c.role)
        .join(_person, _person.c.id == _member.c.person_id)
        .where(
            _member.c.organisation_id == case["organisation_id"],
            _member.c.person_id == person_id,
            _member.c.first_day <= day,
            or_(_member.c.last_day.is_(None), _member.c.last_day >= day),
        )
    )
    if actor.account == "validated":
        query = query.where(_person.c.validated.is_(True))
    if actor.roles:
        query = query.where(_member.c.role.in_(actor.roles))
    return connection.execute(query.limit(1)).first() is not None


def _holds(connection: Connection, actor: Actor, case: Row, person_id: str, day: date) -> bool:
    scopes = [EVERYWHERE] if actor.scope == "all" else scopes_of(case["area"])
    query = select(_grant.c.id).where(
        _grant.c.person_id == person_id,
        _grant.c.right == actor.grant,
        _grant.c.scope.in_(scopes),
        _in_force(day),
    )
    return connection.execute(query.limit(1)).first() is not None


def is_linked(connection: Connection, case: Row, person_id: str, day: date) -> bool:
    """Whether the person is linked to the case's school, or was at any time since it was opened."""
    opened = local_day(case["opened_at"], ZoneInfo(case["zone"]))
    query = select(_member.c.id).where(
        _member.c.organisation_id == case["organisation_id"],
        _member.c.person_id == person_id,
        _member.c.first_day <= day,
        or_(_member.c.last_day.is_(None), _member.c.last_day >= opened),
    )
    return connection.execute(query.limit(1)).first() is not None


def _in_force(day: date) -> Any:
    return and_(
        _grant.c.first_day <= day, or_(_grant.c.last_day.is_(None), _grant.c.last_day >= day)
    )


def _doers(connection: Connection, triggers: Iterable[str], cases: Sequence[str]) -> dict[str, str]:
    """For each case, the person who last fired one of ``triggers``."""
    query = (
        select(_event.c.case_id, _event.c.actor_id)
        .where(
            _event.c.case_id.in_(cases),
            _event.c.trigger.in_(list(triggers)),
            _event.c.actor_id.is_not(None),
        )
        .order_by(_event.c.case_id, _event.c.sequence)
    )
    return {row.case_id: row.actor_id for row in connection.execute(query)}


def recipients(
    connection: Connection, process: Process, name: str, cases: Sequence[Row], now: datetime,
    just_did: tuple[str, str | None] = ("", None),
) -> dict[str, list[Recipient]]:  # fmt: skip
    """The people behind an actor's name, for each of several cases at once.

    Arguments:
        cases: case rows.
        now: decides which grants and memberships are in force.
        just_did: trigger and person of the step being taken, which is not in the log yet.
    """
    actor = process.actors[name]
    found: dict[str, list[Recipient]] = {case["id"]: [] for case in cases}
    if actor.platform or not cases:
        return found
    if actor.did:
        trigger, person = just_did
        if person and trigger in actor.did:
            doers = {case["id"]: person for case in cases}
        else:
            doers = _doers(connection, actor.did, list(found))
        people = _people(connection, set(doers.values()))
        for case_id, person_id in doers.items():
            if person_id in people:
                found[case_id].append(people[person_id])
        return found
    if actor.linked_to:
        return _members(connection, actor, cases, now, found)
    return _grantees(connection, actor, cases, now, found)


def _recipient(row: Any) -> Recipient:
    return Recipient(id=row.id, name=row.name, email=row.email, language=row.language)


def _people(connection: Connection, ids: Iterable[str]) -> dict[str, Recipient]:
    query = select(_person.c.id, _person.c.name, _person.c.email, _person.c.language)
    rows = connection.execute(query.where(_person.c.id.in_(list(ids))))
    return {row.id: _recipient(row) for row in rows}


def _members(
    connection: Connection, actor: Actor, cases: Sequence[Row], now: datetime,
    found: dict[str, list[Recipient]],
) -> dict[str, list[Recipient]]:  # fmt: skip
    by_school: dict[str, list[Row]] = {}
    for case in cases:
        if case["organisation_id"]:
            by_school.setdefault(case["organisation_id"], []).append(case)
    query = (
        select(
            _member.c.organisation_id, _member.c.first_day, _member.c.last_day,
            _person.c.id, _person.c.name, _person.c.email, _person.c.language,
        )
        .join(_person, _person.c.id == _member.c.person_id)
        .where(_member.c.organisation_id.in_(list(by_school)))
        .order_by(_member.c.organisation_id, _person.c.id)
    )  # fmt: skip
    if actor.account == "validated":
        query = query.where(_person.c.validated.is_(True))
    if actor.roles:
        query = query.where(_member.c.role.in_(actor.roles))
    days = {case["id"]: local_day(now, ZoneInfo(case["zone"])) for case in cases}
    for row in connection.execute(query):
        for case in by_school[row.organisation_id]:
            day = days[case["id"]]
            there = found[case["id"]]
            in_force = row.first_day <= day and (row.last_day is None or row.last_day >= day)
            if in_force and (not there or there[-1].id != row.id):
                there.append(_recipient(row))
    return found


def _grantees(
    connection: Connection, actor: Actor, cases: Sequence[Row], now: datetime,
    found: dict[str, list[Recipient]],
) -> dict[str, list[Recipient]]:  # fmt: skip
    by_place: dict[tuple[str, str], list[Row]] = {}
    for case in cases:
        by_place.setdefault((case["area"], case["zone"]), []).append(case)
    for (area, zone), there in by_place.items():
        day = local_day(now, ZoneInfo(zone))
        query = (
            select(_person.c.id, _person.c.name, _person.c.email, _person.c.language)
            .join(_grant, _grant.c.person_id == _person.c.id)
            .where(
                _grant.c.right == actor.grant,
                _grant.c.scope.in_([EVERYWHERE] if actor.scope == "all" else scopes_of(area)),
                _in_force(day),
            )
            .distinct()
            .order_by(_person.c.id)
        )
        people = [_recipient(row) for row in connection.execute(query)]
        for case in there:
            found[case["id"]] = [
                person
                for person in people
                if not (actor.unless and is_linked(connection, case, person.id, day))
            ]
    return found
