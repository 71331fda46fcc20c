"""The report as its school reads it: page, paper, table and API; and that nobody else does."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select, update

from base.i18n import LANGUAGES
from models.cases import Case
from models.database import writing
from models.registry import Membership
from models.survey_results import SurveyReport
from models.surveys import SurveyExercise
from surveys.report_csv import plain
from surveys.reporting import plan_reports
from tests.builders import add_grant, add_member, add_school
from tests.surveys.conftest import Survey
from tests.surveys.making import add_company, add_exercise, add_sheets, sheets, statement
from tests.web.test_pages import words

PEOPLE = {"school_leaders": 2, "teachers": 9, "students": 30}
MARKS = {"low_below": 300, "high_from": 400, "gap_from": 100}


def get(survey: Survey, path: str, person: str | None = None, language: str = "en") -> Any:
    client = survey.client(person or survey.coordinator)
    return client.get(path, headers={"accept-language": language}, follow_redirects=False)


def test_only_the_schools_coordinators_and_principals_see_it(survey: Survey) -> None:
    case_id = survey.exercise(PEOPLE)
    survey.reported()
    desk = survey.desk
    with writing(desk.database) as connection:
        _other, strangers = add_school(connection, "De Andere")
        add_member(connection, _other, strangers[0], role="selfie_coordinator",
                   first_day=date(2020, 9, 1))  # fmt: skip
        add_member(connection, desk.school, desk.teachers[1], role="principal",
                   first_day=date(2020, 9, 1))  # fmt: skip
        add_grant(connection, desk.reviewer, "survey_authority", "*")
    paths = [f"/surveys/{case_id}/{part}" for part in ("report", "report.pdf", "report.csv")]
    paths.append(f"/api/v1/surveys/{case_id}/report")
    for path in paths:
        assert get(survey, path).status_code == 200
        assert get(survey, path, desk.teachers[1]).status_code == 200
        for person in (
            desk.reviewer, desk.coordinator, desk.css, survey.administrator, strangers[0],
            desk.teachers[2],
        ):  # fmt: skip
            answer, unknown = (
                get(survey, one, person) for one in (path, path.replace(case_id, "0" * 36))
            )
            assert (answer.status_code, unknown.status_code) == (404, 404)
            assert answer.text.replace(case_id, "0" * 36) == unknown.text
    nobody = survey.client(None)
    assert nobody.get(paths[0], follow_redirects=False).headers["location"].startswith("/sign-in")
    refused = [nobody.get(path, follow_redirects=False).status_code for path in paths[1:]]
    assert set(refused) <= {303, 401}, "led to sign in, or told so"
    with writing(desk.database) as connection:  # her mandate ends
        table = Membership.__table__  # type: ignore[attr-defined]
        connection.execute(
            update(table).where(table.c.role == "selfie_coordinator")
            .values(last_day=date(2022, 11, 21))
        )  # fmt: skip
    assert get(survey, paths[0]).status_code == 404


def test_what_the_page_says(survey: Survey) -> None:
    people = {"school_leaders": 0, "teachers": 2, "students": 6}
    case_id = survey.exercise(people)
    survey.reported()
    page = words(get(survey, f"/surveys/{case_id}/report").text)
    assert "incomplete participation Nobody took part from this group: School leaders." in page
    assert "School leaders 0 10 0&nbsp;% no answers" in page
    assert "Teachers 2 10 20&nbsp;% too few to be shown" in page
    assert "Students 6 10 60&nbsp;% shown" in page
    assert "no answers" in page
    assert "It has not been set for your country what counts as low" in page
    for show, there in (
        ("areas", "Leadership"), ("statements", "s0 (en)"), ("groups", "s3 (en)"),
        ("nonsense", "Leadership"), ("companies", "Leadership"),
    ):  # fmt: skip
        assert there in words(get(survey, f"/surveys/{case_id}/report?show={show}").text)
    assert "onvolledige deelname" in get(survey, f"/surveys/{case_id}/report", language="nl").text
    watermarked = PdfReader(
        io.BytesIO(get(survey, f"/surveys/{case_id}/report.pdf?lang=nl").content)
    )
    assert all("onvolledige deelname" in one.extract_text() for one in watermarked.pages)
    answer = get(survey, f"/api/v1/surveys/{case_id}/report").json()
    assert answer["report"]["incomplete"] == ["school_leaders"]
    assert (answer["counted"], answer["total"]) == (8, 8)


def two_sessions(survey: Survey) -> tuple[str, str]:
    """An earlier and a later exercise with known answers; gives their cases."""
    asked = {
        "teachers": [statement("s0"), statement("old")], "students": [statement("s0")],
    }  # fmt: skip
    cases = []
    for last, teachers, students in (
        (date(2022, 10, 10), [2, 1], [3]), (date(2022, 11, 21), [4, 5], [2]),
    ):  # fmt: skip
        with writing(survey.desk.database) as connection:
            made = add_exercise(
                connection, survey.desk.school, asked, last_day=last, first_day=date(2022, 10, 1)
            )
            add_sheets(connection, made, "teachers", sheets(*[teachers] * 5))
            add_sheets(connection, made, "students", sheets(*[students] * 5))
            cases.append(made)
    rows = {row["id"]: row["case_id"] for row in survey.desk.rows(SurveyExercise)}
    survey.reported(**MARKS)
    return rows[cases[0]], rows[cases[1]]


def test_low_and_high_scores_gaps_and_other_sessions_are_told_in_words(survey: Survey) -> None:
    before, now = two_sessions(survey)
    page = words(get(survey, f"/surveys/{now}/report?show=statements&compare={before}").text)
    assert "s0 (en): low with Students" in page
    assert "s0 (en): high with Teachers" in page
    assert "s0 (en): Teachers agree more than Students, by 2.0" in page
    assert "4.0 (high) other session: 2.0 (+2.0) 5 answers" in page
    assert "2.0 (low) other session: 3.0 (\u22121.0) 5 answers" in page
    assert "not asked other session: not asked" in page
    dutch = words(get(survey, f"/surveys/{now}/report?show=statements", language="nl").text)
    assert "4,0 (hoog) 5 antwoorden" in dutch
    with writing(survey.desk.database) as connection:
        other, _people = add_school(connection, "De Andere")
    foreign = survey.exercise({"teachers": 5}, school=other)
    level = survey.exercise({"teachers": 5}, level="adult")
    survey.reported()
    for wrong in (foreign, level, now, "nonsense"):
        for path in ("report", "report.pdf"):
            answer = get(survey, f"/surveys/{now}/{path}?compare={wrong}")
            assert answer.status_code == 404
            assert "no such exercise to compare with" in answer.text


def test_a_report_that_is_not_there_says_why(survey: Survey) -> None:
    running = survey.exercise(PEOPLE, last_day=date(2022, 11, 22))
    waiting = survey.exercise(PEOPLE)
    begun = survey.exercise(PEOPLE)
    plan_reports(survey.desk.database)
    with writing(survey.desk.database) as connection:
        table = SurveyReport.__table__  # type: ignore[attr-defined]
        exercise = SurveyExercise.__table__  # type: ignore[attr-defined]
        of = select(exercise.c.id).where(exercise.c.case_id == begun)
        connection.execute(
            update(table).where(table.c.exercise_id.in_(of)).values(counted=20, total=41)
        )
    for case_id, told in (
        (running, "The last day is 22 November 2022."), (waiting, "about to be made"),
        (begun, "20 of 41 questionnaires"),
    ):  # fmt: skip
        assert told in words(get(survey, f"/surveys/{case_id}/report").text)
        for path in ("report.pdf", "report.csv"):
            assert get(survey, f"/surveys/{case_id}/{path}").status_code == 404
    assert survey.client(survey.coordinator).post(
        f"/surveys/{running}/certificate", data={"name": "An"}
    ).status_code == 409  # fmt: skip


def test_a_table_has_no_formulas_in_it(survey: Survey) -> None:
    texts = {"en": '=HYPERLINK("http://x")', "nl": "+1"}
    asked = {"trainers": [statement("own_1", own=True, texts=texts)]}
    with writing(survey.desk.database) as connection:
        made = add_exercise(
            connection, survey.desk.school, asked, level="upper_secondary_vocational",
            with_companies=True,
        )  # fmt: skip
        for name in ("@cmd", "-2", "Smid"):
            company = add_company(connection, survey.desk.school, made, name, "\t=x")
            add_sheets(connection, made, "trainers", sheets([3], [4], [4], [None]), company)
    survey.reported()
    (row,) = survey.desk.rows(SurveyExercise)
    answer = get(survey, f"/surveys/{row['case_id']}/report.csv")
    text = answer.content.decode("utf-8-sig")
    cells = [cell for line in csv.reader(io.StringIO(text)) for cell in line]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))] == []
    assert '\'=HYPERLINK("http://x")' in cells
    assert {"'@cmd", "'-2", "Smid"} <= set(cells)
    page = words(get(survey, f"/surveys/{row['case_id']}/report?show=companies").text)
    assert "Smid" in page
    assert [plain(one) for one in ("-", 3, "a=b", "\r", "")] == ["'-", 3, "a=b", "'\r", ""]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_paper_is_accessible_in_every_language(survey: Survey, language: str) -> None:
    _before, now = two_sessions(survey)
    pdf = PdfReader(io.BytesIO(get(survey, f"/surveys/{now}/report.pdf?lang={language}").content))
    root: Any = pdf.root_object
    assert root["/Lang"] == language
    assert root["/MarkInfo"]["/Marked"]
    text = " ".join(" ".join(one.extract_text().split()) for one in pdf.pages)
    assert "Sint-Jan" in text
    assert "4.0" in text if language == "en" else "4,0" in text
    assert re.search(r"pdfuaid:part(>|=\")1", root["/Metadata"].get_data().decode())


def test_a_badge_is_asked_for_from_the_report(survey: Survey) -> None:
    few = survey.exercise({"school_leaders": 1, "teachers": 2, "students": 7})
    many = survey.exercise({"school_leaders": 1, "teachers": 3, "students": 7})
    survey.reported()
    client = survey.client(survey.coordinator)
    refused = client.post(f"/surveys/{few}/badge", headers={"accept-language": "nl"})
    assert refused.status_code == 422
    assert "samen: meer dan 10 (gevonden: 10)" in words(refused.text).replace(" .", ".")
    given = client.post(f"/surveys/{many}/badge", follow_redirects=False)
    assert given.status_code == 303
    badge = given.headers["location"]
    again = client.post(f"/surveys/{many}/badge", follow_redirects=False)
    assert again.headers["location"] == badge, "asking twice leads to the same badge"
    assert "This badge is valid." in survey.client(None).get(badge).text
    stranger = survey.client(survey.desk.reviewer).post(f"/surveys/{few}/badge")
    assert stranger.status_code == 404


def test_the_coordinators_certificate_keeps_no_name(survey: Survey) -> None:
    case_id = survey.exercise(PEOPLE)
    survey.reported()
    client = survey.client(survey.coordinator)
    answer = client.post(
        f"/surveys/{case_id}/certificate?lang=nl", data={"name": " Agnès d’Hondt-Van den Broeck "}
    )
    (page,) = PdfReader(io.BytesIO(answer.content)).pages
    text = " ".join(page.extract_text().split())
    assert "Agnès d’Hondt-Van den Broeck" in text
    assert "op Sint-Jan (Lager onderwijs) van 8 november 2022 tot en met 21 november 2022" in text
    empty = client.post(f"/surveys/{case_id}/certificate", data={"name": "  "})
    assert empty.status_code == 422
    assert "Geef de naam" in empty.text
    assert client.post(
        f"/surveys/{case_id}/certificate", data={"name": "x" * 201}
    ).status_code == 422  # fmt: skip
    with survey.desk.database.connect() as connection:
        dump = "\n".join(connection.connection.driver_connection.iterdump())  # type: ignore[union-attr]
    assert "Agnès" not in dump
    assert survey.desk.rows(Case)[0]["since"] == datetime(2022, 10, 1, tzinfo=UTC)
