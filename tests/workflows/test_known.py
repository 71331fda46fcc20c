"""What process files may name, from the real rule sets, rounds and mail templates."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from notifications.templates import Templates
from rules.book import RuleBook
from workflows.checking import check_process
from workflows.definition import Process
from workflows.known import known_to
from workflows.process_file import load_processes

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return RuleBook.from_folder()


def mails_of(process: Process, folder: Path) -> Templates:
    """A short template for every mail a process names, in every language it declares."""
    steps = [*process.starts.values(), *process.transitions.values()]
    names = {
        *(name for step in steps for name in (*step.mail, *step.notice)),
        *(name for timer in process.timers.values() for name in timer.mail),
        *(digest.mail for digest in process.digests.values()),
    }
    place = folder / process.process
    place.mkdir()
    for name in names:
        for language in process.languages:
            text = "Subject: News\nNotice: News\n\nThere is news.\n"
            (place / f"{name}.{language}.md").write_text(text, "utf-8")
    return Templates(folder)


def test_rule_sets_and_rounds_are_those_of_the_book(book: RuleBook, tmp_path: Path) -> None:
    known = known_to(book, Templates(tmp_path))
    assert set(known.rule_sets) == {rule_set.name for rule_set in book.rule_sets()}
    rounds = known.calendars["school_label"]
    assert rounds["2023-2024"]["first_window.closes"] == date(2023, 1, 31)
    # Where a country has dates of its own, they are looked at, too.
    assert rounds["2024-2025 in PL"]["first_window.closes"] == date(2024, 2, 28)


def test_templates_are_known_by_language_and_notice(book: RuleBook, tmp_path: Path) -> None:
    (tmp_path / "lending").mkdir()
    (tmp_path / "lending" / "lent.en.md").write_text("Subject: Lent\n\nIt is yours.\n", "utf-8")
    assert known_to(book, Templates(tmp_path)).templates == {"lending/lent": {"en": False}}


def test_the_process_files_name_only_what_there_is(book: RuleBook, tmp_path: Path) -> None:
    for process, located in load_processes().values():
        known = known_to(book, mails_of(process, tmp_path))
        remarks = check_process(process, located, known)
        assert [str(remark) for remark in remarks if remark.severity == "error"] == []
        # What is left: values no source gives, and states in which nobody has to do anything.
        told = ("is not known in", "for ever: no timer")
        assert [str(one) for one in remarks if not any(part in one.message for part in told)] == []
