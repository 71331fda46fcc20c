"""The queue: who sees what of it, in which order, and that its pages hold still."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from base.errors import BadInput
from models.database import reading, writing
from models.desk import Waiting
from tests.builders import Desk, add_grant, add_member, add_person, add_school
from web.queue import Filters, Page, queue_page
from web.scope import scope_of
from workflows.assigning import assign
from workflows.waiting import NEVER, fill_queue


def page(desk: Desk, person: str, after: str | None = None, limit: int = 50, **by: object) -> Page:
    clock = desk.clock
    with reading(desk.database) as connection:
        scope = scope_of(connection, person, clock)
        return queue_page(
            connection,
            scope,
            scope.rights,
            Filters(**by),
            clock.now(),
            after,
            limit,  # type: ignore[arg-type]
        )


def schools(found: Page) -> list[str]:
    return [row["organisation_name"] for row in found.rows]


def submit(desk: Desk, school: str, teachers: list[str]) -> str:
    (case,) = [row for row in desk.rows_of_cases() if row["organisation_id"] == school]
    before = desk.school, desk.teachers
    desk.school, desk.teachers = school, teachers
    desk.fire(case["id"], "start", teachers[0])
    desk.fill_in(case["id"])
    desk.fire(case["id"], "submit", teachers[0])
    desk.school, desk.teachers = before
    return str(case["id"])


def test_the_queue_is_what_waits_in_ones_area_the_most_urgent_first(desk: Desk) -> None:
    with writing(desk.database) as connection:
        others = [add_school(connection, name) for name in ("De Andere", "Ter Duinen", "Wijzer")]
        italian = add_person(connection, "Giulia Italiana")
        add_grant(connection, italian, "nso_reviewer", "IT")
        belgian = add_person(connection, "Bea Belge")
        add_grant(connection, belgian, "nso_reviewer", "BE")
        linked = add_person(connection, "Leen Dubbel")
        add_grant(connection, linked, "nso_reviewer", "BE-VLG")
        add_member(connection, others[0][0], linked, first_day=date(2022, 1, 1))
    first = desk.submitted()
    waits = [first]
    for number, (school, teachers) in enumerate(others[:2]):
        desk.clock.advance(timedelta(days=2 + number))
        waits.append(submit(desk, school, teachers))
    assert schools(page(desk, desk.reviewer)) == ["Sint-Jan", "De Andere", "Ter Duinen"]
    assert schools(page(desk, belgian)) == ["Sint-Jan", "De Andere", "Ter Duinen"]
    assert schools(page(desk, desk.coordinator)) == ["Sint-Jan", "De Andere", "Ter Duinen"]
    assert schools(page(desk, desk.css)) == []
    assert len(page(desk, desk.css, whom="nso").rows) == 3
    assert schools(page(desk, desk.reviewer, whom="school")) == ["Wijzer"]
    assert schools(page(desk, italian)) == []
    assert schools(page(desk, desk.teachers[0])) == []
    # Whoever works at a school reads its case as the school does.
    assert schools(page(desk, linked)) == ["Sint-Jan", "Ter Duinen"]

    with writing(desk.database) as connection:
        case = {**desk.case(waits[1]), "parties": {}}
        assign(connection, desk.engine.tools, case, desk.colleague, desk.reviewer)
        with pytest.raises(BadInput, match="cannot look after"):
            assign(connection, desk.engine.tools, case, linked, desk.reviewer)
    some = {
        "Sint-Jan": {"q": "sint"}, "De Andere": {"reviewer": desk.colleague},
        "Ter Duinen": {"q": "duin", "reviewer": "nobody", "round": "2023-2024"},
    }  # fmt: skip
    for name, by in some.items():
        found = page(desk, desk.reviewer, process="school_label", state="submitted", **by)
        assert schools(found) == [name]
    assert schools(page(desk, desk.reviewer, area="NL")) == []
    assert schools(page(desk, desk.reviewer, q="%")) == []
    assert (
        schools(page(desk, desk.reviewer, late=True))
        == ["Sint-Jan", "De Andere"][
            : sum(row["due_at"] <= desk.clock.now() for row in page(desk, desk.reviewer).rows)
        ]
    )

    # Its pages hold still while a more urgent case goes and another comes.
    one = page(desk, desk.reviewer, limit=1)
    desk.fire(first, "refuse", desk.colleague, reason="Te vroeg.")
    submit(desk, *others[2])
    two = page(desk, desk.reviewer, one.next, limit=1)
    three = page(desk, desk.reviewer, two.next, limit=5)
    assert schools(one) + schools(two) + schools(three) == [
        "Sint-Jan", "De Andere", "Ter Duinen", "Wijzer",
    ]  # fmt: skip
    assert three.next is None
    with pytest.raises(BadInput, match="cursor"):
        page(desk, desk.reviewer, "nonsense")


def test_what_waits_is_due_as_the_digest_says_and_no_longer_once_it_has_ended(desk: Desk) -> None:
    case_id = desk.draft()
    (row,) = desk.rows_of(Waiting)
    # The school has until the window closes: then the draft expires by itself.
    assert (row["right"], row["area"]) == ("", "BE-VLG")
    assert row["due_at"] == desk.moment("2023-01-31T23:00:00+00:00")
    desk.fill_in(case_id)
    desk.fire(case_id, "submit", desk.teachers[0])
    (row,) = desk.rows_of(Waiting)
    assert row["right"] == "nso_reviewer"
    assert desk.clock.now() < row["due_at"] < NEVER
    before = desk.rows_of(Waiting)
    with writing(desk.database) as connection:
        connection.execute(Waiting.__table__.delete())  # type: ignore[attr-defined]
        assert fill_queue(connection, desk.engine.tools.library) == 1
        assert fill_queue(connection, desk.engine.tools.library) == 0
    assert desk.rows_of(Waiting) == before
    desk.fire(case_id, "withdraw", desk.teachers[0])
    assert desk.rows_of(Waiting) == []
