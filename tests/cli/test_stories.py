"""Every story is played to its end, and everything in it holds."""

from __future__ import annotations

import json

import pytest

from base.i18n import LANGUAGES, say
from cli.story_file import FOLDER, read_story, stories
from tests.cli.conftest import Command
from workflows.process_file import load_processes

ALL = set(LANGUAGES)
OWN = [path.stem for path in sorted(FOLDER.glob("*.yaml"))]


def test_every_process_has_a_story() -> None:
    assert stories() == sorted(load_processes())


def test_every_story_is_told_in_every_language() -> None:
    told = [words for name in OWN for act in read_story(name).acts
            for words in (act.chapter, act.refused) if words is not None]  # fmt: skip
    assert len(told) > 100
    assert [words for words in told if not isinstance(words, dict) or set(words) != ALL] == []


# Each in one of the languages: what is told in them stands in the same places.
@pytest.mark.parametrize(
    ("process", "language"), [(name, LANGUAGES[at % len(LANGUAGES)]) for at, name in enumerate(OWN)]
)
def test_a_story_is_played(command: Command, process: str, language: str) -> None:
    done = command("demo", process, "--json", "--language", language)
    assert done.code == 0, done.err
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert lines[-1]["faults"] == []
    assert {line["event"] for line in lines if "event" in line} != set()
    chapters = [line["chapter"] for line in lines if "chapter" in line]
    acts = read_story(process).acts
    assert chapters == [say(act.chapter, language) for act in acts if act.chapter]
    refused = [line["refused"] for line in lines if "refused" in line]
    assert len(refused) > 0, "a story shows what is not possible, too"
