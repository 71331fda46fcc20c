"""Facts about an exercise: what its set-up has, and how many a school has had in a school year."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import wraps
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from base.days import local_day
from models.sql import among
from models.surveys import SurveyExercise, SurveyInvitedCompany, SurveyStatement
from rules.criteria import FactType, Value
from rules.facts import Subject, provider

_exercise = SurveyExercise.__table__  # type: ignore[attr-defined]
_invited = SurveyInvitedCompany.__table__  # type: ignore[attr-defined]
_statement = SurveyStatement.__table__  # type: ignore[attr-defined]

Found = Mapping[str, Value | None]
#: The levels a country may offer; the questionnaire says what they are.
LEVELS = (
    "primary", "lower_secondary", "upper_secondary", "upper_secondary_vocational", "adult",
)  # fmt: skip


#: Of an exercise: its case's subject, its row and the present instant; gives what is known of it.
Told = Callable[[Subject, Mapping[str, Any], datetime], Value | None]


def _of_exercises(
    connection: Connection, subjects: Sequence[Subject], told: Callable[[Subject, Any], Any]
) -> dict[str, Value | None]:
    keys = {one.case_id: one for one in subjects if one.case_id}
    query = select(_exercise).where(among(connection, _exercise.c.case_id, sorted(keys)))
    rows = connection.execute(query).mappings()
    return {keys[row["case_id"]].key: told(keys[row["case_id"]], dict(row)) for row in rows}


def _row_tells(name: str, of_type: FactType, *, least: int | None = None) -> Callable[[Told], Told]:
    """Register what tells a fact of the row of an exercise alone; its docstring says which."""

    def register(told: Told) -> Told:
        @provider(name, of_type, least=least)
        @wraps(told)
        def found(
            connection: Connection, subjects: Sequence[Subject], _arguments: Mapping[str, Any],
            now: datetime,
        ) -> Found:  # fmt: skip
            return _of_exercises(connection, subjects, lambda one, row: told(one, row, now))

        return told

    return register


@provider(
    "survey_level_offered",
    FactType.BOOLEAN,
    {"level": FactType.TEXT, **dict.fromkeys(LEVELS, FactType.BOOLEAN)},
    optional=LEVELS,
)
def survey_level_offered(
    _connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """Whether the country offers exercises at the education level that was sent along."""
    name = arguments["level"]
    return {one.key: arguments.get(str(one.sent.get(name))) for one in subjects}


@_row_tells("survey_numbers_missing", FactType.INTEGER, least=0)
def survey_numbers_missing(_one: Subject, row: Mapping[str, Any], _now: datetime) -> int:
    """For how many groups it is not said yet how many people are invited."""
    return sum(number is None for number in row["invited"].values())


@_row_tells("survey_invited", FactType.INTEGER, least=0)
def survey_invited(_one: Subject, row: Mapping[str, Any], _now: datetime) -> int:
    """How many people of the school the exercise invites, all groups together."""
    return sum(number or 0 for number in row["invited"].values())


@_row_tells("survey_days_set", FactType.BOOLEAN)
def survey_days_set(_one: Subject, row: Mapping[str, Any], _now: datetime) -> bool:
    """Whether the first and the last day of the exercise are set."""
    return row["first_day"] is not None and row["last_day"] is not None


@_row_tells("survey_days_ahead", FactType.INTEGER)
def survey_days_ahead(one: Subject, row: Mapping[str, Any], now: datetime) -> int | None:
    """In how many days the exercise begins; less than 0 if its first day is past."""
    return _days_until(one, row["first_day"], now)


@_row_tells("survey_days_left", FactType.INTEGER)
def survey_days_left(one: Subject, row: Mapping[str, Any], now: datetime) -> int | None:
    """In how many days the last day of the exercise is; less than 0 if it is past."""
    return _days_until(one, row["last_day"], now)


def _days_until(one: Subject, day: date | None, now: datetime) -> int | None:
    return (day - local_day(now, ZoneInfo(one.zone))).days if day else None


@_row_tells("survey_first_day", FactType.DATE)
def survey_first_day(_one: Subject, row: Mapping[str, Any], _now: datetime) -> date | None:
    """The first day of the exercise."""
    return cast("date | None", row["first_day"])


@_row_tells("survey_last_day", FactType.DATE)
def survey_last_day(_one: Subject, row: Mapping[str, Any], _now: datetime) -> date | None:
    """The last day of the exercise."""
    return cast("date | None", row["last_day"])


@provider("survey_days", FactType.INTEGER, {"both_count": FactType.BOOLEAN}, least=0)
def survey_days(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """How many days the exercise lasts; whether the first and the last both count is told."""
    more = int(arguments["both_count"])
    return _of_exercises(
        connection, subjects,
        lambda _subject, row: (row["last_day"] - row["first_day"]).days + more
        if row["first_day"] and row["last_day"]
        else None,
    )  # fmt: skip


@provider("survey_companies_lacking", FactType.BOOLEAN)
def survey_companies_lacking(
    connection: Connection, subjects: Sequence[Subject], _arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """Whether companies are said to take part and none is named."""
    query = select(_invited.c.exercise_id).distinct()
    named = set(connection.execute(query.where(_invited.c.exercise_id.in_(
        select(_exercise.c.id).where(
            among(connection, _exercise.c.case_id, [one.case_id for one in subjects if one.case_id])
        )
    ))).scalars())  # fmt: skip
    return _of_exercises(
        connection, subjects,
        lambda _subject, row: row["with_companies"] and row["id"] not in named,
    )  # fmt: skip


@provider("survey_own_statements", FactType.INTEGER, least=0)
def survey_own_statements(
    connection: Connection, subjects: Sequence[Subject], _arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """How many statements of its own the school adds to the exercise."""
    counts = {one: len(groups) for one, groups in _own(connection, subjects).items()}
    return _of_exercises(connection, subjects, lambda _subject, row: counts.get(row["id"], 0))


@provider("survey_versions_missing", FactType.INTEGER, least=0)
def survey_versions_missing(
    connection: Connection, subjects: Sequence[Subject], _arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """How many versions for a group the school's own statements lack."""
    own = _own(connection, subjects)

    def lacking(_subject: Subject, row: Mapping[str, Any]) -> int:
        # Trainers of companies have no number, and answer where companies take part.
        groups = len(row["invited"]) + bool(row["with_companies"])
        return sum(max(0, groups - count) for count in own.get(row["id"], {}).values())

    return _of_exercises(connection, subjects, lacking)


def _own(connection: Connection, subjects: Sequence[Subject]) -> dict[str, dict[int, int]]:
    """Exercise -> number of an own statement -> how many groups have a version of it."""
    cases = [one.case_id for one in subjects if one.case_id]
    query = (
        select(_statement.c.exercise_id, _statement.c.number, func.count())
        .join(_exercise, _exercise.c.id == _statement.c.exercise_id)
        .where(among(connection, _exercise.c.case_id, cases))
        .group_by(_statement.c.exercise_id, _statement.c.number)
    )
    found: dict[str, dict[int, int]] = {}
    for exercise, number, count in connection.execute(query):
        found.setdefault(exercise, {})[number] = count
    return found


@provider("survey_exercises_held", FactType.INTEGER, {"per_level": FactType.BOOLEAN}, least=0)
def survey_exercises_held(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """How many other exercises of the school have had their links made in the same school year.

    The level is that of the exercise, or the one sent along to open one.
    """
    levels: dict[str, Value | None] = _of_exercises(
        connection, subjects, lambda _subject, row: row["level"]
    )
    schools = sorted({one.organisation_id for one in subjects if one.organisation_id})
    query = select(
        _exercise.c.organisation_id, _exercise.c.school_year, _exercise.c.level,
        _exercise.c.case_id,
    ).where(
        among(connection, _exercise.c.organisation_id, schools),
        _exercise.c.locked_at.is_not(None),
    )  # fmt: skip
    held = connection.execute(query).all()
    return {
        one.key: sum(
            row.organisation_id == one.organisation_id
            and row.school_year == one.round
            and row.case_id != one.case_id
            and (not arguments["per_level"]
                 or row.level == (levels.get(one.key) or one.sent.get("level")))
            for row in held
        )
        for one in subjects
    }  # fmt: skip


@provider("survey_others_differ", FactType.INTEGER, least=0)
def survey_others_differ(
    connection: Connection, subjects: Sequence[Subject], _arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """How many other exercises of the school go on at the same time, but have other days."""
    schools = sorted({one.organisation_id for one in subjects if one.organisation_id})
    query = select(
        _exercise.c.organisation_id, _exercise.c.case_id, _exercise.c.first_day,
        _exercise.c.last_day,
    ).where(
        among(connection, _exercise.c.organisation_id, schools),
        _exercise.c.locked_at.is_not(None),
    )  # fmt: skip
    held = connection.execute(query).all()

    def differ(one: Subject, row: Mapping[str, Any]) -> int:
        first, last = row["first_day"], row["last_day"]
        return sum(
            other.organisation_id == one.organisation_id
            and other.case_id != one.case_id
            and first is not None and last is not None
            and other.first_day <= last and first <= other.last_day
            and (other.first_day, other.last_day) != (first, last)
            for other in held
        )  # fmt: skip

    return _of_exercises(connection, subjects, differ)
