"""What the tests of process files share: a second, tiny process, and what its file may name."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from workflows.checks.check import Known
from workflows.definition import Process
from workflows.process_file import read_process

PROCESSES = Path(__file__).resolve().parent / "processes"


@pytest.fixture(scope="session")
def lending_text() -> str:
    """The text of a small process file without a fault: schools borrow a tablet."""
    return (PROCESSES / "lending.yaml").read_text("utf-8")


@pytest.fixture(scope="session")
def lending(lending_text: str) -> Process:
    """That process."""
    return read_process(lending_text, "lending.yaml")[0]


@pytest.fixture(scope="session")
def known() -> Known:
    """What the file of that process may name."""
    with_notice, without = {"en": True, "nl": True}, {"en": False, "nl": False}
    mails = ("refused", "waits", "overdue", "digest")
    return Known(
        rule_sets={"lending/complete", "lending/open"},
        calendars={"lending": {"2023": {"year_ends": date(2023, 6, 30), "lend_days": 14}}},
        templates={"lending/lent": with_notice} | {f"lending/{name}": without for name in mails},
        rights={"librarian"},
        case_days=(),
        effects={"count_loan"},
        documents={"contract"},
        file_kinds={"pdf", "jpg"},
    )
