from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import pytest
import sqlalchemy
from fastapi import FastAPI
from starlette.testclient import TestClient

from base.clock import VirtualClock
from models.database import writing
from models.surveys import SurveyExercise
from rules.book import RuleBook
from rules.judge import Judge
from surveys.report import ReportSettings
from surveys.reporting import make_reports
from tests.builders import Desk, add_grant, add_member
from tests.surveys.making import add_exercise, add_sheets, some, statement
from tests.web.conftest import client_as, context_of
from web.app import create_app
from web.context import Context
from workflows.process_file import FOLDER

#: The morning after the last day.
MORNING = datetime(2022, 11, 22, 8, 0, tzinfo=UTC)
AREAS = ("leadership", "infrastructure")


@dataclass
class Survey:
    """A school whose exercises are over, and everybody who may want to see what came of them."""

    desk: Desk
    context: Context
    #: Speaks for the school.
    coordinator: str
    administrator: str
    authority: str

    @cached_property
    def app(self) -> FastAPI:
        """The service: made once, since it takes longer than what is asked of it."""
        return create_app(self.context)

    def client(self, person: str | None) -> TestClient:
        """The service, with one of the desk's people signed in."""
        return client_as(self.desk, self.context, person, self.app)

    def exercise(
        self, people: dict[str, int], *, school: str = "", width: int = 4, **values: object
    ) -> str:
        """An exercise with so many participants of each group; gives its case."""
        asked = [statement(f"s{at}", AREAS[at % 2]) for at in range(width)]
        with writing(self.desk.database) as connection:
            made = add_exercise(
                connection, school or self.desk.school, dict.fromkeys(people, asked), **values
            )
            for at, (group, many) in enumerate(people.items()):
                add_sheets(connection, made, group, some(many, width, seed=at))
            table = SurveyExercise.__table__  # type: ignore[attr-defined]
            query = sqlalchemy.select(table.c.case_id).where(table.c.id == made)
            return str(connection.execute(query).scalar_one())

    def reported(self, **settings: object) -> int:
        """Make the reports that are due."""
        given = ReportSettings(**{"threshold": 3, "scope": "group", **settings})  # type: ignore[arg-type]
        return make_reports(self.desk.database, self.desk.clock, lambda *_: given)


def opened(
    database: sqlalchemy.Engine, clock: VirtualClock, judge: Judge, folder: Path,
    book: RuleBook | None = None,
) -> Survey:  # fmt: skip
    """The survey's desk, with the badge's process published."""
    desk = Desk.open(database, clock, judge, process=FOLDER / "selfie_badge.yaml", book=book)
    clock.move_to(MORNING)
    first = desk.teachers[0]
    with writing(database) as connection:
        add_member(connection, desk.school, first, role="selfie_coordinator",
                   first_day=datetime(2022, 9, 1, tzinfo=UTC).date())  # fmt: skip
        add_grant(connection, desk.colleague, "administrator", "*")
        add_grant(connection, desk.css, "survey_authority", "BE")
    context = context_of(desk, folder)
    changed = {"badge_key": folder / "key.json", "public_url": "https://keurmerk.example"}
    context = replace(context, settings=context.settings.model_copy(update=changed))
    return Survey(desk, context, first, desk.colleague, desk.css)


@pytest.fixture
def survey(sqlite_engine: sqlalchemy.Engine, judge: Judge, tmp_path: Path) -> Survey:
    clock = VirtualClock(datetime(2022, 11, 22, 7, 0, tzinfo=UTC))
    return opened(sqlite_engine, clock, judge, tmp_path)
