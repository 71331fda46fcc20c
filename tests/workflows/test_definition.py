"""What a process file can say, and that a process is nothing but its file."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from pydantic import ValidationError

from base.errors import BadDefinition
from workflows.checking import check_process
from workflows.checks.check import Known
from workflows.definition import Process
from workflows.diagram import diagram
from workflows.form import missing_per_section
from workflows.machine import machine_of, next_state, triggers_from
from workflows.points_in_time import At, Span
from workflows.process_file import FOLDER, load_processes, read_process

pytestmark = pytest.mark.unit

PROCESSES = Path(__file__).resolve().parent / "processes"


@pytest.mark.parametrize(
    ("phrase", "date", "time"),
    [
        ("end of round.first_window.closes", "first_window.closes", None),
        ("09:00 on round.publication", "publication", "09:00"),
        ("23:59 on round.publication", "publication", "23:59"),
        ("00:00 on round.publication", "publication", "00:00"),
    ],
)
def test_points_of_a_round(phrase: str, date: str, time: str | None) -> None:
    assert At.model_validate(phrase) == At(date=date, time=time)


@pytest.mark.parametrize(
    "phrase",
    [
        "round.publication",
        "end of publication",
        "24:00 on round.x",
        "9:00 on round.x",
        "0٣:00 on round.x",
        "",
        "end of round.",
    ],
)
def test_what_is_no_point_of_a_round(phrase: str) -> None:
    with pytest.raises(ValidationError, match="is no point in time"):
        At.model_validate(phrase)


@pytest.mark.parametrize(
    ("phrase", "span"),
    [
        ("14 days", Span(count=14)),
        ("1 day", Span(count=1)),
        ("0 days", Span(count=0)),
        ("2 working days", Span(count=2, working=True)),
        ("round.late_amend_days days", Span(parameter="late_amend_days")),
        ("round.judge_within_days working days", Span(parameter="judge_within_days", working=True)),
    ],
)
def test_spans(phrase: str, span: Span) -> None:
    assert Span.model_validate(phrase) == span


@pytest.mark.parametrize(
    "phrase",
    [
        "days",
        "-1 days",
        "1.5 days",
        "2 weeks",
        "2 days working",
        "two days",
        "٣ days",
        "9" * 5000 + " days",
    ],
)
def test_what_is_no_span(phrase: str) -> None:
    with pytest.raises(ValidationError, match="is no span"):
        Span.model_validate(phrase)


def test_no_span_is_longer_than_ten_years() -> None:
    assert Span.model_validate("3650 days") == Span(count=3650)
    with pytest.raises(ValidationError, match="less than or equal to 3650"):
        Span.model_validate("3651 days")


def test_words_that_other_yaml_would_take_for_truth_values_stay_words(lending: Process) -> None:
    assert lending.form is not None
    (_purpose, careful) = lending.form.sections[0].fields
    assert careful.must_be == "yes"


def test_one_actor_may_be_written_without_a_list(lending: Process) -> None:
    assert lending.transitions["lend"].by == ["librarian"]
    assert lending.transitions["refuse"].by == ["librarian"]


def test_every_misfit_is_told_with_its_place(lending_text: str) -> None:
    text = lending_text.replace("undo: true", "undo: sometimes").replace("step: 2", "step: 0")
    with pytest.raises(BadDefinition) as caught:
        read_process(text, "lending.yaml")
    places = [(remark.line, remark.column) for remark in caught.value.remarks]
    assert places == [(55, 7), (82, 5)]


def test_a_second_process_is_a_file_and_no_python(known: Known) -> None:
    """Found in a folder, checked, run and drawn; nothing in the program knows of it."""
    process, located = load_processes(PROCESSES)["lending"]
    assert check_process(process, located, known) == []
    machine = machine_of(process)
    assert triggers_from(process, "asked") == ["lend", "refuse", "close"]
    assert next_state(machine, "asked", "lend") == "lent"
    assert next_state(machine, "asked", "take_back") is None
    assert missing_per_section(process, {}, {}) == {"use": 2, "contract": 1}
    assert diagram(process, "nl").startswith("<svg")


def test_the_program_knows_no_process_by_name() -> None:
    """No text of the code that runs processes is the name of one, or begins with it."""
    names = tuple(load_processes(FOLDER))
    root = FOLDER.parent
    for package in ("base", "models", "rules", "workflows"):
        for path in sorted((root / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    named = [n for n in names if node.value == n or node.value.startswith(f"{n}/")]
                    assert named == [], f"{path.relative_to(root)}:{node.lineno}"


def test_processes_are_found_by_name() -> None:
    found = load_processes()
    assert "school_label" in found
    for name, (process, located) in found.items():
        assert process.process == name
        assert located.file.endswith(".yaml")


def test_types_of_a_process_cannot_be_changed(lending: Process) -> None:
    with pytest.raises(ValidationError):
        lending.process = "other"  # type: ignore[misc]
