"""What a changed process file would do, and moving the open cases to it, on the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from base.clock import VirtualClock
from base.settings import Settings
from models.database import writing
from rules.book import RuleBook
from rules.judge import Judge
from tests.builders import PROCESS, Desk, add_grant, add_person, installed_mails
from tests.cli.conftest import Command
from tests.conftest import opened
from workflows.publishing import publish


def test_cases_are_moved_once_it_was_seen_what_that_does(
    installed: Settings, command: Command, judge: Judge, tmp_path: Path
) -> None:
    text = PROCESS.read_text("utf-8")
    start = text.index("  remind_draft:")
    without = text[:start] + text[text.index("\n", start) + 1 :]
    without = without.replace("optional_mails: [draft_reminder, ", "optional_mails: [")
    with opened(installed.database) as database:
        desk = Desk.open(database, VirtualClock(datetime(2022, 11, 22, 11, tzinfo=UTC)), judge)
        case_id = desk.draft()
        with writing(database) as connection:
            add_grant(connection, add_person(connection, "Ada"), "administrator", "*")

    changed = tmp_path / "changed.yaml"
    changed.write_text(without, "utf-8")
    told = command("impact", str(changed), "--json")
    assert told.code == 0, told.err
    found = json.loads(told.out)
    assert found["gone"] == [{"kind": "timer", "name": "remind_draft", "cases": 0}]
    assert (found["looked_at"], found["possible"]) == (1, 1)
    assert "gone: timer remind_draft" in command("impact", str(changed)).out
    changed.write_text(without.replace("to: draft", "to: nowhere"), "utf-8")
    assert command("impact", str(changed)).code == 2

    with opened(installed.database) as database, writing(database) as connection:
        publish(
            connection, without, RuleBook.from_folder(), mails=installed_mails(), author="test",
            now=datetime(2022, 11, 24, tzinfo=UTC),
        )  # fmt: skip
    seen = json.loads(command("move-cases", "school_label", "--json").out)
    assert [one["case"] for one in seen["cases"]] == [case_id]
    assert seen["version"] == 2
    told = command("move-cases", "school_label")
    assert told.out.startswith("1 of 1 open case can be moved to version 2.\n")
    assert command("move-cases", "school_label", "--why", "x").code == 2
    for states in ("draft", "=x", "draft=concept", "nothing=withdrawn"):
        assert command("move-cases", "school_label", "--state", states).code == 2
    assert command("move-cases", "school_label", "--state", "gone=draft").out == told.out
    assert command("move-cases", "school_label", "--why", "x", "--by", "no@x.example").code == 1
    done = command("move-cases", "school_label", "--by", "ADA@example.org", "--why", "Rust")
    assert (done.code, done.out) == (0, "1 case moved to version 2; 0 stay.\n")
    assert json.loads(command("move-cases", "school_label", "--json").out)["looked_at"] == 0
    assert command("verify").code == 0
