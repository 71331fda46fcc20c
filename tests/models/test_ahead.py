from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
import sqlalchemy

from models.ahead import ahead


def test_all_come_in_their_order(engine: sqlalchemy.Engine) -> None:
    assert list(ahead(engine, iter(range(5)))) == [0, 1, 2, 3, 4]
    assert list(ahead(engine, iter([]))) == []


def test_the_next_is_made_while_one_is_used(postgres_engine: sqlalchemy.Engine) -> None:
    made = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        made.set()
        yield 2

    coming = ahead(postgres_engine, items())
    assert next(coming) == 1
    assert made.wait(10)
    assert list(coming) == [2]


def test_on_sqlite_it_is_made_when_it_is_asked_for(sqlite_engine: sqlalchemy.Engine) -> None:
    made = []

    def items() -> Iterator[int]:
        for number in (1, 2):
            made.append(threading.current_thread())
            yield number

    coming = ahead(sqlite_engine, items())
    assert next(coming) == 1
    assert made == [threading.current_thread()]


def test_what_goes_wrong_is_raised_when_it_is_asked_for(engine: sqlalchemy.Engine) -> None:
    def items() -> Iterator[int]:
        yield 1
        message = "no second"
        raise LookupError(message)

    coming = ahead(engine, items())
    assert next(coming) == 1
    with pytest.raises(LookupError, match="no second"):
        next(coming)


def test_whoever_stops_early_leaves_no_thread_behind(engine: sqlalchemy.Engine) -> None:
    with closing(ahead(engine, iter(range(5)))) as coming:
        assert next(coming) == 0
    assert [one.name for one in threading.enumerate() if one.name.startswith("ahead")] == []
