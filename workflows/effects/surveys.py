"""Exercises: opened with their case, locked when the links are made."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from models.surveys import SurveyExercise, SurveyLink
from notifications.languages import choose
from surveys.exercises import exercise_of
from surveys.links import frozen_statements, link_rows
from surveys.questionnaire import questionnaire
from surveys.setup import new_exercise
from workflows.effects.effect import Occasion, Outcome, effect, takes_up

_exercise = SurveyExercise.__table__  # type: ignore[attr-defined]
_link = SurveyLink.__table__  # type: ignore[attr-defined]


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


@takes_up
@effect
def make_links(occasion: Occasion) -> Outcome:
    """Make the links of the case's exercise and freeze what is asked: the set-up is locked.

    The case keeps its first and last day, and the day of its report, for timers.

    Arguments of the process file: ``report_after``, the days from the last one to the report.
    """
    exercise = exercise_of(occasion.connection, occasion.case["id"])
    statements = frozen_statements(occasion.connection, exercise)
    links = link_rows(occasion.connection, exercise)
    locked = (
        update(_exercise)
        .where(_exercise.c.id == exercise["id"])
        .values(locked_at=occasion.now, statements=statements)
    )
    days = {"first_day": exercise["first_day"], "last_day": exercise["last_day"]}
    after = occasion.arguments.get("report_after")
    if isinstance(after, int):
        days["report_day"] = exercise["last_day"] + timedelta(days=after)
    return Outcome(rows=[(_link, row) for row in links], changes=[locked], keeps=days)
