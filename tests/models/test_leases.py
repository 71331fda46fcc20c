from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError, OperationalError

from base.clock import VirtualClock
from models.cases import Timer
from models.database import is_away, open_database, reading, writing
from models.leases import Leases, outlast

NOW = datetime(2023, 1, 1, tzinfo=UTC)
_timer = Timer.__table__  # type: ignore[attr-defined]
LEASES = Leases(
    table=_timer, due=_timer.c.due_at, waiting=_timer.c.done_at.is_(None),
    length=timedelta(minutes=5),
)  # fmt: skip


def put(engine: sqlalchemy.Engine, name: str, **changed: Any) -> None:
    row = {
        "id": name, "key": name, "process": "p", "case_id": None, "name": name, "data": {},
        "due_at": NOW, "done_at": None, "leased_until": None, "failures": 0, **changed,
    }  # fmt: skip
    with writing(engine) as connection:
        connection.execute(_timer.insert(), [row])


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["name"] for row in rows]


def test_what_is_due_is_claimed_the_most_overdue_first(engine: sqlalchemy.Engine) -> None:
    put(engine, "now")
    put(engine, "later", due_at=NOW + timedelta(seconds=1))
    put(engine, "z", due_at=NOW - timedelta(days=1))
    put(engine, "a", due_at=NOW - timedelta(days=1))
    put(engine, "done", done_at=NOW)
    put(engine, "somebody's", leased_until=NOW + timedelta(seconds=1))
    put(engine, "a dead one's", leased_until=NOW, due_at=NOW - timedelta(hours=1))
    assert names(LEASES.claim(engine, NOW, 2)) == ["a", "z"]
    claimed = LEASES.claim(engine, NOW, 500)
    assert names(claimed) == ["a dead one's", "now"]
    assert {row["leased_until"] for row in claimed} == {NOW + timedelta(minutes=5)}
    assert LEASES.claim(engine, NOW, 500) == []


def test_a_claim_does_not_wait_for_rows_that_another_holds(
    postgres_engine: sqlalchemy.Engine,
) -> None:
    for number in range(3):
        put(postgres_engine, f"{number}")
    with writing(postgres_engine) as other:
        other.execute(update(_timer).where(_timer.c.id == "0").values(failures=1))
        assert names(LEASES.claim(postgres_engine, NOW, 500)) == ["1", "2"]


def test_side_by_side_nothing_is_claimed_twice(engine: sqlalchemy.Engine) -> None:
    for number in range(60):
        put(engine, f"{number:02}")
    claimed: list[str] = []

    def work() -> None:
        while rows := LEASES.claim(engine, NOW, 7):
            claimed.extend(names(rows))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == [f"{number:02}" for number in range(60)]


def test_what_is_given_back_is_free_unless_something_else_was_said(
    engine: sqlalchemy.Engine,
) -> None:
    for name in ("left", "set back", "gone"):
        put(engine, name)
    claimed = LEASES.claim(engine, NOW, 500)
    set_back = NOW + timedelta(minutes=1)
    with writing(engine) as connection:
        connection.execute(
            update(_timer).where(_timer.c.id == "set back").values(leased_until=set_back)
        )
        connection.execute(_timer.delete().where(_timer.c.id == "gone"))
    LEASES.give_back(engine, claimed)
    LEASES.give_back(engine, [])
    with reading(engine) as connection:
        rows = connection.execute(_timer.select().order_by(_timer.c.id)).mappings()
        assert {row["name"]: row["leased_until"] for row in rows} == {
            "left": None, "set back": set_back,
        }  # fmt: skip


def away() -> DBAPIError:
    """The error of a server that is not there."""
    engine = open_database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(OperationalError) as caught:
        engine.connect()
    return caught.value


def test_a_database_that_is_away_is_waited_for() -> None:
    error, tries = away(), [0]

    def act() -> None:
        tries[0] += 1
        if tries[0] < 3:
            raise error

    outlast(act, clock=VirtualClock(NOW), until=NOW + timedelta(1), ending=threading.Event())
    assert tries == [3]


@pytest.mark.parametrize("why", ["ending", "over"])
def test_but_not_for_ever(why: str) -> None:
    error, tries, ending = away(), [0], threading.Event()

    def act() -> None:
        tries[0] += 1
        raise error

    if why == "ending":
        ending.set()
    until = NOW if why == "over" else NOW + timedelta(1)
    with pytest.raises(OperationalError):
        outlast(act, clock=VirtualClock(NOW), until=until, ending=ending)
    assert tries == [1]


def test_a_database_that_refuses_is_not_away(engine: sqlalchemy.Engine) -> None:
    put(engine, "one")
    with pytest.raises(DBAPIError) as caught:
        outlast(
            lambda: put(engine, "one"), clock=VirtualClock(NOW), until=NOW + timedelta(1),
            ending=threading.Event(),
        )  # fmt: skip
    assert (is_away(caught.value), is_away(away())) == (False, True)


def test_leases_of_another_length(engine: sqlalchemy.Engine) -> None:
    put(engine, "one")
    shorter = replace(LEASES, length=timedelta(seconds=1))
    assert len(shorter.claim(engine, NOW, 1)) == 1
    assert len(LEASES.claim(engine, NOW + timedelta(seconds=1), 1)) == 1
