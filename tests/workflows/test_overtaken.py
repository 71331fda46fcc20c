"""Two teachers in one form do not overwrite each other."""

from __future__ import annotations

from typing import Any

import pytest

from base.errors import Conflict
from models.cases import Answer
from models.database import reading
from tests.builders import Desk
from workflows.answers import save_answers
from workflows.answers_store import answers_of, snapshot
from workflows.overtaken import UNANSWERED, Saved, versions_of

PLAN, OTHER = "students.plan", "models.plan"


def save(
    desk: Desk, who: int, answers: dict[str, Any], seen: dict[str, str] | None = None, **how: bool
) -> Saved:
    case_id = str(desk.case()["id"])
    return save_answers(
        desk.database, desk.engine.tools, case_id, answers, desk.teachers[who], seen or {}, **how
    )


def there(desk: Desk) -> dict[str, Any]:
    with reading(desk.database) as connection:
        return answers_of(connection, str(desk.case()["id"]))


def test_what_somebody_else_wrote_meanwhile_is_not_overwritten(desk: Desk) -> None:
    desk.draft()
    first = save(desk, 0, {PLAN: "Eerst"}).versions
    both_saw = {**first, OTHER: UNANSWERED}
    save(desk, 1, {PLAN: "Van An"}, both_saw)
    desk.clock.advance(desk.engine.tools.grace)

    done = save(desk, 0, {PLAN: "Van mij", OTHER: "Ook van mij"}, both_saw, partly=True)
    (one,) = done.overtaken
    assert (one.field, one.mine, one.theirs, one.who) == (PLAN, "Van mij", "Van An", "Sint-Jan 2")
    assert there(desk) == {PLAN: "Van An", OTHER: "Ook van mij"}

    # All or nothing: nothing was saved, and the problem names the field and who it was.
    with pytest.raises(Conflict, match="Nothing was saved") as told:
        save(desk, 0, {PLAN: "Van mij", OTHER: "Iets anders"}, both_saw)
    (problem,) = told.value.problems
    assert problem.where == PLAN
    assert "Sint-Jan 2 has changed this meanwhile" in problem.say("en")
    assert there(desk)[OTHER] == "Ook van mij"

    # She has seen both texts, and chooses hers.
    save(desk, 0, {PLAN: "Van mij"}, {PLAN: one.version})
    assert there(desk)[PLAN] == "Van mij"


def test_what_is_no_conflict_is_none(desk: Desk) -> None:
    desk.draft()
    seen = dict(save(desk, 0, {PLAN: "Eerst", OTHER: "Tweede"}).versions)
    # Her own other window; what she left as she saw it; what both wrote alike; nobody's version.
    save(desk, 0, {PLAN: "Van mij"}, seen)
    save(desk, 0, {PLAN: "Van mij, later"}, seen)
    save(desk, 1, {PLAN: "Van An"})
    assert save(desk, 0, {PLAN: "Eerst", OTHER: "Derde"}, seen).overtaken == []
    assert there(desk) == {PLAN: "Van An", OTHER: "Derde"}
    save(desk, 2, {PLAN: "Van An"}, seen)
    (row,) = [row for row in desk.rows_of(Answer) if row["field"] == PLAN]
    assert row["saved_by"] == desk.teachers[1]


def test_an_answer_that_was_taken_back_is_no_answer_and_has_a_version(desk: Desk) -> None:
    case_id = desk.draft()
    seen = dict(save(desk, 0, {PLAN: "Eerst"}).versions)
    save(desk, 1, {PLAN: None}, seen)
    assert there(desk) == {}
    with reading(desk.database) as connection:
        assert snapshot(connection, case_id)["answers"] == {}
        assert versions_of(connection, case_id)[PLAN] not in ("", UNANSWERED, seen[PLAN])
    (one,) = save(desk, 0, {PLAN: "Van mij"}, seen, partly=True).overtaken
    assert one.theirs is None
