"""Who may act in a case, and who is written to: the actors of a process file, resolved.

A scope covers the areas below it: ``BE`` covers ``BE-VLG``; ``*`` covers all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, and_, bindparam, not_, or_, select, true

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
    question = _question(
        bool(actor.linked_to), actor.account == "validated", bool(actor.roles), bool(actor.grant),
        bool(actor.did), bool(actor.unless),
    )  # fmt: skip
    known = {
        "case": case["id"], "school": case["organisation_id"], "person": person_id, "day": day,
        "opened": local_day(case["opened_at"], ZoneInfo(case["zone"])), "roles": actor.roles,
        "right": actor.grant, "triggers": actor.did,
        "scopes": [EVERYWHERE] if actor.scope == "all" else scopes_of(case["area"]),
    }  # fmt: skip
    return connection.execute(question, known).first() is not None


@lru_cache(maxsize=64)
def _question(
    linked: bool, validated: bool, with_role: bool, granted: bool, did: bool, apart: bool
) -> Select[Any]:
    """Whether a person is an actor of this form: a row if so. One question, made once."""
    query = select(_person.c.id).where(_person.c.id == bindparam("person"))
    if linked:
        role = _member.c.role.in_(bindparam("roles", expanding=True)) if with_role else true()
        query = query.where(_linked_since("day").where(role).exists())
    if validated:
        query = query.where(_person.c.validated.is_(True))
    if granted:
        query = query.where(
            select(_grant.c.id)
            .where(
                _grant.c.person_id == bindparam("person"),
                _grant.c.right == bindparam("right"),
                _grant.c.scope.in_(bindparam("scopes", expanding=True)),
                _in_force(bindparam("day")),
            )
            .exists()
        )
    if did:
        last = (
            select(_event.c.actor_id)
            .where(
                _event.c.case_id == bindparam("case"),
                _event.c.trigger.in_(bindparam("triggers", expanding=True)),
                _event.c.actor_id.is_not(None),
            )
            .order_by(_event.c.sequence.desc())
            .limit(1)
            .scalar_subquery()
        )
        query = query.where(last == bindparam("person"))
    if apart:
        # Linked now, or at any time since the case was opened.
        query = query.where(not_(_linked_since("opened").exists()))
    return query


def _linked_since(last: str) -> Select[Any]:
    """Memberships of a person in a school that had begun by ``day`` and lasted until ``last``."""
    return select(_member.c.id).where(
        _member.c.organisation_id == bindparam("school"),
        _member.c.person_id == bindparam("person"),
        _member.c.first_day <= bindparam("day"),
        or_(_member.c.last_day.is_(None), _member.c.last_day >= bindparam(last)),
    )


def _in_force(day: Any) -> Any:
    return and_(
        _grant.c.first_day <= day, or_(_grant.c.last_day.is_(None), _grant.c.last_day >= day)
    )


_did = (
    select(_event.c.case_id, _event.c.actor_id)
    .where(
        _event.c.case_id.in_(bindparam("cases", expanding=True)),
        _event.c.trigger.in_(bindparam("triggers", expanding=True)),
        _event.c.actor_id.is_not(None),
    )
    .order_by(_event.c.case_id, _event.c.sequence)
)


def _doers(connection: Connection, triggers: Sequence[str], cases: Sequence[str]) -> dict[str, str]:
    """For each case, the person who last fired one of ``triggers``."""
    found = connection.execute(_did, {"cases": cases, "triggers": triggers})
    return {row.case_id: row.actor_id for row in found}


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


@lru_cache(maxsize=8)
def _membership(validated: bool, with_role: bool) -> Select[Any]:
    query = (
        select(
            _member.c.organisation_id, _member.c.first_day, _member.c.last_day,
            _person.c.id, _person.c.name, _person.c.email, _person.c.language,
        )
        .join(_person, _person.c.id == _member.c.person_id)
        .where(_member.c.organisation_id.in_(bindparam("schools", expanding=True)))
        .order_by(_member.c.organisation_id, _person.c.id)
    )  # fmt: skip
    if validated:
        query = query.where(_person.c.validated.is_(True))
    if with_role:
        query = query.where(_member.c.role.in_(bindparam("roles", expanding=True)))
    return query


def _members(
    connection: Connection, actor: Actor, cases: Sequence[Row], now: datetime,
    found: dict[str, list[Recipient]],
) -> dict[str, list[Recipient]]:  # fmt: skip
    by_school: dict[str, list[Row]] = {}
    for case in cases:
        if case["organisation_id"]:
            by_school.setdefault(case["organisation_id"], []).append(case)
    days = {case["id"]: local_day(now, ZoneInfo(case["zone"])) for case in cases}
    query = _membership(actor.account == "validated", bool(actor.roles))
    known = {"schools": list(by_school), "roles": actor.roles}
    for row in connection.execute(query, known):
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
        linked = _linked(connection, there, people, day) if actor.unless else set()
        for case in there:
            found[case["id"]] = [
                person for person in people if (case["id"], person.id) not in linked
            ]
    return found


def _linked(
    connection: Connection, cases: Sequence[Row], people: Sequence[Recipient], day: date
) -> set[tuple[str, str]]:
    """The pairs of case and person who is linked to its school, or was since it was opened."""
    query = select(_member.c.organisation_id, _member.c.person_id, _member.c.last_day).where(
        _member.c.person_id.in_([person.id for person in people]),
        _member.c.first_day <= day,
    )
    links = connection.execute(query).all()
    return {
        (case["id"], link.person_id)
        for link in links
        for case in cases
        if case["organisation_id"] == link.organisation_id
        and (
            link.last_day is None
            or link.last_day >= local_day(case["opened_at"], ZoneInfo(case["zone"]))
        )
    }
