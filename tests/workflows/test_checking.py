"""Every check of process files, each by a file that is broken in one way."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from base.errors import BadDefinition
from base.located import read_yaml
from workflows.checking import check_process
from workflows.checks.check import Known
from workflows.process_file import FOLDER, load_processes, read_process

pytestmark = pytest.mark.unit

FILE = "lending.yaml"
HERE = Path(__file__).resolve().parent


def remarks(text: str, known: Known) -> list[str]:
    """What is said of a file, without its name: ``line:column: severity: message``."""
    try:
        process, located = read_process(text, FILE)
    except BadDefinition as error:
        found = list(error.remarks)
    else:
        found = check_process(process, located, known)
    return [str(remark).removeprefix(f"{FILE}:") for remark in found]


def test_nothing_is_said_of_a_good_file(lending_text: str, known: Known) -> None:
    assert remarks(lending_text, known) == []


#: What is replaced in the good file, and everything that is then said of it.
BROKEN = read_yaml((HERE / "broken.yaml").read_text("utf-8"), "broken.yaml").data


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken["name"])
def test_a_broken_file_is_told_where_and_what(
    lending_text: str, known: Known, broken: dict[str, Any]
) -> None:
    text = lending_text
    for change in broken["changes"]:
        assert change["old"] in text
        text = text.replace(change["old"], change["new"])
    assert remarks(text, known) == broken["said"]


def test_a_file_without_a_form_is_told_what_needs_one(lending_text: str, known: Known) -> None:
    form = lending_text[lending_text.index("form:\n") : lending_text.index("starts:")]
    text = lending_text.replace(form, "").replace("    undo: true\n", "    records: form\n")
    assert remarks(text, known) == [
        "63:5: error: the process has no form to record",
        "66:25: error: the process has no form, so there are no sections",
    ]


@pytest.mark.parametrize("text", ["- process\n", "", "lending\n", "12\n", "2023-01-01\n"])
def test_what_is_no_mapping_is_no_process(text: str, known: Known) -> None:
    message = "a process file is a list of keys and values: process, states, …"
    assert remarks(text, known) == [f"1:1: error: {message}"]


def test_a_value_that_a_round_does_not_know_is_told_once(lending_text: str, known: Known) -> None:
    rounds: dict[str, dict[str, Any]] = {
        "2023": {"year_ends": date(2023, 6, 30), "lend_days": 14},
        "2024": {"year_ends": None, "lend_days": 14},
        "2025": {"lend_days": 14},
    }
    said = remarks(lending_text, dataclasses.replace(known, calendars={"lending": rounds}))
    message = '"year_ends" is not known in 2024, 2025: what hangs on it does not happen there'
    assert said == [f"102:27: warning: {message}"]


def test_a_mail_is_missing_in_one_language(lending_text: str, known: Known) -> None:
    templates = {**known.templates, "lending/lent": {"en": True}}
    said = remarks(lending_text, dataclasses.replace(known, templates=templates))
    assert said == [
        '75:12: error: the mail "lent" does not exist in "nl"',
        '76:14: error: the mail "lent" does not exist in "nl"',
    ]


def test_every_remark_of_files_of_a_folder_is_told(tmp_path: Path, lending_text: str) -> None:
    (tmp_path / "a.yaml").write_text(lending_text, "utf-8")
    (tmp_path / "b.yaml").write_text(lending_text, "utf-8")
    (tmp_path / "c.yaml").write_text("process: Big\n", "utf-8")
    (tmp_path / "d.yaml").write_text("a: [\n", "utf-8")
    with pytest.raises(BadDefinition) as caught:
        load_processes(tmp_path)
    places = [(remark.file, remark.line, remark.column) for remark in caught.value.remarks]
    assert places[0] == ("b.yaml", 2, 1)
    assert caught.value.remarks[0].message == 'there is a process "lending" already, in a.yaml'
    assert {place[0] for place in places} == {"b.yaml", "c.yaml", "d.yaml"}
    assert str(caught.value).startswith("The process files have errors.\nb.yaml:2:1: error: ")


def test_the_school_label_says_what_it_promises() -> None:
    """With names of its own, so that this asks only about the file itself."""
    process, located = load_processes(FOLDER)["school_label"]
    steps = [*process.starts.values(), *process.transitions.values()]
    mails = {
        *(name for step in steps for name in (*step.mail, *step.notice)),
        *(name for timer in process.timers.values() for name in timer.mail),
        *(digest.mail for digest in process.digests.values()),
    }
    window = {"first_window.closes": date(2023, 1, 31), "amend_window.closes": date(2023, 2, 28)}
    values = {
        "snapshot": date(2022, 11, 23),
        **window,
        "evaluation.closes": date(2023, 3, 28),
        "publication": date(2023, 3, 29),
        "label_valid_until": date(2024, 12, 31),
        "late_amend_days": 10,
        "judge_within_days": 20,
    }
    known = Known(
        rule_sets={name for step in steps for name in step.guard},
        calendars={"school_label": {"2023-2024": values}},
        templates={
            f"school_label/{name}": dict.fromkeys(process.languages, True) for name in mails
        },
        rights={"nso_reviewer", "nso_coordinator", "css"},
        case_days=(),
        effects={"issue_label"},
        documents={"declaration"},
        file_kinds={"pdf", "jpg", "png", "docx", "odt"},
    )
    assert check_process(process, located, known) == []
