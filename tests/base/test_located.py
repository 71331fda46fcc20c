"""YAML with positions: what it reads, what it refuses, and where it says a fault is."""

from __future__ import annotations

import copy
import json
from datetime import UTC, date, datetime
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from base.errors import BadDefinition, NotFound
from base.i18n import N_
from base.i18n import said as as_said
from base.located import nearest, read_yaml, validated

pytestmark = pytest.mark.unit


class Leaf(BaseModel):
    model_config = ConfigDict(extra="forbid")
    source: list[str] = Field(alias="from")
    colour: str = ""


class Tree(BaseModel):
    model_config = ConfigDict(extra="forbid")
    leaves: dict[str, Leaf] = {}
    branch: Annotated[Leaf | None, Field()] = None


def said(text: str) -> list[str]:
    with pytest.raises(BadDefinition) as caught:
        validated(Tree, read_yaml(text, "f"))
    return [str(remark) for remark in caught.value.remarks]


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("true", True),
        ("false", False),
        ("yes", "yes"),
        ("NO", "NO"),
        ("off", "off"),
        ("null", None),
        ("12", 12),
        ("'12'", "12"),
        ("0x10", 16),
        ("2023-01-31", date(2023, 1, 31)),
        ("2023-1-31", "2023-1-31"),
        ("2023-01-31 10:00", "2023-01-31 10:00"),
        ("2023-01-31T10:00:00Z", datetime(2023, 1, 31, 10, tzinfo=UTC)),
        ("12:30:00", "12:30:00"),
        ("017", 17),
        ("0o17", 15),
        ("1_000", 1000),
        ("-2.5e3", -2500.0),
        (".inf", float("inf")),
        ("-_", "-_"),
        ("=", "="),
        ("~", None),
        ("", None),
        ("!!str 12", "12"),
        ("va\tlue", "va\tlue"),
        ("|\n  b\n  c", "b\nc\n"),
        (">\n  b\n  c", "b c\n"),
        ('"a\\nb"', "a\nb"),
        ("[true, 1, a]", [True, 1, "a"]),
    ],
)
def test_values_are_plain_and_of_their_own_type(text: str, data: Any) -> None:
    found = read_yaml(f"a: {text}\n", "f").data["a"]
    assert found == data
    assert type(found) is type(data)


def test_an_anchor_repeats_a_value() -> None:
    text = "a: &x {b: true}\nc: *x\nd: {<<: *x, e: 1}\ng: {<<: [{b: 2, h: 3}, *x], h: 4}\n"
    located = read_yaml(text, "f")
    assert located.data == {
        "a": {"b": True},
        "c": {"b": True},
        "d": {"b": True, "e": 1},
        "g": {"b": 2, "h": 4},
    }
    places = [located.position((key, inner)) for key, inner in ("cb", "db", "de", "gh")]
    assert places == [(1, 8), (1, 8), (3, 13), (4, 29)]


def test_a_place_is_counted_in_characters_and_is_that_of_the_nearest_parent() -> None:
    located = read_yaml("é: {“ü”: [😀, {a: 1}]}\n2023: x\nlist:\n  - a: 1\n    b: 2\n", "f")
    assert located.data == {"é": {"“ü”": ["😀", {"a": 1}]}, "2023": "x", "list": [{"a": 1, "b": 2}]}
    assert located.position(("é", "“ü”", 1, "a")) == (1, 15)
    assert located.position(("é", "“ü”", 5, "a")) == (1, 5)
    assert located.position(("2023", "more")) == (2, 1)
    assert located.position(("list", 0, "Some", "b")) == (5, 5)
    assert located.position(()) == (1, 1)


ENDLESS = "a0: &a0 [x, x]\n" + "".join(
    f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60)
)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "a: [\n",
            "f:2:1: error: did not find expected node content, while parsing a flow node",
        ),
        ("a: 1\na: 2\n", 'f:2:1: error: the key "a" is there already'),
        ("a: &x 1\nb: &x 2\n", "f:2:4: error: the anchor &x is there already"),
        ("a: &x [&x 1]\n", "f:1:8: error: the anchor &x is there already"),
        ("a: *x\n", "f:1:4: error: found undefined alias 'x'"),
        ("a: &x [*x]\n", "f:1:8: error: found undefined alias 'x'"),
        (ENDLESS, "f:15:18: error: the file has more than 100000 values"),
        ("- " * 3000 + "x\n", "f:1:201: error: the file is nested too deeply"),
        ("[" * 100_000, "f:1:101: error: the file is nested too deeply"),
        ("x" * 1_000_001, "f:1:1: error: the file has more than 1000000 characters"),
        (
            "a: \x00\n",
            "f:1:1: error: unacceptable character #x0000: control characters are not allowed",
        ),
        ("a: \ud800\n", None),
        ("a: 2023-02-30\n", "f:1:4: error: day is out of range for month"),
        ("a: " + "9" * 5000, None),
        ("a: !!int '3'\n", "f:1:4: error: the tag !!int says nothing here: leave it out"),
        ("a: !x {b: 1}\n", "f:1:4: error: the tag !x says nothing here: leave it out"),
        ("!x a: 1\n", "f:1:1: error: the tag !x says nothing here: leave it out"),
        ("[a]: 1\n", "f:1:1: error: a key is a word, not a list, a mapping or an alias"),
        ("- ? {a: 1}\n", "f:1:5: error: a key is a word, not a list, a mapping or an alias"),
        ("a: {<<: 1}\n", "f:1:9: error: << takes the keys of mappings only"),
        ("a\n---\nb\n", "f:2:1: error: expected one document, but found another"),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) else None,
)
def test_what_cannot_be_read_is_told_with_its_place(text: str, fault: str | None) -> None:
    with pytest.raises(BadDefinition) as caught:
        read_yaml(text, "f")
    (remark,) = caught.value.remarks
    assert remark.file == "f"
    if fault:
        assert str(remark) == fault


def test_an_unknown_key_is_told_with_the_nearest_one_of_that_place() -> None:
    assert said("leaves:\n  a: {from: [x], color: red}\n") == [
        'f:2:18: error: "color" is not known here (did you mean "colour"?)'
    ]
    assert said("leave: {}\n") == [
        'f:1:1: error: "leave" is not known here (did you mean "leaves"?)'
    ]
    assert said("branch: {from: [], colours: x}\n") == [
        'f:1:20: error: "colours" is not known here (did you mean "colour"?)'
    ]


def test_every_fault_is_told() -> None:
    assert said("leaves:\n  a: {colour: 1}\n  b: {fro: [x]}\n") == [
        'f:2:3: error: "from" is missing here',
        "f:2:7: error: Input should be a valid string",
        'f:3:3: error: "from" is missing here',
        'f:3:7: error: "fro" is not known here (did you mean "from"?)',
    ]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", 'There is no rule set fti (did you mean "fit"?). There are: fit.'),
        ("nl", "Er is geen regelset fti (bedoelde je “fit”?). Er zijn: fit."),
        ("fr", "Il n’y a pas de jeu de règles fti (vouliez-vous dire « fit » ?). Il y a : fit."),
        ("de", "Es gibt keinen Regelsatz fti (meinten Sie „fit“?). Es gibt: fit."),
    ],
)
def test_a_hint_is_said_in_the_language_of_its_sentence(language: str, words: str) -> None:
    error = NotFound(
        N_("There is no rule set {name}{hint}. There are: {known}."),
        name="fti", hint=nearest("fti", ["fit"]), known=["fit"],
    )  # fmt: skip
    assert error.say(language).replace("\u00a0", " ").replace("\u202f", " ") == words


def test_a_hint_is_a_string_that_stays_itself_when_copied() -> None:
    hint = nearest("drafd", ["draft", "done"])
    assert f"x{hint}" == 'x (did you mean "draft"?)'
    assert json.dumps(hint) == '" (did you mean \\"draft\\"?)"'
    assert as_said(copy.deepcopy(hint), "nl") == " (bedoelde je “draft”?)"
    nothing = nearest("zzz", ["draft"])
    assert (nothing or "none", as_said(nothing, "fr")) == ("none", "")
