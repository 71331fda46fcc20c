"""Reading rule files: what they may say, and what is refused, with its place."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from base.errors import BadDefinition
from rules.checking import check_files
from rules.criteria import Combination, Comparison
from rules.fitting import MAX_DEPTH
from rules.rule_file import read_rule_set
from tests.conftest import examples
from tests.rules.files import ROUND, RULES, changed, rule_set, unreadable

pytestmark = pytest.mark.unit


def test_references_may_stand_bare_or_quoted_in_braces() -> None:
    """YAML alone would take the braces of ``{since: ${since}}`` for a mapping."""
    bare = rule_set()
    quoted = rule_set(changed(RULES, "{since: ${since}}", '{since: "${since}"}'))
    block = rule_set(changed(RULES, "{since: ${since}}", "\n      since: ${since}"))
    assert bare == quoted == block
    assert bare.facts["teachers"].arguments == {"since": "${since}"}


def test_places_and_text_are_those_of_the_file_as_written() -> None:
    rules, located = read_rule_set(RULES, "f")
    assert located.text == RULES
    assert located.position(("facts", "teachers", "with", "since")) == (11, 12)
    assert rules.name == "loan/fit"
    assert rules.calendar == "loan"


def test_what_a_criterion_says() -> None:
    teachers, checked = rule_set().criteria
    assert teachers.comparisons() == [(Comparison.AT_LEAST, ("${enough}",))]
    assert checked.comparisons() == [(Comparison.IS_TRUE, ())]
    assert checked.only_if == "${strict}"
    assert rule_set().criterion("checked") is rule_set().criteria[1]


def test_joined_conditions() -> None:
    text = changed(RULES, "fact: school_validated\n    is_true: true", """any_of:
      - {fact: school_validated, is_true: true}
      - all_of:
          - {fact: today, between: [2030-01-01, 2030-02-01]}
          - none_of: [{fact: teachers, one_of: [1, 2]}]""")  # fmt: skip
    checked = rule_set(text).criterion("checked")
    ((kind, parts),) = checked.joins()
    assert kind is Combination.ANY_OF
    assert [leaf.fact for leaf in checked.leaves()] == ["school_validated", "today", "teachers"]
    assert parts[1].joins()[0][1][0].comparisons() == [
        (Comparison.BETWEEN, (date(2030, 1, 1), date(2030, 2, 1)))
    ]
    assert checked.depth() == 4
    assert list(rule_set(text).uses()) == ["teachers", "school_validated", "today"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "at_least: ${enough}",
            "at_leest: 3",
            [
                'f:15:5: error: "at_leest" is not known here (did you mean "at_least"?)',
            ],
        ),
        (
            "at_least: ${enough}",
            "at_least: 3.0",
            ["f:15:5: error: 3.0 is no whole number: scale the amount, there are no fractions"],
        ),
        ("at_least: ${enough}", "at_least: .nan", None),
        ("at_least: ${enough}", "at_least: 1e400", None),
        ("at_least: ${enough}", "at_least: 9007199254740992", None),
        ("at_least: ${enough}", "at_least: 2020-01-01T10:00:00Z", None),
        ("at_least: ${enough}", "at_least: [1]", None),
        ("at_least: ${enough}", "at_least: {a: 1}", None),
        ("at_least: ${enough}", 'at_least: "a\\tb"', None),
        ("at_least: ${enough}", f"at_least: {'a' * 1001}", None),
        ("at_least: ${enough}", "at_least:", None),
        ("at_least: ${enough}", "between: [1]", None),
        ("at_least: ${enough}", "between: [1, 2, 3]", None),
        ("at_least: ${enough}", "one_of: []", None),
        ("at_least: ${enough}", "present: false", None),
        ("at_least: ${enough}", "at_least: 1\n    at_most: 3", None),
        ("at_least: ${enough}", "at_least: 1\n    all_of: [{fact: today, present: true}]", None),
        ("    at_least: ${enough}\n", "", None),
        ("    fact: teachers\n", "", None),
        ("- id: checked", "- id: Checked", None),
        ("rule_set: loan/fit", "rule_set: loan/fit/er", None),
        ("rule_set: loan/fit", "rule_set: ../fit", None),
        ("enough: {type: integer", "enough: {type: float", None),
        ("enough: {type", "e.n.o: {type", None),
        ("expect: met", "expect: fine", None),
        ("is_true: true", "is_true: false", None),
    ],
)
def test_what_is_no_rule_file_is_refused(old: str, new: str, said: list[str] | None) -> None:
    with pytest.raises(BadDefinition) as caught:
        read_rule_set(changed(RULES, f"  {old}" if old == "expect: met" else old, new), "f")
    found = unreadable(caught.value)
    assert found
    assert all(line.startswith("f:") for line in found)
    if said is not None:
        assert found[: len(said)] == said


def test_conditions_nested_too_deep() -> None:
    inner = "{fact: today, present: true}"
    for _ in range(MAX_DEPTH):
        inner = f"{{all_of: [{inner}]}}"
    text = changed(RULES, "fact: school_validated\n    is_true: true", f"all_of: [{inner}]")
    with pytest.raises(BadDefinition) as caught:
        read_rule_set(text, "f")
    assert unreadable(caught.value) == ["f:1:1: error: checked is nested more than 20 deep"]


def test_conditions_nested_without_end_do_not_stop_the_program() -> None:
    text = changed(
        RULES,
        "fact: school_validated\n    is_true: true",
        "all_of: " + "[{all_of: " * 3000 + "x" + "}]" * 3000,
    )
    with pytest.raises(BadDefinition):
        read_rule_set(text, "f")


@pytest.mark.parametrize("text", ["", "- a\n", "just words\n", "a: [\n", "\x00", "rule_set: a\n"])
def test_what_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(BadDefinition):
        read_rule_set(text, "f")


_LINES = RULES.splitlines()
_PIECES = [
    "${since}", "${", "{}", "[]", "null", "true", "1e9", "2030-13-01", "'", '"', "&a", "*a", "!!x",
    "{required", "all_of: []", "- ", ": ", "fact: today", "met", "${first.second.third}", "<<: *a",
    "9" * 400, "\\", "é", "\u202e", "matches: '(a+)+'", "at_least: -1", "with: {}",
]  # fmt: skip


@st.composite
def mangled(draw: st.DrawFn) -> str:
    """The small files with lines dropped, doubled, swapped, and pieces put in."""
    lines = list(draw(st.sampled_from([_LINES, ROUND.splitlines()])))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        what = draw(st.sampled_from(["drop", "double", "swap", "piece"]))
        if what == "drop" and len(lines) > 1:
            del lines[at]
        elif what == "double":
            lines.insert(at, lines[at])
        elif what == "swap":
            other = draw(st.integers(0, len(lines) - 1))
            lines[at], lines[other] = lines[other], lines[at]
        else:
            piece = draw(st.sampled_from(_PIECES))
            column = draw(st.integers(0, len(lines[at])))
            lines[at] = lines[at][:column] + piece + lines[at][column:]
    return "\n".join(lines) + "\n"


@given(mangled())
@settings(max_examples=examples(150))
def test_whatever_a_file_holds_is_said_with_its_place(text: str) -> None:
    """The checker never fails, and what it says is in the file."""
    for remark in check_files({"f": text, "other": RULES.replace("loan/fit", "loan/other")}):
        assert remark.message
        if remark.file == "f":
            assert 1 <= remark.line <= text.count("\n") + 1
