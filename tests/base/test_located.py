"""YAML with positions: what it reads, what it refuses, and where it says a fault is."""

from __future__ import annotations

import copy
import json
from datetime import date
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
        ('"a\\nb"', "a\nb"),
        ("[true, 1, a]", [True, 1, "a"]),
    ],
)
def test_values_are_plain_and_of_their_own_type(text: str, data: Any) -> None:
    found = read_yaml(f"a: {text}\n", "f").data["a"]
    assert found == data
    assert type(found) is type(data)


def test_an_anchor_repeats_a_value() -> None:
    text = "a: &x {b: true}\nc: *x\nd: {<<: *x, e: 1}\n"
    assert read_yaml(text, "f").data == {
        "a": {"b": True},
        "c": {"b": True},
        "d": {"b": True, "e": 1},
    }


ENDLESS = "a0: &a0 [x, x]\n" + "".join(
    f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60)
)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: [\n", "f:2:1: error: expected the node content, but found '<stream end>'"),
        ("a: 1\na: 2\n", None),
        ("a: &x 1\nb: &x 2\n", "f:2:4: error: the anchor &x is there already"),
        ("a: *x\n", "f:1:4: error: found undefined alias 'x'"),
        (ENDLESS, "f:1:1: error: the file has more than 100000 values"),
        ("- " * 3000 + "x\n", "f:1:1: error: the file is nested too deeply"),
        ("x" * 1_000_001, "f:1:1: error: the file has more than 1000000 characters"),
        ("a: \x00\n", None),
    ],
    ids=["open", "twice", "anchor", "alias", "endless", "deep", "long", "control"],
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
