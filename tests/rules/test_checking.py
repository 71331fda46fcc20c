"""The checker of rule files, tried on a file that is broken in one way at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from base.located import read_yaml
from rules.book import RuleBook
from rules.checking import check_book, check_files, check_rule_set
from rules.fitting import MAX_CRITERIA
from rules.rule_file import read_rule_set
from tests.conftest import examples
from tests.rules.files import ROUND, RULES, changed, of_rules, remarks

pytestmark = pytest.mark.unit

BROKEN: list[dict[str, Any]] = read_yaml(
    (Path(__file__).parent / "broken_rules.yaml").read_text("utf-8"), "broken_rules.yaml"
).data


def test_nothing_is_said_of_a_good_file() -> None:
    assert remarks({"f": RULES}) == []
    assert remarks({"f": ROUND}) == []


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case["new"][:40])
def test_each_fault_is_named_with_its_place(case: dict[str, Any]) -> None:
    assert of_rules(case["old"], case["new"]) == case["says"]


# What nothing can meet ---------------------------------------------------------------------------


def with_criteria(*lines: str) -> list[str]:
    """What is said of whether criteria can be met, whatever else is said."""
    text = "\n".join(
        [
            "rule_set: loan/fit",
            "title: {en: Fit}",
            "languages: [en]",
            "criteria:",
            *(
                f"  - {{id: c{number}, {line}, text: {{en: a}}, remedy: {{en: b}}}}"
                for number, line in enumerate(lines)
            ),
            "examples: [{name: none, facts: {}, expect: undetermined}]",
        ]
    )
    rules, located = read_rule_set(text, "f")
    said = [remark.message for remark in check_rule_set(rules, located, [])]
    return [line for line in said if "example" not in line and "none" not in line]


BOTH = "[{fact: school_validated, is_true: true}, {fact: school_validated, is_false: true}]"
COUNT = "fact: missing_in_section, with: {section: a}"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([f"{COUNT}, at_least: 3"], []),
        ([f"{COUNT}, less_than: 0"], ['no value can meet "c0"']),
        ([f"{COUNT}, less_than: 1"], []),
        ([f"{COUNT}, at_least: 0"], ['every value meets "c0"']),
        ([f"{COUNT}, between: [5, 3]"], ['no value can meet "c0"']),
        ([f"{COUNT}, between: [3, 3]"], []),
        (["fact: today, between: [2030-02-01, 2030-01-31]"], ['no value can meet "c0"']),
        (
            [f"{COUNT}, at_least: 3", f"{COUNT}, at_most: 2"],
            ['"c1" contradicts "c0": no value meets both'],
        ),
        ([f"{COUNT}, at_least: 3", f"{COUNT}, at_most: 3"], []),
        (
            [f"{COUNT}, at_least: 3", f"{COUNT}, at_most: 4", f"{COUNT}, not_equals: 3"],
            [],
        ),
        (
            [
                f"{COUNT}, at_least: 3",
                f"{COUNT}, at_most: 4",
                f"{COUNT}, not_equals: 3",
                f"{COUNT}, not_equals: 4",
            ],
            ['no values meet all of "c0", "c1", "c2", "c3"'],
        ),
        (
            ["fact: today, before: 2030-01-01", "fact: today, after: 2030-01-01"],
            ['"c1" contradicts "c0": no value meets both'],
        ),
        (
            ["fact: today, before: 2030-01-01", "fact: registered_on, after: 2030-01-01"],
            [],
        ),
        (
            ["fact: school_validated, is_true: true", "fact: school_validated, is_false: true"],
            ['"c1" contradicts "c0": no value meets both'],
        ),
        (
            [f"all_of: {BOTH}"],
            ['no value can meet "c0"'],
        ),
        (
            [f"any_of: {BOTH}"],
            ['every value meets "c0"'],
        ),
        (["fact: school_validated, present: true"], []),
        (["none_of: [{fact: school_validated, present: true}]"], []),
        (["fact: today, on_or_after: 9999-12-31"], []),
    ],
)
def test_criteria_nothing_can_meet(lines: list[str], said: list[str]) -> None:
    assert with_criteria(*lines) == said


def test_a_round_can_make_a_criterion_impossible() -> None:
    assert of_rules("at_least: ${enough}", "between: [${enough}, 2]") == [
        'f:13:5: error: no value can meet "teachers" (with round 2030)'
    ]


def test_a_round_must_give_what_a_rule_set_takes() -> None:
    found = remarks({"f": RULES, "r": changed(ROUND, "  enough: 3\n", "  enuogh: 3\n")})
    assert [str(one) for one in found] == [
        'f:5:3: error: round 2030 gives no "enough" (did you mean "enuogh"?)',
        'f:26:5: error: the example gives no "enough": add it to parameters, or name a round',
        'r:17:7: error: the round itself gives no "enough" (did you mean "enuogh"?)',
    ]


def test_a_value_of_the_wrong_type_in_a_country_is_found() -> None:
    found = remarks({"f": RULES, "r": changed(ROUND, "enough: 2", "enough: two")})
    assert [str(one) for one in found] == [
        'f:5:3: error: "enough" of round 2030 in BE is not a whole number',
    ]


def test_a_fact_with_two_meanings_must_have_two_names() -> None:
    text = changed(RULES, "fact: school_validated\n    is_true: true", """any_of:
      - {fact: missing_in_section, with: {section: a}, equals: 0}
      - {fact: missing_in_section, with: {section: b}, equals: 0}""")  # fmt: skip
    text = changed(text, "school_validated: true", "missing_in_section: 0")
    (found,) = remarks({"f": text})
    assert str(found) == (
        'f:22:36: error: "missing_in_section" is asked for twice with different arguments: '
        "give each a name under facts"
    )


def test_choices_are_checked_in_arguments_parameters_and_rounds() -> None:
    base = changed(
        RULES,
        "    provider: active_teachers\n    with: {since: ${since}}",
        "    provider: projects_with_label\n"
        "    with: {kind: NQL, since: ${since}, counts: ${whose}}",
    )
    base = changed(base, "parameters:\n  enough", "parameters:\n  whose: {type: text}\n  enough")
    round_ = changed(ROUND, "  enough: 3\n", "  enough: 3\n  whose: own_techer\n")
    found = [str(one) for one in remarks({"f": base, "r": round_})]
    assert found[0] == (
        'f:5:3: warning: "whose" must be one of school_involved, own_teacher: say so with one_of'
    )
    base = changed(base, "{type: text}", "{type: text, one_of: [school_involved, own_teacher]}")
    found = [str(one) for one in remarks({"f": base, "r": round_})]
    assert found[0] == (
        'f:5:3: error: "whose" of round 2030 is none of school_involved, own_teacher '
        '(did you mean "own_teacher"?)'
    )
    worse = changed(base, "[school_involved, own_teacher]", "[school_involved, anybody]")
    found = [str(one) for one in remarks({"f": worse, "r": round_})]
    assert (
        'f:12:40: error: "whose" can be something else than school_involved, own_teacher' in found
    )
    worse = changed(base, "kind: NQL", "kind: NLQ")
    found = [str(one) for one in remarks({"f": worse, "r": round_})]
    assert 'f:12:12: error: "NLQ" is none of NQL, EQL (did you mean "NQL"?)' in found


def test_days_cannot_be_negative() -> None:
    rules = changed(RULES, "enough: {type: integer", "enough: {type: days")
    found = remarks({"f": rules, "r": changed(ROUND, "enough: 3", "enough: -3")})
    assert str(found[0]) == 'f:5:3: error: "enough" of round 2030 is less than 0 days'


def test_slow_patterns_are_refused() -> None:
    text = """\
rule_set: loan/name
title: {en: Name}
languages: [en]
parameters: {pattern: {type: text}}
facts: {name: {provider: some_text}}
criteria:
  - {id: a, fact: name, matches: "(a+)+", text: {en: a}, remedy: {en: a}}
examples: [{name: a, facts: {name: a}, expect: met}]
"""
    found = [str(one) for one in check_files({"f": text})]
    assert 'f:5:16: error: there is no provider "some_text"' in found


def test_a_file_of_too_many_criteria_is_none() -> None:
    criteria = "".join(
        f"  - {{id: c{number}, fact: today, present: true, text: {{en: a}}}}\n"
        for number in range(MAX_CRITERIA + 1)
    )
    text = f"rule_set: a/b\ntitle: {{en: a}}\nlanguages: [en]\ncriteria:\n{criteria}examples: []\n"
    found = [str(one) for one in check_files({"f": text})]
    assert found[0] == "f:4:1: error: List should have at most 60 items after validation, not 61"


def test_two_files_of_one_name() -> None:
    found = check_files({"a": RULES, "b": RULES, "r": ROUND})
    assert [str(one) for one in found] == [
        "b:1:1: error: loan/fit is there twice: give one of them another name"
    ]


def test_a_book_is_checked_file_by_file() -> None:
    book = RuleBook.from_texts(
        {"a": changed(RULES, "    expect: met", "    expect: unmet"), "r": ROUND}
    )
    assert [remark.file for remark in check_book(book)] == ["a"]


NUMBERS = range(12)
_number = st.integers(1, 9)
_comparison = st.one_of(
    st.builds(
        "{}: {}".format,
        st.sampled_from(["at_least", "at_most", "more_than", "less_than", "equals", "not_equals"]),
        _number,
    ),
    st.builds("between: [{}, {}]".format, _number, _number),
    st.builds("one_of: [{}, {}]".format, _number, _number),
)


def holds(comparison: str, number: int) -> bool:
    """The same comparison, said plainly."""
    name, _, operand = comparison.partition(": ")
    low, *more = (int(one) for one in operand.strip("[]").split(", "))
    return {
        "at_least": number >= low, "at_most": number <= low, "more_than": number > low,
        "less_than": number < low, "equals": number == low, "not_equals": number != low,
        "between": low <= number <= (more or [0])[0], "one_of": number in (low, *more),
    }[name]  # fmt: skip


@given(st.lists(_comparison, min_size=1, max_size=4))
@settings(max_examples=examples(100))
def test_what_cannot_be_met_is_told_just_where_no_number_meets_it(found: list[str]) -> None:
    said = with_criteria(*(f"{COUNT}, {comparison}" for comparison in found))
    possible = any(all(holds(one, number) for one in found) for number in NUMBERS)
    impossible = [line for line in said if not line.startswith("every value")]
    assert possible is (impossible == [])
    for position, comparison in enumerate(found):
        alone = any(holds(comparison, number) for number in NUMBERS)
        assert alone is (f'no value can meet "c{position}"' not in said)
