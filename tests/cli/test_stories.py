"""Every story is played to its end, and everything in it holds."""

from __future__ import annotations

import json

import pytest

from cli.story_file import FOLDER, stories
from tests.cli.conftest import Command
from workflows.process_file import load_processes

OWN = [path.stem for path in sorted(FOLDER.glob("*.yaml"))]


def test_every_process_has_a_story() -> None:
    assert stories() == sorted(load_processes())


@pytest.mark.parametrize("process", OWN)
def test_a_story_is_played(command: Command, process: str) -> None:
    done = command("demo", process, "--json")
    assert done.code == 0, done.err
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert lines[-1]["faults"] == []
    assert {line["event"] for line in lines if "event" in line} != set()
    refused = [line["refused"] for line in lines if "refused" in line]
    assert len(refused) > 0, "a story shows what is not possible, too"
