"""Creating a group: the Central Support Service alone decides (SEED-004:802-806)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy

from base.clock import VirtualClock
from base.errors import BadInput, NotAllowed, NotMet
from models.database import writing
from models.registry import Person
from rules.judge import Judge
from tests.builders import Desk, add_grant
from tests.workflows.registrations import Settings, open_desk, start, written_to
from workflows.answers import save_answers

Opens = Callable[..., Desk]


@pytest.fixture
def opens(sqlite_engine: sqlalchemy.Engine, clock: VirtualClock, judge: Judge) -> Opens:
    """Opens a desk with what has been set."""

    def opened(settings: Settings | None = None) -> Desk:
        return open_desk("group_creation", sqlite_engine, clock, judge, settings)

    return opened


def submitted(desk: Desk) -> str:
    case_id = start(desk, "create", desk.teachers[0], checked="yes")
    desk.fill_in(case_id)
    desk.fire(case_id, "submit", desk.teachers[0])
    return case_id


@pytest.mark.parametrize("sent", [{}, {"checked": "no"}, {"checked": "yes", "title": "Rivers"}])
def test_nobody_creates_a_group_without_having_looked(opens: Opens, sent: dict[str, str]) -> None:
    desk = opens()
    with pytest.raises(BadInput):
        start(desk, "create", desk.teachers[0], **sent)
    assert desk.rows_of_cases() == []


def test_only_validated_teachers_create_groups(opens: Opens) -> None:
    desk = opens()
    with pytest.raises(NotAllowed):
        start(desk, "create", desk.extra["newcomer"], checked="yes")


@pytest.mark.parametrize("field", ["title", "description", "aims", "joining"])
def test_what_the_css_has_to_know_has_to_be_filled_in(opens: Opens, field: str) -> None:
    desk = opens()
    case_id = start(desk, "create", desk.teachers[0], checked="yes")
    desk.fill_in(case_id, leave_out=(f"group.{field}",))
    with pytest.raises(NotMet):
        desk.fire(case_id, "submit", desk.teachers[0])
    assert desk.mails() == []


@pytest.mark.parametrize(
    ("field", "answer"),
    [("title", "Rivers <3"), ("title", "R" * 201), ("joining", "nobody"), ("aims", "a" * 2501)],
)
def test_what_cannot_be_filled_in(opens: Opens, field: str, answer: str) -> None:
    desk = opens()
    case_id = start(desk, "create", desk.teachers[0], checked="yes")
    with pytest.raises(BadInput) as refused:
        save_answers(
            desk.database, desk.engine.tools, case_id, {f"group.{field}": answer},
            desk.teachers[0],
        )  # fmt: skip
    assert [problem.where for problem in refused.value.problems] == [f"group.{field}"]


@pytest.mark.parametrize(
    ("trigger", "sent"),
    [
        ("approve", {}), ("ask_information", {"question": "Voor wie?"}),
        ("refuse", {"reason": "Daarvoor is er de TwinSpace."}),
    ],
)  # fmt: skip
def test_the_nso_has_no_part_in_it(opens: Opens, trigger: str, sent: dict[str, Any]) -> None:
    desk = opens()
    case_id = submitted(desk)
    assert written_to(desk, "to_approve") == {desk.css}
    for wrong in (desk.reviewer, desk.coordinator, desk.extra["italian"], desk.teachers[0]):
        with pytest.raises(NotAllowed):
            desk.fire(case_id, trigger, wrong, **sent)
    desk.fire(case_id, trigger, desk.css, **sent)


def test_nobody_approves_a_group_of_her_own(opens: Opens) -> None:
    desk = opens()
    with writing(desk.database) as connection:
        add_grant(connection, desk.teachers[0], "css", "*")
    case_id = submitted(desk)
    with pytest.raises(NotAllowed):
        desk.fire(case_id, "approve", desk.teachers[0])


def test_the_css_asks_and_the_creator_answers_and_changes_the_description(opens: Opens) -> None:
    desk = opens()
    case_id = submitted(desk)
    with pytest.raises(BadInput):
        desk.fire(case_id, "ask_information", desk.css)
    desk.fire(case_id, "ask_information", desk.css, question="For whom?")
    assert written_to(desk, "information_asked") == {desk.teachers[0]}
    save_answers(
        desk.database, desk.engine.tools, case_id, {"group.aims": "For all who teach by a river."},
        desk.teachers[0],
    )  # fmt: skip
    with pytest.raises(NotAllowed):
        desk.fire(case_id, "answer", desk.teachers[1], answer="Everybody.")
    desk.fire(case_id, "answer", desk.teachers[0], answer="Everybody.")
    assert desk.case(case_id)["state"] == "pending"
    assert len(desk.mails(template="group_creation/to_approve")) == 2


def test_a_refusal_says_why(opens: Opens) -> None:
    desk = opens()
    case_id = submitted(desk)
    with pytest.raises(BadInput):
        desk.fire(case_id, "refuse", desk.css, reason=" ")
    desk.fire(case_id, "refuse", desk.css, reason="Daarvoor is er de TwinSpace.")
    (mail,) = desk.mails(template="group_creation/refused")
    assert mail["person_id"] == desk.teachers[0]
    assert "TwinSpace" in str(mail["context"])


@pytest.mark.parametrize("by", ["creator", "css"])
def test_the_creator_or_the_css_closes_it_and_it_opens_again_as_is_set(
    opens: Opens, by: str
) -> None:
    possible: Any = by == "css" or "unknown"
    desk = opens({"standing": {"*": {"reopening_possible": possible}}})
    case_id = submitted(desk)
    desk.fire(case_id, "approve", desk.css)
    for wrong in (desk.teachers[1], desk.reviewer):
        with pytest.raises(NotAllowed):
            desk.fire(case_id, "close", wrong)
    desk.fire(case_id, "close", desk.css if by == "css" else desk.teachers[0])
    if by == "creator":
        with pytest.raises(NotMet) as refused:
            desk.fire(case_id, "reopen", desk.teachers[0])
        assert "the round does not say" in refused.value.say("en")
    else:
        desk.fire(case_id, "reopen", desk.teachers[0])
        assert written_to(desk, "reopened") == {desk.teachers[0]}
        desk.fire(case_id, "close", desk.teachers[0])
    with pytest.raises(NotAllowed):
        desk.fire(case_id, "archive", desk.teachers[0])
    desk.fire(case_id, "archive", desk.css)
    row = desk.case(case_id)
    assert (row["state"], row["is_open"]) == ("archived", False)


def test_a_creator_whose_account_is_no_longer_valid_cannot_go_on(opens: Opens) -> None:
    desk = opens()
    case_id = start(desk, "create", desk.teachers[0], checked="yes")
    desk.fill_in(case_id)
    person = Person.__table__  # type: ignore[attr-defined]
    with writing(desk.database) as connection:
        connection.execute(
            person.update().where(person.c.id == desk.teachers[0]).values(validated=False)
        )
    with pytest.raises(NotAllowed):
        desk.fire(case_id, "submit", desk.teachers[0])


def test_the_css_is_reminded_where_a_time_is_set_and_else_nobody_is(opens: Opens) -> None:
    desk = opens({"standing": {"*": {"answer_within_days": 3}}})
    submitted(desk)  # Tuesday 22 November 2022: the 25th is the last day
    desk.until(2022, 11, 24, 12)
    assert len(desk.mails(template="group_creation/to_approve")) == 2


def test_who_leaves_a_draft_or_a_question_is_reminded(opens: Opens) -> None:
    desk = opens()
    start(desk, "create", desk.teachers[1], checked="yes")
    asked = submitted(desk)
    desk.fire(asked, "ask_information", desk.css, question="For whom?")
    desk.until(2022, 12, 7, 12)
    assert written_to(desk, "draft_reminder") == {desk.teachers[1]}
    assert written_to(desk, "information_reminder") == {desk.teachers[0]}
