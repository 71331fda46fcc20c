"""Exercises as they stand: the row, what belongs to it, and whether its links answer now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, select

from base.days import end_of, local_day
from base.errors import NotFound
from base.i18n import N_
from models.cases import Case
from models.reads import rows_of
from models.surveys import (
    SurveyCompany,
    SurveyExercise,
    SurveyInvitedCompany,
    SurveyLink,
    SurveyStatement,
)

_case = Case.__table__  # type: ignore[attr-defined]
_exercise = SurveyExercise.__table__  # type: ignore[attr-defined]
_statement = SurveyStatement.__table__  # type: ignore[attr-defined]
_company = SurveyCompany.__table__  # type: ignore[attr-defined]
_invited = SurveyInvitedCompany.__table__  # type: ignore[attr-defined]
_link = SurveyLink.__table__  # type: ignore[attr-defined]

Row = Mapping[str, Any]
#: Whether links answer: not yet, now, or no longer.
When = Literal["before", "open", "after"]


def exercises() -> Select[Any]:
    """Exercises with zone, state and area of their cases: to be narrowed down by whoever asks."""
    return select(
        _exercise, _case.c.zone, _case.c.state, _case.c.area, _case.c.round, _case.c.release_id,
        _case.c.version,
    ).join(_case, _case.c.id == _exercise.c.case_id)  # fmt: skip


def exercise_of(connection: Connection, case_id: str) -> dict[str, Any]:
    """The exercise a case is about.

    Raises:
        NotFound: the case has none.
    """
    query = exercises().where(_exercise.c.case_id == case_id)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound(N_("There is no such exercise."))
    return dict(row)


def own_statements(connection: Connection, exercise_id: str) -> dict[int, dict[str, Any]]:
    """The school's own statements by number: ``area``, and ``versions`` per group."""
    query = (
        select(_statement)
        .where(_statement.c.exercise_id == exercise_id)
        .order_by(_statement.c.number, _statement.c.group)
    )
    found: dict[int, dict[str, Any]] = {}
    for row in connection.execute(query).mappings():
        one = found.setdefault(row["number"], {"area": row["area"], "versions": {}})
        one["versions"][row["group"]] = {"text": row["text"], "help": row["help"]}
    return found


def companies_of(connection: Connection, organisation_id: str) -> list[dict[str, Any]]:
    """The companies a school has registered, by name."""
    query = select(_company).where(_company.c.organisation_id == organisation_id)
    return rows_of(connection.execute(query.order_by(_company.c.name)))


def invited_companies(connection: Connection, exercise_id: str) -> list[dict[str, Any]]:
    """The companies that take part in an exercise, by name."""
    query = (
        select(_company)
        .join(_invited, _invited.c.company_id == _company.c.id)
        .where(_invited.c.exercise_id == exercise_id)
        .order_by(_company.c.name)
    )
    return rows_of(connection.execute(query))


def links_of(connection: Connection, exercise_id: str) -> list[dict[str, Any]]:
    """The links of an exercise with the names of companies, as they are shown."""
    query = (
        select(_link, _company.c.name.label("company"))
        .outerjoin(_company, _company.c.id == _link.c.company_id)
        .where(_link.c.exercise_id == exercise_id)
        .order_by(_company.c.name, _link.c.token)
    )
    return rows_of(connection.execute(query))


def when_open(exercise: Row, now: datetime) -> When:
    """Whether the links of an exercise answer at an instant.

    The first and the last day count as a whole, in the zone of the case; it does not matter whether
    the clock of the case has been looked at since.
    """
    zone = ZoneInfo(exercise["zone"])
    first: date | None = exercise["first_day"]
    last: date | None = exercise["last_day"]
    if exercise["locked_at"] is None or first is None or last is None:
        return "before"
    today = local_day(now, zone)
    if today < first:
        return "before"
    return "open" if now < end_of(last, zone) else "after"
