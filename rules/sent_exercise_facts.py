"""Facts about an exercise of a survey, whose case was sent along with a step.

Of another school's exercise nothing is told, whether there is one or not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from models.sql import id_table
from models.survey_results import SurveyBadge
from models.surveys import SurveyExercise, SurveySheet
from rules.criteria import FactType, Value
from rules.facts import Subject, provider
from rules.registry_facts import by_day

_exercise = SurveyExercise.__table__  # type: ignore[attr-defined]
_sheet = SurveySheet.__table__  # type: ignore[attr-defined]
_badge = SurveyBadge.__table__  # type: ignore[attr-defined]

Found = Mapping[str, Value | None]
_SENT = {"name": FactType.TEXT}


@provider("sent_exercise_is_the_schools", FactType.BOOLEAN, _SENT, sent=True)
def sent_exercise_is_the_schools(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """Whether there is an exercise of the case's school by the id sent along."""
    own = _own(connection, subjects, arguments)
    return {subject.key: subject.key in own for subject in subjects}


@provider("sent_exercise_is_over", FactType.BOOLEAN, _SENT, sent=True)
def sent_exercise_is_over(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    now: datetime,
) -> Found:  # fmt: skip
    """Whether the last day of the exercise sent along is over where the school is."""
    own = _own(connection, subjects, arguments)
    found: dict[str, Value | None] = {}
    for day, there in by_day(subjects, now).items():
        for subject in there:
            if row := own.get(subject.key):
                last = row["last_day"]
                found[subject.key] = row["locked_at"] is not None and bool(last) and last < day
    return found


@provider("sent_exercise_days_over", FactType.INTEGER, _SENT, sent=True)
def sent_exercise_days_over(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    now: datetime,
) -> Found:  # fmt: skip
    """How many days ago the last day of the exercise sent along was; less than 0: it is to come."""
    own = _own(connection, subjects, arguments)
    found: dict[str, Value | None] = {}
    for day, there in by_day(subjects, now).items():
        for subject in there:
            row = own.get(subject.key)
            if row and row["locked_at"] and row["last_day"]:
                found[subject.key] = (day - row["last_day"]).days
    return found


@provider("sent_exercise_has_badge", FactType.BOOLEAN, _SENT, sent=True)
def sent_exercise_has_badge(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """Whether a badge was awarded for the exercise sent along, revoked or not."""
    own = _own(connection, subjects, arguments)
    asked = id_table(connection, [row["id"] for row in own.values()])
    query = select(_badge.c.exercise_id).join(asked, asked.c.value == _badge.c.exercise_id)
    awarded = set(connection.execute(query).scalars())
    return {key: row["id"] in awarded for key, row in own.items()}


@provider("sent_exercise_participants", FactType.INTEGER, {**_SENT, "groups": FactType.TEXT},
          least=0, sent=True)  # fmt: skip
def sent_exercise_participants(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """How many people of these groups (a space between) took part in the exercise sent along."""
    own = _own(connection, subjects, arguments)
    asked = id_table(connection, [row["id"] for row in own.values()])
    query = (
        select(_sheet.c.exercise_id, func.count())
        .join(asked, asked.c.value == _sheet.c.exercise_id)
        .where(_sheet.c.group.in_(str(arguments["groups"]).split()))
        .group_by(_sheet.c.exercise_id)
    )
    counts = {row[0]: row[1] for row in connection.execute(query)}
    return {key: counts.get(row["id"], 0) for key, row in own.items()}


def _own(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any]
) -> dict[str, Mapping[str, Any]]:
    """The exercise each subject sent along, where it is its school's."""
    sent = {one.key: str(one.sent.get(arguments["name"], "")) for one in subjects}
    asked = id_table(connection, sent.values())
    query = select(_exercise).join(asked, asked.c.value == _exercise.c.case_id)
    known = {row["case_id"]: dict(row) for row in connection.execute(query).mappings()}
    return {
        one.key: known[sent[one.key]]
        for one in subjects
        if sent[one.key] in known and known[sent[one.key]]["organisation_id"] == one.organisation_id
    }
