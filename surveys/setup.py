"""Setting up an exercise: numbers, companies, statements, dates. Until the links are made.

Every change takes the lock of the exercise's case, and is refused once the links are made: then
nothing can be changed by anybody (SEED-000, 000_efad9542390f5e35.txt, 2.4). Who may change is
decided above, before these are called.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, delete, select, update

from base.errors import BadInput, NotPossible, Problem
from base.i18n import LANGUAGES, N_
from base.ids import new_id
from models.cases import Case
from models.database import writing
from models.surveys import (
    SurveyCompany,
    SurveyExercise,
    SurveyInvitedCompany,
    SurveyStatement,
)
from surveys.exercises import companies_of, exercise_of, own_statements
from surveys.questionnaire import Questionnaire, questionnaire

#: A school is not larger; a larger number is a slip of the hand.
MOST_INVITED = 100_000
#: SEED-000, 2.2: up to ten per level. How many a country allows is in its round; this is what fits.
MOST_STATEMENTS = 10
MOST_TEXT, MOST_HELP, MOST_NAME, MOST_SECTOR = 500, 1000, 200, 100

_case = Case.__table__  # type: ignore[attr-defined]
_exercise = SurveyExercise.__table__  # type: ignore[attr-defined]
_statement = SurveyStatement.__table__  # type: ignore[attr-defined]
_company = SurveyCompany.__table__  # type: ignore[attr-defined]
_invited = SurveyInvitedCompany.__table__  # type: ignore[attr-defined]

_UNUSABLE = N_("What was sent cannot be used.")


def new_exercise(
    case_id: str, organisation_id: str, name: str, level: str, school_year: str, language: str
) -> dict[str, Any]:
    """The row of an exercise that is about to be opened; nobody is invited yet."""
    asked = questionnaire(name)
    asked.level(level)
    return {
        "id": new_id(), "case_id": case_id, "organisation_id": organisation_id,
        "questionnaire": name, "level": level, "school_year": school_year, "first_day": None,
        "last_day": None, "language": language if language in asked.languages else "en",
        "invited": dict.fromkeys(asked.groups_at(with_companies=False)), "optional": [],
        "with_companies": False, "locked_at": None, "statements": {},
    }  # fmt: skip


def save_numbers(
    database: sqlalchemy.Engine, case_id: str, numbers: Mapping[str, int | None],
    *, with_companies: bool,
) -> None:  # fmt: skip
    """Save how many people are invited per group, and whether companies take part.

    Trainers of companies have no number: their participation is told in people, not in per cent.
    Without companies those that were invited are taken out again.

    Arguments:
        numbers: group -> people; 0 is a group that is not invited, None one that is not decided.

    Raises:
        BadInput: a number is negative, too large, or of no group; companies at a level without any.
        NotPossible: the links have been made.
    """

    def change(connection: Connection, exercise: dict[str, Any]) -> None:
        asked = questionnaire(exercise["questionnaire"])
        groups = asked.groups_at(with_companies=False)
        problems = [_number(asked, groups, group, number) for group, number in numbers.items()]
        if with_companies and not asked.level(exercise["level"]).companies:
            problems.append(_no_companies(asked, exercise["level"]))
        _refuse([one for one in problems if one])
        known = {group: numbers.get(group, exercise["invited"].get(group)) for group in groups}
        _update(connection, exercise, invited=known, with_companies=with_companies)
        if not with_companies:
            of_exercise = _invited.c.exercise_id == exercise["id"]
            connection.execute(delete(_invited).where(of_exercise))

    _change(database, case_id, change)


def _number(
    asked: Questionnaire, groups: Collection[str], group: str, number: Any
) -> Problem | None:
    if group not in groups:
        message = N_("There is no group “{name}” that is given a number.")
        return Problem(where=group, message=message, values={"name": group})
    title = asked.group(group).title
    if number is None:
        return None
    if not isinstance(number, int) or isinstance(number, bool):
        message = N_("“{title}”: give a whole number.")
        return Problem(where=group, message=message, values={"title": title})
    if not 0 <= number <= MOST_INVITED:
        message = N_("“{title}”: give a number from 0 to {most}; 0 if you do not invite them.")
        values = {"title": title, "most": MOST_INVITED}
        return Problem(where=group, message=message, values=values)
    return None


def _no_companies(asked: Questionnaire, level: str) -> Problem:
    return Problem(
        where="with_companies",
        message=N_("Companies take part at this level only: {levels}. This exercise is for "
                   "“{level}”."),
        values={
            "levels": [one.title for one in asked.levels if one.companies],
            "level": asked.level(level).title,
        },
    )  # fmt: skip


def register_company(database: sqlalchemy.Engine, case_id: str, name: str, sector: str) -> None:
    """Register a company of the school, and let it take part in the exercise.

    Raises:
        BadInput: name or sector is missing or too long, there is one of that name already, or
            companies do not take part in this exercise.
        NotPossible: the links have been made.
    """

    def change(connection: Connection, exercise: dict[str, Any]) -> None:
        _with_companies(exercise)
        clean = {"name": _clean(name), "sector": _clean(sector)}
        problems = [
            _text("name", clean["name"], MOST_NAME, N_("Give the name of the company.")),
            _text("sector", clean["sector"], MOST_SECTOR, N_("Give its sector.")),
        ]
        there = {
            one["name"].casefold() for one in companies_of(connection, exercise["organisation_id"])
        }
        if clean["name"].casefold() in there:
            message = N_("There is a company of this name already: add it from the list.")
            problems.append(Problem(where="name", message=message))
        _refuse([one for one in problems if one])
        company = {**clean, "id": new_id(), "organisation_id": exercise["organisation_id"]}
        connection.execute(_company.insert(), company)
        connection.execute(
            _invited.insert(), {"exercise_id": exercise["id"], "company_id": company["id"]}
        )

    _change(database, case_id, change)


def choose_companies(database: sqlalchemy.Engine, case_id: str, companies: Collection[str]) -> None:
    """Say which of the school's companies take part.

    Raises:
        BadInput: one is not a company of this school, or companies do not take part here.
        NotPossible: the links have been made.
    """

    def change(connection: Connection, exercise: dict[str, Any]) -> None:
        _with_companies(exercise)
        known = {one["id"] for one in companies_of(connection, exercise["organisation_id"])}
        if not known.issuperset(companies):
            message = N_("There is no such company of your school.")
            _refuse([Problem(where="companies", message=message)])
        of_exercise = _invited.c.exercise_id == exercise["id"]
        connection.execute(delete(_invited).where(of_exercise))
        for company in sorted(set(companies)):
            connection.execute(
                _invited.insert(), {"exercise_id": exercise["id"], "company_id": company}
            )

    _change(database, case_id, change)


def _with_companies(exercise: Mapping[str, Any]) -> None:
    asked = questionnaire(exercise["questionnaire"])
    if not asked.level(exercise["level"]).companies:
        _refuse([_no_companies(asked, exercise["level"])])
    if not exercise["with_companies"]:
        message = N_("First tick that companies take part in this exercise.")
        _refuse([Problem(where="with_companies", message=message)])


def choose_optional(database: sqlalchemy.Engine, case_id: str, optional: Collection[str]) -> None:
    """Choose optional statements, as many as wanted.

    Raises:
        BadInput: one is not an optional statement of this level.
        NotPossible: the links have been made.
    """

    def change(connection: Connection, exercise: dict[str, Any]) -> None:
        asked = questionnaire(exercise["questionnaire"])
        known = [one.id for one in asked.optional_at(exercise["level"])]
        _refuse(
            [
                Problem(
                    where="optional", values={"name": name[:100]},
                    message=N_("There is no optional statement “{name}” at this level."),
                )
                for name in optional
                if name not in known
            ]
        )  # fmt: skip
        _update(connection, exercise, optional=[name for name in known if name in optional])

    _change(database, case_id, change)


def save_statement(
    database: sqlalchemy.Engine, case_id: str, number: int | None, area: str,
    versions: Mapping[str, Mapping[str, str]], most: int | None = None,
) -> int:  # fmt: skip
    """Save one of the school's own statements: a version and a help text for every group.

    Arguments:
        number: which one; None adds one.
        versions: group -> ``text`` and ``help``; every group that answers needs both.
        most: how many there may be; at most :data:`MOST_STATEMENTS`.

    Raises:
        BadInput: a version or help text is missing or too long, an area or group is unknown, or
            there are as many as there may be.
        NotPossible: the links have been made.
    """
    found: list[int] = []

    def change(connection: Connection, exercise: dict[str, Any]) -> None:
        asked = questionnaire(exercise["questionnaire"])
        there = own_statements(connection, exercise["id"])
        limit = MOST_STATEMENTS if most is None else min(most, MOST_STATEMENTS)
        if number is None and len(there) >= limit:
            message = N_("There are {most} statements of your own already: that is the most.")
            _refuse([Problem(where="number", message=message, values={"most": limit})])
        if number is not None and number not in there:
            message = N_("There is no statement of yours with this number.")
            _refuse([Problem(where="number", message=message)])
        groups = asked.groups_at(with_companies=exercise["with_companies"])
        clean = {
            group: {
                part: _clean(versions.get(group, {}).get(part, "")) for part in ("text", "help")
            }
            for group in groups
        }
        _refuse(_statement_problems(asked, area, versions, clean))
        kept = number or min(set(range(1, MOST_STATEMENTS + 1)) - set(there))
        _drop_statement(connection, exercise["id"], kept)
        connection.execute(
            _statement.insert(),
            [
                {
                    "exercise_id": exercise["id"], "number": kept, "group": group, "area": area,
                    **version,
                }
                for group, version in clean.items()
            ],
        )  # fmt: skip
        found.append(kept)

    _change(database, case_id, change)
    return found[0]


def _statement_problems(
    asked: Questionnaire, area: str, versions: Mapping[str, Any],
    clean: Mapping[str, Mapping[str, str]],
) -> list[Problem]:  # fmt: skip
    problems = []
    if area not in [one.area for one in asked.areas]:
        problems.append(Problem(where="area", message=N_("Choose the area it belongs to.")))
    problems += [
        Problem(
            where=str(group), values={"name": str(group)[:100]},
            message=N_("The group “{name}” does not answer this exercise."),
        )
        for group in versions
        if group not in clean
    ]  # fmt: skip
    for group, version in clean.items():
        title = asked.group(group).title
        for part, most in (("text", MOST_TEXT), ("help", MOST_HELP)):
            where = f"{group}.{part}"
            if not version[part]:
                message = (
                    N_("{group}: the statement is missing. Every group needs its own version.")
                    if part == "text"
                    else N_("{group}: the help text is missing. Every group needs its own.")
                )
                problems.append(Problem(where=where, message=message, values={"group": title}))
            elif len(version[part]) > most:
                message = N_("{group}: at most {most} characters.")
                values = {"group": title, "most": most}
                problems.append(Problem(where=where, message=message, values=values))
    return problems


def remove_statement(database: sqlalchemy.Engine, case_id: str, number: int) -> None:
    """Take out one of the school's own statements; that it is not there is no harm.

    Raises:
        NotPossible: the links have been made.
    """
    _change(
        database,
        case_id,
        lambda connection, exercise: _drop_statement(connection, exercise["id"], number),
    )


def _drop_statement(connection: Connection, exercise_id: str, number: int) -> None:
    connection.execute(
        delete(_statement).where(
            _statement.c.exercise_id == exercise_id, _statement.c.number == number
        )
    )


def save_dates(
    database: sqlalchemy.Engine, case_id: str, first_day: date | None, last_day: date | None,
    language: str,
) -> None:  # fmt: skip
    """Save the first and the last day, and the language in which questionnaires open.

    Whether the period is long enough is decided by the rules, when the links are made.

    Raises:
        BadInput: a day is missing, the last comes before the first, or the language is unknown.
        NotPossible: the links have been made.
    """

    def change(connection: Connection, exercise: dict[str, Any]) -> None:
        problems = [
            Problem(where=where, message=message)
            for where, day, message in (
                ("first_day", first_day, N_("Give the first day.")),
                ("last_day", last_day, N_("Give the last day.")),
            )
            if day is None
        ]
        if first_day and last_day and last_day < first_day:
            message = N_("The last day comes before the first. Give a later one.")
            problems.append(Problem(where="last_day", message=message))
        if language not in questionnaire(exercise["questionnaire"]).languages:
            message = N_("Choose one of these languages: {languages}.")
            values = {"languages": list(LANGUAGES)}
            problems.append(Problem(where="language", message=message, values=values))
        _refuse(problems)
        _update(
            connection, exercise, first_day=first_day, last_day=last_day, language=language
        )  # fmt: skip

    _change(database, case_id, change)


def _change(
    database: sqlalchemy.Engine, case_id: str,
    change: Callable[[Connection, dict[str, Any]], None],
) -> None:  # fmt: skip
    """Carry out a change under the lock of the case, unless the links have been made."""
    with writing(database) as connection:
        query = select(_case.c.is_open).where(_case.c.id == case_id).with_for_update()
        is_open = connection.execute(query).scalar()
        exercise = exercise_of(connection, case_id)
        if not is_open:
            raise NotPossible(N_("This exercise is over."))
        if exercise["locked_at"] is not None:
            raise NotPossible(
                N_("The links have been made: from then on nothing of the set-up can be changed.")
            )
        change(connection, exercise)


def _update(connection: Connection, exercise: Mapping[str, Any], **values: Any) -> None:
    connection.execute(update(_exercise).where(_exercise.c.id == exercise["id"]).values(**values))


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise BadInput(_UNUSABLE, problems)


def _clean(text: Any) -> str:
    """A text as it is kept: composed, without control characters and spaces around it."""
    if not isinstance(text, str):
        return ""
    lines = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    kept = (c for c in lines if c == "\n" or unicodedata.category(c) not in {"Cc", "Cs", "Cf"})
    return "".join(kept).strip()


def _text(where: str, text: str, most: int, missing: str) -> Problem | None:
    if not text:
        return Problem(where=where, message=missing)
    if len(text) > most:
        message = N_("At most {max_length} characters fit here.")
        return Problem(where=where, message=message, values={"max_length": most})
    return None
