"""What the command line says of itself and of its work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cli.words import counted
from tests.cli.conftest import Command

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 cases"), (1, "1 case"), (2, "2 cases"), (39346, "39,346 cases")]
)
def test_one_is_not_many(count: int, words: str) -> None:
    assert counted(count, "case") == words


def test_the_overview_says_each_command_in_one_whole_line(command: Command) -> None:
    overview = command("--help").out
    lines = re.findall(r"^  ([a-z-]+)  +(.+)$", overview.split("Commands:")[1], re.MULTILINE)
    assert len(lines) >= 10
    assert [line for line in lines if not line[1].endswith(".") or line[1].endswith("...")] == []
    for name, _ in lines:
        done = command(name, "--help")
        assert (done.code, done.err) == (0, "")
        assert f"Usage: keurmerk {name} " in done.out


def test_a_wrong_use_names_the_option(command: Command) -> None:
    done = command(
        "evaluate", "school_label/eligibility", "--round", "2023-2024", "--dossier", "x.json",
        "--at", "yesterday",
    )  # fmt: skip
    assert (done.code, done.out) == (2, "")
    assert "Invalid value for --at: write a day (2023-02-01) or an instant" in done.err
    assert command("nonsense").code == 2


def test_a_mail_is_not_read_as_a_process(command: Command) -> None:
    mail = ROOT / "notifications/mails/school_label/invited.nl.md"
    done = command("check", str(mail))
    assert (done.code, done.err) == (1, "")
    assert done.out == (
        f"{mail}:1:1: error: mails are not checked one by one, but all installed ones together"
        " at every check\n1 error, 0 warnings, 0 notes.\n"
    )
