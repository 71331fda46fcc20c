from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import text

from models.database import reading, writing
from registry.generate import Size, generate
from registry.resolving import TABLES

#: Eligibility written out once more, independently of the rule files.
ELIGIBLE = """
SELECT o.id FROM organisation o
WHERE o.registered_on <= '2020-09-01'
AND (SELECT count(DISTINCT a.person_id) FROM membership m
     JOIN activity a ON a.person_id = m.person_id AND a.on_day >= '2020-09-01'
     WHERE m.organisation_id = o.id) >= 3
AND EXISTS (SELECT 1 FROM project_school s JOIN label l ON l.project_id = s.project_id
            WHERE s.organisation_id = o.id AND l.granted_on >= '2020-07-01'
            AND (SELECT count(DISTINCT f.country) FROM project_founder f
                 WHERE f.project_id = s.project_id) > 1)
"""


@pytest.mark.parametrize("size", [(2_180, 52, 393), (100, 100, 300), (50, 0, 0), (7, 1, 20)])
def test_the_numbers_are_exact(engine: sqlalchemy.Engine, size: tuple[int, int, int]) -> None:
    schools, eligible, teachers = size
    with writing(engine) as connection:
        counts = generate(connection, Size(schools=schools, eligible=eligible, teachers=teachers))
    assert counts["schools"] == schools
    with reading(engine) as connection:
        found = connection.execute(text(ELIGIBLE)).all()
        taught = connection.execute(
            text(f"SELECT count(*) FROM membership WHERE organisation_id IN ({ELIGIBLE})")
        ).scalar_one()
    assert (len(found), taught) == (eligible, teachers)


def test_the_same_is_made_each_time(engine: sqlalchemy.Engine) -> None:
    def made() -> list[list[Any]]:
        with writing(engine) as connection:
            generate(connection, Size(schools=300, eligible=9, teachers=60))
            found = [
                [tuple(row) for row in connection.execute(table.select().order_by(table.c.id))]
                for table in TABLES.values()
            ]
            connection.rollback()
        return found

    assert made() == made()


def test_progress_is_told(engine: sqlalchemy.Engine) -> None:
    seen: list[tuple[int, int]] = []
    with writing(engine) as connection:
        generate(
            connection, Size(schools=9_000, eligible=1, teachers=3),
            lambda done, total: seen.append((done, total)),
        )  # fmt: skip
    assert seen == [(4_000, 9_000), (8_000, 9_000), (9_000, 9_000)]


@pytest.mark.parametrize(("eligible", "teachers"), [(11, 33), (2, 5), (1, 1_000), (0, 1)])
def test_numbers_that_cannot_be_met_are_refused(eligible: int, teachers: int) -> None:
    with pytest.raises(ValueError, match="eligible"):
        Size(schools=10, eligible=eligible, teachers=teachers)
