"""A desk for user rights and Digisnap: a principal, an ICT coordinator, teachers of one school."""

from __future__ import annotations

from typing import Any

import sqlalchemy
from sqlalchemy import update

from base.clock import VirtualClock
from models.database import writing
from models.registry import Membership
from rules.judge import Judge
from tests.builders import Desk, add_grant, add_member, add_person, installed_mails
from tests.workflows.quality_labels import settings_book
from workflows.process_file import FOLDER
from workflows.publishing import publish

RIGHT = "digisnap_manager"
#: What Flanders has set in these tests: four years, as the seed's own example runs.
RULES = {
    "digisnap_manager_most_months": 48, "digisnap_manager_remind_days": 30,
    "digisnap_manager_extend_own": False,
}  # fmt: skip
DAYS = {"first_day": "2022-11-22", "last_day": "2023-11-22"}

_member = Membership.__table__  # type: ignore[attr-defined]


def open_school(
    database: sqlalchemy.Engine, clock: VirtualClock, judge: Judge,
    rules: dict[str, Any] | None = None,
) -> Desk:  # fmt: skip
    """``extra`` holds ``principal``, ``ict``, ``team`` and the people of a second school.

    Arguments:
        rules: what Flanders has set for the right; :data:`RULES` if left out.
    """
    settings = {"standing": {"BE-VLG": RULES if rules is None else rules}}
    path = FOLDER / "user_right.yaml"
    book = settings_book("user_right", settings)
    desk = Desk.open(database, clock, judge, process=path, book=book)
    with writing(database) as connection:
        for name, role in (("Katrien Bernaerts", "principal"), ("Ivo Claes", "coordinator")):
            person = add_person(connection, name, language="nl")
            add_member(connection, desk.school, person, role=role)
            desk.extra["principal" if role == "principal" else "ict"] = person
        desk.extra["team"] = add_person(connection, "Dirk Digisnap", language="nl")
        add_grant(connection, desk.extra["team"], "digisnap_team", "BE-VLG")
        text = (FOLDER / "digisnap_request.yaml").read_text("utf-8")
        book = settings_book(
            "digisnap_request",
            {"standing": {"BE-VLG": {"report_min_completed": 2, "answer_within_days": 5}}},
        )
        publish(connection, text, book, mails=installed_mails(), author="test", now=clock.now())
    return desk


def give(desk: Desk, person: str, by: str | None = None, **other: Any) -> str:
    """Give somebody the right; gives the case."""
    payload = {"right": RIGHT, "reason": "test Digisnap", **DAYS, **other}
    taken = desk.engine.start(
        "user_right", "grant", actor_id=by or desk.extra["principal"], person_id=person,
        organisation_id=desk.school, payload=payload,
    )  # fmt: skip
    return str(taken.case["id"])


def leaves(desk: Desk, person: str, last_day: Any) -> None:
    """Somebody's work at the school ends on a day, inclusive."""
    with writing(desk.database) as connection:
        connection.execute(
            update(_member).where(_member.c.person_id == person).values(last_day=last_day)
        )
