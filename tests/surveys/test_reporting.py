"""Reports as they are made: of every answer, once, and of nothing that is not to be shown."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import func, select, update

from base.clock import VirtualClock
from models.database import reading, writing
from models.registry import Organisation
from models.survey_results import SurveyReport
from models.surveys import SurveySheet
from surveys import reporting
from surveys.forgetting import forget_answers
from surveys.report import ReportSettings
from surveys.reporting import LEASE, make_reports
from tests.builders import add
from tests.surveys.making import (
    GROUPS,
    add_company,
    add_exercise,
    add_sheets,
    sheets,
    some,
    statement,
)

#: The day after the last one has begun in Brussels.
AFTER = datetime(2022, 11, 21, 23, 0, 1, tzinfo=UTC)
SETTINGS = ReportSettings(threshold=3, scope="group")
_report = SurveyReport.__table__  # type: ignore[attr-defined]


def school(database: sqlalchemy.Engine, name: str = "De Linde") -> str:
    with writing(database) as connection:
        return add(connection, Organisation(name=name, country="BE", area="BE-VLG"))


def made(database: sqlalchemy.Engine, settings: ReportSettings = SETTINGS) -> dict[str, Any]:
    """The one report there is, made if it is due."""
    make_reports(database, VirtualClock(AFTER), lambda *_: settings)
    with reading(database) as connection:
        return dict(connection.execute(select(_report)).mappings().one())


def exercise(
    database: sqlalchemy.Engine, answers: dict[str, list[bytes]], width: int = 2, **values: Any
) -> str:
    asked = [statement(f"s{at}", ["leadership", "infrastructure"][at % 2]) for at in range(width)]
    with writing(database) as connection:
        made_up = add_exercise(
            connection, values.pop("school"), dict.fromkeys(answers, asked), **values
        )
        for group, rows in answers.items():
            add_sheets(connection, made_up, group, rows)
    return made_up


def statements(content: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["id"]: one["cells"] for area in content["areas"] for one in area["statements"]}


def test_means_are_those_of_a_loop_over_every_answer(engine: sqlalchemy.Engine) -> None:
    answers = {group: some(40, 5, seed=at) for at, group in enumerate(GROUPS)}
    exercise(engine, answers, 5, school=school(engine))
    content = made(engine)["content"]
    for at in range(5):
        for group, rows in answers.items():
            column = [row[at] for row in rows]
            on_scale = [one for one in column if 1 <= one <= 5]
            cell = statements(content)[f"s{at}"][group]
            assert cell["sum"] / cell["n"] == mean(on_scale)
            assert (cell["na"], cell["left"]) == (column.count(0), column.count(255))
    for area, columns in (("leadership", (0, 2, 4)), ("infrastructure", (1, 3))):
        (line,) = [one for one in content["areas"] if one["area"] == area]
        for group, rows in answers.items():
            every = [row[at] for row in rows for at in columns if 1 <= row[at] <= 5]
            assert line["cells"][group]["n"] == len(every)
            assert line["cells"][group]["sum"] == sum(every)


def test_not_asked_is_not_the_same_as_no_answers(sqlite_engine: sqlalchemy.Engine) -> None:
    engine = sqlite_engine
    here = school(engine)
    with writing(engine) as connection:
        asked = {
            "school_leaders": [statement("plan")],
            "teachers": [statement("plan"), statement("time")], "students": [statement("time")],
        }  # fmt: skip
        made_up = add_exercise(connection, here, asked)
        add_sheets(connection, made_up, "teachers", sheets([4, 0], [4, 0], [5, None]))
        add_sheets(connection, made_up, "students", sheets([1], [2], [2]))
    row = made(engine)
    content = row["content"]
    assert statements(content) == {
        "plan": {
            "school_leaders": {"none": True, "na": 0, "left": 0},
            "teachers": {"n": 3, "sum": 13, "na": 0, "left": 0},
        },
        "time": {
            "teachers": {"none": True, "na": 2, "left": 1},
            "students": {"n": 3, "sum": 5, "na": 0, "left": 0},
        },
    }
    assert content["incomplete"] == ["school_leaders"]
    assert (row["counted"], row["total"]) == (6, 6)


@pytest.mark.parametrize(("scope", "few"), [("group", False), ("item", True)])
def test_too_few_are_not_kept_at_all(
    sqlite_engine: sqlalchemy.Engine, scope: Any, few: bool
) -> None:
    answers = {
        "school_leaders": sheets([5, 5], [1, 1]),
        "teachers": sheets([5, 4], [5, 0], [5, 0]),
        "students": sheets(*[[3, 3]] * 4),
    }
    exercise(sqlite_engine, answers, school=school(sqlite_engine))
    content = made(sqlite_engine, ReportSettings(threshold=3, scope=scope))["content"]
    cells = statements(content)
    assert cells["s0"]["school_leaders"] == cells["s1"]["school_leaders"] == {"few": True}
    assert cells["s0"]["teachers"]["n"] == 3
    assert (cells["s1"]["teachers"] == {"few": True}) is few
    areas = {one["area"]: one["cells"] for one in content["areas"]}
    assert areas["leadership"]["school_leaders"] == {"few": True}
    assert (areas["infrastructure"]["teachers"] == {"few": True}) is few


def test_a_hidden_statement_cannot_be_worked_out_from_its_area(
    sqlite_engine: sqlalchemy.Engine,
) -> None:
    rows = sheets([4, 1, 5, 0], [4, 1, 5, 0], [4, 1, 5, 2])
    exercise(sqlite_engine, {"teachers": rows}, 4, school=school(sqlite_engine))
    content = made(sqlite_engine, ReportSettings(threshold=3, scope="item"))["content"]
    (area,) = [one for one in content["areas"] if one["area"] == "infrastructure"]
    assert area["cells"]["teachers"] == {"n": 3, "sum": 3, "na": 0, "left": 0}


def test_companies_and_sectors_do_not_give_each_other_away(engine: sqlalchemy.Engine) -> None:
    here = school(engine)
    with writing(engine) as connection:
        made_up = add_exercise(
            connection, here, {"trainers": [statement("plan")]}, with_companies=True,
            level="upper_secondary_vocational",
        )  # fmt: skip
        for name, sector, many in (
            ("Smid", "metal", 2), ("Staal", "metal", 4), ("Lasser", "metal", 3),
            ("Rusthuis", "care", 5), ("Apotheek", "care", 0),
        ):  # fmt: skip
            company = add_company(connection, here, made_up, name, sector)
            add_sheets(connection, made_up, "trainers", sheets(*[[many]] * many), company)
    content = made(engine)["content"]
    shown = {one["name"]: one["statements"]["plan"] for one in content["companies"]}
    none = {"none": True, "na": 0, "left": 0}
    assert shown == {
        "Smid": {"few": True}, "Lasser": {"few": True}, "Rusthuis": cell(5, 25),
        "Staal": cell(4, 16), "Apotheek": none,
    }  # fmt: skip
    sectors = {one["name"]: one["statements"]["plan"] for one in content["sectors"]}
    assert sectors == {"metal": cell(9, 29), "care": cell(5, 25)}
    assert statements(content)["plan"]["trainers"] == cell(14, 54)


def cell(answers: int, total: int) -> dict[str, int]:
    return {"n": answers, "sum": total, "na": 0, "left": 0}


def test_a_report_is_made_on_the_day_after_and_once(engine: sqlalchemy.Engine) -> None:
    here = school(engine)
    exercise(engine, {"teachers": some(5, 2)}, school=here)
    unlocked = {"teachers": some(5, 2)}
    exercise(engine, unlocked, school=here, locked_at=None)
    clock = VirtualClock(AFTER - timedelta(seconds=2))
    assert make_reports(engine, clock, lambda *_: SETTINGS) == 0
    clock.move_to(AFTER)
    assert make_reports(engine, clock, lambda *_: SETTINGS) == 1
    first = made(engine)
    assert (first["made_at"], first["leased_until"]) == (AFTER, None)
    clock.advance(timedelta(days=1))
    assert make_reports(engine, clock, lambda *_: SETTINGS) == 0
    assert made(engine) == first


def test_without_a_threshold_nothing_is_made_and_it_is_looked_at_again(
    sqlite_engine: sqlalchemy.Engine,
) -> None:
    exercise(sqlite_engine, {"teachers": some(5, 2)}, school=school(sqlite_engine))
    clock = VirtualClock(AFTER)
    assert make_reports(sqlite_engine, clock, lambda *_: None) == 0
    with reading(sqlite_engine) as connection:
        row = connection.execute(select(_report)).mappings().one()
    assert (row["content"], row["made_at"], row["failures"]) == (None, None, 0)
    clock.advance(reporting.UNSET_RETRY)
    assert make_reports(sqlite_engine, clock, lambda *_: SETTINGS) == 1


def test_a_report_that_cannot_be_made_holds_up_no_other(
    sqlite_engine: sqlalchemy.Engine,
) -> None:
    here = school(sqlite_engine)
    broken = exercise(sqlite_engine, {"teachers": [b"\x01\x02\x03"]}, school=here)
    whole = exercise(sqlite_engine, {"teachers": some(5, 2)}, school=here)
    assert make_reports(sqlite_engine, VirtualClock(AFTER), lambda *_: SETTINGS) == 1
    with reading(sqlite_engine) as connection:
        rows = {row["exercise_id"]: row for row in connection.execute(select(_report)).mappings()}
    assert rows[whole]["made_at"] == AFTER
    assert (rows[broken]["made_at"], rows[broken]["failures"]) == (None, 1)
    assert rows[broken]["leased_until"] == AFTER + reporting.FIRST_RETRY


def test_one_that_is_told_to_end_gives_the_report_back(
    sqlite_engine: sqlalchemy.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "STEP", 10)
    exercise(sqlite_engine, {"teachers": some(50, 2)}, school=school(sqlite_engine))
    ending = threading.Event()

    def settings(*_: object) -> ReportSettings:
        ending.set()
        return SETTINGS

    assert make_reports(sqlite_engine, VirtualClock(AFTER), settings, ending) == 0
    row = made(sqlite_engine)  # at once: nobody has to wait for the lease
    assert (row["counted"], row["made_at"]) == (50, AFTER)


def test_one_whose_lease_is_taken_over_writes_nothing(
    sqlite_engine: sqlalchemy.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "STEP", 10)
    exercise(sqlite_engine, {"teachers": some(50, 2)}, school=school(sqlite_engine))

    def taken(rows: Iterator[Any]) -> Iterator[Any]:
        for at, row in enumerate(rows):
            if at == 15:
                with writing(sqlite_engine) as connection:
                    connection.execute(update(_report).values(leased_until=AFTER + 9 * LEASE))
            yield row

    stream = reporting._sheets
    monkeypatch.setattr(reporting, "_sheets", lambda *given: taken(stream(*given)))
    assert make_reports(sqlite_engine, VirtualClock(AFTER), lambda *_: SETTINGS) == 0
    with reading(sqlite_engine) as connection:
        assert connection.execute(select(_report.c.made_at)).scalar() is None


KILLED = """
import os, signal, sys
from datetime import datetime
from base.clock import VirtualClock
from models.database import open_database
from surveys import reporting
from surveys.forgetting import forget_answers
from surveys.report import ReportSettings
reporting.STEP = 100
stream = reporting._sheets
def until(*given):
    for at, row in enumerate(stream(*given)):
        if at == 250:
            os.kill(os.getpid(), signal.SIGKILL)
        yield row
reporting._sheets = until
clock = VirtualClock(datetime.fromisoformat(sys.argv[2]))
settings = ReportSettings(threshold=3, scope="group")
reporting.make_reports(open_database(sys.argv[1]), clock, lambda *_: settings)
"""


@pytest.mark.chaos
def test_a_worker_that_is_killed_leaves_the_report_to_another(engine: sqlalchemy.Engine) -> None:
    exercise(engine, {"teachers": some(400, 2)}, school=school(engine))
    url = engine.url.render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, url, AFTER.isoformat()], check=False,
        cwd=Path(__file__).resolve().parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    clock = VirtualClock(AFTER)
    with reading(engine) as connection:
        row = connection.execute(select(_report)).mappings().one()
    assert (row["counted"], row["total"], row["made_at"]) == (200, 400, None)
    assert make_reports(engine, clock, lambda *_: SETTINGS) == 0, "the dead one has its lease"
    clock.advance(LEASE)
    assert make_reports(engine, clock, lambda *_: SETTINGS) == 1
    with reading(engine) as connection:
        row = connection.execute(select(_report)).mappings().one()
        many = connection.execute(select(func.count()).select_from(_report)).scalar_one()
    assert (row["counted"], many) == (400, 1)


def test_reports_by_several_at_once_are_made_once(engine: sqlalchemy.Engine) -> None:
    here = school(engine)
    for _ in range(4):
        exercise(engine, {"teachers": some(30, 2)}, school=here)
    done: list[int] = []

    def work() -> None:
        done.append(make_reports(engine, VirtualClock(AFTER), lambda *_: SETTINGS))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(done) == 4


def test_the_order_of_areas_is_the_questionnaires(sqlite_engine: sqlalchemy.Engine) -> None:
    asked: Sequence[dict[str, Any]] = [
        statement("b", "assessment"), statement("own_1", "mine", own=True), statement("a"),
    ]  # fmt: skip
    with writing(sqlite_engine) as connection:
        here = add(connection, Organisation(name="X", country="BE", area="BE-VLG"))
        made_up = add_exercise(connection, here, {"students": asked})
        add_sheets(connection, made_up, "students", some(4, 3))
    content = made(sqlite_engine)["content"]
    assert [one["area"] for one in content["areas"]] == ["leadership", "assessment", "mine"]


def test_answers_are_kept_as_long_as_the_country_says(engine: sqlalchemy.Engine) -> None:
    answers = {"teachers": sheets(*[[1, 5]] * 4), "students": sheets([2, 3])}
    exercise(engine, answers, school=school(engine))
    report = made(engine)
    moment = report["made_at"] + timedelta(days=30)
    assert forget_answers(engine, moment, lambda *_: None) == 0, "nobody has said"
    assert forget_answers(engine, moment - timedelta(seconds=1), lambda *_: 30) == 0
    assert forget_answers(engine, moment, lambda *_: 30) == 1
    assert forget_answers(engine, moment, lambda *_: 30) == 0
    table = SurveySheet.__table__  # type: ignore[attr-defined]
    with reading(engine) as connection:
        left = connection.execute(select(table.c.group, table.c.answers)).all()
    assert sorted(left) == [("students", b""), *[("teachers", b"")] * 4], "who took part stays"
    assert made(engine) == report
