"""What several commands have in common: where they write, in which language, about what."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from base.settings import Settings
from tests.cli.conftest import Command

ROOT = Path(__file__).resolve().parents[2]
EVALUATE = (
    "evaluate", "school_label/eligibility", "--round", "2023-2024",
    "--dossier", str(ROOT / "docs/examples/dossier.json"),
)  # fmt: skip
WRITING = [("diagram", "school_label", "--format", "dot"), ("export-log",)]


@pytest.mark.parametrize("arguments", WRITING, ids=" ".join)
def test_a_file_is_written_as_it_would_be_printed(
    arguments: tuple[str, ...], command: Command, installed: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "out"
    path.write_text("before", encoding="utf-8")
    done = command(*arguments, "--output", str(path))
    assert (done.code, done.out, done.err) == (0, "", "")
    assert path.read_text(encoding="utf-8") == command(*arguments).out
    assert sorted(one.name for one in tmp_path.iterdir()) == ["out", "var"]


@pytest.mark.parametrize("arguments", WRITING, ids=" ".join)
@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("missing/out", "{path} cannot be written: there is no folder {folder}."),
        ("file/out", "{path} cannot be written: Not a directory."),
        ("folder", "{path} cannot be written: Is a directory."),
    ],
)
def test_a_file_that_cannot_be_written_is_said_and_nothing_is_written(
    arguments: tuple[str, ...], path: str, sentence: str, command: Command, installed: Settings,
    tmp_path: Path,
) -> None:  # fmt: skip
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    before = sorted(tmp_path.rglob("*"))
    out = tmp_path / path
    done = command(*arguments, "--output", str(out))
    assert (done.code, done.out) == (2, "")
    assert done.err == sentence.format(path=out, folder=out.parent) + "\n"
    assert [one for one in sorted(tmp_path.rglob("*")) if "var" not in one.parts] == [
        one for one in before if "var" not in one.parts
    ]


def test_a_device_is_written_to_and_stays(command: Command) -> None:
    assert command("diagram", "school_label", "--output", "/dev/null").code == 0
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize(
    "arguments",
    [EVALUATE, ("demo",), ("diagram", "school_label")],
    ids=lambda arguments: arguments[0],
)
def test_a_language_that_is_not_there_is_refused_with_those_that_are(
    arguments: tuple[str, ...], command: Command
) -> None:
    done = command(*arguments, "--language", "xx")
    assert (done.code, done.out) == (2, "")
    assert done.err == "There is no language xx. There are: en, nl, fr, de.\n"


def test_a_language_is_spoken(command: Command) -> None:
    done = command("diagram", "school_label", "--format", "mermaid", "--language", "nl")
    assert "Uitgenodigd" in done.out


@pytest.mark.parametrize("name", ["export-log --process", "diagram"])
def test_a_process_that_is_not_there_is_refused_with_the_nearest(
    name: str, command: Command, installed: Settings
) -> None:
    near = command(*name.split(), "school_lable")
    assert (near.code, near.out) == (2, "")
    assert near.err.startswith(
        'There is no process school_lable (did you mean "school_label"?). There are: '
    )
    far = command(*name.split(), "nope")
    assert (far.code, far.out) == (2, "")
    assert far.err.startswith("There is no process nope. There are: ")
    assert "school_label" in far.err


def test_a_process_without_cases_has_an_empty_log(command: Command, installed: Settings) -> None:
    done = command("export-log", "--process", "school_label", "--format", "csv")
    assert (done.code, done.out.count("\n")) == (0, 1)


def test_a_state_or_demo_that_is_not_there_is_refused(command: Command) -> None:
    state = command("diagram", "school_label", "--state", "nope")
    assert (state.code, state.out) == (2, "")
    assert state.err.startswith("The process has no state nope. There are: invited, draft, ")
    assert command("demo", "nope").code == 2


def test_a_decision_asks_for_no_database(command: Command, tmp_path: Path) -> None:
    done = command(*EVALUATE)
    assert json.loads(done.out)["outcome"] == "met"
    assert list(tmp_path.iterdir()) == []
