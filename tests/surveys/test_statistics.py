"""Participation for an authority: what is counted, what is not told, and no school’s name."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from models.database import writing
from models.registry import Organisation
from surveys.statistics import ALL, HIDDEN, Done, completed, statistics
from tests.builders import add
from tests.surveys.conftest import Survey
from web import survey_figures

LEVELS, YEARS = ["primary", "adult"], ["2021-2022", "2022-2023", "2023-2024"]
DONE = st.builds(
    Done,
    school=st.sampled_from([f"s{at}" for at in range(12)]),
    province=st.sampled_from(["BE-VAN", "BE-VLI", ""]), level=st.sampled_from(LEVELS),
    year=st.sampled_from(YEARS),
    people=st.fixed_dictionaries({"teachers": st.integers(1, 20)}),
)  # fmt: skip


@settings(max_examples=60)
@given(done=st.lists(DONE, max_size=40), threshold=st.integers(1, 5))
def test_what_is_told_is_of_enough_schools_and_gives_nothing_away(
    done: list[Done], threshold: int
) -> None:
    found = statistics("BE", done, threshold)
    for table in (found.levels, found.provinces):
        for year, cells in table.items():
            total = found.totals[year]
            hidden = [name for name, one in cells.items() if one is HIDDEN]
            for one in cells.values():
                assert one.schools in (None, 0) or one.schools >= threshold
            if total is not HIDDEN:
                assert total.schools is not None
                assert total.schools == 0 or total.schools >= threshold
                assert len(hidden) != 1, "the total less the others would be the hidden one"
        for name in table[ALL]:
            years = [table[year][name] for year in found.years]
            if table[ALL][name] is not HIDDEN and len(years) > 1:
                assert years.count(HIDDEN) != 1
    totals = [found.totals[year] for year in found.years]
    if found.totals[ALL] is not HIDDEN and len(totals) > 1:
        assert totals.count(HIDDEN) != 1


def test_a_ministers_numbers_can_be_given(survey: Survey) -> None:
    """Schools, participants by group, level and province: 001_1d914ecd67bc3d85.txt."""
    desk = survey.desk
    people = {"school_leaders": 2, "teachers": 5, "students": 10}
    with writing(desk.database) as connection:
        schools = [
            add(
                connection,
                Organisation(
                    name=f"School {at}", country="BE", area="BE-VLG",
                    province=["BE-VAN", "BE-VLI"][at % 2],
                ),
            )
            for at in range(6)
        ]  # fmt: skip
        other = add(connection, Organisation(name="Ecole", country="BE", area="BE-WAL"))
        away = add(connection, Organisation(name="Scuola", country="IT", area="IT"))
    for at, school in enumerate(schools):
        survey.exercise(people, school=school, level=["primary", "lower_secondary"][at % 2])
    survey.exercise(people, school=other)
    survey.exercise(people, school=away)
    survey.exercise(people, last_day=date(2022, 11, 22))  # still running
    survey.exercise({"teachers": 0})  # nobody took part
    with desk.database.connect() as connection:
        flemish = statistics("BE-VLG", completed(connection, "BE-VLG", date(2022, 11, 22)), 3)
        belgian = statistics("BE", completed(connection, "BE", date(2022, 11, 22)), 1)
        whole = statistics("*", completed(connection, "*", date(2022, 11, 22)), 1)
    assert flemish.totals[ALL].schools == 6
    assert flemish.totals[ALL].people == {"school_leaders": 12, "teachers": 30, "students": 60}
    assert flemish.provinces["2022-2023"]["BE-VAN"].schools == 3
    assert flemish.levels[ALL]["primary"].people == {
        "school_leaders": 6, "teachers": 15, "students": 30,
    }  # fmt: skip
    assert (belgian.totals[ALL].schools, whole.totals[ALL].schools) == (7, 8)


def test_figures_are_for_an_authority_in_its_area(
    survey: Survey, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = {"school_leaders": 2, "teachers": 1234, "students": 10}
    survey.exercise(people)
    web = survey.client(survey.authority)
    web.headers["accept-language"] = "nl"
    # Nothing is set for the process of these exercises: nothing is told.
    assert "geen gegeven" in web.get("/surveys/statistics").text
    assert web.get("/api/v1/survey-statistics").json()["figures"] == []
    monkeypatch.setattr(survey_figures, "statistics_threshold", lambda *_: 1)
    with writing(survey.desk.database) as connection:
        table = Organisation.__table__  # type: ignore[attr-defined]
        connection.execute(update(table).values(province="BE-VOV"))
    page = web.get("/surveys/statistics").text
    assert "Oost-Vlaanderen" in page
    assert "Lager onderwijs" in page
    assert "1.234" in page
    assert "100,0&nbsp;%" in page
    found: dict[str, Any] = web.get("/api/v1/survey-statistics?area=BE").json()
    assert found["figures"][0]["provinces"]["BE-VOV"] == {
        "schools": 1, "exercises": 1, "participants": people,
    }  # fmt: skip
    text = web.get("/surveys/statistics.csv").content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert ["België", "alle schooljaren", "provincie", "Oost-Vlaanderen", "1", "1", "2", "1234",
            "10", "0"] in rows  # fmt: skip
    # Levels stand in the order of schooling, and what lies nowhere known comes last.
    with writing(survey.desk.database) as connection:
        nowhere = add(connection, Organisation(name="Ecole", country="BE", area="BE-WAL"))
    survey.exercise({"teachers": 1}, school=nowhere, level="lower_secondary")
    shown = web.get("/surveys/statistics?area=BE").text
    order = ["Lager onderwijs", "Onderbouw", "Oost-Vlaanderen", "Provincie niet bekend"]
    assert sorted(order, key=shown.index) == order
    for answer in (page, text, str(found)):
        assert "Sint-Jan" not in answer
        assert survey.desk.school not in answer
    monkeypatch.setattr(survey_figures, "statistics_threshold", lambda *_: 2)
    assert "te weinig scholen" in web.get("/surveys/statistics").text
    assert "1.234" not in web.get("/surveys/statistics").text
    for path in ("/surveys/statistics", "/surveys/statistics.csv", "/api/v1/survey-statistics"):
        for person in (survey.coordinator, survey.desk.reviewer, survey.administrator):
            assert survey.client(person).get(path).status_code == 403
        assert web.get(f"{path}?area=IT").status_code == 403
    assert survey.client(None).get(
        "/surveys/statistics", follow_redirects=False
    ).headers["location"].startswith("/sign-in")  # fmt: skip
