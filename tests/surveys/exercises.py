"""A desk for SELFIE: a Flemish school with an account, a coordinator, and an exercise."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy

from base.clock import VirtualClock
from models.database import reading, writing
from models.messages import Mail
from models.registry import Membership
from rules.book import RuleBook
from rules.judge import Judge
from surveys import setup
from surveys.exercises import exercise_of, links_of
from tests.builders import Desk, add, add_person, installed_mails
from tests.workflows.quality_labels import Settings, settings_book
from workflows.process_file import FOLDER
from workflows.publishing import publish

ACCOUNT, EXERCISE = "selfie_account", "selfie_exercise"
ROLE = "selfie_coordinator"
#: What a country has set, so that an exercise comes to its end.
SET: dict[str, Any] = {
    "both_days_count": True, "past_start_possible": False, "sessions_fixed": False,
    "levels_count_separately": False, "stale_may_begin": True, "offers_primary": True,
    "levels_days_may_differ": False,
    "offers_lower_secondary": True, "offers_upper_secondary": True,
    "offers_upper_secondary_vocational": True, "offers_adult": False,
    "recommended_minimum_school_leaders": 1, "recommended_minimum_teachers": 5,
}  # fmt: skip
FIRST, LAST = date(2022, 11, 28), date(2022, 12, 4)
NUMBERS = {"school_leaders": 2, "teachers": 10, "students": 40}


def open_desk(
    database: sqlalchemy.Engine, clock: VirtualClock, judge: Judge, process: str = EXERCISE,
    settings: Settings | None = None,
) -> Desk:  # fmt: skip
    """A desk with both processes; the school's first teacher is its coordinator, by the account.

    ``extra`` holds ``stranger``, somebody validated who works nowhere.
    """
    both: Settings = settings or {f"{EXERCISE}/2022-2023": {"BE-VLG": SET}}
    book = settings_book(process, both)
    path = FOLDER / f"{process}.yaml"
    desk = Desk.open(database, clock, judge, process=path, book=book)
    publish_beside(desk, {ACCOUNT: EXERCISE, EXERCISE: ACCOUNT}[process], book)
    with writing(database) as connection:
        desk.extra["stranger"] = add_person(connection, "Olga Vreemd")
    return desk


def publish_beside(desk: Desk, process: str, book: RuleBook) -> None:
    """Publish another process beside the desk's own."""
    with writing(desk.database) as connection:
        publish(
            connection, (FOLDER / f"{process}.yaml").read_text("utf-8"), book,
            mails=installed_mails(), author="test", now=desk.clock.now(),
        )  # fmt: skip


def register(desk: Desk, by: str | None = None, **sends: Any) -> str:
    """A request for an account; gives its case."""
    payload = {"school_email": "info@sint-jan.example", "privacy_policy": "yes", **sends}
    taken = desk.engine.start(
        ACCOUNT, "register", actor_id=by or desk.teachers[0], organisation_id=desk.school,
        payload={name: value for name, value in payload.items() if value is not None},
    )  # fmt: skip
    return str(taken.case["id"])


def link_in_mail(desk: Desk, case_id: str, trigger: str = "activate") -> str:
    """The end of the address in the last mail of a case."""
    mail = desk.rows(Mail, case_id=case_id)[-1]
    return str(mail["context"]["links"][trigger]).rpartition("/")[2]


def coordinator(desk: Desk) -> str:
    """The school's first teacher, made a coordinator with an active account behind her."""
    person = desk.teachers[0]
    case_id = register(desk)
    desk.engine.fire(case_id, "activate", person, link=link_in_mail(desk, case_id))
    library = desk.engine.tools.library
    with reading(desk.database) as connection:
        there = library.in_force(connection, ACCOUNT, desk.clock.now().date())
    exercise, desk.published = desk.published, there
    desk.fill_in(case_id, by=person)
    desk.published = exercise
    desk.engine.fire(case_id, "save_profile", person)
    return person


def begun(desk: Desk, level: str = "upper_secondary_vocational") -> str:
    """An exercise that is being set up; gives its case."""
    with reading(desk.database) as connection:
        roles = connection.execute(
            sqlalchemy.select(Membership.__table__.c.role)  # type: ignore[attr-defined]
        ).scalars()
        there = ROLE in set(roles)
    person = desk.teachers[0] if there else coordinator(desk)
    taken = desk.engine.start(
        EXERCISE, "begin", actor_id=person, organisation_id=desk.school,
        payload={"level": level}, round_name="2022-2023",
    )  # fmt: skip
    return str(taken.case["id"])


def set_up(
    desk: Desk, case_id: str, first: date = FIRST, last: date = LAST, *, companies: bool = False
) -> None:
    """Everything that is needed before the links are made."""
    setup.save_numbers(desk.database, case_id, NUMBERS, with_companies=companies)
    if companies:
        setup.register_company(desk.database, case_id, "Bouw Janssens", "Bouw")
    setup.save_dates(desk.database, case_id, first, last, "nl")


def locked(desk: Desk, *, companies: bool = False) -> str:
    """An exercise whose links are made; gives its case."""
    case_id = begun(desk)
    set_up(desk, case_id, companies=companies)
    desk.engine.fire(case_id, "make_links", desk.teachers[0])
    return case_id


def opened(desk: Desk, *, companies: bool = False) -> str:
    """One that is open, on its second day at noon."""
    case_id = locked(desk, companies=companies)
    desk.until(2022, 11, 29, 11)
    return case_id


def token_of(desk: Desk, case_id: str, group: str) -> str:
    """The link of a group."""
    with reading(desk.database) as connection:
        exercise = exercise_of(connection, case_id)
        rows = links_of(connection, exercise["id"])
    return next(str(row["token"]) for row in rows if row["group"] == group)


def exercise(desk: Desk, case_id: str) -> dict[str, Any]:
    """The row of an exercise."""
    with reading(desk.database) as connection:
        return exercise_of(connection, case_id)


def add_role(desk: Desk, person: str, school: str) -> None:
    """Make somebody a coordinator without an account behind her."""
    with writing(desk.database) as connection:
        add(
            connection,
            Membership(
                organisation_id=school, person_id=person, role=ROLE, first_day=date(2016, 9, 1)
            ),
        )
