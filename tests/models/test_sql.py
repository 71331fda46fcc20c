"""Rows whose column is one of many texts."""

from __future__ import annotations

import pytest
import sqlalchemy
from sqlalchemy import select

from models.database import reading, writing
from models.registry import Person
from models.sql import among, only
from tests.builders import add_person

_person = Person.__table__  # type: ignore[attr-defined]


@pytest.mark.parametrize("count", [0, 1, 3, 5_000])
def test_both_ways_find_the_rows_that_are_named_each_once(
    engine: sqlalchemy.Engine, count: int
) -> None:
    with writing(engine) as connection:
        there = [add_person(connection, f"Persoon {number}") for number in range(4)]
    named = [*there, *there[:1], *(f"none {number}" for number in range(count))][:count]
    query = select(_person.c.id)
    with reading(engine) as connection:
        by_list = query.where(among(connection, _person.c.id, named))
        by_table = only(connection, query, _person.c.id, named)
        for one in (by_list, by_table):
            assert sorted(connection.execute(one).scalars()) == there[: min(count, 4)]
