"""Digests: one mail a working day to each holder of a right, about the cases that wait."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, func, or_, select

from base.days import (
    add_working_days,
    is_working_day,
    local_day,
    start_of,
    working_days_between,
    zone_of,
)  # fmt: skip
from base.ids import new_id
from models.cases import Case, CaseParty, Timer
from models.messages import Mail
from models.reads import rows_of
from models.registry import Grant, Person
from models.writes import insert_new
from notifications.outbox import Addressee, mail_row
from workflows.actors import EVERYWHERE
from workflows.definition import Actor
from workflows.publishing import Published
from workflows.subjects import name_of, named_cases
from workflows.timing import length
from workflows.titles import add_titles
from workflows.tools import Tools

#: Cases named in one mail; the rest is counted.
NAMED = 50

_case = Case.__table__  # type: ignore[attr-defined]
_timer = Timer.__table__  # type: ignore[attr-defined]
_mail = Mail.__table__  # type: ignore[attr-defined]
_grant = Grant.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]
_party = CaseParty.__table__  # type: ignore[attr-defined]


def plan_digests(connection: Connection, published: Published, now: datetime) -> None:
    """Set the next timer of every digest for every scope in which somebody holds its right."""
    process = published.process
    rows = []
    for name, digest in process.digests.items():
        right = process.actors[digest.to].grant
        scopes = connection.execute(
            select(_grant.c.scope).where(_grant.c.right == right).distinct()
        ).scalars()
        for scope in scopes:
            zone = _zone(published, scope)
            day = local_day(now, zone)
            at = time.fromisoformat(digest.at)
            while start_of(day, zone, at) <= now or not is_working_day(day, scope):
                day += timedelta(days=1)
            rows.append(
                {
                    "id": new_id(), "key": f"digest:{process.process}:{name}:{scope}:{day}",
                    "process": process.process, "case_id": None, "name": name,
                    "data": {"digest": name, "scope": scope}, "due_at": start_of(day, zone, at),
                }
            )  # fmt: skip
    insert_new(connection, _timer, rows)


def send_digest(
    connection: Connection, tools: Tools, published: Published, timer: dict[str, Any],
    now: datetime,
) -> int:  # fmt: skip
    """Write the mails of one digest timer; gives how many. Nothing waits: nothing is sent."""
    process = published.process
    digest = process.digests[timer["data"]["digest"]]
    scope: str = timer["data"]["scope"]
    where = [_case.c.process == process.process, _case.c.state.in_(digest.waiting)]
    if scope != EVERYWHERE:
        where.append(_within(process.actors[digest.to], scope))
    count = connection.execute(select(func.count()).select_from(_case).where(*where)).scalar_one()
    if not count:
        return 0
    query = named_cases().where(*where).order_by(_case.c.since, _case.c.id)
    zone = _zone(published, scope)
    today = local_day(now, zone)
    lines: list[dict[str, Any]] = []
    late: list[dict[str, Any]] = []
    rows = rows_of(connection.execute(query.limit(NAMED)))
    add_titles(connection, lambda _case: process, rows)
    for row in rows:
        since = local_day(row["since"], ZoneInfo(row["zone"]))
        allowed = length(digest.late_after, published.values(row["round"], row["area"]))
        left = None
        if allowed is not None:
            last = (
                add_working_days(since, allowed, row["area"])
                if digest.late_after.working
                else since + timedelta(days=allowed)
            )
            left = working_days_between(today, last, row["area"])
        line = {
            "organisation": name_of(row),
            "url": f"{tools.public_url}/cases/{row['id']}",
            "since": since.isoformat(),
            "days_left": left,
            "days_late": -left if left is not None and left < 0 else 0,
        }
        (late if left is not None and left < 0 else lines).append(line)
    context = {
        "process": {"name": process.process, "title": process.title},
        "scope": scope,
        "day": today.isoformat(),
        "waiting": lines,
        "late": late,
        "count": count,
        "more": max(0, count - NAMED),
        "url": f"{tools.public_url}/",
    }
    right = process.actors[digest.to].grant
    people = connection.execute(
        select(_person.c.id, _person.c.name, _person.c.email, _person.c.language)
        .join(_grant, _grant.c.person_id == _person.c.id)
        .where(
            _grant.c.right == right, _grant.c.scope == scope, _grant.c.first_day <= today,
            or_(_grant.c.last_day.is_(None), _grant.c.last_day >= today),
        )
        .distinct()
    )  # fmt: skip
    mails = [
        mail_row(
            template=f"{process.process}/{digest.mail}",
            key=f"{timer['key']}:{person.id}",
            process=process.process,
            case_id=None,
            event_id=None,
            to=Addressee(
                id=person.id, name=person.name, email=person.email, language=person.language
            ),
            area=scope if scope != EVERYWHERE else "",
            context=context,
            now=now,
            not_before=now,
            languages=process.languages,
            optional=digest.mail in process.optional_mails,
        )
        for person in people
    ]
    insert_new(connection, _mail, mails)
    return len(mails)


def _within(actor: Actor, scope: str) -> ColumnElement[bool]:
    """The cases for which a right of ``scope`` makes somebody this actor."""
    area: ColumnElement[str] = _case.c.area
    if actor.area_of:
        area = (
            select(_party.c.area)
            .where(_party.c.case_id == _case.c.id, _party.c.party == actor.area_of)
            .scalar_subquery()
        )
    return or_(area == scope, area.startswith(f"{scope}-"))


def _zone(published: Published, scope: str) -> ZoneInfo:
    return ZoneInfo(published.process.zone) if scope == EVERYWHERE else zone_of(scope)
