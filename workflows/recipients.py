"""Who is written to about a case: the people behind the actors of a process file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, bindparam, or_, select

from base.days import local_day
from models.cases import CaseEvent
from models.reads import Question
from models.registry import Grant, Membership, Person, ProjectMember
from workflows.actors import in_force, party_person, scopes_for
from workflows.conflicts import involved_in
from workflows.definition import Actor, Process
from workflows.parties import parties_of
from workflows.tools import Cause

Row = Mapping[str, Any]

_person = Person.__table__  # type: ignore[attr-defined]
_member = Membership.__table__  # type: ignore[attr-defined]
_grant = Grant.__table__  # type: ignore[attr-defined]
_event = CaseEvent.__table__  # type: ignore[attr-defined]
_taking_part = ProjectMember.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipient:
    """A person who is written to."""

    #: None: somebody without an account.
    id: str | None
    name: str
    email: str
    #: The language asked for; None if none was.
    language: str | None


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
    cause: Cause | None = None,
) -> dict[str, list[Recipient]]:  # fmt: skip
    """The people behind an actor's name, for each of several cases at once.

    Arguments:
        cases: case rows.
        now: decides which grants and memberships are in force.
        cause: the step being taken, which is not in the log yet; None for a timer.
    """
    actor = process.actors[name]
    found: dict[str, list[Recipient]] = {case["id"]: [] for case in cases}
    if actor.platform or not cases:
        return found
    if actor.address:
        return _addressed(actor, cases, cause, found)
    if actor.did or actor.party or actor.anyone:
        return _single(connection, process, actor, cases, cause, found)
    if actor.linked_to == "project":
        return _taking_parts(connection, actor, cases, found)
    if actor.linked_to:
        return _members(connection, actor, cases, now, found)
    return _grantees(connection, process, actor, cases, now, found)


def _addressed(
    actor: Actor, cases: Sequence[Row], cause: Cause | None, found: dict[str, list[Recipient]]
) -> dict[str, list[Recipient]]:
    """Somebody without an account, by the address that was given with this very step."""
    sent = cause.payload if cause else {}
    email = sent.get(actor.address or "")
    for case in cases if email else []:
        name = sent.get(actor.named or "", "")
        found[case["id"]] = [Recipient(id=None, name=name, email=str(email), language=None)]
    return found


def _single(
    connection: Connection, process: Process, actor: Actor, cases: Sequence[Row],
    cause: Cause | None, found: dict[str, list[Recipient]],
) -> dict[str, list[Recipient]]:  # fmt: skip
    """The one person of each case who is a party of it, or did something in it."""
    ids: dict[str, str | None]
    if actor.party:
        ids = {
            case["id"]: party_person(actor.party, case, parties_of(connection, process, case))
            for case in cases
        }
    elif cause and cause.actor_id and (actor.anyone or cause.trigger in actor.did):
        ids = {case["id"]: cause.actor_id for case in cases}
    else:
        ids = dict(_doers(connection, actor.did, list(found)))
    people = _people(connection, {one for one in ids.values() if one}, actor)
    for case_id, person_id in ids.items():
        if person_id in people:
            found[case_id].append(people[person_id])
    return found


def _taking_parts(
    connection: Connection, actor: Actor, cases: Sequence[Row], found: dict[str, list[Recipient]]
) -> dict[str, list[Recipient]]:
    """Everybody who takes part in the project of each case."""
    query = (
        select(
            _taking_part.c.project_id, _person.c.id, _person.c.name, _person.c.email,
            _person.c.language,
        )
        .join(_person, _person.c.id == _taking_part.c.person_id)
        .where(_taking_part.c.project_id.in_({case["project_id"] for case in cases} - {None}))
        .order_by(_person.c.id)
    )  # fmt: skip
    if actor.account == "validated":
        query = query.where(_person.c.validated.is_(True))
    by_project: dict[str, list[Recipient]] = {}
    for row in connection.execute(query).mappings():
        by_project.setdefault(row["project_id"], []).append(_recipient(row))
    for case in cases:
        found[case["id"]] = by_project.get(case["project_id"], [])
    return found


def _recipient(row: Any) -> Recipient:
    return Recipient(**{name: row[name] for name in ("id", "name", "email", "language")})


def _people(connection: Connection, ids: Iterable[str], actor: Actor) -> dict[str, Recipient]:
    query = select(_person.c.id, _person.c.name, _person.c.email, _person.c.language)
    if actor.account == "validated":
        query = query.where(_person.c.validated.is_(True))
    rows = connection.execute(query.where(_person.c.id.in_(list(ids))))
    return {row["id"]: _recipient(row) for row in rows.mappings()}


@lru_cache(maxsize=8)
def _membership(validated: bool, with_role: bool) -> Question:
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
    return Question(query, ("schools", "roles") if with_role else ("schools",))


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
    for row in query.rows(connection, known):
        for case in by_school[row["organisation_id"]]:
            day = days[case["id"]]
            there = found[case["id"]]
            last = row["last_day"]
            in_force = row["first_day"] <= day and (last is None or last >= day)
            if in_force and (not there or there[-1].id != row["id"]):
                there.append(_recipient(row))
    return found


def _grantees(
    connection: Connection, process: Process, actor: Actor, cases: Sequence[Row], now: datetime,
    found: dict[str, list[Recipient]],
) -> dict[str, list[Recipient]]:  # fmt: skip
    by_place: dict[tuple[tuple[str, ...], str], list[Row]] = {}
    for case in cases:
        scopes = scopes_for(actor, case, parties_of(connection, process, case))
        by_place.setdefault((tuple(scopes), case["zone"]), []).append(case)
    for (scopes_there, zone), there in by_place.items():
        day = local_day(now, ZoneInfo(zone))
        query = (
            select(_person.c.id, _person.c.name, _person.c.email, _person.c.language)
            .join(_grant, _grant.c.person_id == _person.c.id)
            .where(
                _grant.c.right == actor.grant,
                _grant.c.scope.in_(scopes_there),
                in_force(day),
            )
            .distinct()
            .order_by(_person.c.id)
        )
        if actor.scope == "organisation":
            query = query.where(_works_at(there[0]["organisation_id"], day))
        people = [_recipient(row) for row in connection.execute(query).mappings()]
        linked = _linked(connection, process, actor, there, people, day) if actor.unless else set()
        for case in there:
            found[case["id"]] = [
                person for person in people if (case["id"], person.id) not in linked
            ]
    return found


def _works_at(school: str | None, day: date) -> ColumnElement[bool]:
    """Whether the holder of a grant works at ``school`` on ``day``."""
    return (
        select(_member.c.id)
        .where(
            _member.c.person_id == _grant.c.person_id, _member.c.organisation_id == school,
            _member.c.first_day <= day,
            or_(_member.c.last_day.is_(None), _member.c.last_day >= day),
        )
        .exists()
    )  # fmt: skip


def _linked(
    connection: Connection, process: Process, actor: Actor, cases: Sequence[Row],
    people: Sequence[Recipient], day: date,
) -> set[tuple[str, str]]:  # fmt: skip
    """The pairs of case and person with a conflict of interest, now or since it was opened."""
    concerned = [(case, parties_of(connection, process, case)) for case in cases]
    involved = involved_in(connection, actor, concerned)
    query = select(_member.c.organisation_id, _member.c.person_id, _member.c.last_day).where(
        _member.c.person_id.in_([person.id for person in people]),
        _member.c.first_day <= day,
    )
    links = connection.execute(query).all()
    themselves = {(case, person) for case, one in involved.items() for person in one.people}
    return themselves | {
        (case["id"], link.person_id)
        for link in links
        for case in cases
        if link.organisation_id in involved[case["id"]].schools
        and (
            link.last_day is None
            or link.last_day >= local_day(case["opened_at"], ZoneInfo(case["zone"]))
        )
    }
