"""Answering: when a link answers, for how long, and that nothing of the person is left."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import event

from base.clock import VirtualClock
from base.errors import BadInput, NotFound, NotPossible
from models.database import metadata, reading
from models.surveys import SurveyLink, SurveyProgress, SurveySheet
from rules.judge import Judge
from surveys.answering import TimeOver, begin, drop_expired, submit
from surveys.opening import Links
from surveys.participation import participation
from tests.builders import Desk
from tests.surveys.exercises import SET, exercise, locked, open_desk, opened, token_of

pytestmark = pytest.mark.integration


@pytest.fixture
def selfie(sqlite_engine: sqlalchemy.Engine, clock: VirtualClock, judge: Judge) -> Desk:
    """A desk for exercises, on SQLite."""
    return open_desk(sqlite_engine, clock, judge)


def answers(desk: Desk, token: str, value: int = 4) -> list[int]:
    return [value] * len(Links(desk.database).open(token, desk.clock.now()).link.statements)


def filled_in(desk: Desk, token: str, value: int = 4) -> None:
    key = begin(Links(desk.database), token, desk.clock.now())
    submit(Links(desk.database), token, key, answers(desk, token, value), desk.clock.now())


def test_a_link_answers_from_the_first_day_to_the_end_of_the_last(selfie: Desk) -> None:
    case_id = locked(selfie)
    token = token_of(selfie, case_id, "teachers")
    moments = [
        ("2022-11-27T22:59:59+00:00", "before"), ("2022-11-27T23:00:00+00:00", "open"),
        ("2022-12-04T22:59:59+00:00", "open"), ("2022-12-04T23:00:00+00:00", "after"),
    ]  # fmt: skip
    links = Links(selfie.database)
    for text, expected in moments:  # nobody has swept: the days alone decide
        now = selfie.moment(text)
        assert links.open(token, now).when == expected
        if expected == "open":
            begin(Links(selfie.database), token, now)
        else:
            with pytest.raises(NotPossible) as refused:
                begin(Links(selfie.database), token, now)
            assert "2022" in refused.value.say("nl")
    (early, _late) = sorted(row["expires_at"] for row in selfie.rows_of(SurveyProgress))
    assert early == selfie.moment("2022-11-28T01:00:00+00:00")
    assert _late == selfie.moment("2022-12-04T23:00:00+00:00"), "no longer than the last day"
    key = begin(links, token, selfie.moment("2022-12-04T22:59:00+00:00"))
    with pytest.raises(NotPossible, match="closed on"):  # begun in time, handed in too late
        submit(
            links, token, key, answers(selfie, token), selfie.moment("2022-12-04T23:00:00+00:00")
        )
    assert selfie.rows(SurveySheet) == []


@pytest.mark.parametrize(("seconds", "kept"), [(7199, True), (7200, False)])
def test_two_hours_and_the_answers_are_gone(selfie: Desk, seconds: int, kept: bool) -> None:
    token = token_of(selfie, opened(selfie), "teachers")
    start = selfie.clock.now()
    key = begin(Links(selfie.database), token, start)
    later = start + timedelta(seconds=seconds)
    if kept:
        submit(Links(selfie.database), token, key, answers(selfie, token), later)
    else:
        with pytest.raises(TimeOver):
            submit(Links(selfie.database), token, key, answers(selfie, token), later)
        assert drop_expired(selfie.database, later) == 1
    assert len(selfie.rows(SurveySheet)) == kept
    assert selfie.rows_of(SurveyProgress) == []
    assert drop_expired(selfie.database, later) == 0


def test_a_questionnaire_is_handed_in_once_but_a_link_serves_many(selfie: Desk) -> None:
    case_id = opened(selfie)
    token = token_of(selfie, case_id, "teachers")
    key = begin(Links(selfie.database), token, selfie.clock.now())
    submit(Links(selfie.database), token, key, answers(selfie, token), selfie.clock.now())
    with pytest.raises(TimeOver):
        submit(Links(selfie.database), token, key, answers(selfie, token), selfie.clock.now())
    for _ in range(11):  # more than the ten invited: nobody knows who comes again
        filled_in(selfie, token)
    with reading(selfie.database) as connection:
        shown = participation(connection, exercise(selfie, case_id), SET)
    assert {one.group: one.percent for one in shown}["teachers"] == 120


@pytest.mark.parametrize("wrong", [[], [4], [6], [-1], [254]])
def test_answers_that_do_not_fit(selfie: Desk, wrong: list[int]) -> None:
    token = token_of(selfie, opened(selfie), "students")
    key = begin(Links(selfie.database), token, selfie.clock.now())
    sent = wrong if len(wrong) < 1 or wrong == [4] else [*answers(selfie, token)[1:], *wrong]
    with pytest.raises(BadInput):
        submit(Links(selfie.database), token, key, sent, selfie.clock.now())
    assert selfie.rows(SurveySheet) == []
    submit(Links(selfie.database), token, key, answers(selfie, token), selfie.clock.now())


@pytest.mark.parametrize("token", ["", "x", "a" * 21, "' OR 1=1", "ABCDEFGHJKLM", "\0"])
def test_there_is_no_such_link(selfie: Desk, token: str) -> None:
    with pytest.raises(NotFound):
        begin(Links(selfie.database), token, selfie.clock.now())


def test_trainers_are_counted_company_by_company(selfie: Desk) -> None:
    case_id = opened(selfie, companies=True)
    filled_in(selfie, token_of(selfie, case_id, "trainers"))
    with reading(selfie.database) as connection:
        shown = participation(connection, exercise(selfie, case_id), SET)
    (trainers,) = [one for one in shown if one.group == "trainers"]
    assert (trainers.company, trainers.submitted, trainers.percent) == ("Bouw Janssens", 1, None)


def test_nothing_is_left_of_whoever_answered(
    engine: sqlalchemy.Engine, clock: VirtualClock, judge: Judge
) -> None:
    desk = open_desk(engine, clock, judge)
    case_id = opened(desk)
    token = token_of(desk, case_id, "teachers")
    before = {
        table.name: desk.rows_of(type("T", (), {"__table__": table}))
        for table in metadata.sorted_tables
    }
    written: list[str] = []
    event.listen(
        engine, "before_cursor_execute",
        lambda _c, _cursor, statement, *_more: written.append(statement.split(maxsplit=1)[0]),
    )  # fmt: skip
    filled_in(desk, token)
    assert [word for word in written if word in {"INSERT", "DELETE", "UPDATE"}] == [
        "INSERT", "DELETE", "INSERT",
    ], "a short way: many answer at once"  # fmt: skip
    after = {
        table.name: desk.rows_of(type("T", (), {"__table__": table}))
        for table in metadata.sorted_tables
    }
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"survey_sheet"}
    (sheet,) = after["survey_sheet"]
    assert set(sheet) == {"id", "exercise_id", "group", "company_id", "answers"}
    assert set(sheet["answers"]) == {4}
    assert sheet["id"][14] == "4", "random: other ids tell when they were made"
    assert {row["token"] for row in desk.rows_of(SurveyLink)} >= {token}


def test_what_is_deleted_is_not_left_in_the_file(selfie: Desk) -> None:
    links, token = Links(selfie.database), token_of(selfie, opened(selfie), "teachers")
    key = begin(links, token, selfie.clock.now())
    hashed = selfie.rows_of(SurveyProgress)[0]["key_hash"].encode()
    submit(links, token, key, answers(selfie, token), selfie.clock.now())
    selfie.database.dispose()
    with selfie.database.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
        assert connection.exec_driver_sql("PRAGMA secure_delete").scalar() == 1
    file = Path(str(selfie.database.url.database))
    kept = b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
    assert token.encode() in kept
    assert hashed not in kept
