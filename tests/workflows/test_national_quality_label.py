"""The National Quality Label: who may apply, for what, how often, and what a label needs.

Every condition of the sources has a case that meets it and one that just does not (5.2 to 5.4 of
the sources' facts), on both databases.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy

from base.clock import VirtualClock
from base.errors import BadInput, Conflict, NotAllowed, NotMet
from models.database import reading, writing
from models.registry import Label, Person, Project, ProjectMember
from rules.judge import Judge
from tests.builders import Desk, add, add_grant, add_member
from tests.documents.papers import text_of
from tests.workflows.quality_labels import (
    NUMBERS,
    POINTS,
    Settings,
    add_project,
    add_school_of,
    change,
    drafted,
    name_of,
    open_desk,
    start,
    submitted,
    teacher_at,
)
from workflows import papers
from workflows.answers import save_answers
from workflows.verifying import verify

ROUND = "2022-2023"
REASONS = {"technology": "Show how you handled copyright."}
CONDITIONS = ("shared_plan", "finished", "contributed", "collaborative", "protected")
CRITERIA = ("collaboration", "technology", "pedagogy", "curriculum", "results")


@pytest.fixture
def opened(engine: sqlalchemy.Engine, clock: VirtualClock, judge: Judge) -> Any:
    """Opens a desk where Flanders has set its numbers, with changes; other areas by name."""

    def open_it(flanders: dict[str, Any] | None = None, **areas: dict[str, Any]) -> Desk:
        there: dict[str, dict[str, Any]] = {"BE-VLG": {**NUMBERS, **(flanders or {})}, **areas}
        settings: Settings = {ROUND: there, "2023-2024": areas}
        desk = open_desk("national_quality_label", engine, clock, judge, settings)
        desk.extra["project"] = add_project(
            desk, "Rivers", [desk.teachers[0], desk.extra["italian"]], [desk.teachers[1]]
        )
        return desk

    return open_it


def refused(desk: Desk, case_id: str, trigger: str, by: str, **sent: Any) -> str:
    """Why a step is refused; it changes nothing."""
    before = desk.case(case_id)
    with pytest.raises(NotMet) as error:
        desk.fire(case_id, trigger, by, **sent)
    assert desk.case(case_id) == before
    return error.value.say("en")


def projects(desk: Desk, count: int) -> list[str]:
    return [
        add_project(desk, f"Project {number}", [desk.teachers[0], desk.extra["italian"]])
        for number in range(1, count + 1)
    ]


# Who, and for which project


def test_a_label_is_personal_and_has_a_certificate(opened: Any) -> None:
    desk = opened()
    case_id = submitted(desk, desk.extra["project"], desk.teachers[0])
    assert desk.case(case_id)["state"] == "submitted"
    desk.fire(case_id, "grant", desk.reviewer, **{**POINTS, "score_results": 5}, remarks="Mooi.")
    (label,) = desk.rows(Label, case_id=case_id)
    assert {
        name: label[name]
        for name in ("kind", "person_id", "project_id", "school_at_grant_id", "score")
    } == {
        "kind": "NQL", "person_id": desk.teachers[0], "project_id": desk.extra["project"],
        "school_at_grant_id": desk.school, "score": 1700,
    }  # fmt: skip
    assert (label["granted_on"], label["organisation_id"], label["valid_until"]) == (
        date(2022, 11, 22), None, None,
    )  # fmt: skip
    (mail,) = desk.mails(template="national_quality_label/granted")
    assert mail["person_id"] == desk.teachers[0]
    assert mail["context"]["label"]["certificate_url"].endswith(f"{label['id']}/certificate.pdf")
    with reading(desk.database) as connection:
        text = text_of(papers.certificate(connection, desk.engine.tools, label["id"], "nl"))
        whole = text_of(papers.application(connection, desk.engine.tools, desk.case(case_id), "en"))
    assert "toegekend aan Sint-Jan 1 Sint-Jan" in text
    assert "voor het project “Rivers”" in text
    assert "Project Rivers Person Sint-Jan 1 School Sint-Jan" in whole
    assert verify(desk.database).faults == []


def test_colleagues_and_partners_each_apply_for_their_own(opened: Any) -> None:
    desk = opened(IT=NUMBERS)
    for person in (*desk.teachers[:2], desk.extra["italian"]):
        submitted(desk, desk.extra["project"], person)
    assert {(row["person_id"], row["area"]) for row in desk.rows_of_cases()} == {
        (desk.teachers[0], "BE-VLG"), (desk.teachers[1], "BE-VLG"), (desk.extra["italian"], "IT"),
    }  # fmt: skip


def test_nobody_applies_twice_at_a_time_for_one_project(opened: Any) -> None:
    desk = opened()
    start(desk, "apply", desk.teachers[0], project=desk.extra["project"])
    with pytest.raises(Conflict):
        start(desk, "apply", desk.teachers[0], project=desk.extra["project"])


def cannot_apply(desk: Desk, project: str, by: str) -> str:
    with pytest.raises(NotMet) as error:
        start(desk, "apply", by, project=project)
    assert desk.rows_of_cases() == []
    return error.value.say("en")


def test_a_national_project_earns_no_label_whoever_joins_it(opened: Any) -> None:
    desk = opened()
    national = add_project(desk, "Home", desk.teachers[:2], [desk.extra["italian"]])
    assert "two countries" in cannot_apply(desk, national, desk.teachers[0])
    assert "two countries" in cannot_apply(desk, national, desk.extra["italian"])


def test_what_was_founded_as_national_stays_so(opened: Any) -> None:
    desk = opened()
    change(desk, Project, desk.extra["project"], national=True)
    assert "two countries" in cannot_apply(desk, desk.extra["project"], desk.teachers[0])


def test_who_does_not_take_part_does_not_apply(opened: Any) -> None:
    desk = opened()
    assert "take part" in cannot_apply(desk, desk.extra["project"], desk.teachers[2])


def test_a_founder_takes_part_whatever_the_list_of_members_says(opened: Any) -> None:
    desk = opened()
    table = ProjectMember.__table__  # type: ignore[attr-defined]
    with writing(desk.database) as connection:
        connection.execute(table.delete())
    start(desk, "apply", desk.teachers[0], project=desk.extra["project"])
    with pytest.raises(NotMet):
        start(desk, "apply", desk.teachers[1], project=desk.extra["project"])


def test_a_project_that_was_not_approved_earns_no_label(opened: Any) -> None:
    desk = opened()
    for state in ("pending", "deleted"):
        change(desk, Project, desk.extra["project"], state=state)
        assert "was approved" in cannot_apply(desk, desk.extra["project"], desk.teachers[0])


def test_a_closed_project_can_be_judged(opened: Any) -> None:
    desk = opened()
    change(desk, Project, desk.extra["project"], state="closed")
    assert desk.case(submitted(desk, desk.extra["project"], desk.teachers[0]))["is_open"]


def test_an_account_has_to_be_validated_to_apply_and_to_submit(opened: Any) -> None:
    desk = opened()
    change(desk, Person, desk.teachers[1], validated=False)
    with pytest.raises(NotAllowed):
        start(desk, "apply", desk.teachers[1], project=desk.extra["project"])
    case_id = drafted(desk, desk.extra["project"], desk.teachers[0])
    change(desk, Person, desk.teachers[0], validated=False)
    with pytest.raises(NotAllowed):
        desk.fire(case_id, "submit", desk.teachers[0])


def test_a_project_is_named_by_its_id(opened: Any) -> None:
    desk = opened()
    for project in (None, "", "nowhere", 7, "x" * 300):
        with pytest.raises(BadInput) as error:
            start(desk, "apply", desk.teachers[0], project=project)
        assert [problem.where for problem in error.value.problems] == ["project"]
    assert desk.rows_of_cases() == []


# What has to be in it


def test_each_of_the_five_conditions_has_to_be_yes(opened: Any) -> None:
    desk = opened()
    case_id = drafted(desk, desk.extra["project"], desk.teachers[0])

    def answer(condition: str, value: str | None) -> None:
        answers = {f"conditions.{condition}": value}
        save_answers(desk.database, desk.engine.tools, case_id, answers, desk.teachers[0])

    for condition in CONDITIONS:
        for value in ("no", None):
            answer(condition, value)
            assert "five conditions" in refused(desk, case_id, "submit", desk.teachers[0])
        answer(condition, "yes")
    desk.fire(case_id, "submit", desk.teachers[0])


def test_each_of_the_five_criteria_is_described(opened: Any) -> None:
    desk = opened()
    missing = [f"{criterion}.description" for criterion in CRITERIA]
    case_id = drafted(desk, desk.extra["project"], desk.teachers[0], leave_out=tuple(missing))
    while missing:
        with pytest.raises(NotMet) as error:
            desk.fire(case_id, "submit", desk.teachers[0])
        assert [problem.where for problem in error.value.problems] == missing
        answers = {missing.pop(0): "We worked together."}
        save_answers(desk.database, desk.engine.tools, case_id, answers, desk.teachers[0])
    desk.fire(case_id, "submit", desk.teachers[0])


# When


def test_the_last_day_of_the_applications_counts(opened: Any) -> None:
    desk = opened(
        {
            "any_time": False,
            "applications": {"opens": date(2022, 9, 1), "closes": date(2022, 11, 30)},
        }
    )
    one, other = (drafted(desk, desk.extra["project"], person) for person in desk.teachers[:2])
    desk.until(2022, 11, 30, 22, 59)
    desk.fire(one, "submit", desk.teachers[0])
    desk.until(2022, 11, 30, 23, 0)  # 24:00 in Brussels
    assert "30 November 2022" in refused(desk, other, "submit", desk.teachers[1])
    reminded = desk.mails(template="national_quality_label/draft_reminder")
    assert {mail["person_id"] for mail in reminded} == {desk.teachers[1], desk.teachers[0]}


def test_where_nobody_has_set_when_to_apply_nothing_is_submitted(opened: Any) -> None:
    desk = opened()
    case_id = drafted(desk, desk.extra["project"], desk.extra["italian"])
    said = refused(desk, case_id, "submit", desk.extra["italian"])
    assert said.count("the round does not say") == 3  # school year, applications, the four
    desk.fire(case_id, "withdraw", desk.extra["italian"])


def test_a_draft_of_last_school_year_is_begun_anew(opened: Any) -> None:
    desk = opened(PL={"any_time": True})
    project = add_project(desk, "Sea", [desk.extra["polish"], desk.teachers[0]])
    case_id = drafted(desk, project, desk.extra["polish"])
    desk.clock.move_to(datetime(2023, 7, 31, 22, 0, tzinfo=UTC))  # 24:00 in Warsaw
    assert "this school year" in refused(desk, case_id, "submit", desk.extra["polish"])
    desk.fire(case_id, "withdraw", desk.extra["polish"])
    again = start(desk, "apply", desk.extra["polish"], project=project)
    assert desk.case(again)["round"] == "2023-2024"


# How many (C17)


def test_a_fifth_is_refused_where_the_nso_refuses_it(opened: Any) -> None:
    desk = opened({"further_ignored": False})
    *four, fifth = projects(desk, 5)
    for project in four:
        submitted(desk, project, desk.teachers[0])
    case_id = drafted(desk, fifth, desk.teachers[0])
    assert "fewer than 4" in refused(desk, case_id, "submit", desk.teachers[0])
    # Of another teacher it is the first.
    submitted(desk, desk.extra["project"], desk.teachers[1])


def test_a_fifth_is_taken_and_not_judged_where_the_nso_ignores_it(opened: Any) -> None:
    desk = opened({"further_ignored": True, "withdrawn_count": True})
    *four, fifth, sixth = projects(desk, 6)
    kept = [submitted(desk, project, desk.teachers[0]) for project in four]
    more = [submitted(desk, project, desk.teachers[0]) for project in (fifth, sixth)]
    assert {desk.case(case_id)["state"] for case_id in kept} == {"submitted"}
    assert {desk.case(case_id)["state"] for case_id in more} == {"not_considered"}
    mails = desk.mails(template="national_quality_label/submitted")
    said = {mail["case_id"]: mail["context"]["case"]["state"]["en"] for mail in mails}
    assert "not judged" in said[more[0]]
    assert "not judged" not in said[kept[0]]


def test_a_fifth_waits_for_a_rule_where_nobody_has_set_one_and_a_fourth_does_not(
    opened: Any,
) -> None:
    desk = opened()
    *four, fifth = projects(desk, 5)
    for project in four:
        submitted(desk, project, desk.teachers[0])
    case_id = drafted(desk, fifth, desk.teachers[0])
    assert "the round does not say" in refused(desk, case_id, "submit", desk.teachers[0])


@pytest.mark.parametrize(
    ("counts", "outcome"), [(True, "fewer than 4"), (False, None), ("unknown", "does not say")]
)
def test_whether_a_withdrawn_one_uses_up_a_place_is_the_nsos_own(
    opened: Any, counts: Any, outcome: str | None
) -> None:
    desk = opened({"further_ignored": False, "withdrawn_count": counts})
    *four, fifth = projects(desk, 5)
    (first, *_rest) = [submitted(desk, project, desk.teachers[0]) for project in four]
    desk.fire(first, "withdraw", desk.teachers[0])
    case_id = drafted(desk, fifth, desk.teachers[0])
    if outcome:
        assert outcome in refused(desk, case_id, "submit", desk.teachers[0])
    else:
        desk.fire(case_id, "submit", desk.teachers[0])


def test_the_polish_school_year_begins_on_the_first_of_august(
    opened: Any, clock: VirtualClock
) -> None:
    clock.move_to(datetime(2023, 7, 31, 10, 0, tzinfo=UTC))
    desk = opened(PL={"any_time": True, "further_ignored": False})
    teacher = desk.extra["polish"]
    *four, fifth = [
        add_project(desk, f"Sea {number}", [teacher, desk.teachers[0]]) for number in range(1, 6)
    ]
    for project in four:
        submitted(desk, project, teacher)
    case_id = drafted(desk, fifth, teacher)
    assert "fewer than 4" in refused(desk, case_id, "submit", teacher)
    desk.fire(case_id, "withdraw", teacher)
    desk.until(2023, 7, 31, 22)  # 1 August in Warsaw
    assert desk.case(submitted(desk, fifth, teacher))["state"] == "submitted_in_summer"


# Again after a refusal


def refuse(desk: Desk, case_id: str) -> None:
    desk.fire(case_id, "refuse", desk.reviewer, **{**POINTS, "part_safety": 2}, reasons=REASONS)


@pytest.mark.parametrize(
    ("rules", "most"),
    [
        ({"most_refusals": 0, "again_ends": False}, 0),
        ({"most_refusals": 1, "again_ends": False}, 1),
        ({"most_refusals": 2, "again_ends": False}, 2),
        ({"most_refusals": 1, "again_ends": True, "again_until": date(2022, 11, 21)}, 0),
        ({"most_refusals": 1, "again_ends": True, "again_until": date(2022, 11, 22)}, 1),
        ({"most_refusals": 1}, 0),
        ({}, 0),
    ],
)
def test_how_often_and_until_when_one_applies_again_is_the_nsos_own(
    opened: Any, rules: dict[str, Any], most: int
) -> None:
    desk = opened(rules)
    for _ in range(most + 1):
        refuse(desk, submitted(desk, desk.extra["project"], desk.teachers[0]))
    with pytest.raises(NotMet):
        start(desk, "apply", desk.teachers[0], project=desk.extra["project"])
    # For another project, or for a colleague, it is the first.
    start(desk, "apply", desk.teachers[0], project=projects(desk, 1)[0])
    start(desk, "apply", desk.teachers[1], project=desk.extra["project"])


def test_who_holds_the_label_does_not_apply_again(opened: Any) -> None:
    desk = opened({"most_refusals": 5, "again_ends": False})
    case_id = submitted(desk, desk.extra["project"], desk.teachers[0])
    desk.fire(case_id, "grant", desk.reviewer, **POINTS)
    with pytest.raises(Conflict):
        start(desk, "apply", desk.teachers[0], project=desk.extra["project"])


# Points


def test_a_label_needs_its_points(opened: Any) -> None:
    desk = opened()
    case_id = submitted(desk, desk.extra["project"], desk.teachers[0])
    for points, unmet in (
        ({"part_online": 2}, "1b, 2a and 2c"), ({"part_ict": 2}, "1b, 2a and 2c"),
        ({"part_safety": 2, "score_results": 5}, "1b, 2a and 2c"),
        ({"score_results": 2}, "at least 15"), ({"score_results": 6}, "more than 5"),
    ):  # fmt: skip
        assert unmet in refused(desk, case_id, "grant", desk.reviewer, **{**POINTS, **points})
    assert desk.rows(Label, case_id=case_id) == []
    desk.fire(case_id, "grant", desk.reviewer, **POINTS)


def test_points_are_whole_numbers(opened: Any) -> None:
    desk = opened()
    case_id = submitted(desk, desk.extra["project"], desk.teachers[0])
    for value in (None, "", "3", 3.5, -1, True, [3], 10**13):
        for trigger, more in (("grant", {}), ("refuse", {"reasons": REASONS})):
            sent = {**POINTS, "score_pedagogy": value, **more}
            with pytest.raises(BadInput) as error:
                desk.fire(case_id, trigger, desk.reviewer, **sent)
            assert [problem.where for problem in error.value.problems] == ["score_pedagogy"]


@pytest.mark.parametrize("number", ["most_per_criterion", "least_per_part", "least_in_total"])
def test_an_nso_that_has_not_set_a_number_grants_nothing(opened: Any, number: str) -> None:
    desk = opened({number: "unknown"})
    case_id = submitted(desk, desk.extra["project"], desk.teachers[0])
    points = {**POINTS, "score_results": 5}
    assert "does not say" in refused(desk, case_id, "grant", desk.reviewer, **points)


def test_a_refusal_gives_a_reason_for_at_least_one_criterion(opened: Any) -> None:
    desk = opened()
    case_id = submitted(desk, desk.extra["project"], desk.teachers[0])
    for reasons in (None, {}, {"technology": "  "}, "Because.", {"nonsense": "Because."}):
        with pytest.raises(BadInput):
            desk.fire(case_id, "refuse", desk.reviewer, **POINTS, reasons=reasons)
    assert desk.case(case_id)["state"] == "submitted"


def test_a_refusal_tells_the_points_and_the_reasons(opened: Any) -> None:
    desk = opened()
    case_id = submitted(desk, desk.extra["project"], desk.teachers[0])
    refuse(desk, case_id)
    (mail,) = desk.mails(template="national_quality_label/refused")
    payload = mail["context"]["payload"]
    assert payload["part_safety"] == 2
    assert [(part["section"]["en"], part["text"]) for part in payload["reasons"]] == [
        ("Use of technology", REASONS["technology"])
    ]
    assert desk.rows(Label, case_id=case_id) == []


# Who judges


def test_the_jury_is_of_the_applicants_nso_and_not_involved(opened: Any) -> None:
    desk = opened()
    case_id = submitted(desk, desk.extra["project"], desk.teachers[0])
    with writing(desk.database) as connection:
        # A colleague at the applicant's school, and the applicant herself, become reviewers.
        add_grant(connection, desk.teachers[2], "nso_reviewer", "BE-VLG")
        add_grant(connection, desk.teachers[0], "nso_reviewer", "BE-VLG")
    for person in (
        desk.extra["italian_reviewer"], desk.css, desk.teachers[2], desk.teachers[0],
        desk.extra["italian"],
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            desk.fire(case_id, "grant", person, **POINTS)
    desk.fire(case_id, "grant", desk.colleague, **POINTS)


def test_a_partner_of_the_project_does_not_judge_it(opened: Any) -> None:
    desk = opened()
    case_id = submitted(desk, desk.extra["project"], desk.teachers[0])
    with writing(desk.database) as connection:
        add(connection, ProjectMember(project_id=desk.extra["project"], person_id=desk.reviewer))
        # Nor does who works at the school of a partner abroad.
        add_member(connection, desk.extra["italian_school"], desk.coordinator)
    for person in (desk.reviewer, desk.coordinator):
        with pytest.raises(NotAllowed):
            desk.fire(case_id, "grant", person, **POINTS)
    desk.fire(case_id, "grant", desk.colleague, **POINTS)


# How long


def due(desk: Desk, case_id: str) -> dict[str, datetime]:
    return {row["name"]: row["due_at"] for row in desk.timers(case_id)}


@pytest.mark.parametrize(
    ("on", "state", "names", "until"),
    [
        # 30 working days from Friday 28 April: 1 and 3 May and 8 June are holidays.
        (datetime(2023, 4, 28, 10, 0, tzinfo=UTC), "submitted", ("remind", "escalate"),
         datetime(2023, 6, 14, 22, 0, tzinfo=UTC)),
        # 60 working days from 31 May: 8 June and 15 August are.
        (datetime(2023, 5, 31, 10, 0, tzinfo=UTC), "submitted_in_summer",
         ("remind_in_summer", "escalate_in_summer"), datetime(2023, 8, 25, 22, 0, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_poland_takes_thirty_working_days_and_sixty_in_summer(
    opened: Any, clock: VirtualClock, on: datetime, state: str, names: tuple[str, str],
    until: datetime,
) -> None:  # fmt: skip
    clock.move_to(on)
    desk = opened(PL={"any_time": True})
    project = add_project(desk, "Sea", [desk.extra["polish"], desk.teachers[0]])
    case_id = submitted(desk, project, desk.extra["polish"])
    assert desk.case(case_id)["state"] == state
    planned = due(desk, case_id)
    assert tuple(planned) == names
    assert planned[names[1]] == until
    desk.until(*(until + timedelta(hours=1)).timetuple()[:4])
    (mail,) = desk.mails(template="national_quality_label/escalation")
    assert mail["to_name"] == name_of(desk, desk.extra["polish_coordinator"])
    reminded = desk.mails(template="national_quality_label/reminder")
    assert [row["person_id"] for row in reminded] == [desk.extra["polish_reviewer"]]


def test_where_no_time_is_set_nothing_is_late(opened: Any) -> None:
    desk = opened()
    case_id = submitted(desk, desk.extra["project"], desk.teachers[0])
    assert due(desk, case_id) == {}


def test_a_label_says_where_its_holder_worked(opened: Any) -> None:
    """A teacher who moves keeps her label, and it says where she was."""
    desk = opened()
    case_id = submitted(desk, desk.extra["project"], desk.teachers[0])
    desk.fire(case_id, "grant", desk.reviewer, **POINTS)
    with writing(desk.database) as connection:
        add_member(
            connection, desk.extra["italian_school"], desk.teachers[0], first_day=date(2022, 12, 1)
        )
    (label,) = desk.rows(Label, case_id=case_id)
    assert label["school_at_grant_id"] == desk.school


def spain(desk: Desk, count: int) -> list[str]:
    """Teachers of as many schools in Spain, who take part in the project."""
    made = []
    with writing(desk.database) as connection:
        for number in range(count):
            school = add_school_of(connection, f"Escuela {number}", "ES")
            made.append(teacher_at(connection, school, f"Teacher ES {number}"))
            part = ProjectMember(
                project_id=desk.extra["project"], person_id=made[-1], organisation_id=school
            )
            add(connection, part)
    return made


def test_partners_in_spain_apply_within_a_month_of_the_first(opened: Any) -> None:
    """Spain's own rule (5.4): within one month of the first Spanish partner, to the day."""
    desk = opened(ES={name: NUMBERS[name] for name in ("school_year", "most_per_criterion")})
    project = desk.extra["project"]
    # A partner from elsewhere is not the first of Spain's.
    submitted(desk, project, desk.teachers[0])
    first, second, third, another = spain(desk, 4)
    late = drafted(desk, project, third)
    desk.until(2023, 1, 30, 9)
    own = submitted(desk, project, first)
    desk.until(2023, 2, 28, 22)  # 23:00 in Spain: 30 January and a month
    submitted(desk, project, second)
    desk.until(2023, 2, 28, 23)
    assert "within 1 month(s) of the first of them" in refused(desk, late, "submit", third)
    # Not even begun is what could not be submitted; whoever applies again was in time before.
    with pytest.raises(NotMet) as error:
        start(desk, "apply", another, project=project)
    assert "first of them" in error.value.say("en")
    desk.fire(own, "withdraw", first)
    submitted(desk, project, first)
    # Nowhere else does it hold: an Italian and a Fleming come when they like.
    submitted(desk, project, desk.teachers[1])
    assert verify(desk.database).faults == []
