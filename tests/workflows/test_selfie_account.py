"""The account of a school in SELFIE: registered, activated by a mailed link, renewed yearly."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy

from base.clock import VirtualClock
from base.errors import BadInput, Conflict, NotAllowed, NotFound, NotMet, NotPossible
from models.registry import Membership
from rules.judge import Judge
from tests.builders import Desk
from tests.surveys.exercises import ACCOUNT, ROLE, link_in_mail, open_desk, register
from tests.workflows.registrations import email
from workflows.links import StepLink, link_token

pytestmark = pytest.mark.integration

BEGINS = {f"{ACCOUNT}/standing": {"BE-VLG": {"school_year_begins": date(2020, 9, 1)}}}


@pytest.fixture
def selfie(sqlite_engine: sqlalchemy.Engine, clock: VirtualClock, judge: Judge) -> Desk:
    """A desk for accounts, on SQLite."""
    return open_desk(sqlite_engine, clock, judge, ACCOUNT, BEGINS)


def activated(desk: Desk) -> str:
    case_id = register(desk)
    desk.engine.fire(case_id, "activate", desk.teachers[0], link=link_in_mail(desk, case_id))
    return case_id


def named(desk: Desk, case_id: str, second: str) -> None:
    """Let the school's second teacher link another coordinator."""
    sent = {"person": email(desk, second)}
    desk.engine.fire(case_id, "link_second", desk.teachers[1], sent)


def active(desk: Desk) -> str:
    case_id = activated(desk)
    desk.fill_in(case_id)
    desk.fire(case_id, "save_profile", desk.teachers[0])
    return case_id


def test_registered_activated_renewed(
    engine: sqlalchemy.Engine, clock: VirtualClock, judge: Judge
) -> None:
    desk = open_desk(engine, clock, judge, ACCOUNT, BEGINS)
    case_id = register(desk)
    (mail,) = desk.mails(case_id=case_id)
    assert mail["to_address"] == "info@sint-jan.example"
    assert mail["template"] == f"{ACCOUNT}/activation"
    assert "info@" not in str(desk.events(case_id)), "the log keeps no address"
    desk.engine.fire(case_id, "activate", desk.teachers[1], link=link_in_mail(desk, case_id))
    assert desk.case(case_id)["state"] == "profile_incomplete"
    roles = desk.rows(Membership, person_id=desk.teachers[1])
    assert sorted(row["role"] for row in roles) == [ROLE, "teacher"]
    with pytest.raises(NotMet):
        desk.fire(case_id, "save_profile", desk.teachers[1])
    desk.fill_in(case_id, by=desk.teachers[1])
    desk.fire(case_id, "save_profile", desk.teachers[1])
    with pytest.raises(NotMet):
        named(desk, case_id, desk.extra["stranger"])
    named(desk, case_id, desk.teachers[2])
    desk.until(2023, 8, 31, 21, 59)
    assert desk.case(case_id)["state"] == "active"
    desk.until(2023, 8, 31, 22, 1)  # 1 September in Brussels
    assert desk.case(case_id)["state"] == "stale"
    desk.fire(case_id, "save_profile", desk.teachers[2])
    desk.until(2024, 8, 31, 22, 1)
    assert desk.case(case_id)["state"] == "stale", "every year anew"


@pytest.mark.parametrize(
    "sends",
    [
        {"school_email": None}, {"school_email": "info"}, {"privacy_policy": None},
        {"privacy_policy": "no"},
    ],
)  # fmt: skip
def test_a_registration_that_lacks_something(selfie: Desk, sends: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        register(selfie, **sends)
    assert selfie.mails() == []


def test_the_link_holds_48_hours_from_the_request(selfie: Desk) -> None:
    case_id = register(selfie)
    link = link_in_mail(selfie, case_id)
    selfie.clock.move_to(selfie.moment("2022-11-24T11:00:00+00:00"))  # nobody has swept yet
    with pytest.raises(NotPossible, match="no longer holds"):
        selfie.engine.fire(case_id, "activate", selfie.teachers[0], link=link)
    selfie.until(2022, 11, 24, 11, 0)
    assert selfie.case(case_id)["state"] == "expired"
    again = register(selfie)
    link = link_in_mail(selfie, again)
    selfie.clock.move_to(selfie.moment("2022-11-26T10:59:59+00:00"))
    selfie.engine.fire(again, "activate", selfie.teachers[0], link=link)


def test_the_link_serves_once_one_case_and_one_step(selfie: Desk) -> None:
    case_id = register(selfie)
    link = link_in_mail(selfie, case_id)
    with pytest.raises(NotAllowed):
        selfie.fire(case_id, "activate", selfie.teachers[0])
    for person in (selfie.extra["stranger"], selfie.reviewer):
        with pytest.raises(NotMet):
            selfie.engine.fire(case_id, "activate", person, link=link)
    with pytest.raises(NotAllowed):  # nobody is no person
        selfie.engine.fire(case_id, "activate", None, link=link)
    forged = link_token("another secret", StepLink(case_id=case_id, version=1, trigger="activate"))
    for wrong in (forged, link[:-1], "", "x.y"):
        with pytest.raises(NotFound):
            selfie.engine.fire(case_id, "activate", selfie.teachers[0], link=wrong)
    with pytest.raises(NotFound):
        selfie.engine.fire(case_id, "withdraw", selfie.teachers[0], link=link)
    selfie.engine.fire(case_id, "activate", selfie.teachers[0], link=link)
    with pytest.raises(NotPossible, match="no longer holds"):
        selfie.engine.fire(case_id, "activate", selfie.teachers[0], link=link)


def test_a_mailbox_gets_few_mails(selfie: Desk) -> None:
    for _ in range(3):
        case_id = register(selfie)
        with pytest.raises(Conflict):
            register(selfie, selfie.teachers[1])
        selfie.fire(case_id, "withdraw", selfie.teachers[0])
    with pytest.raises(NotMet, match="Fewer than 3"):
        register(selfie)
    assert len(selfie.mails()) == 3


def test_a_closed_account_has_no_coordinators(selfie: Desk) -> None:
    case_id = active(selfie)
    with pytest.raises(NotAllowed):
        selfie.fire(case_id, "close", selfie.teachers[1], sure="yes")
    selfie.fire(case_id, "close", selfie.teachers[0], sure="yes")
    assert ROLE not in {row["role"] for row in selfie.rows(Membership)}
