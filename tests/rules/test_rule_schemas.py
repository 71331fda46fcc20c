"""The JSON Schemas for editors are those of the types, and say what the reader says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest

from base.canonical import canonical
from rules.book import FOLDER
from rules.round_file import read_round
from rules.rule_file import read_rule_set
from rules.schema import FOLDER as SCHEMAS
from rules.schema import as_text, schemas
from tests.rules.files import ROUND, RULES, changed

pytestmark = pytest.mark.unit

FILES = sorted(FOLDER.rglob("*.yaml"))


@pytest.mark.parametrize("name", ["rule_set.json", "round.json"])
def test_the_files_are_what_the_types_say(name: str) -> None:
    """If this fails: python -m rules.schema."""
    schema = schemas()[name]
    jsonschema.Draft202012Validator.check_schema(schema)
    assert (SCHEMAS / name).read_text("utf-8") == as_text(schema)


def faults(name: str, text: str) -> list[str]:
    """What an editor says of a file's text."""
    read: Any = read_round if name == "round.json" else read_rule_set
    data = orjson.loads(canonical(read(text, "f")[1].data))
    validator = jsonschema.Draft202012Validator(schemas()[name])
    return [error.message for error in validator.iter_errors(data)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_editors_accept_the_files_there_are_and_find_the_schema(path: Path) -> None:
    text = path.read_text("utf-8")
    first = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    schema = (path.parent / first).resolve()
    assert schema.parent == SCHEMAS
    assert faults(schema.name, text) == []


def test_editors_accept_the_small_files() -> None:
    assert faults("rule_set.json", RULES) == []
    assert faults("round.json", ROUND) == []


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("rule_set.json", "rule_sett", "a"),
        ("rule_set.json", "rule_set", "A b"),
        ("rule_set.json", "criteria", []),
        ("round.json", "dates", {"a": "yesterday"}),
        ("round.json", "dates", {"a": {"opens": "2030-01-01"}}),
        ("round.json", "parameters", {"a": 1.5}),
        ("round.json", "colour", "red"),
    ],
)
def test_editors_refuse_what_the_reader_refuses(name: str, key: str, value: Any) -> None:
    text = ROUND if name == "round.json" else RULES
    read: Any = read_round if name == "round.json" else read_rule_set
    data = {**orjson.loads(canonical(read(text, "f")[1].data)), key: value}
    validator = jsonschema.Draft202012Validator(schemas()[name])
    assert list(validator.iter_errors(data))


def test_every_key_is_described() -> None:
    schema = schemas()["rule_set.json"]
    described = schema["$defs"]["CriterionText"]["properties"]
    assert described["only_if"]["description"].startswith("${parameter}")
    assert described["between"]["description"].startswith("The first and the last")
    assert "active_teachers" in schema["$defs"]["FactUse"]["properties"]["provider"]["examples"]
    assert changed(as_text(schema), '"title": "A rule file of Keurmerk"', "")
