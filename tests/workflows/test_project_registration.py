"""Registering a project: every step and every bad input of the sources' table (P1 to P9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
import sqlalchemy

from base.clock import VirtualClock
from base.errors import BadInput, Conflict, NotAllowed, NotMet, NotPossible
from models.database import reading, writing
from models.registry import Organisation, Person, Project, ProjectFounder, ProjectMember
from rules.facts import Subject
from rules.judge import Judge
from rules.project_facts import national_project
from tests.builders import Desk, add, add_member, add_school
from tests.workflows.registrations import (
    Settings,
    email,
    founded,
    invited,
    open_desk,
    project,
    running,
    start,
    written_to,
)
from workflows.answers import save_answers
from workflows.answers_store import answers_of

Opens = Callable[..., Desk]
STATES_BEFORE_APPROVAL = [
    "draft", "waiting_co_founder", "waiting_nsos", "waiting_founder_nso",
    "waiting_co_founder_nso", "waiting_nso",
]  # fmt: skip


@pytest.fixture
def opens(sqlite_engine: sqlalchemy.Engine, clock: VirtualClock, judge: Judge) -> Opens:
    """Opens a desk with what countries have set."""

    def opened(settings: Settings | None = None) -> Desk:
        return open_desk("project_registration", sqlite_engine, clock, judge, settings)

    return opened


def in_state(desk: Desk, state: str) -> str:
    """A project that has come to a state before its approval."""
    if state == "draft":
        other = email(desk, desk.extra["abroad"])
        return start(desk, "create", desk.teachers[0], title="Rivers", co_founder=other)
    if state == "waiting_co_founder":
        return invited(desk)
    if state == "waiting_nso":
        return founded(desk, desk.teachers[1])
    case_id = founded(desk)
    if state == "waiting_co_founder_nso":
        desk.fire(case_id, "approve_founder_side", desk.reviewer)
    elif state == "waiting_founder_nso":
        desk.fire(case_id, "approve_co_founder_side", desk.extra["italian"])
    return case_id


@pytest.mark.parametrize(
    "field", ["title", "description", "aims", "work_process", "results"]
)  # SEED-004:541-585: everything with an asterisk
def test_what_has_an_asterisk_has_to_be_filled_in(opens: Opens, field: str) -> None:
    desk = opens()
    case_id = in_state(desk, "draft")
    desk.fill_in(case_id, leave_out=(f"project.{field}",))
    # The title was given at the start, and can be taken away again.
    save_answers(
        desk.database, desk.engine.tools, case_id, {f"project.{field}": None}, desk.teachers[0]
    )
    with pytest.raises(NotMet):
        desk.fire(case_id, "submit", desk.teachers[0])
    assert desk.case(case_id)["state"] == "draft"
    assert desk.mails() == []


@pytest.mark.parametrize("symbol", list("<>*"))
def test_a_title_has_no_symbols(opens: Opens, symbol: str) -> None:
    desk = opens()
    case_id = in_state(desk, "draft")
    with pytest.raises(BadInput) as refused:
        save_answers(
            desk.database, desk.engine.tools, case_id, {"project.title": f"Rivers {symbol}"},
            desk.teachers[0],
        )  # fmt: skip
    assert symbol in refused.value.problems[0].say("en")


def test_who_is_not_validated_founds_nothing(opens: Opens) -> None:
    desk = opens()
    other = email(desk, desk.extra["abroad"])
    with pytest.raises(NotAllowed):
        start(desk, "create", desk.extra["newcomer"], title="Rivers", co_founder=other)
    assert desk.rows(Project, title="Rivers") == []


def test_a_co_founder_without_an_account_any_more_cannot_accept(opens: Opens) -> None:
    """While an account is pending, its holder may be invited but not join (etwinning.es)."""
    desk = opens()
    case_id = invited(desk)
    person = Person.__table__  # type: ignore[attr-defined]
    with writing(desk.database) as connection:
        connection.execute(
            person.update().where(person.c.id == desk.extra["abroad"]).values(validated=False)
        )
    with pytest.raises(NotAllowed):
        desk.fire(case_id, "accept", desk.extra["abroad"])
    assert desk.rows(ProjectFounder, project_id=project(desk, case_id)["id"]) == []


def test_the_nsos_are_told_when_the_co_founder_has_accepted(opens: Opens) -> None:
    desk = opens()
    case_id = invited(desk)
    assert written_to(desk, "invited") == {desk.extra["abroad"]}
    assert written_to(desk, "to_validate") | written_to(desk, "to_validate_partner") == set()
    desk.fire(case_id, "accept", desk.extra["abroad"])
    assert written_to(desk, "to_validate") == {desk.reviewer, desk.colleague}
    assert written_to(desk, "to_validate_partner") == {desk.extra["italian"]}
    assert written_to(desk, "accepted") == {desk.teachers[0]}


def test_a_co_founder_who_declines_ends_it(opens: Opens) -> None:
    desk = opens()
    case_id = invited(desk)
    for wrong in (desk.teachers[0], desk.reviewer, desk.teachers[1]):
        with pytest.raises(NotAllowed):
            desk.fire(case_id, "decline", wrong)
    desk.fire(case_id, "decline", desk.extra["abroad"], reason="Geen tijd.")
    assert desk.case(case_id)["state"] == "declined"
    assert written_to(desk, "declined") == {desk.teachers[0]}
    assert project(desk, case_id)["state"] == "pending"


@pytest.mark.parametrize(
    ("state", "trigger", "by"),
    [
        ("waiting_nsos", "refuse", "reviewer"),
        ("waiting_nsos", "refuse_partner", "italian"),
        ("waiting_founder_nso", "refuse", "reviewer"),
        ("waiting_co_founder_nso", "refuse_partner", "italian"),
        ("waiting_nso", "refuse", "reviewer"),
    ],
)
def test_one_nso_that_refuses_is_enough(opens: Opens, state: str, trigger: str, by: str) -> None:
    desk = opens()
    case_id = in_state(desk, state)
    person = desk.reviewer if by == "reviewer" else desk.extra[by]
    with pytest.raises(BadInput):
        desk.fire(case_id, trigger, person)
    desk.fire(case_id, trigger, person, reason="Er ontbreekt een werkplan.")
    assert desk.case(case_id)["state"] == "refused"
    co_founder = desk.teachers[1] if state == "waiting_nso" else desk.extra["abroad"]
    assert written_to(desk, "refused") == {desk.teachers[0]}
    assert written_to(desk, "refused_partner") == {co_founder}
    made = project(desk, case_id)
    assert (made["state"], made["twinspace"]) == ("pending", "none")


@pytest.mark.parametrize("state", STATES_BEFORE_APPROVAL)
def test_a_pending_project_is_changed_and_deleted_by_its_founder(opens: Opens, state: str) -> None:
    desk = opens()
    case_id = in_state(desk, state)
    save_answers(
        desk.database, desk.engine.tools, case_id, {"project.aims": "Water meten"},
        desk.teachers[0],
    )  # fmt: skip
    for wrong in (desk.extra["abroad"], desk.reviewer, desk.teachers[2]):
        with pytest.raises(NotAllowed):
            desk.fire(case_id, "delete", wrong)
    desk.fire(case_id, "delete", desk.teachers[0])
    assert desk.case(case_id)["state"] == "deleted"
    made = project(desk, case_id)
    assert (made["state"], made["twinspace"]) == ("deleted", "none")
    with pytest.raises((Conflict, NotPossible)):
        desk.fire(case_id, "approve", desk.reviewer)


def test_a_running_project_is_not_deleted(opens: Opens) -> None:
    desk = opens()
    case_id = running(desk)
    with pytest.raises(Conflict):
        desk.fire(case_id, "delete", desk.teachers[0])
    assert project(desk, case_id)["state"] == "active"


def test_the_title_is_asked_once(opens: Opens) -> None:
    """What was said at the start is the form's answer, which its founder can still change."""
    desk = opens()
    case_id = in_state(desk, "draft")
    with reading(desk.database) as connection:
        assert answers_of(connection, case_id) == {"project.title": "Rivers"}
    desk.fill_in(case_id, leave_out=("project.title",))
    desk.fire(case_id, "submit", desk.teachers[0])
    (event,) = [row for row in desk.events(case_id) if row["trigger"] == "submit"]
    assert event["payload"]["form"]["answers"]["project.title"] == "Rivers"


def test_the_title_the_founder_writes_is_the_projects(opens: Opens) -> None:
    """Title and description stay editable, also after the approval (SEED-004:756-761)."""
    desk = opens()
    case_id = running(desk)
    assert project(desk, case_id)["title"] == "Wij werken hier samen verder aan."
    save_answers(
        desk.database, desk.engine.tools, case_id, {"project.title": "Rivers 2023"},
        desk.teachers[0],
    )  # fmt: skip
    desk.fire(case_id, "close", desk.teachers[0])
    assert project(desk, case_id)["title"] == "Rivers 2023"
    assert "Rivers 2023" in str(desk.mails(template="project_registration/closed")[0]["context"])


@pytest.mark.parametrize("founder", ["teacher", "abroad"])
def test_either_founder_closes_it_and_the_twinspace_with_it(opens: Opens, founder: str) -> None:
    desk = opens()
    case_id = running(desk)
    person = desk.teachers[0] if founder == "teacher" else desk.extra["abroad"]
    for wrong in (desk.teachers[1], desk.reviewer):
        with pytest.raises(NotAllowed):
            desk.fire(case_id, "close", wrong)
    desk.fire(case_id, "close", person)
    made = project(desk, case_id)
    assert (made["state"], made["twinspace"]) == ("closed", "closed")
    assert written_to(desk, "closed") == {desk.teachers[0], desk.extra["abroad"]}


def test_nobody_reopens_where_the_country_has_not_said_how(opens: Opens) -> None:
    desk = opens()
    case_id = running(desk)
    desk.fire(case_id, "close", desk.teachers[0])
    for trigger in ("reopen", "ask_reopening"):
        with pytest.raises(NotMet) as refused:
            desk.fire(case_id, trigger, desk.teachers[0])
        assert "the round does not say" in refused.value.say("en")


def test_a_project_is_reopened_by_either_founder_where_no_nso_has_to_agree(opens: Opens) -> None:
    desk = opens({"since_2022": {"BE-VLG": {"reopening_needs_approval": False}}})
    case_id = running(desk)
    desk.fire(case_id, "close", desk.teachers[0])
    with pytest.raises(NotMet):
        desk.fire(case_id, "ask_reopening", desk.teachers[0])
    desk.fire(case_id, "reopen", desk.extra["abroad"])
    made = project(desk, case_id)
    assert (desk.case(case_id)["state"], made["state"], made["twinspace"]) == (
        "active", "active", "open",
    )  # fmt: skip
    assert written_to(desk, "reopened") == {desk.teachers[0], desk.extra["abroad"]}


@pytest.mark.parametrize(("answer", "state"), [("agree", "active"), ("keep_closed", "closed")])
def test_a_project_is_reopened_when_the_nso_agrees(opens: Opens, answer: str, state: str) -> None:
    desk = opens({"since_2022": {"BE-VLG": {"reopening_needs_approval": True}}})
    case_id = running(desk)
    desk.fire(case_id, "close", desk.teachers[0])
    with pytest.raises(NotMet):
        desk.fire(case_id, "reopen", desk.teachers[0])
    desk.fire(case_id, "ask_reopening", desk.extra["abroad"])
    with pytest.raises(NotAllowed):
        desk.fire(case_id, answer, desk.extra["abroad"], **_reason(answer))
    desk.fire(case_id, answer, desk.reviewer, **_reason(answer))
    assert (desk.case(case_id)["state"], project(desk, case_id)["state"]) == (state, state)
    told = "reopened" if answer == "agree" else "kept_closed"
    assert written_to(desk, told) == {desk.teachers[0], desk.extra["abroad"]}


def _reason(answer: str) -> dict[str, str]:
    return {"reason": "Het schooljaar is voorbij."} if answer == "keep_closed" else {}


def test_nothing_changes_the_founders_after_the_start(opens: Opens) -> None:
    """SEED-004:829."""
    process = opens().published.process
    changing = [
        name
        for name, step in process.transitions.items()
        if step.becomes or any(ask.becomes for ask in step.asks)
    ]
    assert changing == []


def test_a_founder_who_changes_school_stays_founder_for_the_school_of_then(opens: Opens) -> None:
    desk = opens()
    case_id = founded(desk)
    with writing(desk.database) as connection:
        school, _teachers = add_school(connection, "Liceo", country="IT", area="IT", nql_on=None)
        add_member(connection, school, desk.teachers[0], first_day=date(2022, 11, 22))
    desk.fire(case_id, "approve_founder_side", desk.reviewer)
    rows = desk.rows(ProjectMember, project_id=project(desk, case_id)["id"])
    assert desk.school in {row["organisation_id"] for row in rows}


def test_the_nso_is_reminded_and_its_coordinator_told(opens: Opens) -> None:
    desk = opens({"since_2022": {"BE-VLG": {"approve_within_days": 5}}})
    founded(desk, desk.teachers[1])  # Tuesday 22 November 2022: five working days end on the 29th
    desk.until(2022, 11, 28, 12)
    assert written_to(desk, "nso_reminder") == {desk.reviewer, desk.colleague}
    assert written_to(desk, "escalation") == set()
    desk.until(2022, 11, 29, 23, 30)
    assert written_to(desk, "escalation") == {desk.coordinator}


def test_where_no_country_has_set_a_time_nobody_is_late(opens: Opens) -> None:
    desk = opens()
    founded(desk)
    desk.until(2023, 2, 22, 12)
    assert written_to(desk, "nso_reminder") | written_to(desk, "escalation") == set()


def test_a_co_founder_who_says_nothing_is_reminded(opens: Opens) -> None:
    desk = opens()
    invited(desk)
    desk.until(2022, 11, 29, 23)
    assert written_to(desk, "invited_reminder") == {desk.extra["abroad"]}


def national(desk: Desk, case_id: str) -> bool:
    """What the rules of the labels are told of a project."""
    case = desk.case(case_id)
    subject = Subject(key="it", project_id=case["project_id"], area=case["area"], zone=case["zone"])
    with reading(desk.database) as connection:
        return bool(national_project(connection, [subject], {}, desk.clock.now())["it"])


@pytest.mark.parametrize(
    ("created", "stays"),
    [(datetime(2022, 8, 31, 12, tzinfo=UTC), False), (datetime(2022, 9, 1, 12, tzinfo=UTC), True)],
)
def test_a_partner_from_abroad_made_a_project_european_until_2022(
    engine: sqlalchemy.Engine, judge: Judge, created: datetime, stays: bool
) -> None:
    """C15."""
    desk = open_desk("project_registration", engine, VirtualClock(created), judge)
    case_id = founded(desk, desk.teachers[1])
    desk.fire(case_id, "approve", desk.reviewer)
    (italy,) = desk.rows(Organisation, country="IT")
    for person, school, still in (
        (desk.teachers[2], desk.school, True), (desk.extra["abroad"], italy["id"], stays),
    ):  # fmt: skip
        made = desk.case(case_id)["project_id"]
        with writing(desk.database) as connection:
            add(
                connection,
                ProjectMember(project_id=made, person_id=person, organisation_id=school),
            )
        assert national(desk, case_id) is still
