"""Accounts: who may register, who answers, what each country says of it, and two of one person."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy

from base.clock import VirtualClock
from base.errors import BadInput, Conflict, NotAllowed, NotFound, NotMet, NotPossible
from models.database import reading, writing
from models.registry import Membership, Organisation, Person
from rules.judge import Judge
from tests.builders import Desk, add, add_grant, add_member, add_person, add_school
from workflows.eligibility import Trial, verdicts
from workflows.process_file import FOLDER
from workflows.subjects import subject
from workflows.verifying import verify

PROCESS = FOLDER / "account_validation.yaml"
REGISTERING = {
    "same_address": "yes", "role": "teacher", "privacy_policy": "yes", "code_of_conduct": "yes",
}  # fmt: skip


class Office:
    """An NSO, a school of its area, and a newcomer."""

    def __init__(self, desk: Desk, area: str) -> None:
        self.desk = desk
        with writing(desk.database) as connection:
            self.school, _ = add_school(
                connection, "De Regenboog", country=area[:2], area=area, nql_on=None
            )
            self.other, _ = add_school(
                connection, "De Brug", country=area[:2], area=area, nql_on=None
            )
            self.newcomer = add_person(connection, "Nieuw", validated=False)
            self.reviewer = add_person(connection, "Rob Reviewer")
            add_grant(connection, self.reviewer, "nso_reviewer", area)

    def register(self, **sent: Any) -> str:
        taken = self.desk.engine.start(
            "account_validation", "register", actor_id=self.newcomer,
            payload={**REGISTERING, "school": self.school, **sent},
        )  # fmt: skip
        return str(taken.case["id"])

    def validated(self) -> str:
        case_id = self.register()
        self.desk.fire(case_id, "validate", self.reviewer)
        return case_id

    def state(self, case_id: str) -> str:
        return str(self.desk.case(case_id)["state"])

    def is_validated(self) -> bool:
        (row,) = self.desk.rows(Person, id=self.newcomer)
        return bool(row["validated"])


@pytest.fixture
def opens(sqlite_engine: sqlalchemy.Engine, clock: VirtualClock, judge: Judge) -> Any:
    return lambda area: Office(Desk.open(sqlite_engine, clock, judge, process=PROCESS), area)


@pytest.mark.parametrize(("area", "may"), [("IT", False), ("NL", True)])
def test_administrative_staff_registers_except_in_italy(opens: Any, area: str, may: bool) -> None:
    office = opens(area)
    if may:
        assert office.state(office.register(role="administration")) == "pending"
        return
    with pytest.raises(NotMet):
        office.register(role="administration")
    assert office.desk.rows_of_cases() == []


def test_a_school_that_is_not_validated_is_none_to_register_with(opens: Any) -> None:
    office = opens("NL")
    with writing(office.desk.database) as connection:
        unknown = add(connection, Organisation(name="Nergens", country="NL", area="NL"))
    with pytest.raises(NotMet):
        office.register(school=unknown)
    case_id = office.register()
    with writing(office.desk.database) as connection:
        table = Organisation.__table__  # type: ignore[attr-defined]
        connection.execute(table.update().values(validated=False))
    with pytest.raises(NotMet):
        office.desk.fire(case_id, "validate", office.reviewer)
    assert not office.is_validated()


def test_whoever_has_a_validated_account_is_not_offered_to_join_again(
    opens: Any,
) -> None:
    office = opens("NL")
    now = office.desk.clock.now()
    with reading(office.desk.database) as connection:
        for person, possible in ((office.newcomer, True), (office.reviewer, False)):
            about = subject(connection, "person", person, now)
            assert about is not None
            trial = Trial(
                published=office.desk.published, way="register", about=about, actor_id=person
            )
            (said,) = verdicts(connection, trial, now, "en")
            assert (said.pending, said.possible) == (True, possible)
    with pytest.raises(NotMet):
        office.desk.engine.start(
            "account_validation", "register", actor_id=office.reviewer,
            payload={**REGISTERING, "school": office.school},
        )  # fmt: skip


@pytest.mark.parametrize(
    ("trigger", "name"), [("refuse", "reason"), ("ask_proof", "what"), ("ask_deletion", "sure")]
)
def test_what_has_to_be_said_is_asked_for(opens: Any, trigger: str, name: str) -> None:
    office = opens("NL")
    case_id = office.register()
    who = office.newcomer if trigger == "ask_deletion" else office.reviewer
    for sent in ({}, {name: ""}, {name: "no" if name == "sure" else "x" * 2501}):
        with pytest.raises(BadInput):
            office.desk.fire(case_id, trigger, who, **sent)
    assert office.state(case_id) == "pending"


def test_only_the_nso_of_the_school_answers_and_not_the_holder(opens: Any) -> None:
    office = opens("NL")
    case_id = office.register()
    with writing(office.desk.database) as connection:
        add_grant(connection, office.newcomer, "nso_reviewer", "NL")
    for who in (office.desk.reviewer, office.newcomer, office.desk.teachers[0], None):
        with pytest.raises((NotAllowed, NotFound)):
            office.desk.fire(case_id, "validate", who)
    assert not office.is_validated()


def test_proof_that_was_asked_for_has_to_be_there(opens: Any) -> None:
    office = opens("RS")
    case_id = office.register()
    office.desk.fire(case_id, "ask_proof", office.reviewer, what="Potvrda o zaposlenju")
    with pytest.raises(NotMet):
        office.desk.fire(case_id, "send_proof", office.newcomer)
    with pytest.raises((NotPossible, Conflict)):
        office.desk.fire(case_id, "validate", office.reviewer)


def test_in_serbia_an_account_without_proof_is_refused_after_three_days(opens: Any) -> None:
    office = opens("RS")
    case_id = office.register()
    office.desk.fire(case_id, "ask_proof", office.reviewer, what="Potvrda o zaposlenju")
    office.desk.until(2022, 11, 25, 12)
    assert office.state(case_id) == "proof_asked"
    assert len(office.desk.mails(template="account_validation/proof_reminder")) == 1
    office.desk.until(2022, 11, 26, 12)
    assert office.state(case_id) == "refused"
    assert len(office.desk.mails(template="account_validation/refused_unproven")) == 1
    (membership,) = office.desk.rows(Membership, person_id=office.newcomer)
    assert membership["last_day"] is not None
    # It frees the place: who has the proof later registers again.
    assert office.state(office.register()) == "pending"


def test_in_spain_a_change_of_school_is_validated_again(opens: Any) -> None:
    office = opens("ES")
    case_id = office.validated()
    office.desk.until(2022, 11, 23, 12)
    with writing(office.desk.database) as connection:
        unknown = add(connection, Organisation(name="Nergens", country="ES", area="ES"))
    for trigger, school in (
        ("change_school", office.other), ("change_school_and_wait", unknown),
    ):  # fmt: skip
        with pytest.raises(NotMet):
            office.desk.fire(case_id, trigger, office.newcomer, school=school)
    office.desk.fire(case_id, "change_school_and_wait", office.newcomer, school=office.other)
    assert (office.state(case_id), office.is_validated()) == ("pending", False)
    assert office.desk.case(case_id)["organisation_id"] == office.other
    office.desk.fire(case_id, "validate", office.reviewer)
    assert office.is_validated()
    left = {
        row["organisation_id"]: row["last_day"] is not None
        for row in office.desk.rows(Membership, person_id=office.newcomer)
    }
    assert left == {office.school: True, office.other: False}


def test_an_account_that_came_validated_is_taken_up_by_its_holder(opens: Any) -> None:
    office = opens("ES")
    desk, start = office.desk, office.desk.engine.start
    with pytest.raises(NotAllowed):  # not validated: she registers
        start("account_validation", "take_up", actor_id=office.newcomer)
    with writing(desk.database) as connection:
        moved = add_person(connection, "Van Elders")
        nowhere = add_person(connection, "Zonder School")
        add_member(connection, office.school, moved)
    with pytest.raises(NotMet):
        start("account_validation", "take_up", actor_id=nowhere)
    case_id = str(start("account_validation", "take_up", actor_id=moved).case["id"])
    assert (office.state(case_id), desk.mails()) == ("validated", [])
    with pytest.raises(Conflict):
        start("account_validation", "take_up", actor_id=moved)
    desk.until(2022, 11, 23, 12)
    desk.fire(case_id, "change_school_and_wait", moved, school=office.other)
    (row,) = desk.rows(Person, id=moved)
    assert (office.state(case_id), row["validated"]) == ("pending", False)
    desk.fire(case_id, "validate", office.reviewer)
    assert office.state(case_id) == "validated"
    assert verify(desk.database).faults == []


@pytest.mark.parametrize("was_validated", [True, False])
def test_a_profile_that_comes_back_is_as_it_was(opens: Any, was_validated: bool) -> None:
    office = opens("NL")
    case_id = office.validated() if was_validated else office.register()
    more = "" if was_validated else "_unvalidated"
    office.desk.fire(case_id, f"deactivate{more}", office.newcomer)
    assert not office.is_validated()
    with pytest.raises((NotPossible, Conflict)):
        office.desk.fire(case_id, "validate", office.reviewer)
    with pytest.raises(NotAllowed):
        office.desk.fire(case_id, f"reactivate{more}", office.reviewer)
    office.desk.fire(case_id, f"reactivate{more}", office.newcomer)
    assert office.is_validated() is was_validated
    assert office.state(case_id) == ("validated" if was_validated else "pending")


def test_nobody_deletes_an_account_that_did_not_ask_for_it(opens: Any) -> None:
    office = opens("NL")
    case_id = office.validated()
    with pytest.raises((NotPossible, Conflict)):
        office.desk.fire(case_id, "delete", office.reviewer)
    with pytest.raises(NotAllowed):
        office.desk.fire(case_id, "ask_deletion", office.reviewer, sure="yes")
    office.desk.fire(case_id, "ask_deletion", office.newcomer, sure="yes")
    with pytest.raises(NotAllowed):
        office.desk.fire(case_id, "delete", office.newcomer)
    assert verify(office.desk.database).faults == []
