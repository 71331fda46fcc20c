"""A desk for what is registered: schools, projects and groups of people of two countries."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy

from base.clock import VirtualClock
from cli.story_file import StoryFile
from cli.story_settings import book_of
from models.registry import Person, Project
from rules.judge import Judge
from tests.builders import Desk
from tests.workflows.test_random import populate

FOLDER = Path("workflows")
Settings = dict[str, dict[str, dict[str, Any]]]


def open_desk(
    process: str, database: sqlalchemy.Engine, clock: VirtualClock, judge: Judge,
    settings: Settings | None = None,
) -> Desk:  # fmt: skip
    """A desk with a Flemish and an Italian school, and what countries have set.

    ``extra`` holds ``abroad`` (an Italian teacher), ``newcomer`` (an account without a school),
    ``italian`` and ``italian_coordinator`` (of that NSO).
    """
    story = StoryFile(
        story=process, begins=datetime(2022, 11, 21, tzinfo=UTC), settings=settings or {}, acts=[]
    )
    path = FOLDER / f"{process}.yaml"
    desk = Desk.open(database, clock, judge, process=path, book=book_of(story))
    everybody = populate(desk)
    desk.extra |= {
        "abroad": everybody[3], "italian": everybody[6], "italian_coordinator": everybody[7],
        "newcomer": everybody[8],
    }  # fmt: skip
    return desk


def start(desk: Desk, way: str, by: str | None, **payload: Any) -> str:
    """A new case of the desk's process; gives its id."""
    process = desk.published.process.process
    return str(desk.engine.start(process, way, actor_id=by, payload=payload).case["id"])


def email(desk: Desk, person: str) -> str:
    """The mail address of a person."""
    (row,) = desk.rows(Person, id=person)
    return str(row["email"])


def invited(desk: Desk, co_founder: str | None = None) -> str:
    """A project, described, whose co-founder has been asked; the Italian teacher if nobody is."""
    other = co_founder or desk.extra["abroad"]
    case_id = start(desk, "create", desk.teachers[0], title="Rivers", co_founder=email(desk, other))
    desk.fill_in(case_id)
    desk.fire(case_id, "submit", desk.teachers[0])
    return case_id


def founded(desk: Desk, co_founder: str | None = None) -> str:
    """One whose co-founder has accepted."""
    case_id = invited(desk, co_founder)
    desk.fire(case_id, "accept", co_founder or desk.extra["abroad"])
    return case_id


def running(desk: Desk) -> str:
    """One that both NSOs have approved."""
    case_id = founded(desk)
    desk.fire(case_id, "approve_founder_side", desk.reviewer)
    desk.fire(case_id, "approve_last", desk.extra["italian"])
    return case_id


def project(desk: Desk, case_id: str) -> dict[str, Any]:
    """The project a case is about."""
    (row,) = desk.rows(Project, id=desk.case(case_id)["project_id"])
    return row


def written_to(desk: Desk, template: str) -> set[str]:
    """Who gets a mail of the desk's process."""
    process = desk.published.process.process
    return {row["person_id"] for row in desk.mails(template=f"{process}/{template}")}
