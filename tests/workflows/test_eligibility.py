"""Whether a case could be started, told before anybody does, and nothing is written."""

from __future__ import annotations

from datetime import date
from typing import Any

from models.cases import Attempt, Case, Decision
from models.database import reading, writing
from tests.builders import Desk, add_school
from workflows.eligibility import Trial, Verdict, verdicts
from workflows.subjects import subject


def told(desk: Desk, way: str, school: str | None = None, **named: Any) -> dict[Any, Verdict]:
    now = desk.clock.now()
    with reading(desk.database) as connection:
        about = subject(connection, "organisation", school or desk.school, now)
        assert about is not None
        trial = Trial(
            published=desk.published, way=way, about=about, actor_id=desk.teachers[0], named=named
        )
        return {one.round: one for one in verdicts(connection, trial, now, "en")}


def test_a_school_is_told_for_each_round_what_it_lacks(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    with writing(desk.database) as connection:
        young, _ = add_school(
            connection, "De Jonge", registered_on=date(2021, 9, 1), active=1, nql_on=None
        )
    found = told(desk, "screening", young)["2023-2024"]
    outcomes = {one["criterion"]: one["outcome"] for one in found.findings}
    assert outcomes["registered_in_time"] == outcomes["enough_active_teachers"] == "unmet"
    remedies = [one["remedy"] for one in found.findings]
    assert "Active teachers still needed: 2." in " ".join(remedies)
    assert (found.ready, found.there_already) == (False, False)
    zone = "+00:00"
    assert found.looks_at == desk.moment(f"2022-11-23T05:00:00{zone}")
    assert found.closes == desk.moment(f"2023-01-31T23:00:00{zone}")
    assert [desk.rows(table) for table in (Case, Decision, Attempt)] == [[], [], []]


def test_the_day_is_told_apart_from_the_rest(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    before = told(desk, "apply")["2023-2024"]
    assert (before.ready, before.in_time) == (True, False)
    assert before.opens == desk.moment("2022-11-22T23:00:00+00:00")
    assert "in_first_window" not in {one["criterion"] for one in before.findings}
    desk.clock.move_to(desk.moment("2022-11-23T09:00:00+00:00"))
    assert told(desk, "apply")["2023-2024"].in_time
    # The judge says the same when it counts, and then there is one already.
    desk.engine.start(
        "school_label", "apply", actor_id=desk.teachers[0], organisation_id=desk.school,
        round_name="2023-2024",
    )  # fmt: skip
    assert told(desk, "apply")["2023-2024"].there_already
    # What is over is not shown; what comes is.
    desk.clock.move_to(desk.moment("2023-02-01T09:00:00+00:00"))
    assert "2023-2024" not in told(desk, "apply")
    assert "2024-2025" in told(desk, "apply")
