"""What process files may name, from the real rule sets and rounds."""

from __future__ import annotations

from datetime import date

import pytest

from rules.book import RuleBook
from workflows.checking import check_process
from workflows.known import known_to
from workflows.process_file import load_processes

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return RuleBook.from_folder()


def test_rule_sets_and_rounds_are_those_of_the_book(book: RuleBook) -> None:
    known = known_to(book, {})
    assert set(known.rule_sets) == {rule_set.name for rule_set in book.rule_sets()}
    rounds = known.calendars["school_label"]
    assert rounds["2023-2024"]["first_window.closes"] == date(2023, 1, 31)
    # Where a country has dates of its own, they are looked at, too.
    assert rounds["2024-2025 in PL"]["first_window.closes"] == date(2024, 2, 28)


def test_the_process_files_name_only_what_there_is(book: RuleBook) -> None:
    """All but the mails, which are compared where the templates are read."""
    for process, located in load_processes().values():
        steps = [*process.starts.values(), *process.transitions.values()]
        mails = {
            *(name for step in steps for name in (*step.mail, *step.notice)),
            *(name for timer in process.timers.values() for name in timer.mail),
            *(digest.mail for digest in process.digests.values()),
        }
        every = dict.fromkeys(process.languages, True)
        known = known_to(book, {f"{process.process}/{name}": every for name in mails})
        remarks = check_process(process, located, known)
        assert [str(remark) for remark in remarks if remark.severity == "error"] == []
        # What is left: dates of later rounds that no source gives.
        assert all("is not known in" in remark.message for remark in remarks)
