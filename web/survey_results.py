"""Who may see the report of an exercise, and finding it.

A report is its school's (001_1d914ecd67bc3d85.txt: "Het rapport is altijd eigendom van de school").
Those who coordinate or lead the school read it and pass it on as they see fit; an NSO, an authority
or the CSS never does, whatever rights they have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, or_, select

from base.clock import Clock
from base.errors import NotFound
from base.i18n import N_
from models.reads import rows_of
from models.registry import Membership, Organisation, Person
from models.survey_results import SurveyBadge, SurveyReport
from models.surveys import SurveyExercise

#: Roles at a school that see its reports.
ROLES = ("selfie_coordinator", "principal")

_exercise = SurveyExercise.__table__  # type: ignore[attr-defined]
_report = SurveyReport.__table__  # type: ignore[attr-defined]
_badge = SurveyBadge.__table__  # type: ignore[attr-defined]
_member = Membership.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]

Row = Mapping[str, Any]


def visible_exercise(
    connection: Connection, person_id: str, case_id: str, clock: Clock
) -> dict[str, Any]:
    """The exercise of a case with what came of it, if its school is hers to speak for today.

    Its row, with ``school`` (the name), ``area``, ``due_at``, ``counted``, ``total``, ``made_at``
    and ``content`` of its report and ``badge_id`` (all None where there is none).

    Raises:
        NotFound: there is no such exercise, or it is not hers to see; the answer is the same.
    """
    today = clock.now().date()
    hers = (
        select(_member.c.organisation_id)
        .join(_person, _person.c.id == _member.c.person_id)
        .where(
            _member.c.person_id == person_id, _member.c.role.in_(ROLES),
            _person.c.validated.is_(True), _member.c.first_day <= today,
            or_(_member.c.last_day.is_(None), _member.c.last_day >= today),
        )
    )  # fmt: skip
    query = (
        select(
            *[one for one in _exercise.c if one.name != "statements"],
            _organisation.c.name.label("school"), _organisation.c.area, _report.c.due_at,
            _report.c.counted, _report.c.total, _report.c.made_at, _report.c.content,
            _badge.c.id.label("badge_id"),
        )
        .join(_organisation, _organisation.c.id == _exercise.c.organisation_id)
        .outerjoin(_report, _report.c.exercise_id == _exercise.c.id)
        .outerjoin(_badge, _badge.c.exercise_id == _exercise.c.id)
        .where(_exercise.c.case_id == case_id, _exercise.c.organisation_id.in_(hers))
    )  # fmt: skip
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound(N_("There is no such exercise."))
    return dict(row)


def made_report(exercise: Row) -> dict[str, Any]:
    """The report of a visible exercise.

    Raises:
        NotFound: it is not made yet; the sentence says when it will be.
    """
    if exercise["content"] is None:
        raise NotFound(
            N_("The report is made on the day after the last day of the exercise ({day})."),
            day=exercise["last_day"] or "–",
        )
    return dict(exercise["content"])


def other_sessions(connection: Connection, exercise: Row) -> list[dict[str, Any]]:
    """Exercises of the same school, questionnaire and level with a report, the latest first."""
    query = (
        select(_exercise.c.case_id, _exercise.c.first_day, _exercise.c.last_day)
        .join(_report, _report.c.exercise_id == _exercise.c.id)
        .where(
            _exercise.c.organisation_id == exercise["organisation_id"],
            _exercise.c.questionnaire == exercise["questionnaire"],
            _exercise.c.level == exercise["level"], _exercise.c.id != exercise["id"],
            _report.c.made_at.is_not(None),
        )
        .order_by(_exercise.c.last_day.desc(), _exercise.c.id)
    )  # fmt: skip
    return rows_of(connection.execute(query))


def report_of_session(connection: Connection, exercise: Row, other: str) -> dict[str, Any]:
    """The report of another session to put beside that of ``exercise``.

    Raises:
        NotFound: it is none of those that can be compared.
    """
    if other not in {one["case_id"] for one in other_sessions(connection, exercise)}:
        raise NotFound(N_("There is no such exercise to compare with."))
    query = (
        select(_report.c.content)
        .join(_exercise, _exercise.c.id == _report.c.exercise_id)
        .where(_exercise.c.case_id == other)
    )
    return dict(connection.execute(query).scalar_one())
