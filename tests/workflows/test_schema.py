"""The JSON Schema that editors use says what the program says."""

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from base.located import read_yaml
from workflows import schema
from workflows.process_file import FOLDER

pytestmark = pytest.mark.unit

PROCESSES = Path(__file__).resolve().parent / "processes"
VALIDATOR = Draft202012Validator(schema.process_schema())


def faults(text: str) -> list[list[str | int]]:
    """The places a schema finds fault with."""
    found = VALIDATOR.iter_errors(read_yaml(text, "file.yaml").data)
    return sorted(list(error.absolute_path) for error in found)


def test_the_file_is_that_of_the_types() -> None:
    assert schema.FILE.read_text("utf-8") == schema.as_text(), "run: python -m workflows.schema"


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(schema.process_schema())


@pytest.mark.parametrize(
    "path", [FOLDER / "school_label.yaml", PROCESSES / "lending.yaml"], ids=lambda path: path.stem
)
def test_processes_fit_it(path: Path) -> None:
    assert faults(path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", [FOLDER / "school_label.yaml", PROCESSES / "lending.yaml"])
def test_processes_name_it_for_editors(path: Path) -> None:
    first = path.read_text("utf-8").splitlines()[0]
    named = first.removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / named).resolve() == schema.FILE


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        (
            "{while: [asked], after: 2 working",
            "{while: [asked], after: two",
            ["timers", "urge", "after"],
        ),
        (
            "end of round.year_ends, fire",
            "30:00 on round.year_ends, fire",
            ["timers", "close", "at"],
        ),
        ("by: platform", "by: Platform", ["transitions", "close", "by"]),
        ("    from: [lent]\n", "", ["transitions", "take_back"]),
        ("waits_for: librarian\n  lent", "wait_for: librarian\n  lent", ["states", "asked"]),
        ("frees: true\n\nform", "frees: often\n\nform", ["states", "refused", "frees"]),
        ("process: lending", "process: Lending", ["process"]),
    ],
)
def test_it_finds_fault_where_the_program_does(
    lending_text: str, old: str, new: str, place: list[str]
) -> None:
    assert old in lending_text
    assert faults(lending_text.replace(old, new)) == [place]


def test_keys_are_described_by_their_comments() -> None:
    kinds = schema.process_schema()["$defs"]
    assert kinds["Transition"]["properties"]["undo"]["description"] == (
        "May be taken back by the same person during the grace time."
    )
    assert set(kinds["TimerRule"]["properties"]) == {
        "while",
        "at",
        "after",
        "every",
        "paused_in",
        "before",
        "fire",
        "mail",
    }
