"""The queue of a reviewer: what waits in her areas, the most urgent first, a page at a time.

Each area and right has its own range of an index in order of urgency; a page takes the head of each
and merges them, so it costs the same whether a hundred or a million cases wait. See
``docs/decisions/1201-the-queue-is-an-index.md``.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    func,
    literal,
    or_,
    select,
    tuple_,
    union,
)

from base.clock import in_utc
from base.errors import BadInput
from base.i18n import N_
from models.cases import Case
from models.desk import Assignment, Waiting
from models.registry import Grant, Organisation, Person, Project
from models.sql import among
from models.types import Instant
from web.scope import SEEING, Scope
from workflows.subjects import named_cases

_case = Case.__table__  # type: ignore[attr-defined]
_waiting = Waiting.__table__  # type: ignore[attr-defined]
_assignment = Assignment.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]
_grant = Grant.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]
_project = Project.__table__  # type: ignore[attr-defined]

#: For whom a case waits: one's own desk, an NSO, or nobody of the staff (the school, mostly).
Whom = Literal["us", "nso", "school"]
#: The rights whose work a right sees as its own: a coordinator sees to it that reviewers act.
WORK: dict[str, tuple[str, ...]] = {
    "nso_reviewer": ("nso_reviewer",),
    "nso_coordinator": ("nso_coordinator", "nso_reviewer"),
    "css": ("css",),
}
NSO = ("nso_coordinator", "nso_reviewer")
_ID = re.compile(r"[0-9a-f-]{36}")
#: Names that match a search; a search that finds more is too short to be of use.
MOST_NAMES = 500


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which part of the queue is looked at."""

    whom: Whom = "us"
    process: str = ""
    state: str = ""
    round: str = ""
    area: str = ""
    #: A person's id, or "nobody".
    reviewer: str = ""
    late: bool = False
    #: A part of the name of a school, a person or a project.
    q: str = ""


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page of the queue."""

    #: Rows of ``named_cases`` with ``due_at``.
    rows: list[dict[str, Any]]
    #: Where the next page begins; None on the last.
    next: str | None


def areas_of(connection: Connection, scope: Scope) -> list[str]:
    """The areas of a person's rights in which cases are open."""
    found = connection.execute(_areas()).scalars()
    return [area for area in found if scope.is_staff_for(area)]


@lru_cache(maxsize=1)
def _areas() -> Select[Any]:
    """One look into the index for each area, however many cases there are. Made once."""
    first = select(func.min(_waiting.c.area).label("area")).cte("areas", recursive=True)
    behind = select(func.min(_waiting.c.area)).where(_waiting.c.area > first.c.area)
    areas = first.union_all(
        select(behind.correlate(first).scalar_subquery()).where(first.c.area.is_not(None))
    )
    return select(areas.c.area).where(areas.c.area.is_not(None))


def rights_for(whom: Whom, rights: frozenset[str]) -> tuple[str, ...]:
    """The rights whose cases are listed for somebody who has ``rights``."""
    if whom == "school":
        return ("",)
    if whom == "nso":
        return NSO
    return tuple(dict.fromkeys(one for right in sorted(rights) for one in WORK.get(right, ())))


def queue_page(
    connection: Connection, scope: Scope, rights: frozenset[str], filters: Filters, now: datetime,
    after: str | None = None, limit: int = 50, areas: Sequence[str] | None = None,
) -> Page:  # fmt: skip
    """A page of the queue, the most urgent first; cases that come meanwhile shift nothing.

    Arguments:
        rights: those the person has today.
        after: ``next`` of the page before.
        areas: what :func:`areas_of` gave, where it has been asked.

    Raises:
        BadInput: ``after`` is none of ours.
    """
    start = _read(after) if after else None
    ids = _named(connection, filters.q) if filters.q else None
    heads = [
        _head(scope, area, right, filters, now, start, ids).limit(limit + 1).subquery()
        for area in (areas_of(connection, scope) if areas is None else areas)
        if filters.area in ("", area) or area.startswith(f"{filters.area}-")
        for right in rights_for(filters.whom, rights)
    ]
    if not heads:
        return Page(rows=[], next=None)
    found = union(*(select(head) for head in heads)).subquery()
    query = select(found).order_by(found.c.due_at, found.c.case_id).limit(limit + 1)
    line = [(row.case_id, row.due_at) for row in connection.execute(query)]
    rows = _rows(connection, line[:limit])
    more = len(line) > limit
    return Page(rows=rows, next=place(*line[limit - 1]) if more else None)


def _head(
    scope: Scope, area: str, right: str, filters: Filters, now: datetime,
    start: tuple[datetime, str] | None, ids: ColumnElement[bool] | None,
) -> Select[Any]:  # fmt: skip
    query = (
        select(_waiting.c.case_id, _waiting.c.due_at)
        .join(_case, _case.c.id == _waiting.c.case_id)
        .where(_waiting.c.area == area, _waiting.c.right == right, scope.not_hers())
        .order_by(_waiting.c.due_at, _waiting.c.case_id)
    )
    if start:
        last = tuple_(literal(start[0], Instant()), literal(start[1]))
        query = query.where(tuple_(_waiting.c.due_at, _waiting.c.case_id) > last)
    if filters.process:
        query = query.where(_waiting.c.process == filters.process)
    if filters.late:
        query = query.where(_waiting.c.due_at <= now)
    for name in ("state", "round"):
        if value := getattr(filters, name):
            query = query.where(_case.c[name] == value)
    if filters.reviewer == "nobody":
        taken = select(_assignment.c.case_id).where(_assignment.c.case_id == _waiting.c.case_id)
        query = query.where(~taken.exists())
    elif filters.reviewer:
        of_hers = select(_assignment.c.case_id).where(_assignment.c.reviewer_id == filters.reviewer)
        query = query.where(_waiting.c.case_id.in_(of_hers))
    return query if ids is None else query.where(ids)


def _named(connection: Connection, text: str) -> ColumnElement[bool]:
    """The cases of what has ``text`` in its name: the names are looked up first, and are few."""
    kinds = (
        (_organisation.c.name, _organisation, _case.c.organisation_id),
        (_person.c.name, _person, _case.c.person_id),
        (_project.c.title, _project, _case.c.project_id),
    )
    parts: list[ColumnElement[bool]] = []
    for column, table, of_case in kinds:
        query = select(table.c.id).where(column.icontains(text, autoescape=True))
        ids = connection.execute(query.limit(MOST_NAMES)).scalars().all()
        if ids:
            parts.append(among(connection, of_case, ids))
    none: ColumnElement[bool] = _waiting.c.case_id.is_(None)
    some: ColumnElement[bool] = _waiting.c.case_id.in_(
        union(*(select(_case.c.id).where(part) for part in parts)) if parts else ()
    )
    return some if parts else none


def _rows(connection: Connection, line: Sequence[tuple[str, datetime]]) -> list[dict[str, Any]]:
    if not line:
        return []
    dues = dict(line)
    query = named_cases().where(among(connection, _case.c.id, list(dues)))
    found = {row["id"]: dict(row) for row in connection.execute(query).mappings()}
    return [{**found[id_], "due_at": due} for id_, due in line]


def due_of(connection: Connection, case_id: str) -> datetime | None:
    """By when an open case is to be looked at; None once it has ended."""
    return dues_of(connection, [case_id]).get(case_id)


def dues_of(connection: Connection, cases: Sequence[str]) -> dict[str, datetime]:
    """By when each of some cases is to be looked at, by id, without those that have ended."""
    due_at = func.min(_waiting.c.due_at, type_=Instant()).label("due_at")
    query = (
        select(_waiting.c.case_id, due_at)
        .where(_waiting.c.case_id.in_(cases))
        .group_by(_waiting.c.case_id)
    )
    return {row.case_id: row.due_at for row in connection.execute(query)}


def people_of(connection: Connection, scope: Scope, day: date) -> dict[str, str]:
    """Those of the staff who share an area with somebody on ``day``, by id, in order of name."""
    query = (
        select(_person.c.id, _person.c.name, _grant.c.scope)
        .join(_grant, _grant.c.person_id == _person.c.id)
        .where(
            _grant.c.right.in_(SEEING), _grant.c.first_day <= day,
            or_(_grant.c.last_day.is_(None), _grant.c.last_day >= day),
        )
        .order_by(_person.c.name, _person.c.id)
    )  # fmt: skip
    return {
        row.id: row.name
        for row in connection.execute(query)
        if scope.is_staff_for(row.scope)
        or any(area.startswith(f"{row.scope}-") for area in scope.areas)
    }


def place(case_id: str, due_at: datetime) -> str:
    """The place in the queue behind a case, as the next page takes it."""
    text = f"{due_at.isoformat()}|{case_id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(after: str) -> tuple[datetime, str]:
    try:
        padded = after + "=" * (-len(after) % 4)
        text = base64.urlsafe_b64decode(padded.encode("ascii")).decode("ascii")
        moment, _, case_id = text.partition("|")
        found = in_utc(datetime.fromisoformat(moment)), case_id
        if not _ID.fullmatch(case_id):
            raise ValueError
    except (binascii.Error, ValueError, OverflowError):
        raise BadInput(N_("This is no cursor. Take “next” of the page before as it is.")) from None
    return found
