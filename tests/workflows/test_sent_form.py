"""What those who judge a form see of it; who is shown what is in tests/web/test_scope.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from base.clock import VirtualClock
from models.database import reading
from rules.judge import Judge
from tests.builders import PROCESS, Desk
from workflows.answers import save_answers
from workflows.process_file import read_process
from workflows.sent_form import FormAt, form_as_sent, last_sent_at, written_in

pytestmark = pytest.mark.integration

PLAN = "shared_leadership.plan"


@pytest.mark.parametrize(
    ("process", "states"),
    [
        ("school_label", {"draft", "changes_requested", "amending_late"}),
        ("project_registration", {"draft"}),  # later on what is saved counts at once
        ("account_validation", {"proof_asked"}),
        ("duplicate_account", set()),  # it has no form
    ],
)
def test_a_form_is_being_written_where_a_step_that_records_it_follows(
    process: str, states: set[str]
) -> None:
    text = PROCESS.with_name(f"{process}.yaml").read_text("utf-8")
    assert written_in(read_process(text, process)[0]) == states


def sent(desk: Desk, case_id: str) -> FormAt | None:
    with reading(desk.database) as connection:
        return form_as_sent(connection, desk.published.process, desk.case(case_id))


def save(desk: Desk, case_id: str, plan: str) -> None:
    save_answers(desk.database, desk.engine.tools, case_id, {PLAN: plan}, desk.teachers[0])


def test_what_was_sent_in_last_counts(desk: Desk) -> None:
    case_id = desk.draft()
    assert sent(desk, case_id) is None
    desk.fill_in(case_id)
    desk.fire(case_id, "submit", desk.teachers[0])
    (submitted,) = (row["at"] for row in desk.events(case_id) if row["trigger"] == "submit")
    found = sent(desk, case_id)
    assert found is not None
    assert found.sent_at is None
    desk.fire(case_id, "request_changes", desk.reviewer, feedback={"esafety": "Meer."})
    save(desk, case_id, "Anders.")
    found = sent(desk, case_id)
    assert found is not None
    assert (found.sent_at, found.answers[PLAN]) == (submitted, "Wij werken hier samen verder aan.")
    desk.fire(case_id, "resubmit", desk.teachers[0])
    found = sent(desk, case_id)
    assert found is not None
    assert (found.sent_at, found.answers[PLAN]) == (None, "Anders.")


def changed(folder: Path, old: str, new: str) -> Path:
    """The School Label's file with something in it replaced."""
    text = PROCESS.read_text("utf-8")
    assert old in text
    path = folder / "school_label.yaml"
    path.write_text(text.replace(old, new), "utf-8")
    return path


def test_a_submission_that_was_taken_back_was_none(
    sqlite_engine: Engine, clock: VirtualClock, judge: Judge, tmp_path: Path
) -> None:
    file = changed(tmp_path, "    mail: {submitted: applicant}", "    undo: true")
    desk = Desk.open(sqlite_engine, clock, judge, process=file)
    case_id = desk.submitted()
    desk.engine.undo(case_id, desk.teachers[0])
    assert desk.case(case_id)["state"] == "draft"
    assert sent(desk, case_id) is None
    with reading(desk.database) as connection:
        assert last_sent_at(connection, desk.published.process, case_id) is None
    desk.fire(case_id, "submit", desk.teachers[0])
    assert sent(desk, case_id) is not None


def test_where_nothing_records_the_form_it_is_seen_as_it_stands(
    sqlite_engine: Engine, clock: VirtualClock, judge: Judge, tmp_path: Path
) -> None:
    file = changed(tmp_path, "    records: form\n", "")
    desk = Desk.open(sqlite_engine, clock, judge, process=file)
    case_id = desk.draft()
    save(desk, case_id, "Anders.")
    found = sent(desk, case_id)
    assert found is not None
    assert (found.sent_at, dict(found.answers)) == (None, {PLAN: "Anders."})
