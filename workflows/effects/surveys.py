"""Exercises: opened with their case, locked when the links are made; and the days they have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from models.sql import among
from models.surveys import SurveyExercise, SurveyLink
from notifications.languages import choose
from surveys.exercises import exercise_of
from surveys.links import frozen_statements, link_rows
from surveys.questionnaire import questionnaire
from surveys.setup import new_exercise
from workflows.case_days import Row, case_day
from workflows.effects.effect import Occasion, Outcome, effect

_exercise = SurveyExercise.__table__  # type: ignore[attr-defined]
_link = SurveyLink.__table__  # type: ignore[attr-defined]

Values = Callable[[Row], Row]


@effect
def open_exercise(occasion: Occasion) -> Outcome:
    """Open the exercise of the case at the ``level`` that was sent along, in its round's year.

    It opens in the language of the area until another one is chosen.

    Arguments of the process file: ``questionnaire``.
    """
    name = occasion.arguments["questionnaire"]
    case = occasion.case
    language, _other = choose(None, case["area"], questionnaire(name).languages)
    row = new_exercise(
        case["id"], case["organisation_id"], name, occasion.payload["level"],
        case["round"] or "", language,
    )  # fmt: skip
    return Outcome(rows=[(_exercise, row)])


@effect
def make_links(occasion: Occasion) -> Outcome:
    """Make the links of the case's exercise and freeze what is asked: the set-up is locked."""
    exercise = exercise_of(occasion.connection, occasion.case["id"])
    statements = frozen_statements(occasion.connection, exercise)
    links = link_rows(occasion.connection, exercise)
    locked = (
        update(_exercise)
        .where(_exercise.c.id == exercise["id"])
        .values(locked_at=occasion.now, statements=statements)
    )
    return Outcome(rows=[(_link, row) for row in links], changes=[locked])


@case_day
def first_day(connection: Connection, cases: Sequence[Row], _values: Values) -> Mapping[str, date]:
    """The first day on which the links of the case's exercise answer."""
    return {row["case_id"]: row["first_day"] for row in _dated(connection, cases)}


@case_day
def last_day(connection: Connection, cases: Sequence[Row], _values: Values) -> Mapping[str, date]:
    """The last day on which they answer."""
    return {row["case_id"]: row["last_day"] for row in _dated(connection, cases)}


@case_day
def report_day(connection: Connection, cases: Sequence[Row], values: Values) -> Mapping[str, date]:
    """The day on which the report is made: so many days after the last one."""
    after = {case["id"]: values(case).get("report_after_days") for case in cases}
    return {
        row["case_id"]: row["last_day"] + timedelta(days=after[row["case_id"]])
        for row in _dated(connection, cases)
        if isinstance(after[row["case_id"]], int)
    }


def _dated(connection: Connection, cases: Sequence[Row]) -> list[Mapping[str, Any]]:
    query = select(_exercise.c.case_id, _exercise.c.first_day, _exercise.c.last_day).where(
        among(connection, _exercise.c.case_id, [case["id"] for case in cases]),
        _exercise.c.first_day.is_not(None), _exercise.c.last_day.is_not(None),
    )  # fmt: skip
    return [dict(row) for row in connection.execute(query).mappings()]
