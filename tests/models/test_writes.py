"""Writes and pipelines on both databases, and connections that died while they lay idle."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, StatementError

from base.ids import new_id
from models import database
from models.cases import Timer
from models.database import writing
from models.registry import Organisation, Person
from models.writes import Writes, insert, insert_new, pipelined

NOON = datetime(2022, 11, 23, 12, 0, 0, 1, tzinfo=UTC)

_timer = Timer.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]


def timer(key: str, **values: Any) -> dict[str, Any]:
    return {
        "id": new_id(), "key": key, "process": "p", "case_id": None, "name": "n",
        "data": {"day": "2022-11-23", "n": [1, None, "é\"'\\"]}, "due_at": NOON, **values,
    }  # fmt: skip


def test_rows_come_back_as_they_were(engine: sqlalchemy.Engine) -> None:
    east = NOON.astimezone(timezone(timedelta(hours=5)))
    rows = [timer("a"), timer("b", due_at=east, data={})]
    people = [
        {
            "id": new_id(), "name": "Zoë % %s :x", "email": "z@x", "language": None,
            "validated": True, "available": False, "created_at": None,
        }
    ]  # fmt: skip
    with writing(engine) as connection:
        insert(connection, _timer, rows)
        insert(connection, _person, people)
        insert(connection, _person, [])
        found = connection.execute(select(_timer).order_by(_timer.c.key)).mappings().all()
        assert [dict(row) for row in found] == [
            {**row, "due_at": NOON, "done_at": None, "leased_until": None, "failures": 0,
             "fault": None}
            for row in rows
        ]  # fmt: skip
        assert [dict(r) for r in connection.execute(select(_person)).mappings()] == people


def test_days_come_back_as_days(engine: sqlalchemy.Engine) -> None:
    row = {
        "id": new_id(), "kind": "school", "name": "Sint-Jan", "place": "", "country": "BE",
        "area": "BE-VLG", "registered_on": date(2020, 9, 1), "validated": False, "zone": None,
        "province": "", "legal_name": "", "principal_name": "", "principal_email": "",
    }  # fmt: skip
    with writing(engine) as connection:
        insert(connection, _organisation, [row])
        assert [dict(r) for r in connection.execute(select(_organisation)).mappings()] == [row]


def test_a_time_without_a_zone_is_refused(engine: sqlalchemy.Engine) -> None:
    naive = NOON.replace(tzinfo=None)
    with pytest.raises((ValueError, StatementError), match="no time zone"), writing(engine) as it:
        insert(it, _timer, [timer("a", due_at=naive)])


def test_what_is_there_already_stays_as_it_is(engine: sqlalchemy.Engine) -> None:
    first, second, other = timer("a"), timer("a"), timer("b")
    with writing(engine) as connection:
        insert_new(connection, _timer, [first])
        insert_new(connection, _timer, [second, other])
        insert_new(connection, _timer, [])
        found = connection.execute(select(_timer.c.id).order_by(_timer.c.key)).scalars().all()
        assert found == [first["id"], other["id"]]


def test_a_pipeline_writes_everything(engine: sqlalchemy.Engine) -> None:
    with writing(engine) as connection:
        with pipelined(connection) as writes:
            writes.insert(_timer, [timer("a"), timer("b")])
            connection.execute(_timer.delete().where(_timer.c.key == "a"))
            writes.insert(_timer, [timer("c")])
        found = connection.execute(select(_timer.c.key).order_by(_timer.c.key)).scalars().all()
        assert found == ["b", "c"]


@pytest.mark.parametrize("more", [0, 3])
def test_a_failed_pipeline_is_an_integrity_error_and_writes_nothing(
    engine: sqlalchemy.Engine, more: int
) -> None:
    def twice_the_same_key() -> None:
        with writing(engine) as connection, pipelined(connection) as writes:
            writes.insert(_timer, [timer("a")])
            writes.insert(_timer, [timer("a")])
            for number in range(more):
                writes.insert(_timer, [timer(f"b{number}")])

    with pytest.raises(IntegrityError):
        twice_the_same_key()
    with writing(engine) as connection:
        assert connection.execute(select(_timer.c.id)).all() == []


def test_rows_take_the_values_of_those_with_their_id(engine: sqlalchemy.Engine) -> None:
    rows = [timer(key) for key in "abc"]
    later = NOON.astimezone(timezone(timedelta(hours=5))) + timedelta(days=1)
    with writing(engine) as connection:
        writes = Writes(connection)
        writes.insert(_timer, rows)
        writes.update(_timer, [])
        writes.update(
            _timer,
            [
                {"data": {"key": row["key"]}, "due_at": later, "case_id": None, "id": row["id"]}
                for row in rows[:2]
            ],
        )
        found = connection.execute(
            select(_timer.c.key, _timer.c.data, _timer.c.due_at).order_by(_timer.c.key)
        ).all()
    assert [tuple(row) for row in found] == [
        ("a", {"key": "a"}, later), ("b", {"key": "b"}, later), ("c", rows[2]["data"], NOON),
    ]  # fmt: skip


@pytest.mark.parametrize("keys", [[], ["a"], ["a", "o'b", "none"]])
def test_only_the_rows_named_are_meant(engine: sqlalchemy.Engine, keys: list[str]) -> None:
    with writing(engine) as connection:
        writes = Writes(connection)
        writes.insert(_timer, [timer(key) for key in ("a", "o'b", "c")])
        writes.among("DELETE FROM timer WHERE failures = 0 AND key", keys)
        found = connection.execute(select(_timer.c.key)).scalars().all()
    assert set(found) == {"a", "o'b", "c"} - set(keys)


def test_a_connection_that_died_idle_is_replaced(
    postgres_url: str, postgres_engine: sqlalchemy.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "IDLE", 0.0)
    idle = database.open_database(postgres_url)  # with connections of its own
    with idle.connect() as one, idle.connect() as two:
        killed = [link.execute(text("SELECT pg_backend_pid()")).scalar() for link in (one, two)]
    with postgres_engine.connect() as connection:
        for pid in killed:
            connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    with idle.connect() as one, idle.connect() as two:
        alive = [link.execute(text("SELECT pg_backend_pid()")).scalar() for link in (one, two)]
    idle.dispose()
    assert set(alive).isdisjoint(killed)
