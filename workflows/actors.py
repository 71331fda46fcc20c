"""Who may act in a case: the actors of a process file, asked about one person.

A scope covers the areas below it: ``BE`` covers ``BE-VLG``; ``*`` covers all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from itertools import zip_longest
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, and_, bindparam, not_, or_, select, true

from base.days import local_day
from models.cases import CaseEvent
from models.reads import Question
from models.registry import Grant, Membership, Person, ProjectMember
from workflows.conflicts import involved_in
from workflows.definition import Actor, Process
from workflows.links import OPENED
from workflows.parties import parties_of

#: Who acts when nobody does.
PLATFORM = "platform"
EVERYWHERE = "*"

#: A right has one of at most so many scopes; by name, since a list costs SQLAlchemy more to write.
_SCOPES = ("scope", "wider_scope", "widest_scope")

Row = Mapping[str, Any]

_person = Person.__table__  # type: ignore[attr-defined]
_member = Membership.__table__  # type: ignore[attr-defined]
_grant = Grant.__table__  # type: ignore[attr-defined]
_event = CaseEvent.__table__  # type: ignore[attr-defined]
_taking_part = ProjectMember.__table__  # type: ignore[attr-defined]


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
        elif actor_id is not None and _is(connection, process, actor, case, actor_id, day):
            return name
    return None


def _is(
    connection: Connection, process: Process, actor: Actor, case: Row, person_id: str, day: date
) -> bool:
    # Without parties there is nobody to ask about: most processes have none.
    parties = parties_of(connection, process, case)
    if actor.link_of and not case.get(OPENED):
        return False
    if actor.address or (actor.party and party_person(actor.party, case, parties) != person_id):
        return False
    involved = (
        involved_in(connection, actor, [(case, parties)])[case["id"]] if actor.unless else None
    )
    if involved and person_id in involved.people:
        return False
    question = _question(
        actor.linked_to or "", actor.account == "validated", bool(actor.roles), bool(actor.grant),
        bool(actor.did), bool(actor.unless), actor.scope == "organisation",
    )  # fmt: skip
    known = {
        "case": case["id"], "school": case["organisation_id"], "project": case["project_id"],
        "schools": sorted(involved.schools) if involved else [], "person": person_id, "day": day,
        "opened": local_day(case["opened_at"], ZoneInfo(case["zone"])), "roles": actor.roles,
        "right": actor.grant, "triggers": actor.did,
        **dict(zip_longest(_SCOPES, scopes_for(actor, case, parties))),
    }  # fmt: skip
    return bool(question.rows(connection, known))


def party_person(name: str, case: Row, parties: Mapping[str, Row]) -> str | None:
    """The person who is a party of the case; ``person`` is the one it is about."""
    found: str | None = case["person_id"] if name == "person" else None
    if name in parties:
        found = parties[name]["person_id"]
    return found


def scopes_for(actor: Actor, case: Row, parties: Mapping[str, Row]) -> list[str]:
    """The scopes a right may have to be one for this case."""
    if actor.scope == "all":
        return [EVERYWHERE]
    if actor.scope == "organisation":
        return [case["organisation_id"]] if case["organisation_id"] else []
    if actor.area_of is None:
        return scopes_of(case["area"])
    # A party nobody has named yet has no area, and so no NSO of its own.
    return scopes_of(parties[actor.area_of]["area"]) if actor.area_of in parties else []


@lru_cache(maxsize=64)
def _question(
    linked_to: str,
    validated: bool,
    with_role: bool,
    granted: bool,
    did: bool,
    apart: bool,
    at_home: bool,
) -> Question:
    """Whether a person is an actor of this form: a row if so. One question, made once."""
    query = select(_person.c.id).where(_person.c.id == bindparam("person"))
    lists: list[str] = []
    if linked_to == "organisation":
        role = _member.c.role.in_(bindparam("roles", expanding=True)) if with_role else true()
        lists += ["roles"] if with_role else []
        here = _member.c.organisation_id == bindparam("school")
        query = query.where(_linked_since("day").where(here, role).exists())
    elif linked_to == "project":
        taking_part = select(_taking_part.c.id).where(
            _taking_part.c.project_id == bindparam("project"),
            _taking_part.c.person_id == bindparam("person"),
        )
        query = query.where(taking_part.exists())
    if validated:
        query = query.where(_person.c.validated.is_(True))
    if granted:
        query = query.where(
            select(_grant.c.id)
            .where(
                _grant.c.person_id == bindparam("person"),
                _grant.c.right == bindparam("right"),
                _grant.c.scope.in_([bindparam(name) for name in _SCOPES]),
                in_force(bindparam("day")),
            )
            .exists()
        )
    if at_home:
        # A right for a school holds as long as its holder works there.
        here = _member.c.organisation_id == bindparam("school")
        query = query.where(_linked_since("day").where(here).exists())
    if did:
        lists.append("triggers")
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
        lists.append("schools")
        # Linked now, or at any time since the case was opened.
        there = _member.c.organisation_id.in_(bindparam("schools", expanding=True))
        query = query.where(not_(_linked_since("opened").where(there).exists()))
    return Question(query, tuple(lists))


def _linked_since(last: str) -> Select[Any]:
    """Memberships of a person that had begun by ``day`` and lasted until ``last``."""
    return select(_member.c.id).where(
        _member.c.person_id == bindparam("person"),
        _member.c.first_day <= bindparam("day"),
        or_(_member.c.last_day.is_(None), _member.c.last_day >= bindparam(last)),
    )


def in_force(day: Any) -> Any:
    """Whether a grant holds on ``day``: a date, or a parameter that is one."""
    return and_(
        _grant.c.first_day <= day, or_(_grant.c.last_day.is_(None), _grant.c.last_day >= day)
    )
