"""The figures of the overview: how many cases there are, how old, how urgent, and with whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select

from base.i18n import N_
from models.cases import Case
from models.desk import Assignment, Waiting
from models.reads import rows_of
from models.registry import Person
from web.queue import areas_of
from web.scope import Scope
from workflows.subjects import named_cases
from workflows.waiting import NEVER

_case = Case.__table__  # type: ignore[attr-defined]
_waiting = Waiting.__table__  # type: ignore[attr-defined]
_assignment = Assignment.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]

#: Cases a page of an export is read by.
CHUNK = 1000

#: What is counted of those that wait, and what it is called. Days are days of 24 hours.
AGES = {
    "week": N_("up to a week"), "month": N_("up to four weeks"),
    "older": N_("more than four weeks"),
}  # fmt: skip
LEFT = {
    "late": N_("late"), "days": N_("up to two days"), "week": N_("up to a week"),
    "later": N_("more than a week"), "none": N_("no deadline"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Which cases are counted; an empty word takes all."""

    process: str = ""
    round: str = ""
    area: str = ""


@dataclass(frozen=True, kw_only=True)
class Load:
    """How much somebody looks after; of nobody's cases id and name are empty."""

    person_id: str
    person: str
    waiting: int
    late: int


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What the overview shows."""

    #: (process, round, state, release) -> how many cases, closed ones too.
    states: dict[tuple[str, str | None, str, str], int]
    ages: dict[str, int]
    left: dict[str, int]
    loads: list[Load]


def figures(connection: Connection, scope: Scope, which: Slice, now: datetime) -> Figures:
    """The figures of the cases that somebody reads as staff."""
    key = _case.c.process, _case.c.round, _case.c.state, _case.c.release_id
    counts = connection.execute(
        select(*key, func.count()).where(scope.staff_cases(), *_slice(which)).group_by(*key)
    )
    states = {(row[0], row[1], row[2], row[3]): int(row[4]) for row in counts}
    return Figures(
        states=states, loads=_loads(connection, scope, which, now),
        ages=_counted(connection, scope, which, {
            "week": _case.c.since > now - timedelta(days=7),
            "month": _case.c.since > now - timedelta(days=28),
            "older": _case.c.since.is_not(None),
        }),
        left=_counted(connection, scope, which, {
            "late": _waiting.c.due_at <= now,
            "days": _waiting.c.due_at <= now + timedelta(days=2),
            "week": _waiting.c.due_at <= now + timedelta(days=7),
            "later": _waiting.c.due_at < NEVER,
            "none": _waiting.c.due_at.is_not(None),
        }),
    )  # fmt: skip


def _slice(which: Slice) -> list[ColumnElement[bool]]:
    wanted = {name: getattr(which, name) for name in ("process", "round", "area")}
    return [_case.c[name] == value for name, value in wanted.items() if value]


def _that_wait(connection: Connection, scope: Scope, which: Slice) -> list[ColumnElement[bool]]:
    """The cases that wait for staff in a person's areas."""
    areas = areas_of(connection, scope)
    return [
        _waiting.c.area.in_(areas), _waiting.c.right != "", scope.not_hers(), *_slice(which),
    ]  # fmt: skip


def _counted(
    connection: Connection, scope: Scope, which: Slice, kinds: dict[str, ColumnElement[bool]]
) -> dict[str, int]:
    """How many of those that wait are of each kind: of the first that fits."""
    kind = case(*((fits, name) for name, fits in kinds.items()))
    query = (
        select(kind, func.count(_waiting.c.case_id.distinct()))
        .join(_case, _case.c.id == _waiting.c.case_id)
        .where(*_that_wait(connection, scope, which))
        .group_by(kind)
    )
    found = {row[0]: int(row[1]) for row in connection.execute(query)}
    return {name: found.get(name, 0) for name in kinds}


def _loads(connection: Connection, scope: Scope, which: Slice, now: datetime) -> list[Load]:
    is_late = case((_waiting.c.due_at <= now, 1), else_=0)
    query = (
        select(
            _person.c.id, _person.c.name, func.count(_waiting.c.case_id.distinct()),
            func.sum(is_late),
        )
        .select_from(_waiting)
        .join(_case, _case.c.id == _waiting.c.case_id)
        .outerjoin(_assignment, _assignment.c.case_id == _waiting.c.case_id)
        .outerjoin(_person, _person.c.id == _assignment.c.reviewer_id)
        .where(*_that_wait(connection, scope, which))
        .group_by(_person.c.id, _person.c.name)
        .order_by(_person.c.name, _person.c.id)
    )  # fmt: skip
    loads = [
        Load(
            person_id=row[0] or "", person=row[1] or "", waiting=int(row[2]), late=int(row[3])
        )
        for row in connection.execute(query)
    ]  # fmt: skip
    return sorted(loads, key=lambda one: (not one.person, one.person))


def cases_of(
    connection: Connection, scope: Scope, which: Slice, most: int
) -> Iterator[list[dict[str, Any]]]:
    """The cases that are counted, in pages, oldest first, with ``due_at`` (None once ended).

    Arguments:
        most: no more are read.
    """
    after = ""
    due = (
        select(func.min(_waiting.c.due_at, type_=_waiting.c.due_at.type))
        .where(_waiting.c.case_id == _case.c.id)
        .scalar_subquery()
        .label("due_at")
    )
    while most > 0:
        query = (
            named_cases()
            .add_columns(due)
            .where(scope.staff_cases(), _case.c.id > after, *_slice(which))
            .order_by(_case.c.id)
            .limit(min(CHUNK, most))
        )
        rows = rows_of(connection.execute(query))
        if not rows:
            return
        yield rows
        after, most = rows[-1]["id"], most - len(rows)
