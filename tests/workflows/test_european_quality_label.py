"""The European Quality Label: each version of its rule, the yearly ranking, and who decides.

``1`` is what a version asks for and ``0`` what falls just short of it, on both databases.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy

from base.clock import VirtualClock
from base.errors import BadInput, Conflict, NotAllowed, NotMet, NotPossible
from models.cases import Decision
from models.database import reading, writing
from models.registry import Label, ProjectMember
from rules.judge import Judge
from tests.builders import Desk, add, add_grant
from tests.documents.papers import text_of
from tests.workflows.quality_labels import (
    Settings,
    add_project,
    add_school_of,
    label,
    open_desk,
    start,
    teacher_at,
)
from workflows import papers
from workflows.verifying import verify

YEARS = ("2022", "2023", "2024", "2025", "2026", "2027")
#: What the CSS sets every year.
YEAR = {
    "labels": {"opens": date(2022, 9, 1), "closes": date(2023, 8, 31)}, "partners_share": False,
}  # fmt: skip
Open = Callable[..., Desk]


@pytest.fixture
def opened(engine: sqlalchemy.Engine, clock: VirtualClock, judge: Judge) -> Open:
    """Opens a desk where the CSS has set every year's labels, with changes for 2023."""

    def open_it(**changes: Any) -> Desk:
        clock.move_to(datetime(2023, 8, 1, 8, 0, tzinfo=UTC))
        settings: Settings = {year: {"*": YEAR} for year in YEARS} | {"2023": {"*": YEAR | changes}}
        return open_desk("european_quality_label", engine, clock, judge, settings)

    return open_it


def others(desk: Desk, count: int = 3, score: int = 1000) -> None:
    """Further projects of the same NSO with labels, so that there are places."""
    for number in range(count):
        project = add_project(desk, f"Other {number}", [desk.teachers[2], desk.extra["polish"]])
        label(desk, project, desk.teachers[2], score)


def candidate(
    desk: Desk, *scores: int | None, people: list[str] | None = None, **values: Any
) -> str:
    """A project with a label for each score: of a Flemish and an Italian teacher, if not told."""
    holders = people or [desk.teachers[0], desk.extra["italian"]]
    founders = [desk.teachers[0], desk.extra["italian"]]
    project = add_project(desk, "Rivers", founders, desk.teachers[1:2], **values)
    for person, score in zip(holders, scores, strict=True):
        label(desk, project, person, score)
    return project


def proposed(desk: Desk, project: str, year: str) -> str:
    return start(desk, "propose", desk.reviewer, year, project_id=project)


def not_proposed(desk: Desk, project: str, year: str) -> str:
    with pytest.raises(NotMet) as error:
        proposed(desk, project, year)
    assert desk.rows_of_cases() == []
    return error.value.say("en")


# The versions


@pytest.mark.parametrize(("others_there", "year", "fits"), [
    (2, "2022", True), (1, "2022", False),  # one of three, none of two
    (3, "2023", True), (2, "2023", False),  # one of four, none of three
    (3, "2024", True), (2, "2024", False), (3, "2025", True), (2, "2025", False),
])  # fmt: skip
def test_the_best_third_and_then_the_best_quarter(
    opened: Open, others_there: int, year: str, fits: bool
) -> None:
    desk = opened()
    others(desk, others_there)
    project = candidate(desk, 2500, 2300)
    if fits:
        assert desk.case(proposed(desk, project, year))["state"] == "candidate"
    else:
        assert "places beyond: 1" in not_proposed(desk, project, year)


def test_the_round_of_today_is_taken_where_none_is_named(opened: Open) -> None:
    desk = opened()
    others(desk)
    case_id = start(desk, "propose", desk.reviewer, project_id=candidate(desk, 2500, 2300))
    assert desk.case(case_id)["round"] == "2023"


def test_two_partners_are_needed(opened: Open) -> None:
    desk = opened()
    others(desk, 5)
    project = candidate(desk, 2500, people=[desk.teachers[0]])
    for year in YEARS:
        assert "At least 2 partners" in not_proposed(desk, project, year)


def test_two_labels_of_one_person_are_one_partner(opened: Open) -> None:
    desk = opened()
    others(desk, 5)
    project = candidate(desk, 2500, 2500, people=[desk.teachers[0]] * 2)
    assert "there are 1" in not_proposed(desk, project, "2023")


def test_two_partners_of_one_country_do_until_two_countries_are_needed(opened: Open) -> None:
    desk = opened()
    others(desk, 5)
    project = candidate(desk, 2500, 2500, people=desk.teachers[:2])
    assert "at least 2 countries (in 1)" in not_proposed(desk, project, "2025")
    proposed(desk, project, "2023")


@pytest.mark.parametrize(
    ("scores", "fits"),
    [((2000, 2000), False), ((1900, 2100), False), ((2000, 2001), True), ((1999, 2000), False)],
)
def test_the_average_is_above_twenty_exactly(
    opened: Open, scores: tuple[int, int], fits: bool
) -> None:
    desk = opened()
    others(desk, 5)
    project = candidate(desk, *scores)
    if fits:
        proposed(desk, project, "2025")
    else:
        assert "above 2,000" in not_proposed(desk, project, "2025")
        proposed(desk, project, "2024")  # no such thing before


def test_points_that_nobody_knows_are_no_pass(opened: Open) -> None:
    desk = opened()
    others(desk, 5)
    assert "not known" in not_proposed(desk, candidate(desk, None, None), "2023")


def test_the_average_is_of_the_labels_whose_points_are_known(opened: Open) -> None:
    desk = opened()
    others(desk, 5)
    proposed(desk, candidate(desk, 2500, None), "2025")


@pytest.mark.parametrize(
    ("registered_on", "schools", "teachers", "fits"),
    [
        (date(2026, 5, 31), 7, 5, True), (date(2026, 6, 1), 6, 4, True),
        (date(2026, 6, 1), 7, 1, False), (date(2026, 6, 1), 2, 5, False),
        (None, 2, 4, True), (None, 7, 1, False),
    ],
)  # fmt: skip
def test_a_newer_project_has_at_most_six_schools_and_four_teachers_of_each(
    opened: Open, registered_on: date | None, schools: int, teachers: int, fits: bool
) -> None:
    desk = opened()
    others(desk, 5)
    project = candidate(desk, 2500, 2500, registered_on=registered_on)
    # There are two schools already, the first with two teachers.
    with writing(desk.database) as connection:
        for number in range(2, schools):
            school = add_school_of(connection, f"School {number}", "FR")
            joined(connection, project, school, teacher_at(connection, school, f"F {number}"))
        for number in range(2, teachers):
            person = teacher_at(connection, desk.school, f"T {number}")
            joined(connection, project, desk.school, person)
    if fits:
        proposed(desk, project, "2027")
    else:
        unmet = not_proposed(desk, project, "2027")
        assert "6 schools and 4 teachers" in unmet
        assert ("not known" in unmet) is (registered_on is None)
        proposed(desk, project, "2026")


def joined(connection: Any, project: str, school: str, person: str) -> None:
    add(
        connection,
        ProjectMember(project_id=project, person_id=person, organisation_id=school),
    )


def test_a_national_project_earns_none(opened: Open) -> None:
    desk = opened()
    others(desk, 5)
    project = add_project(desk, "Home", desk.teachers[:2], [desk.extra["italian"]])
    for person in (desk.teachers[0], desk.extra["italian"]):
        label(desk, project, person, 3000)
    for year in YEARS:
        assert "The project is European" in not_proposed(desk, project, year)


@pytest.mark.parametrize(
    ("on", "fits"),
    [
        (date(2022, 8, 31), False), (date(2022, 9, 1), True), (date(2023, 8, 31), True),
        (date(2023, 9, 1), False),
    ],
)  # fmt: skip
def test_only_labels_of_the_year_count(opened: Open, on: date, fits: bool) -> None:
    desk = opened()
    others(desk, 5)
    project = candidate(desk, 2500, people=[desk.teachers[0]])
    label(desk, project, desk.extra["italian"], 2500, on=on)
    if fits:
        proposed(desk, project, "2023")
    else:
        assert "At least 2 partners" in not_proposed(desk, project, "2023")


def test_where_the_css_has_not_said_which_labels_count_nothing_is_ranked(opened: Open) -> None:
    desk = opened(labels={"opens": "unknown", "closes": "unknown"})
    others(desk, 5)
    said = not_proposed(desk, candidate(desk, 2500, 2500), "2023")
    assert said.count("the round does not say") == 2  # partners, and places


# Whose projects are ranked


def test_each_nso_has_its_own_projects(opened: Open) -> None:
    """Three of Flanders give no place to one of the French Community, or of Italy."""
    desk = opened()
    others(desk, 3)
    with writing(desk.database) as connection:
        school = add_school_of(connection, "École", "BE-WAL")
        teacher = teacher_at(connection, school, "Aline")
        add_grant(connection, desk.reviewer, "nso_reviewer", "BE-WAL")
    project = add_project(desk, "Fleuves", [teacher, desk.extra["italian"]])
    for person in (teacher, desk.extra["italian"]):
        label(desk, project, person, 2900)
    assert "places beyond: 1" in not_proposed(desk, project, "2023")


# The yearly ranking


def test_once_a_year_every_project_is_looked_at(opened: Open) -> None:
    desk = opened(ranked_on=date(2023, 9, 1))
    others(desk)
    project = candidate(desk, 2500, 2300)
    desk.until(2023, 9, 1, 5)
    (case,) = desk.rows_of_cases()
    assert (case["project_id"], case["state"], case["area"]) == (project, "candidate", "BE-VLG")
    kept = desk.rows(Decision, purpose="rank")
    assert len(kept) == 5  # the one of the school of the desk, which has another year's label
    assert sorted({row["outcome"] for row in kept}) == ["met", "unmet"]
    desk.until(2023, 9, 1, 7)
    (digest,) = {mail["template"] for mail in desk.mails()}
    assert digest == "european_quality_label/digest"
    with pytest.raises(Conflict):
        proposed(desk, project, "2023")
    proposed(desk, project, "2024")


def test_an_nso_that_does_nothing_is_reminded(opened: Open) -> None:
    desk = opened()
    others(desk)
    proposed(desk, candidate(desk, 2500, 2300), "2023")
    desk.until(2023, 8, 16, 8)
    (mail,) = desk.mails(template="european_quality_label/reminder")
    assert mail["person_id"] == desk.coordinator


# Who decides


def test_the_nso_nominates_and_the_css_awards(opened: Open) -> None:
    desk = opened()
    others(desk)
    project = candidate(desk, 2500, 2300)
    case_id = proposed(desk, project, "2023")
    for person in (desk.extra["italian_reviewer"], desk.css, desk.teachers[2]):
        with pytest.raises(NotAllowed):
            desk.fire(case_id, "nominate", person)
    desk.fire(case_id, "nominate", desk.coordinator)
    for person in (desk.reviewer, desk.coordinator, desk.teachers[0]):
        with pytest.raises(NotAllowed):
            desk.fire(case_id, "award", person)
    desk.fire(case_id, "award", desk.css)
    labels = desk.rows(Label, kind="EQL")
    assert {(row["person_id"], row["project_id"]) for row in labels} == {
        (None, project), (desk.teachers[0], project), (desk.extra["italian"], project),
    }  # fmt: skip
    (own,) = [row for row in labels if row["case_id"] == case_id]
    with reading(desk.database) as connection:
        text = text_of(papers.certificate(connection, desk.engine.tools, own["id"], "fr"))
    assert "décerné à Rivers" in text
    assert "Service central d’appui" in text
    mails = desk.mails(template="european_quality_label/awarded")
    assert {mail["person_id"] for mail in mails} == {
        desk.teachers[0], desk.teachers[1], desk.extra["italian"],
    }  # fmt: skip
    assert mails[0]["context"]["label"]["certificate_url"].endswith(f"{own['id']}/certificate.pdf")
    assert verify(desk.database).faults == []


@pytest.mark.parametrize("shared", [True, "unknown"])
def test_whether_partners_without_a_label_share_it_is_said_by_the_round(
    opened: Open, shared: Any
) -> None:
    desk = opened(partners_share=shared)
    others(desk)
    project = candidate(desk, 2500, 2300)
    case_id = proposed(desk, project, "2023")
    desk.fire(case_id, "nominate", desk.reviewer)
    if shared == "unknown":
        with pytest.raises(NotPossible, match="share"):
            desk.fire(case_id, "award", desk.css)
        assert desk.rows(Label, kind="EQL") == []
        return
    desk.fire(case_id, "award", desk.css)
    assert {row["person_id"] for row in desk.rows(Label, kind="EQL")} == {
        None, *desk.teachers[:2], desk.extra["italian"],
    }  # fmt: skip


def test_nobody_decides_on_her_own_project(opened: Open) -> None:
    desk = opened()
    others(desk)
    case_id = proposed(desk, candidate(desk, 2500, 2300), "2023")
    with writing(desk.database) as connection:
        add_grant(connection, desk.teachers[1], "nso_reviewer", "BE-VLG")
        add_grant(connection, desk.extra["italian"], "css", "*")
    with pytest.raises(NotAllowed):
        desk.fire(case_id, "nominate", desk.teachers[1])
    desk.fire(case_id, "nominate", desk.reviewer)
    with pytest.raises(NotAllowed):
        desk.fire(case_id, "award", desk.extra["italian"])


def test_what_is_not_nominated_or_awarded_has_a_reason_and_gives_no_label(opened: Open) -> None:
    desk = opened()
    others(desk, 7)
    first, second = candidate(desk, 2500, 2300), candidate(desk, 2400, 2300)
    passed, rejected = (proposed(desk, project, "2023") for project in (first, second))
    for sent in ({}, {"reason": " "}, {"reason": 7}):
        with pytest.raises(BadInput):
            desk.fire(passed, "pass_over", desk.reviewer, **sent)
    desk.fire(passed, "pass_over", desk.reviewer, reason="Er was geen leerlingenwerk.")
    desk.fire(rejected, "nominate", desk.reviewer)
    with pytest.raises(BadInput):
        desk.fire(rejected, "reject", desk.css)
    desk.fire(rejected, "reject", desk.css, reason="The evidence is gone.")
    assert {desk.case(case_id)["state"] for case_id in (passed, rejected)} == {
        "not_nominated", "not_awarded",
    }  # fmt: skip
    assert desk.rows(Label, kind="EQL") == []
    (mail,) = desk.mails(template="european_quality_label/not_awarded")
    assert mail["person_id"] == desk.coordinator


def test_a_nomination_is_looked_at_again_when_it_is_made(opened: Open) -> None:
    desk = opened()
    others(desk)
    case_id = proposed(desk, candidate(desk, 2500, 2300), "2023")
    better = add_project(desk, "Better", [desk.teachers[2], desk.extra["polish"]])
    for person in (desk.teachers[2], desk.extra["polish"]):
        label(desk, better, person, 2900)
    with pytest.raises(NotMet):
        desk.fire(case_id, "nominate", desk.reviewer)
