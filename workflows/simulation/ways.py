"""Who could take which step in a case, and who could begin one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from models.cases import CaseEvent
from models.messages import Mail
from workflows.definition import Process, Start
from workflows.machine import triggers_from
from workflows.new_cases import about_what, new_case
from workflows.parties import with_parties
from workflows.publishing import Published
from workflows.recipients import recipients
from workflows.simulation.season import Season
from workflows.simulation.town import Town

_event = CaseEvent.__table__  # type: ignore[attr-defined]
_mail = Mail.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Way:
    """A step that some people could take as an actor of the process."""

    trigger: str
    actor: str
    people: Sequence[str]


def ways_on(
    connection: Connection, published: Published, case: dict[str, Any], now: datetime
) -> list[Way]:
    """The steps out of a case's state that people could take, in the file's order."""
    process = published.process
    with_parties(connection, process, [case])
    known: dict[str, list[str]] = {}
    found = []
    for trigger in triggers_from(process, case["state"]):
        for name in process.transitions[trigger].by:
            if name not in known:
                known[name] = _behind(connection, process, name, case, now)
            if known[name]:
                found.append(Way(trigger=trigger, actor=name, people=known[name]))
    return found


def _behind(
    connection: Connection, process: Process, name: str, case: dict[str, Any], now: datetime
) -> list[str]:
    actor = process.actors[name]
    if actor.link_of:  # whoever opens the mail: here, whoever began
        query = (
            select(_event.c.actor_id).where(_event.c.case_id == case["id"])
            .order_by(_event.c.sequence).limit(1)
        )  # fmt: skip
        opener = connection.execute(query).scalar()
        return [opener] if opener else []
    people = recipients(connection, process, name, [case], now)[case["id"]]
    return [person.id for person in people if person.id]


def link_to(connection: Connection, case_id: str, trigger: str) -> str | None:
    """The end of the link to a step in the last mail of a case that has one."""
    query = select(_mail.c.context).where(_mail.c.case_id == case_id).order_by(_mail.c.id.desc())
    for context in connection.execute(query).scalars():
        if link := context.get("links", {}).get(trigger):
            return str(link).rpartition("/")[2]
    return None


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """What is handed to the engine to begin a case."""

    way: str
    actor: str
    about: dict[str, str]


def beginnings(
    connection: Connection, published: Published, season: Season, town: Town, number: int,
    now: datetime,
) -> list[Beginning]:  # fmt: skip
    """The ways in which people could begin the case of one applicant, in the file's order.

    Arguments:
        number: which applicant of the town; from 0.
    """
    process = published.process
    found = []
    for name, start in process.starts.items():
        if start.about == "given":
            subjects = town.subjects[process.subject]
            if number >= len(subjects):
                continue
            about: dict[str, str] = {process.subject: subjects[number]}
            people: list[str] = _who(connection, published, season, start, about, now)
        else:
            herself = _herself(process, start, town, number)
            about, people = {}, [herself] if herself else []
        ids = {f"{kind}_id": id_ for kind, id_ in about.items()}
        found += [Beginning(way=name, actor=person, about=ids) for person in people]
    return found


def _who(
    connection: Connection, published: Published, season: Season, start: Start,
    about: dict[str, str], now: datetime,
) -> list[str]:  # fmt: skip
    """One person of each kind that may begin a case about somebody or something."""
    process = published.process
    subject = about_what(connection, process, start, about, None, now)
    case = new_case(published, subject, season.round, now)
    people = []
    for name in start.by:
        people += _behind(connection, process, name, case, now)[:1]
    return people


def _herself(process: Process, start: Start, town: Town, number: int) -> str | None:
    """Who begins a case about herself, or about what is yet to be made."""
    new = any(process.actors[name].anyone and not process.actors[name].account for name in start.by)
    people = town.newcomers if new else town.teachers
    return people[number] if number < len(people) else None
