"""What the engine knows of people, parties and projects, shown by the processes that need it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from base.clock import VirtualClock
from base.errors import BadInput, Conflict, NotAllowed, NotMet, NotPossible
from models.cases import CaseParty, Decision, Timer
from models.database import reading, writing
from models.registry import (
    Activity,
    Contact,
    Label,
    Membership,
    Organisation,
    Person,
    Project,
    ProjectFounder,
    ProjectMember,
)
from rules.judge import Judge
from tests.builders import Desk, add, add_grant, add_person, add_school
from tests.workflows.test_random import populate
from web.scope import scope_of
from workflows import foresight
from workflows.engine import Engine
from workflows.process_file import FOLDER
from workflows.sweep import sweep
from workflows.verifying import verify

Row = dict[str, Any]


@pytest.fixture
def world(engine: sqlalchemy.Engine, clock: VirtualClock, judge: Judge) -> Any:
    """Opens a desk for a process, with people of two countries."""

    def opened(process: str) -> Desk:
        desk = Desk.open(engine, clock, judge, process=FOLDER / f"{process}.yaml")
        everybody = populate(desk)
        desk.extra |= {
            "abroad": everybody[3], "newcomer": everybody[8], "italian": everybody[6],
            "italian_coordinator": everybody[7],
        }  # fmt: skip
        return desk

    return opened


def email(desk: Desk, person: str) -> str:
    (row,) = desk.rows(Person, id=person)
    return str(row["email"])


def start(desk: Desk, way: str, by: str | None, **payload: Any) -> str:
    about = {name: payload.pop(name) for name in list(payload) if name.endswith("_id")}
    taken = desk.engine.start(
        desk.published.process.process, way, actor_id=by, payload=payload, **about
    )
    return str(taken.case["id"])


def founded(desk: Desk, other: str | None = None) -> str:
    """A project whose co-founder has accepted."""
    co_founder = other or desk.extra["abroad"]
    case_id = start(
        desk, "create", desk.teachers[0], title="Rivers", co_founder=email(desk, co_founder)
    )
    desk.fill_in(case_id)
    desk.fire(case_id, "submit", desk.teachers[0])
    desk.fire(case_id, "accept", co_founder)
    return case_id


@pytest.mark.parametrize(
    ("order", "states"),
    [
        (["approve_founder_side", "approve_last"], ["waiting_co_founder_nso", "active"]),
        (["approve_co_founder_side", "approve"], ["waiting_founder_nso", "active"]),
    ],
)
def test_both_nsos_approve_in_any_order(world: Any, order: list[str], states: list[str]) -> None:
    desk = world("project_registration")
    case_id = founded(desk)
    who = {
        "approve_founder_side": desk.reviewer, "approve": desk.reviewer,
        "approve_co_founder_side": desk.extra["italian"], "approve_last": desk.extra["italian"],
    }  # fmt: skip
    for trigger, state in zip(order, states, strict=True):
        wrong = desk.extra["italian"] if who[trigger] == desk.reviewer else desk.reviewer
        with pytest.raises(NotAllowed):
            desk.fire(case_id, trigger, wrong)
        desk.fire(case_id, trigger, who[trigger])
        assert desk.case(case_id)["state"] == state
    (project,) = desk.rows(Project, id=desk.case(case_id)["project_id"])
    assert (project["state"], project["twinspace"], project["national"]) == (
        "active", "open", False,
    )  # fmt: skip
    founders = desk.rows(ProjectFounder, project_id=project["id"])
    assert [row["country"] for row in founders] == ["BE", "IT"]
    assert {row["person_id"] for row in desk.rows(ProjectMember, project_id=project["id"])} == {
        desk.teachers[0], desk.extra["abroad"],
    }  # fmt: skip
    assert verify(desk.database).faults == []


def test_a_national_project_has_one_nso_and_stays_national(world: Any) -> None:
    desk = world("project_registration")
    case_id = founded(desk, desk.teachers[1])
    assert desk.case(case_id)["state"] == "waiting_nso"
    desk.fire(case_id, "approve", desk.reviewer)
    (project,) = desk.rows(Project, id=desk.case(case_id)["project_id"])
    assert (project["state"], project["national"]) == ("active", True)


def test_a_branch_keeps_what_was_asked(world: Any) -> None:
    desk = world("project_registration")
    case_id = founded(desk)
    kept = desk.rows(Decision, case_id=case_id)
    assert [row["rule_set"].partition("/")[2] for row in kept if row["purpose"] == "accept"] == [
        "founders", "national",
    ]  # fmt: skip
    (accepted,) = [event for event in desk.events(case_id) if event["trigger"] == "accept"]
    assert len(accepted["decisions"]) == 2


def test_what_cannot_be_told_leads_nowhere(world: Any) -> None:
    """A co-founder whose school nobody knows: national or not is not guessed."""
    desk = world("project_registration")
    case_id = start(
        desk, "create", desk.teachers[0], title="Rivers",
        co_founder=email(desk, desk.extra["abroad"]),
    )  # fmt: skip
    desk.fill_in(case_id)
    desk.fire(case_id, "submit", desk.teachers[0])
    with writing(desk.database) as connection:
        member = Membership.__table__  # type: ignore[attr-defined]
        connection.execute(member.delete().where(member.c.person_id == desk.extra["abroad"]))
    with pytest.raises(NotMet):
        desk.fire(case_id, "accept", desk.extra["abroad"])
    assert desk.case(case_id)["state"] == "waiting_co_founder"


@pytest.mark.parametrize(
    ("change", "unmet"),
    [
        ("unvalidated", "validated"), ("strangers", "contacts"), ("unavailable", "available"),
        ("oneself", "two people"), ("schoolless", "school"),
    ],
)  # fmt: skip
def test_who_cannot_be_co_founder(world: Any, change: str, unmet: str) -> None:
    desk = world("project_registration")
    other = desk.teachers[0] if change == "oneself" else desk.extra["abroad"]
    person = Person.__table__  # type: ignore[attr-defined]
    contact = Contact.__table__  # type: ignore[attr-defined]
    with writing(desk.database) as connection:
        if change == "schoolless":  # P1: the founder's own school
            member = Membership.__table__  # type: ignore[attr-defined]
            connection.execute(member.delete().where(member.c.person_id == desk.teachers[0]))
        if change == "strangers":
            connection.execute(contact.delete().where(contact.c.person_id == other))
        values = {"unvalidated": {"validated": False}, "unavailable": {"available": False}}
        if change in values:
            connection.execute(person.update().where(person.c.id == other).values(values[change]))
    with pytest.raises(NotMet) as refused:
        start(desk, "create", desk.teachers[0], title="Rivers", co_founder=email(desk, other))
    assert unmet in refused.value.say("en")
    assert desk.rows_of_cases() == []
    assert desk.rows(Project, title="Rivers") == []


@pytest.mark.parametrize(
    ("sent", "where"),
    [
        ({"title": "Rivers <3", "co_founder": "sint-jan.2@example.org"}, "title"),
        ({"title": "", "co_founder": "sint-jan.2@example.org"}, "title"),
        ({"title": "Rivers"}, "co_founder"),
        ({"title": "Rivers", "co_founder": "nobody@example.org"}, "co_founder"),
        ({"title": "Rivers", "co_founder": "no address"}, "co_founder"),
        # Exactly one (P2).
        ({"title": "Rivers", "co_founder": ["sint-jan.2@example.org"]}, "co_founder"),
        ({"title": "Rivers", "co_founder": "a@example.org, b@example.org"}, "co_founder"),
        ({"title": "Rivers", "co_founder": "sint-jan.2@example.org", "founder": "x"}, "founder"),
    ],
)
def test_what_cannot_be_sent_along(world: Any, sent: Row, where: str) -> None:
    desk = world("project_registration")
    with pytest.raises(BadInput) as refused:
        start(desk, "create", desk.teachers[0], **sent)
    assert [problem.where for problem in refused.value.problems] == [where]
    assert desk.rows_of_cases() == []


def test_parties_and_their_nsos_see_the_case_and_nobody_else_does(world: Any) -> None:
    desk = world("project_registration")
    case_id = founded(desk)
    seen = {}
    with reading(desk.database) as connection:
        from models.cases import Case  # noqa: PLC0415

        table = Case.__table__  # type: ignore[attr-defined]
        for name, person in {
            "founder": desk.teachers[0], "co_founder": desk.extra["abroad"],
            "founder_nso": desk.reviewer, "co_founder_nso": desk.extra["italian"],
            "newcomer": desk.extra["newcomer"],
        }.items():  # fmt: skip
            scope = scope_of(connection, person, desk.clock)
            query = sqlalchemy.select(table.c.id).where(scope.cases())
            seen[name] = case_id in connection.execute(query).scalars().all()
    assert seen == {
        "founder": True, "co_founder": True, "founder_nso": True, "co_founder_nso": True,
        "newcomer": False,
    }  # fmt: skip


def test_a_reviewer_who_founds_a_project_does_not_approve_it(world: Any) -> None:
    desk = world("project_registration")
    with writing(desk.database) as connection:
        add_grant(connection, desk.teachers[0], "nso_reviewer", "BE-VLG")
    case_id = founded(desk)
    with pytest.raises(NotAllowed) as refused:
        desk.fire(case_id, "approve_founder_side", desk.teachers[0])
    assert "linked" in refused.value.say("en")


def registered(desk: Desk, area: str = "NL") -> str:
    """A newcomer's account, waiting for the NSO of an area that answers within two days."""
    with writing(desk.database) as connection:
        school, _ = add_school(connection, "De Regenboog", country=area[:2], area=area, nql_on=None)
        desk.extra["reviewer"] = add_person(connection, "Rob Reviewer")
        add_grant(connection, desk.extra["reviewer"], "nso_reviewer", area)
        coordinator = add_person(connection, "Carla Coordinator")
        add_grant(connection, coordinator, "nso_coordinator", area)
    desk.extra["school"] = school
    return start(
        desk, "register", desk.extra["newcomer"], same_address="yes", role="teacher",
        school=school, privacy_policy="yes", code_of_conduct="yes",
    )  # fmt: skip


def due(desk: Desk, case_id: str, name: str) -> list[datetime]:
    return [row["due_at"] for row in desk.timers(case_id) if row["name"] == name]


def test_the_dutch_nso_answers_within_two_working_days(world: Any) -> None:
    desk = world("account_validation")
    case_id = registered(desk)  # Tuesday 22 November 2022, noon
    assert due(desk, case_id, "remind") == [datetime(2022, 11, 23, 8, 0, tzinfo=UTC)]
    assert due(desk, case_id, "escalate") == [datetime(2022, 11, 24, 23, 0, tzinfo=UTC)]


def test_the_clock_stands_still_while_proof_is_awaited(world: Any) -> None:
    desk = world("account_validation")
    case_id = registered(desk)
    desk.until(2022, 11, 23, 10)  # Wednesday: one working day has passed
    desk.fire(case_id, "ask_proof", desk.extra["reviewer"], what="Een attest")
    assert due(desk, case_id, "escalate") == []
    desk.until(2022, 11, 28, 10)  # Monday
    desk.add_evidence(case_id, "proof.certificate", desk.extra["newcomer"])
    desk.fire(case_id, "send_proof", desk.extra["newcomer"])
    assert due(desk, case_id, "escalate") == [datetime(2022, 11, 29, 23, 0, tzinfo=UTC)]


def test_a_country_that_has_set_nothing_has_no_deadline(world: Any) -> None:
    desk = world("account_validation")
    case_id = registered(desk, "BE-VLG")
    assert desk.timers(case_id) == []


def test_a_change_of_school_that_no_country_has_ruled_on_is_refused(world: Any) -> None:
    desk = world("account_validation")
    case_id = registered(desk)
    desk.fire(case_id, "validate", desk.extra["reviewer"])
    for trigger in ("change_school", "change_school_and_wait"):
        with pytest.raises(NotMet) as refused:
            desk.fire(case_id, trigger, desk.extra["newcomer"], school=desk.school)
        assert "does not say" in refused.value.say("en")
    assert desk.case(case_id)["organisation_id"] == desk.extra["school"]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"role": "pupil"}, NotMet), ({"role": "company_staff"}, NotMet),
        ({"role": "teacher_training"}, NotMet), ({"role": "dragon"}, BadInput),
        ({"code_of_conduct": "no"}, BadInput),
        ({"privacy_policy": "no"}, BadInput), ({"same_address": "no"}, BadInput),
        ({"school": "nowhere"}, BadInput), ({"school": None}, BadInput),
    ],
)  # fmt: skip
def test_who_cannot_register(world: Any, sent: Row, code: type[Exception]) -> None:
    desk = world("account_validation")
    payload = {
        "same_address": "yes", "role": "teacher", "school": desk.school, "privacy_policy": "yes",
        "code_of_conduct": "yes", **sent,
    }  # fmt: skip
    with pytest.raises(code):
        start(desk, "register", desk.extra["newcomer"], **payload)
    assert desk.rows_of_cases() == []
    assert desk.rows(Membership, person_id=desk.extra["newcomer"]) == []


def test_one_account_at_a_time(world: Any) -> None:
    desk = world("account_validation")
    case_id = registered(desk)
    payload = {
        "same_address": "yes", "role": "teacher", "school": desk.school, "privacy_policy": "yes",
        "code_of_conduct": "yes",
    }  # fmt: skip
    with pytest.raises(Conflict):
        start(desk, "register", desk.extra["newcomer"], **payload)
    desk.fire(case_id, "refuse", desk.extra["reviewer"], reason="Onbekend op school.")
    start(desk, "register", desk.extra["newcomer"], **payload)


def test_a_deleted_account_leaves_nobody_behind(world: Any) -> None:
    desk = world("account_validation")
    case_id = registered(desk)
    desk.fire(case_id, "ask_deletion", desk.extra["newcomer"], sure="yes")
    desk.fire(case_id, "delete", desk.extra["reviewer"])
    (person,) = desk.rows(Person, id=desk.extra["newcomer"])
    assert (person["name"], person["validated"]) == ("–", False)
    assert person["email"].endswith("@deleted.invalid")
    assert [row["last_day"] is None for row in desk.rows(Membership, person_id=person["id"])] == [
        False
    ]
    # The last mail still has its address: it has yet to go out.
    (mail,) = desk.mails(template="account_validation/deleted")
    assert mail["to_address"] == "nieuw@example.org"
    assert verify(desk.database).faults == []


def test_colleagues_do_not_see_an_account(world: Any) -> None:
    desk = world("account_validation")
    case_id = registered(desk)
    (member, *_rest) = [
        row
        for row in desk.rows(Membership, organisation_id=desk.extra["school"])
        if row["person_id"] != desk.extra["newcomer"]
    ]
    with reading(desk.database) as connection:
        from models.cases import Case  # noqa: PLC0415

        table = Case.__table__  # type: ignore[attr-defined]
        seen = {
            person: bool(
                connection.execute(
                    sqlalchemy.select(table.c.id).where(
                        scope_of(connection, person, desk.clock).cases(), table.c.id == case_id
                    )
                ).first()
            )
            for person in (member["person_id"], desk.extra["newcomer"], desk.extra["reviewer"])
        }
    assert list(seen.values()) == [False, True, True]


SCHOOL = {
    "area": "BE-VLG", "legal_name": "VZW De Duinen", "public_name": "De Duinen",
    "place": "Koksijde", "principal_name": "Mia Maes", "principal_email": "Mia@duinen.example.org",
}  # fmt: skip


def test_a_principal_is_told_once_and_the_log_does_not_know_her(world: Any) -> None:
    desk = world("school_registration")
    case_id = start(desk, "request", desk.extra["newcomer"], **SCHOOL)
    (mail,) = desk.mails(template="school_registration/principal_notice")
    assert (mail["to_address"], mail["to_name"], mail["person_id"]) == (
        "mia@duinen.example.org", "Mia Maes", None,
    )  # fmt: skip
    (event,) = desk.events(case_id)
    assert sorted(event["payload"]) == ["area", "legal_name", "place", "public_name"]
    assert "Mia" not in str(desk.mails(template="school_registration/to_validate"))
    (school,) = desk.rows(Organisation, name="De Duinen")
    assert (school["validated"], school["principal_name"]) == (False, "Mia Maes")
    desk.fire(case_id, "validate", desk.reviewer)
    (school,) = desk.rows(Organisation, name="De Duinen")
    assert school["validated"] is True


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"public_name": "SINT-JAN", "place": ""}, BadInput),
        ({"area": "XX"}, BadInput), ({"principal_email": "mia"}, BadInput),
        ({"legal_name": " "}, BadInput), ({"principal_name": None}, BadInput),
        ({"public_name": "x" * 201}, BadInput), ({"accreditation": "KA1"}, BadInput),
        ({"validated": "yes"}, BadInput),
    ],
)  # fmt: skip
def test_what_is_no_school(world: Any, sent: Row, code: type[Exception]) -> None:
    """2.3: the principal's details are required; nobody accredits or validates her own school."""
    desk = world("school_registration")
    with pytest.raises(code):
        start(desk, "request", desk.extra["newcomer"], **{**SCHOOL, **sent})
    assert desk.rows(Organisation, name="De Duinen") == []
    assert desk.mails() == []


def test_a_school_that_is_there_is_not_registered_again(world: Any) -> None:
    desk = world("school_registration")
    start(desk, "request", desk.extra["newcomer"], **SCHOOL)
    with pytest.raises(NotMet):
        start(
            desk, "request", desk.extra["newcomer"],
            **{**SCHOOL, "public_name": "de  DUINEN", "place": "koksijde"},
        )  # fmt: skip


def test_a_group_is_for_the_css_alone(world: Any) -> None:
    desk = world("group_creation")
    case_id = start(desk, "create", desk.teachers[0], checked="yes")
    desk.fill_in(case_id)
    desk.fire(case_id, "submit", desk.teachers[0])
    for person in (desk.reviewer, desk.coordinator, desk.teachers[0]):
        with pytest.raises(NotAllowed):
            desk.fire(case_id, "approve", person)
    desk.fire(case_id, "approve", desk.css)
    (mail,) = desk.mails(template="group_creation/approved")
    assert mail["context"]["subject"]["name"] == "Wij werken hier samen verder aan."


def doubled(desk: Desk) -> str:
    """A second account of the desk's first teacher, validated and of the same school."""
    (old,) = desk.rows(Person, id=desk.teachers[0])
    with writing(desk.database) as connection:
        add(connection, Activity(person_id=old["id"], kind="webinar", on_day=date(2022, 11, 1)))
        new = add_person(
            connection, old["name"], email="sint-jan.1+new@example.org",
            created_at=desk.clock.now(),
        )  # fmt: skip
        connection.execute(
            Membership.__table__.insert(),  # type: ignore[attr-defined]
            Membership(
                organisation_id=desk.school, person_id=new, first_day=desk.clock.now().date()
            ).model_dump(),
        )
    return new


def test_two_accounts_are_found_and_the_holder_knows_what_she_loses(world: Any) -> None:
    desk = world("duplicate_account")
    new = doubled(desk)
    desk.until(2022, 12, 1, 8)
    (case,) = [row for row in desk.rows_of_cases() if row["person_id"] == new]
    (party,) = desk.rows_of(CaseParty, case_id=case["id"])
    assert (party["party"], party["person_id"]) == ("old", desk.teachers[0])
    engine: Engine = desk.engine
    with reading(desk.database) as connection:
        keeps_new = foresight.consequences(connection, engine.tools, dict(case), "keep_new", new)
        keeps_old = foresight.consequences(connection, engine.tools, dict(case), "keep_old", new)
    lost = " ".join(one.say("nl") for one in keeps_new)
    assert "Sint-Jan abroad" in lost
    assert "NQL" in lost
    assert "1 leerkrachten waren" in lost
    assert "zonder dit account 0" in lost
    assert [one.say("en") for one in keeps_old] == [
        "No project, label or condition of a school hangs on this account."
    ]
    with pytest.raises(BadInput):
        desk.fire(case["id"], "keep_old", new)
    desk.fire(case["id"], "keep_old", desk.teachers[0], sure="yes")
    with pytest.raises(NotAllowed):
        desk.fire(case["id"], "delete_new", new)
    desk.fire(case["id"], "delete_new", desk.reviewer)
    kept = {row["id"]: row["name"] for row in desk.rows(Person)}
    assert (kept[new], kept[desk.teachers[0]]) == ("–", "Sint-Jan 1")
    assert len(desk.rows(Label, person_id=desk.teachers[0])) == 1
    assert verify(desk.database).faults == []


def test_the_nso_reports_two_accounts_and_carries_out_what_the_holder_chose(world: Any) -> None:
    desk = world("duplicate_account")
    new = doubled(desk)
    old = desk.teachers[0]
    with pytest.raises(NotMet):
        start(desk, "report", desk.reviewer, person_id=new, old=email(desk, desk.teachers[1]))
    with pytest.raises(BadInput):
        start(desk, "report", desk.reviewer, person_id=new)
    with pytest.raises(NotAllowed):
        start(desk, "report", desk.teachers[1], person_id=new, old=email(desk, old))
    case_id = start(desk, "report", desk.reviewer, person_id=new, old=email(desk, old))
    # Nobody chooses in her place, and nothing is deleted before she has.
    for trigger in ("keep_old", "keep_new"):
        with pytest.raises(NotAllowed):
            desk.fire(case_id, trigger, desk.reviewer, sure="yes")
    for trigger in ("delete_old", "delete_new"):
        with pytest.raises((NotPossible, Conflict)):
            desk.fire(case_id, trigger, desk.reviewer)
    desk.fire(case_id, "keep_old", new, sure="yes")
    desk.fire(case_id, "choose_again", old)
    desk.fire(case_id, "keep_new", old, sure="yes")
    assert desk.mails(template="duplicate_account/chosen")[-1]["context"]["case"]["state"] == (
        desk.published.process.states["keeping_new"].to_school
    )
    with pytest.raises((NotPossible, Conflict)):
        desk.fire(case_id, "delete_new", desk.reviewer)
    desk.fire(case_id, "delete_old", desk.coordinator)
    kept = {row["id"]: row["name"] for row in desk.rows(Person)}
    assert (kept[old], kept[new]) == ("–", "Sint-Jan 1")
    (mail,) = desk.mails(template="duplicate_account/done")
    assert mail["person_id"] == new


def test_two_people_are_not_one(world: Any) -> None:
    desk = world("duplicate_account")
    with pytest.raises(NotMet):
        start(desk, "report_own", desk.teachers[1], old=email(desk, desk.teachers[0]))
    sweep(desk.engine)
    assert desk.rows_of_cases() == []
    assert [row["key"] for row in desk.rows(Timer)] == ["start:duplicate_account:found:2022"]


def test_every_process_here_is_one_of_the_installation() -> None:
    used = {"project_registration", "account_validation", "school_registration", "group_creation"}
    assert used <= {Path(path).stem for path in FOLDER.glob("*.yaml")}
