from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest

from base.errors import BadInput, Conflict, NotFound, NotPossible, Refused
from models.cases import Answer, Attempt, Timer
from models.database import reading, writing
from models.desk import Waiting
from rules.book import RuleBook
from tests.builders import PROCESS, Desk, add_grant, add_person, add_school, installed_mails
from workflows.administering import Administrator, administrator
from workflows.answers import save_answers
from workflows.move_to_version import move_case, move_cases
from workflows.publishing import Published, publish
from workflows.renamed_states import renaming
from workflows.stays import stays_of
from workflows.verifying import verify
from workflows.version_moves import Summary, moves, pages, summary, version

ROUND = "school_label/2023-2024"
DESCRIPTION = """        - name: description
          type: text
          title: {en: Description (optional), nl: Beschrijving (niet verplicht), fr: Description (facultative), de: Beschreibung (freiwillig)}
"""  # noqa: E501 - as it stands in the file


def released(
    desk: Desk, text: str | None = None, first_day: date | None = None, **values: tuple[str, str]
) -> Published:
    """Another version of the School Label: its file, or its round with some words changed."""
    book = RuleBook.from_folder()
    call = book.text_of(ROUND)
    for before, after in values.values():
        assert before in call
        call = call.replace(before, after)
    changed = RuleBook.from_texts({ROUND: call})
    changed.add_missing(book)
    with writing(desk.database) as connection:
        return publish(
            connection, text or PROCESS.read_text("utf-8"), changed, mails=installed_mails(),
            author="test", now=desk.clock.now(), in_force_from=first_day,
            untried=[one.name for one in book.rule_sets()],
        )  # fmt: skip


def office(desk: Desk, scope: str = "*") -> Administrator:
    with writing(desk.database) as connection:
        person = add_person(connection, f"Ada {scope}")
        add_grant(connection, person, "administrator", scope)
        found = administrator(connection, person, desk.clock.now().date())
    assert found is not None
    return found


def looked_at(desk: Desk, target: Published, **more: Any) -> Summary:
    with reading(desk.database) as connection:
        return summary(
            connection, desk.engine.tools.library, target, desk.clock.now(), "en", named=10, **more
        )


def due(desk: Desk, case_id: str) -> list[tuple[str, date]]:
    return [(row["name"], row["due_at"].date()) for row in desk.timers(case_id)]


def test_an_open_case_is_moved_and_goes_on_by_the_new_version(desk: Desk) -> None:
    ada, case_id = office(desk), desk.draft()
    teacher = desk.teachers[0]
    text = PROCESS.read_text("utf-8").replace(DESCRIPTION, "", 1)
    save_answers(
        desk.database, desk.engine.tools, case_id, {"esafety.description": "Kijk."}, teacher
    )
    target = released(desk, text, closes=("closes: 2023-01-31", "closes: 2023-02-07"))
    before, waited = desk.case(case_id), desk.rows_of(Waiting)

    found = looked_at(desk, target)
    assert (found.looked_at, found.possible, dict(found.lost)) == (1, 1, {"esafety.description": 1})
    (move,) = found.moves
    assert ("expire", "moved") in found.timers
    (expiry,) = [one for one in move.timers if one.name == "expire"]
    assert expiry.before
    assert expiry.after
    assert expiry.after - expiry.before == timedelta(days=7)
    assert desk.case(case_id) == before, "looking changes nothing"

    move_case(desk.engine, ada, case_id, target, " Een week langer. ", before["version"])
    after = desk.case(case_id)
    assert after["release_id"] == target.id
    same = ("state", "since", "is_open", "unique_key", "opened_at", "kept")
    assert [after[one] for one in same] == [before[one] for one in same]
    event = desk.events(case_id)[-1]
    assert (event["trigger"], event["from_state"], event["to_state"], event["acted_as"]) == (
        "move_to_version", "draft", "draft", "administrator"
    )  # fmt: skip
    assert event["actor_id"] == ada.person_id
    assert event["payload"] == {
        "from": {"number": 1, "release": desk.published.id},
        "to": {"number": 2, "release": target.id}, "why": "Een week langer.",
    }  # fmt: skip
    assert [row["value"] for row in desk.rows_of(Answer, case_id=case_id)] == ["Kijk."]
    assert ("expire", date(2023, 2, 7)) in due(desk, case_id)
    assert desk.rows_of(Waiting) != waited
    assert looked_at(desk, target).looked_at == 0

    # It goes on: past the old deadline, to a step, and in the end by the new one's clock.
    desk.until(2023, 2, 1, 12)
    assert desk.case(case_id)["state"] == "draft"
    desk.fill_in(case_id, leave_out=("esafety.description",))
    desk.fire(case_id, "submit", teacher)
    assert desk.case(case_id)["state"] == "submitted"
    report = verify(desk.database)
    assert report.decisions > 0
    assert report.faults == []


def test_what_has_no_place_in_a_version_stays_and_says_why(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    with writing(desk.database) as connection:
        add_school(connection, "Sint-Piet")
    ada, case_id = office(desk), desk.draft()
    text = PROCESS.read_text("utf-8")
    other = released(desk, re.sub(r"\bdraft\b(?=[\],:]|\n)", "concept", text))
    later = released(
        desk, first_day=desk.clock.now().date() + timedelta(days=9),
        judge=("judge_within_days: 10", "judge_within_days: 9"),
    )  # fmt: skip
    before, log = desk.case(case_id), desk.events(case_id)
    found = looked_at(desk, other)
    no_such = "The case is “Draft”, and this version has no such state. "
    assert dict(found.refused) == {no_such + "Say which of its states that becomes.": 1}
    tried: list[tuple[type[Exception], Administrator, Published, str, int | None]] = [
        (NotPossible, ada, other, "x", None),
        (NotPossible, ada, later, "x", None),
        (NotPossible, ada, desk.published, "x", None),
        (Conflict, ada, other, "x", 77),
        (NotFound, office(desk, "NL"), other, "x", None),
        (BadInput, ada, other, "  ", None),
        (BadInput, ada, other, "x" * 1001, None),
    ]
    for error, who, target, why, seen in tried:
        with pytest.raises(error):
            move_case(desk.engine, who, case_id, target, why, seen)
    with pytest.raises(NotFound):
        move_case(desk.engine, ada, "none", other, "x")
    alone = released(desk, text.replace("unique: [organisation, round]", "unique: [round]"))
    assert [bool(one.refused) for one in looked_at(desk, alone).moves] == [False, True]
    assert (desk.case(case_id), desk.events(case_id)) == (before, log)
    refused = [one for one in desk.rows(Attempt) if one["trigger"] == "move_to_version"]
    assert len(refused) == 4, "a refusal is kept; bad input is none"
    with reading(desk.database) as connection:
        library = desk.engine.tools.library
        assert version(connection, library, "school_label", 2).id == other.id
        with pytest.raises(NotFound):
            version(connection, library, "school_label", 99)
        assert list(pages(connection, other, frozenset({"NL"}), None)) == []
        assert next(pages(connection, other, frozenset({"BE"}), "2023-2024"))
        assert list(pages(connection, other, frozenset({"*"}), "2024-2025")) == []
        assert moves(connection, library, other, [], desk.clock.now()) == []
    desk.fire(case_id, "withdraw", desk.teachers[0])
    with pytest.raises(NotPossible):
        move_case(desk.engine, ada, case_id, other, "x")


def test_a_state_that_was_renamed_becomes_what_the_mover_says(desk: Desk) -> None:
    ada, case_id = office(desk), desk.submitted()
    desk.fire(case_id, "request_changes", desk.reviewer, feedback={"esafety": "Meer."})
    desk.until(2022, 12, 1)
    text = PROCESS.read_text("utf-8")
    assert desk.case(case_id)["state"] == "changes_requested"
    other = released(desk, re.sub(r"(?<!{)\bchanges_requested\b", "to_improve", text))
    for states in (
        {"submitted": "to_improve"}, {"changes_requested": "nowhere"},
        {"changes_requested": "withdrawn"},
    ):  # fmt: skip
        with pytest.raises(BadInput):
            move_case(desk.engine, ada, case_id, other, "x", states=states)
    with pytest.raises(NotPossible, match="only a state that is new"):
        move_case(desk.engine, ada, case_id, other, "x", states={"changes_requested": "approved"})
    with pytest.raises(NotPossible, match="Say which of its states that becomes"):
        move_case(desk.engine, ada, case_id, other, "x")
    with reading(desk.database) as connection:
        library = desk.engine.tools.library
        names = renaming(connection, library, other, ada.scopes, "2023-2024")
        assert (list(names.lacking), names.new) == (["changes_requested"], ["to_improve"])
    states, before = {"changes_requested": "to_improve"}, desk.case(case_id)
    (seen,) = looked_at(desk, other, states=states).moves
    assert (seen.refused, seen.state, seen.timers) == (None, "to_improve", ())
    move_case(desk.engine, ada, case_id, other, "Beter woord.", before["version"], states)
    after, event = desk.case(case_id), desk.events(case_id)[-1]
    assert (after["state"], after["since"]) == ("to_improve", before["since"])
    assert (event["from_state"], event["to_state"]) == ("changes_requested", "to_improve")
    assert event["payload"]["states"] == states
    with reading(desk.database) as connection:
        stays = [one.state for one in stays_of(connection, [case_id])[case_id]]
    assert stays[-1] == "to_improve"
    assert "changes_requested" not in stays
    desk.fire(case_id, "resubmit", desk.teachers[0])
    assert desk.case(case_id)["state"] == "submitted"
    assert verify(desk.database).faults == []


def test_a_moved_case_keeps_what_was_going_on(sqlite_desk: Desk) -> None:
    """Its mailed clock, its history and its turn: nothing begins anew by being moved."""
    desk = sqlite_desk
    ada, case_id = office(desk), desk.submitted()
    days = desk.timers(case_id)
    target = released(desk, judge=("judge_within_days: 10", "judge_within_days: 12"))
    results = move_cases(
        desk.engine, ada, {case_id: desk.case(case_id)["version"]}, target, "Rustiger."
    )
    assert results == {case_id: None}
    assert {row["name"] for row in desk.timers(case_id)} == {row["name"] for row in days}
    back = move_cases(desk.engine, ada, {case_id: 1}, desk.published, "Toch niet.")
    assert isinstance(back[case_id], Refused)
    version_now = desk.case(case_id)["version"]
    assert move_cases(desk.engine, ada, {case_id: version_now}, desk.published, "Toch niet.")
    same = [(row["name"], row["due_at"]) for row in desk.timers(case_id)]
    assert same == [(row["name"], row["due_at"]) for row in days], "back is as it was"
    with pytest.raises(NotPossible):
        desk.engine.undo(case_id, ada.person_id)
    desk.fire(case_id, "approve", desk.reviewer)
    assert desk.case(case_id)["state"] == "approved"
    assert not [row for row in desk.rows(Timer) if row["failures"]]
    assert verify(desk.database).faults == []
