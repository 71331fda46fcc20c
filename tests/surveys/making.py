"""Exercises with answers, as they are when their last day is over."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, select

from models.cases import Case, Release
from models.database import writing
from models.surveys import SurveyCompany, SurveyExercise, SurveyInvitedCompany, SurveySheet
from tests.builders import Desk, add, add_grant, add_member

LAST_DAY = date(2022, 11, 21)
GROUPS = ("school_leaders", "teachers", "students")
EARLY = datetime(2022, 10, 1, tzinfo=UTC)


def statement(id_: str, area: str = "leadership", **values: Any) -> dict[str, Any]:
    """A frozen statement."""
    texts = {code: f"{id_} ({code})" for code in ("en", "nl", "fr", "de")}
    return {"id": id_, "area": area, "texts": texts, "help": None, "own": False, **values}


def sheets(*rows: Sequence[int | None]) -> list[bytes]:
    """Sheets of answers: 1 to 5, 0 not applicable, None left out."""
    return [bytes(255 if one is None else one for one in row) for row in rows]


def add_case(
    connection: Connection, school: str, *, area: str = "BE-VLG", process: str | None = None
) -> str:
    """A case to hang an exercise on, of the process that is published or called otherwise."""
    table = Release.__table__  # type: ignore[attr-defined]
    release = connection.execute(select(table.c.id, table.c.process)).first()
    if release is None:
        made = Release(
            process="survey", number=1, sha256="0" * 64, parts={}, in_force_from=LAST_DAY,
            published_at=EARLY, author="test",
        )  # fmt: skip
        add(connection, made)
        release = connection.execute(select(table.c.id, table.c.process)).one()
    case = Case(
        process=process or release.process, release_id=release.id, round=None, area=area,
        organisation_id=school, zone="Europe/Brussels", state="closed", since=EARLY,
        opened_at=EARLY, unique_key=None, is_open=False, version=0,
    )  # fmt: skip
    return add(connection, case)


def add_exercise(
    connection: Connection, school: str, statements: Mapping[str, Sequence[dict[str, Any]]],
    **values: Any,
) -> str:  # fmt: skip
    """An exercise whose links were made."""
    case_id = values.pop("case_id", None) or add_case(connection, school)
    given = {
        "questionnaire": "selfie", "level": "primary", "school_year": "2022-2023",
        "first_day": date(2022, 11, 8), "last_day": LAST_DAY, "locked_at": EARLY,
        "invited": dict.fromkeys(statements, 10), **values,
    }  # fmt: skip
    return add(
        connection,
        SurveyExercise(
            case_id=case_id, organisation_id=school, statements=dict(statements), **given
        ),
    )


def add_company(connection: Connection, school: str, exercise: str, name: str, sector: str) -> str:
    """A company that takes part in an exercise."""
    company = add(connection, SurveyCompany(organisation_id=school, name=name, sector=sector))
    connection.execute(
        SurveyInvitedCompany.__table__.insert(),  # type: ignore[attr-defined]
        {"exercise_id": exercise, "company_id": company},
    )
    return company


def add_sheets(
    connection: Connection, exercise: str, group: str, answers: Sequence[bytes],
    company: str | None = None,
) -> None:  # fmt: skip
    """Submitted questionnaires."""
    if answers:
        connection.execute(
            SurveySheet.__table__.insert(),  # type: ignore[attr-defined]
            [
                {
                    "id": str(uuid.uuid4()), "exercise_id": exercise, "group": group,
                    "company_id": company, "answers": one,
                }
                for one in answers
            ],
        )  # fmt: skip


def give_badges(desk: Desk, many: int) -> None:
    """Exercises of the desk's school that earned a badge, and those who may revoke it."""
    asked = {group: [statement("s")] for group in GROUPS}
    coordinator = desk.teachers[0]
    with writing(desk.database) as connection:
        add_member(
            connection, desk.school, coordinator, role="selfie_coordinator",
            first_day=date(2022, 9, 1),
        )  # fmt: skip
        for person in (desk.reviewer, desk.colleague):
            add_grant(connection, person, "administrator", "*")
        for _ in range(many):
            case_id = add_case(connection, desk.school, process="survey")
            exercise = add_exercise(connection, desk.school, asked, case_id=case_id)
            for group in GROUPS:
                add_sheets(connection, exercise, group, sheets(*[[3]] * 5))
    for row in desk.rows(SurveyExercise):
        desk.engine.start(
            "selfie_badge", "ask", organisation_id=desk.school, actor_id=coordinator,
            payload={"exercise": row["case_id"]},
        )  # fmt: skip


def some(count: int, statements: int, *, seed: int = 1) -> list[bytes]:
    """Answers at random."""
    chance = random.Random(seed)
    pick = [1, 2, 3, 4, 5, 5, 4, 0, 255]
    return [bytes(chance.choices(pick, k=statements)) for _ in range(count)]
