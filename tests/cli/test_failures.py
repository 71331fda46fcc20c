"""A fault of ours: one sentence for people, the trace in the log, and secrets in neither."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

import service
from base.settings import Settings

SECRET = "hunter2hunter2hunter2hunter2hunter2"


def broken() -> Settings:
    password = SECRET
    return Settings.model_construct(port=1 // (len(password) - len(SECRET)))


@pytest.fixture(autouse=True)
def apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """The log of the tests is set back, and traces come into a folder of the test."""
    before = structlog.get_config()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["keurmerk", "verify"])
    yield
    structlog.configure(**before)


def test_what_fails_before_the_settings_are_read_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("base.settings.read_settings", broken)
    with pytest.raises(SystemExit) as end:
        service.main()
    said = capsys.readouterr()
    (trace,) = tmp_path.iterdir()
    reference = trace.stem.removeprefix("keurmerk-")
    assert (end.value.code, said.out) == (70, "")
    assert said.err == (
        f"Something went wrong that is our fault (reference {reference}). {trace} tells what.\n"
    )
    written = trace.read_text(encoding="utf-8")
    assert written.splitlines()[-1].startswith("ZeroDivisionError: ")
    assert "in broken" in written
    assert SECRET not in written
    assert trace.stat().st_mode & 0o777 == 0o600


def test_a_log_for_programs_has_the_trace_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def read() -> Settings:
        service.set_up_logs("json")
        return broken()

    monkeypatch.setattr("base.settings.read_settings", read)
    with pytest.raises(SystemExit):
        service.main()
    line, sentence = capsys.readouterr().err.splitlines()
    logged = json.loads(line)
    assert sentence == (
        "Something went wrong that is our fault"
        f" (reference {logged['reference']}). The log tells what."
    )
    assert "ZeroDivisionError" in logged["exception"]
    assert SECRET not in line
    assert list(tmp_path.iterdir()) == []


def test_where_no_file_can_be_written_the_log_has_the_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("base.settings.read_settings", broken)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(SystemExit):
        service.main()
    said = capsys.readouterr().err
    assert said.splitlines()[-1].endswith("The log tells what.")
    assert "ZeroDivisionError" in said
    assert SECRET not in said


@pytest.mark.parametrize("form", ["text", "json"])
def test_traces_in_the_log_show_no_variables(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    service.set_up_logs(form)
    try:
        broken()
    except ZeroDivisionError:
        structlog.get_logger("test").exception("failed")
    said = capsys.readouterr().err
    assert "ZeroDivisionError" in said
    assert SECRET not in said


def test_lines_below_the_level_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    service.set_up_logs("text", "warning")
    structlog.get_logger("test").info("quiet")
    structlog.get_logger("test").warning("loud")
    said = capsys.readouterr().err
    assert ("loud" in said, "quiet" in said) == (True, False)
