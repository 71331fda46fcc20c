from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import StatementError

from base.ids import new_id
from models.cases import Attempt, Idempotency
from models.database import reading, writing
from tests.conftest import examples

_attempt = Attempt.__table__  # type: ignore[attr-defined]
_kept = Idempotency.__table__  # type: ignore[attr-defined]


def stored(engine: sqlalchemy.Engine, at: datetime) -> datetime:
    row = {"id": new_id(), "at": at, "trigger": "t", "code": "c", "reason": "r"}
    with writing(engine) as connection:
        connection.execute(_attempt.insert(), row)
        query = select(_attempt.c.at).where(_attempt.c.id == row["id"])
        found: datetime = connection.execute(query).scalar_one()
    return found


def test_a_naive_datetime_is_refused_by_the_type(engine: sqlalchemy.Engine) -> None:
    with pytest.raises(StatementError, match="no time zone"):
        stored(engine, datetime(2023, 1, 1))  # noqa: DTZ001 - that is the point


def test_the_hour_that_comes_twice_is_two_hours(engine: sqlalchemy.Engine) -> None:
    brussels = ZoneInfo("Europe/Brussels")
    hours = [datetime(2022, 10, 30, 2, 30, tzinfo=brussels, fold=fold) for fold in (0, 1)]
    assert [stored(engine, hour).hour for hour in hours] == [0, 1]


def test_an_instant_comes_back_in_utc(engine: sqlalchemy.Engine) -> None:
    east = datetime(2023, 2, 1, 0, 30, 0, 123456, tzinfo=timezone(timedelta(hours=1)))
    found = stored(engine, east)
    assert found == east
    assert found.utcoffset() == timedelta(0)
    assert found.isoformat() == "2023-01-31T23:30:00.123456+00:00"


def test_instants_compare_in_the_database_as_in_python(engine: sqlalchemy.Engine) -> None:
    moments = [datetime(2023, 1, 1, tzinfo=UTC) + timedelta(microseconds=n) for n in (2, 0, 1)]
    with writing(engine) as connection:
        connection.execute(
            _attempt.insert(),
            [
                {"id": new_id(), "at": at, "trigger": "t", "code": "c", "reason": "r"}
                for at in moments
            ],
        )
    with reading(engine) as connection:
        query = select(_attempt.c.at).where(_attempt.c.at > moments[1]).order_by(_attempt.c.at)
        assert list(connection.execute(query).scalars()) == [moments[2], moments[0]]


@settings(
    max_examples=examples(25),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53)
        | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
        lambda inner: st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
            inner, max_size=4,
        ),
        max_leaves=10,
    )
)  # fmt: skip
def test_json_comes_back_as_it_went(engine: sqlalchemy.Engine, value: Any) -> None:
    key = new_id()
    with writing(engine) as connection:
        connection.execute(
            _kept.insert(),
            {
                "actor_id": "a", "key": key, "request": "r", "status": 200,
                "answer": {"value": value}, "at": datetime(2023, 1, 1, tzinfo=UTC),
            },
        )  # fmt: skip
        found = connection.execute(select(_kept.c.answer).where(_kept.c.key == key)).scalar_one()
    assert found == {"value": value}


def test_a_date_in_json_is_iso_text(engine: sqlalchemy.Engine) -> None:
    with writing(engine) as connection:
        connection.execute(
            _kept.insert(),
            {
                "actor_id": "a", "key": "k", "request": "r", "status": 200,
                "answer": {"day": date(2023, 1, 31)}, "at": datetime(2023, 1, 1, tzinfo=UTC),
            },
        )  # fmt: skip
        assert connection.execute(select(_kept.c.answer)).scalar_one() == {"day": "2023-01-31"}
