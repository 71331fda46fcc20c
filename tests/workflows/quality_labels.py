"""A desk for the quality labels: schools of three countries, projects, and what NSOs have set."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, select

from base.clock import VirtualClock
from cli.story_file import StoryFile
from cli.story_settings import book_of
from models.database import writing
from models.registry import (
    Label,
    Membership,
    Organisation,
    Person,
    Project,
    ProjectFounder,
    ProjectMember,
)
from rules.book import RuleBook
from rules.judge import Judge
from tests.builders import Desk, add, add_grant, add_member, add_person
from workflows.process_file import FOLDER

Settings = dict[str, dict[str, dict[str, Any]]]
#: Points that just suffice for an NSO that has set :data:`NUMBERS`.
POINTS = {
    "score_collaboration": 3, "score_technology": 3, "score_pedagogy": 3, "score_curriculum": 3,
    "score_results": 3, "part_online": 3, "part_ict": 3, "part_safety": 3,
}  # fmt: skip
NUMBERS = {
    "most_per_criterion": 5, "least_per_part": 3, "least_in_total": 15, "any_time": True,
    "school_year": {"opens": date(2022, 9, 1), "closes": date(2023, 8, 31)},
}  # fmt: skip


#: What somebody has set everywhere, so that both labels come to their end.
EVERYWHERE: dict[str, Settings] = {
    "national_quality_label": {
        f"{year}-{year + 1}": {
            "*": {
                **NUMBERS,
                "school_year": {"opens": date(year, 8, 1), "closes": date(year + 1, 7, 31)},
                "further_ignored": True, "withdrawn_count": False, "most_refusals": 1,
                "again_ends": False, "evaluate_within_days": 5,
            }
        }
        for year in (2022, 2023)
    },
    "selfie_account": {"standing": {"*": {"school_year_begins": date(2022, 12, 5)}}},
    "selfie_exercise": {
        f"{year}-{year + 1}": {
            "*": {
                "both_days_count": True, "past_start_possible": False, "sessions_fixed": False,
                "levels_count_separately": True, "stale_may_begin": True,
                **{
                    f"offers_{level}": True
                    for level in ("primary", "lower_secondary", "upper_secondary", "adult")
                },
                "offers_upper_secondary_vocational": True,
            }
        }
        for year in range(2022, 2027)
    },
    "user_right": {
        "standing": {
            "*": {
                "digisnap_manager_most_months": 48, "digisnap_manager_remind_days": 30,
                "digisnap_manager_extend_own": True,
            }
        }
    },
    "european_quality_label": {
        str(year): {
            "*": {
                "ranked_on": date(year, 12, 1), "one_in": 1, "ties": "all",
                "labels": {"opens": date(2022, 9, 1), "closes": date(2022, 11, 30)},
            }
        }
        for year in (2022, 2023)
    },
}  # fmt: skip


#: Books by what they were made of: a file's tests ask for the same one again and again.
_BOOKS: dict[str, RuleBook] = {}


def settings_book(process: str, settings: Settings) -> RuleBook:
    """The installed rules and rounds, with what countries have set: round -> area -> values."""
    asked = repr((process, settings))
    if asked not in _BOOKS:
        _BOOKS[asked] = _settings_book(process, settings)
    return _BOOKS[asked]


def _settings_book(process: str, settings: Settings) -> RuleBook:
    story = StoryFile(
        story=process,
        begins=datetime(2022, 1, 1),  # noqa: DTZ001 - a story's own local time
        settings=settings,
        acts=[],
    )
    return book_of(story)


def open_desk(
    process: str, database: sqlalchemy.Engine, clock: VirtualClock, judge: Judge,
    settings: Settings,
) -> Desk:  # fmt: skip
    """A desk with a school in Italy and one in Poland beside the Flemish one, each with its NSO.

    ``extra`` holds ``italian`` and ``polish`` (teachers), and reviewers and coordinators of both.
    """
    path = FOLDER / f"{process}.yaml"
    desk = Desk.open(database, clock, judge, process=path, book=settings_book(process, settings))
    with writing(desk.database) as connection:
        for name, country in (("italian", "IT"), ("polish", "PL")):
            school = add_school_of(connection, f"School {country}", country)
            desk.extra[name] = teacher_at(connection, school, f"Teacher {country}")
            desk.extra[f"{name}_school"] = school
            for right in ("reviewer", "coordinator"):
                person = add_person(connection, f"{right} {country}".title())
                add_grant(connection, person, f"nso_{right}", country)
                desk.extra[f"{name}_{right}"] = person
    return desk


def add_school_of(connection: Connection, name: str, area: str) -> str:
    """A validated school."""
    return add(
        connection,
        Organisation(
            name=name, country=area[:2], area=area, registered_on=date(2015, 9, 1), validated=True
        ),
    )


def teacher_at(connection: Connection, school: str, name: str, **values: Any) -> str:
    """A validated teacher of a school."""
    person = add_person(connection, name, **values)
    add_member(connection, school, person)
    return person


def add_project(
    desk: Desk, title: str, founders: list[str], members: list[str] | None = None, **values: Any
) -> str:
    """A project with the founders given, who take part in it, and further members."""
    schools = {row["id"]: row for row in desk.rows(Organisation)}
    with writing(desk.database) as connection:
        project = add(connection, Project(title=title, **values))
        for person in founders:
            school = schools[school_of(connection, person)]
            add(
                connection,
                ProjectFounder(project_id=project, country=school["country"], person_id=person),
            )
        for person in [*founders, *(members or [])]:
            add(
                connection,
                ProjectMember(
                    project_id=project, person_id=person,
                    organisation_id=school_of(connection, person),
                ),
            )  # fmt: skip
    return project


def school_of(connection: Connection, person: str) -> str:
    """Where somebody works."""
    member = Membership.__table__  # type: ignore[attr-defined]
    query = select(member.c.organisation_id).where(member.c.person_id == person)
    return str(connection.execute(query).scalar_one())


def label(
    desk: Desk, project: str, person: str, score: int | None, on: date = date(2023, 3, 1),
    kind: str = "NQL",
) -> str:  # fmt: skip
    """A label of a person for a project, with points times 100."""
    with writing(desk.database) as connection:
        return add(
            connection,
            Label(
                kind=kind, granted_on=on, project_id=project, person_id=person, score=score,
                school_at_grant_id=school_of(connection, person),
            ),
        )  # fmt: skip


def give_labels(desk: Desk, person: str, other: str) -> None:
    """Two people hold the label for every project, with points."""
    for number, row in enumerate(desk.rows(Project)):
        for holder in (person, other):
            label(desk, row["id"], holder, 2500 - 100 * number, on=date(2022, 10, 1))


def change(desk: Desk, model: Any, id_: str, **values: Any) -> None:
    """Change a row of the registry."""
    table = model.__table__
    with writing(desk.database) as connection:
        connection.execute(table.update().where(table.c.id == id_).values(**values))


def start(desk: Desk, way: str, by: str | None, round_name: str | None = None, **sent: Any) -> str:
    """Open a case; ``…_id`` says what it is about."""
    about = {name: sent.pop(name) for name in list(sent) if name.endswith("_id")}
    taken = desk.engine.start(
        desk.published.process.process, way, actor_id=by, round_name=round_name, payload=sent,
        **about,
    )  # fmt: skip
    return str(taken.case["id"])


def drafted(desk: Desk, project: str, by: str, **left: Any) -> str:
    """A draft with everything answered, except ``leave_out``."""
    case_id = start(desk, "apply", by, project=project)
    desk.fill_in(case_id, by=by, **left)
    return case_id


def submitted(desk: Desk, project: str, by: str) -> str:
    """A submitted application."""
    case_id = drafted(desk, project, by)
    desk.fire(case_id, "submit", by)
    return case_id


def name_of(desk: Desk, person: str) -> str:
    """What somebody is called."""
    (row,) = desk.rows(Person, id=person)
    return str(row["name"])
