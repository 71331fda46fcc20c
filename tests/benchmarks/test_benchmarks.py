"""Each benchmark runs, small, on SQLite; what it measures is checked by itself as it goes."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterator

import pytest

from benchmarks.__main__ import NAMES, main, parser
from benchmarks.databases import SQLITE, Databases, databases
from benchmarks.measure import peak_megabytes, rates


@pytest.fixture(scope="module")
def place() -> Iterator[Databases]:
    with databases([SQLITE]) as found:
        yield found


@pytest.fixture
def given() -> argparse.Namespace:
    return parser().parse_args(["--quick", "--rounds", "1"])


@pytest.mark.parametrize("name", NAMES)
def test_each_runs_and_has_a_table(
    name: str, place: Databases, given: argparse.Namespace, capsys: pytest.CaptureFixture[str]
) -> None:
    report = importlib.import_module(f"benchmarks.{name}").measure(place, given)
    report.show()
    shown = capsys.readouterr().out
    assert report.title.split(",")[0] in shown
    assert [line for line in report.lines if not line.figures] == []
    assert report.lines != []


def test_a_contender_is_measured_by_the_median_of_its_rounds() -> None:
    turns = {"a": iter([9.0, 1.0, 2.0, 4.0]).__next__, "b": iter([9.0, 2.0, 2.0, 1.0]).__next__}
    assert rates(turns, 8, 3) == {"a": 4.0, "b": 4.0}


def test_this_process_has_used_memory() -> None:
    assert peak_megabytes() > 10


def test_a_name_that_is_none_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["fires"])
    assert ended.value.code == 2
    assert "there is no fires; there are fire, decisions" in capsys.readouterr().err
