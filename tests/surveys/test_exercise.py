"""An exercise from its beginning to its report, and what cannot be done on the way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy

from base.clock import VirtualClock
from base.errors import BadInput, KeurmerkError, NotAllowed, NotMet, NotPossible, Refused
from models.database import reading
from models.messages import Mail
from models.survey_results import SurveyReport
from models.surveys import SurveyLink, SurveyStatement
from rules.judge import Judge
from surveys import setup
from surveys.participation import participation
from tests.builders import Desk
from tests.surveys.exercises import (
    EXERCISE,
    FIRST,
    LAST,
    NUMBERS,
    SET,
    begun,
    exercise,
    locked,
    open_desk,
    set_up,
)
from workflows.survey_reports import make_due_reports

pytestmark = pytest.mark.integration

OWN = {"text": "Wij plannen dit samen.", "help": "Denk aan het voorbije jaar."}
GROUPS = ("school_leaders", "teachers", "students")


@pytest.fixture
def selfie(sqlite_engine: sqlalchemy.Engine, clock: VirtualClock, judge: Judge) -> Desk:
    """A desk for exercises, on SQLite."""
    return open_desk(sqlite_engine, clock, judge)


def test_from_the_set_up_to_the_report(
    engine: sqlalchemy.Engine, clock: VirtualClock, judge: Judge
) -> None:
    desk = open_desk(engine, clock, judge)
    case_id = begun(desk)
    set_up(desk, case_id, companies=True)
    setup.choose_optional(engine, case_id, ["infrastructure_own_devices"])
    versions = dict.fromkeys((*GROUPS, "trainers"), OWN)
    assert setup.save_statement(engine, case_id, None, "leadership", versions) == 1
    desk.fire(case_id, "make_links", desk.teachers[0])
    rows = desk.rows_of(SurveyLink, exercise_id=exercise(desk, case_id)["id"])
    assert sorted((row["group"], bool(row["company_id"])) for row in rows) == [
        ("school_leaders", False), ("students", False), ("teachers", False), ("trainers", True),
    ]  # fmt: skip
    asked = exercise(desk, case_id)["statements"]
    assert [one["id"] for one in asked["teachers"] if one["own"]] == ["own_1"]
    assert [one["id"] for one in asked["teachers"][:5]][-1] == "own_1", "under its own area"
    assert "infrastructure_own_devices" in {one["id"] for one in asked["students"]}
    before = exercise(desk, case_id)
    moments = [("links_made", 22, 59), ("open", 23, 1)]
    for state, hour, minute in moments:  # midnight in Brussels is 23:00 UTC
        desk.until(2022, 11, 27, hour, minute)
        assert desk.case(case_id)["state"] == state
    desk.until(2022, 12, 4, 22, 59)
    assert desk.case(case_id)["state"] == "open"
    desk.until(2022, 12, 4, 23, 1)
    assert desk.case(case_id)["state"] == "reported"
    assert [event["trigger"] for event in desk.events(case_id)][-3:] == ["open", "close", "report"]
    assert desk.rows(Mail, case_id=case_id) == [], "no country has asked for any"
    after = exercise(desk, case_id)
    assert {**after, "state": "", "version": 0} == {**before, "state": "", "version": 0}


CHANGES: dict[str, Callable[[Any, str], Any]] = {
    "numbers": lambda db, case: setup.save_numbers(db, case, NUMBERS, with_companies=False),
    "company": lambda db, case: setup.register_company(db, case, "Garage", "Auto"),
    "companies": lambda db, case: setup.choose_companies(db, case, []),
    "optional": lambda db, case: setup.choose_optional(db, case, []),
    "statement": lambda db, case: setup.save_statement(
        db, case, None, "leadership", dict.fromkeys(GROUPS, OWN)
    ),
    "remove": lambda db, case: setup.remove_statement(db, case, 1),
    "dates": lambda db, case: setup.save_dates(db, case, FIRST, date(2022, 12, 10), "en"),
}


def test_nothing_changes_once_the_links_are_made(selfie: Desk) -> None:
    case_id = locked(selfie)
    before = exercise(selfie, case_id)
    for change in CHANGES.values():
        with pytest.raises(NotPossible, match="nothing of the set-up"):
            change(selfie.database, case_id)
    for trigger in ("make_links", "abandon"):
        with pytest.raises(Refused):
            selfie.fire(case_id, trigger, selfie.teachers[0])
    assert exercise(selfie, case_id) == before
    assert selfie.rows_of(SurveyStatement) == []


def test_nor_once_it_is_given_up(selfie: Desk) -> None:
    case_id = begun(selfie)
    selfie.fire(case_id, "abandon", selfie.teachers[0])
    for change in CHANGES.values():
        with pytest.raises(NotPossible, match="over"):
            change(selfie.database, case_id)


def numbers(**changed: Any) -> Callable[[Any, str], Any]:
    return lambda db, case: setup.save_numbers(
        db, case, {**NUMBERS, **changed}, with_companies=False
    )


def statement(area: str = "leadership", **changed: Any) -> Callable[[Any, str], Any]:
    versions = {**dict.fromkeys(GROUPS, OWN), **changed}
    kept = {group: version for group, version in versions.items() if version is not None}
    return lambda db, case: setup.save_statement(db, case, None, area, kept)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (numbers(teachers=-1), "teachers"),
        (numbers(teachers=1.5), "teachers"),
        (numbers(teachers=True), "teachers"),
        (numbers(teachers=100_001), "teachers"),
        (numbers(trainers=3), "trainers"),
        (numbers(cooks=3), "cooks"),
        (lambda db, case: setup.register_company(db, case, "Bouw", "Bouw"), "with_companies"),
        (lambda db, case: setup.choose_companies(db, case, ["x"]), "with_companies"),
        (lambda db, case: setup.choose_optional(db, case, ["nonsense"]), "optional"),
        (lambda db, case: setup.choose_optional(db, case, ["leadership_strategy"]), "optional"),
        (statement("cooking"), "area"),
        (statement(students=None), "students.text"),
        (statement(students={"text": "Wij.", "help": " "}), "students.help"),
        (statement(students={"text": "x" * 501, "help": "x"}), "students.text"),
        (statement(trainers=OWN), "trainers"),
        (lambda db, case: setup.save_statement(db, case, 3, "leadership", {}), "number"),
        (lambda db, case: setup.save_dates(db, case, LAST, FIRST, "nl"), "last_day"),
        (lambda db, case: setup.save_dates(db, case, None, LAST, "nl"), "first_day"),
        (lambda db, case: setup.save_dates(db, case, FIRST, LAST, "pl"), "language"),
    ],
)  # fmt: skip
def test_what_cannot_be_set_up(selfie: Desk, change: Callable[[Any, str], Any], where: str) -> None:
    case_id = begun(selfie)
    before = exercise(selfie, case_id)
    with pytest.raises(BadInput) as refused:
        change(selfie.database, case_id)
    assert where in {problem.where for problem in refused.value.problems}
    assert all(problem.say("nl") for problem in refused.value.problems)
    assert exercise(selfie, case_id) == before
    assert selfie.rows_of(SurveyStatement) == []


def test_companies_need_the_vocational_level(selfie: Desk) -> None:
    case_id = begun(selfie, "primary")
    with pytest.raises(BadInput) as refused:
        setup.save_numbers(selfie.database, case_id, NUMBERS, with_companies=True)
    assert [problem.where for problem in refused.value.problems] == ["with_companies"]
    assert "vocational" in refused.value.problems[0].say()


def test_ten_statements_of_its_own_and_no_more(selfie: Desk) -> None:
    case_id = begun(selfie)
    add = statement()
    assert [add(selfie.database, case_id) for _ in range(10)] == list(range(1, 11))
    with pytest.raises(BadInput) as refused:
        add(selfie.database, case_id)
    assert "10" in refused.value.problems[0].say()
    setup.remove_statement(selfie.database, case_id, 4)
    assert add(selfie.database, case_id) == 4


def test_a_statement_needs_its_version_for_trainers_when_companies_come_in(selfie: Desk) -> None:
    case_id = begun(selfie)
    statement()(selfie.database, case_id)
    set_up(selfie, case_id, companies=True)
    assert unmet(selfie, case_id) == {"versions"}


def unmet(desk: Desk, case_id: str) -> set[str]:
    """Which criteria keep the links from being made."""
    with pytest.raises(NotMet) as refused:
        desk.fire(case_id, "make_links", desk.teachers[0])
    return {
        finding["criterion"]
        for one in refused.value.findings
        for finding in one.findings("en")
        if finding["outcome"] != "met"
    }


@pytest.mark.parametrize(
    ("first", "last", "criteria"),
    [
        (FIRST, FIRST + timedelta(days=5), {"long_enough"}),
        (FIRST, FIRST + timedelta(days=6), set()),
        (FIRST, FIRST + timedelta(days=20), set()),
        (FIRST, FIRST + timedelta(days=21), {"not_too_long"}),
        (date(2022, 11, 21), date(2022, 12, 1), {"not_past"}),
        (date(2022, 11, 22), date(2022, 12, 1), set()),
        (date(2022, 11, 1), date(2022, 11, 14), {"not_past", "not_over"}),
    ],
)
def test_one_to_three_weeks_from_today_on(
    selfie: Desk, first: date, last: date, criteria: set[str]
) -> None:
    case_id = begun(selfie)
    set_up(selfie, case_id, first, last)
    if criteria:
        assert unmet(selfie, case_id) == criteria
    else:
        selfie.fire(case_id, "make_links", selfie.teachers[0])


def test_a_country_that_has_set_nothing_makes_no_links_of_exactly_a_week(
    sqlite_engine: sqlalchemy.Engine, clock: VirtualClock, judge: Judge
) -> None:
    some = {name: value for name, value in SET.items() if name != "both_days_count"}
    desk = open_desk(
        sqlite_engine, clock, judge, settings={f"{EXERCISE}/2022-2023": {"BE-VLG": some}}
    )
    case_id = begun(desk)
    set_up(desk, case_id)
    assert unmet(desk, case_id) == {"long_enough"}
    setup.save_dates(desk.database, case_id, FIRST, FIRST + timedelta(days=7), "nl")
    desk.fire(case_id, "make_links", desk.teachers[0])


def test_numbers_that_are_blank_or_all_nought_make_no_links(selfie: Desk) -> None:
    case_id = begun(selfie)
    set_up(selfie, case_id)
    numbers(students=None)(selfie.database, case_id)
    assert unmet(selfie, case_id) == {"numbers"}
    numbers(school_leaders=0, teachers=0, students=0)(selfie.database, case_id)
    assert unmet(selfie, case_id) == {"invited"}
    numbers(school_leaders=0)(selfie.database, case_id)
    selfie.fire(case_id, "make_links", selfie.teachers[0])
    rows = selfie.rows_of(SurveyLink, exercise_id=exercise(selfie, case_id)["id"])
    assert {row["group"] for row in rows} == {"teachers", "students"}, "0 is a group without a link"
    with reading(selfie.database) as connection:
        shown = participation(connection, exercise(selfie, case_id), SET)
    assert [(one.group, one.percent, one.recommended) for one in shown] == [
        ("teachers", 0, 5), ("students", 0, None),
    ]  # fmt: skip


def test_the_fourth_of_a_school_year_is_refused(selfie: Desk) -> None:
    for _ in range(3):
        locked(selfie)
    with pytest.raises(NotMet, match="At most 3 exercises"):
        begun(selfie)


def test_other_days_than_another_exercise_at_the_same_time_are_a_setting(
    sqlite_engine: sqlalchemy.Engine, clock: VirtualClock, judge: Judge
) -> None:
    unsaid = {name: value for name, value in SET.items() if name != "levels_days_may_differ"}
    desk = open_desk(
        sqlite_engine, clock, judge, settings={f"{EXERCISE}/2022-2023": {"BE-VLG": unsaid}}
    )
    locked(desk)
    case_id = begun(desk)
    set_up(desk, case_id, last=LAST + timedelta(days=1))
    assert unmet(desk, case_id) == {"same_days"}
    set_up(desk, case_id, LAST + timedelta(days=1), LAST + timedelta(days=8))
    desk.fire(case_id, "make_links", desk.teachers[0])


def test_reminder_hour_and_mail_of_the_report_are_settings(
    sqlite_engine: sqlalchemy.Engine, clock: VirtualClock, judge: Judge
) -> None:
    told = {**SET, "report_hour": 6, "report_mail": True, "reminder_days": 2}
    desk = open_desk(
        sqlite_engine, clock, judge, settings={f"{EXERCISE}/2022-2023": {"BE-VLG": told}}
    )
    case_id = locked(desk)
    desk.until(2022, 12, 2, 7, 59)
    assert desk.rows(Mail, case_id=case_id) == []
    desk.until(2022, 12, 2, 8)  # nine o’clock in Flanders
    make_due_reports(desk.database, desk.engine.tools)
    assert desk.rows(SurveyReport)[0]["due_at"] == desk.moment("2022-12-05T05:00:00+00:00")
    desk.until(2022, 12, 5, 4, 59)
    assert desk.case(case_id)["state"] == "closed"
    desk.until(2022, 12, 5, 5)
    assert desk.case(case_id)["state"] == "reported"
    names = [row["template"] for row in desk.rows(Mail, case_id=case_id)]
    assert names == ["selfie_exercise/closing_soon", "selfie_exercise/report_ready"]


def test_of_days_that_are_not_set_only_that_is_said(selfie: Desk) -> None:
    case_id = begun(selfie)
    numbers()(selfie.database, case_id)
    assert unmet(selfie, case_id) == {"dates"}


def test_nobody_else_begins_or_locks_one(selfie: Desk) -> None:
    case_id = begun(selfie)
    set_up(selfie, case_id)
    for person in (selfie.teachers[1], selfie.extra["stranger"], selfie.reviewer, None):
        with pytest.raises(NotAllowed):
            selfie.fire(case_id, "make_links", person)
        with pytest.raises(KeurmerkError):
            selfie.engine.start(
                EXERCISE, "begin", actor_id=person, organisation_id=selfie.school,
                payload={"level": "primary"}, round_name="2022-2023",
            )  # fmt: skip


def test_two_at_once_do_not_make_a_fourth(
    engine: sqlalchemy.Engine, clock: VirtualClock, judge: Judge
) -> None:
    desk = open_desk(engine, clock, judge)
    for _ in range(2):
        locked(desk)
    both = [begun(desk), begun(desk)]
    for case_id in both:
        set_up(desk, case_id)
    refused: list[Refused] = []
    ready = threading.Barrier(2)

    def make_links(case_id: str) -> None:
        ready.wait()
        try:
            desk.engine.fire(case_id, "make_links", desk.teachers[0])
        except Refused as error:
            refused.append(error)

    threads = [threading.Thread(target=make_links, args=(case_id,)) for case_id in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(error) for error in refused] == [NotMet]
    assert sorted(desk.case(case_id)["state"] for case_id in both) == ["links_made", "setting_up"]
