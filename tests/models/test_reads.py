"""Questions by the driver's own cursor, and the end of a transaction that goes along with it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import bindparam, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from base.ids import new_id
from models.cases import Timer
from models.database import reading, writing
from models.reads import MAX_LISTED, Question
from models.registry import Organisation
from models.writes import pipelined
from tests.models.test_writes import timer

_timer = Timer.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]

DUE = Question(
    select(_timer)
    .where(_timer.c.key.in_(bindparam("keys", expanding=True)), _timer.c.due_at <= bindparam("now"))
    .order_by(_timer.c.key),
    ("keys",),
)
NOON = datetime(2022, 11, 23, 12, 0, 0, 1, tzinfo=UTC)


def test_an_answer_is_what_sqlalchemy_gives(engine: sqlalchemy.Engine) -> None:
    rows = [timer(key) for key in ("a", "b", "c", "d", "% %s :x ?")]
    with writing(engine) as connection, pipelined(connection) as writes:
        writes.insert(_timer, rows)
    for keys in ([], ["a"], ["a", "b", "nobody"], ["% %s :x ?"], ["a", "b", "c", "d"]):
        known = {"keys": keys, "now": NOON, "more": "is left"}
        with reading(engine) as connection:
            expected = connection.execute(DUE.query, {"keys": keys, "now": NOON}).mappings().all()
            assert DUE.rows(connection, known) == [dict(row) for row in expected]
            assert len(expected) == len({*keys} - {"nobody"})
    assert len(rows) > MAX_LISTED


def test_values_may_stand_in_the_question_itself(engine: sqlalchemy.Engine) -> None:
    with writing(engine) as connection, pipelined(connection) as writes:
        writes.insert(_timer, [timer(key) for key in ("a", "b", "c")])
    query = (
        select(_timer.c.key)
        .where(_timer.c.key.in_(["a", "b"]), _timer.c.due_at == NOON, _timer.c.key != "z")
        .where(_timer.c.key.in_(bindparam("keys", expanding=True)))
        .limit(1)
    )
    asked = Question(query, ("keys",))
    with reading(engine) as connection:
        assert asked.rows(connection, {"keys": ["b", "c"]}) == [{"key": "b"}]
        assert asked.rows(connection, {"keys": ["c"]}) == []


def test_days_answers_and_odd_values_come_back_as_they_are(engine: sqlalchemy.Engine) -> None:
    row = {
        "id": new_id(), "kind": "school", "name": "Sint-Jan", "place": "", "country": "BE",
        "area": "BE-VLG", "registered_on": date(2020, 9, 1), "validated": False, "zone": None,
        "province": "", "legal_name": "", "principal_name": "", "principal_email": "",
    }  # fmt: skip
    since = Question(
        select(_organisation).where(
            _organisation.c.registered_on <= bindparam("day"),
            _organisation.c.validated == bindparam("answer"),
        )
    )
    with writing(engine) as connection:
        with pipelined(connection) as writes:
            writes.insert(_organisation, [row])
        asked: dict[str, Any] = {"day": date(2020, 9, 1), "answer": False}
        assert since.rows(connection, asked) == [row]
        assert since.rows(connection, {**asked, "day": date(2020, 8, 31)}) == []
        assert since.rows(connection, {**asked, "answer": True}) == []


def test_a_question_that_cannot_be_answered_is_sqlalchemys_error(
    engine: sqlalchemy.Engine,
) -> None:
    nothing = Question(select(sqlalchemy.table("nothing", sqlalchemy.column("id"))))
    with pytest.raises(DBAPIError, match="nothing"), writing(engine) as connection:
        nothing.rows(connection, {})


def put(engine: sqlalchemy.Engine, *keys: str, fault: Exception | None = None) -> None:
    with writing(engine) as connection, pipelined(connection, last=True) as writes:
        for key in keys:
            writes.insert(_timer, [timer(key)])
        if fault:
            raise fault


def test_the_end_of_a_transaction_goes_along_with_its_last_rows(engine: sqlalchemy.Engine) -> None:
    put(engine, "a")
    with pytest.raises(IntegrityError):
        put(engine, "b", "a", "c")
    with pytest.raises(LookupError):
        put(engine, "d", fault=LookupError())
    keys = Question(select(_timer.c.key).order_by(_timer.c.key))
    with writing(engine) as connection:
        assert keys.rows(connection, {}) == [{"key": "a"}]
