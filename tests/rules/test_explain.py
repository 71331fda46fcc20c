"""Findings in words: what was required, what was found, and what helps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from rules.binding import bind
from rules.criteria import Comparison, Value
from rules.decisions import ReferenceDecider, judge_facts
from rules.explain import explain, missing
from rules.wording import as_data, fill, word
from tests.rules import making
from tests.rules.files import RULES, call, changed, rule_set

pytestmark = pytest.mark.unit

VALUES = call().values("")


def explained(
    facts: Mapping[str, Value | None], language: str = "en", text: str = RULES,
    values: Mapping[str, Value | None] = VALUES,
) -> dict[str, Any]:  # fmt: skip
    rules = rule_set(text)
    (judgement,) = judge_facts(ReferenceDecider(), rules, values, [facts])
    return explain(rules, judgement, values, language)


def test_the_form_of_a_decision() -> None:
    assert explained({"teachers": 2, "school_validated": True}) == {
        "outcome": "unmet",
        "findings": [
            {
                "criterion": "teachers",
                "outcome": "unmet",
                "actual": 2,
                "required": 3,
                "reason": "At least 3 since 1 January 2029 (found: 2)",
                "remedy": "1 to go",
            },
            {
                "criterion": "checked",
                "outcome": "met",
                "actual": True,
                "required": True,
                "reason": "Checked (it is: yes)",
                "remedy": "",
            },
        ],
    }


def test_what_is_not_known_says_so_and_what_helps() -> None:
    (teachers, checked) = explained({"teachers": None})["findings"]
    assert teachers == {
        "criterion": "teachers",
        "outcome": "undetermined",
        "actual": None,
        "required": 3,
        "reason": "At least 3 since 1 January 2029 (not known)",
        "remedy": "What this depends on is not in our data yet. Have it completed.",
    }
    assert checked["reason"] == "Checked (not known)"


def test_what_the_round_does_not_say() -> None:
    values = {**VALUES, "enough": None, "strict": None}
    facts = {"teachers": 3, "school_validated": True}
    (teachers, checked) = explained(facts, values=values)["findings"]
    assert (teachers["outcome"], teachers["required"]) == ("undetermined", None)
    assert (
        teachers["reason"] == "At least (not set yet) since 1 January 2029 (the round does not say)"
    )
    assert teachers["remedy"] == "The round does not say this yet. Wait until it is published."
    assert checked["outcome"] == "undetermined"
    assert checked["reason"] == "Checked (the round does not say)"


def test_in_another_language() -> None:
    (teachers, _) = explained({"teachers": 2, "school_validated": True}, "nl")["findings"]
    assert teachers["reason"].startswith("Minstens 3 sinds 1 januari 2029 (")
    assert teachers["remedy"] == "Nog 1"


def test_in_a_language_the_file_does_not_have() -> None:
    (teachers, _) = explained({"teachers": 2, "school_validated": True}, "fr")["findings"]
    assert teachers["reason"].startswith("At least 3 since 1er janvier 2029 (")


def test_a_criterion_that_does_not_apply_is_not_there() -> None:
    findings = explained({"teachers": 3}, values={**VALUES, "strict": False})["findings"]
    assert [finding["criterion"] for finding in findings] == ["teachers"]


def test_joined_conditions_tell_every_fact() -> None:
    text = changed(RULES, "fact: school_validated\n    is_true: true", """any_of:
      - {fact: today, between: [2030-01-01, 2030-02-01]}
      - none_of: [{fact: teachers, one_of: [1, 2]}, {fact: school_validated, is_false: true}]
    """)  # fmt: skip
    text = changed(text, '    found: {en: "it is: {actual}", nl: "het is: {actual}"}\n', "")
    facts: dict[str, Value | None] = {
        "teachers": 1, "school_validated": False, "today": date(2030, 3, 1),
    }  # fmt: skip
    checked = explained(facts, text=text)["findings"][1]
    assert checked["actual"] == {"today": "2030-03-01", "teachers": 1, "school_validated": False}
    assert checked["required"] == {
        "any_of": [
            {"today": {"between": ["2030-01-01", "2030-02-01"]}},
            {
                "none_of": [
                    {"teachers": {"one_of": [1, 2]}},
                    {"school_validated": {"is_false": False}},
                ]
            },
        ]
    }
    assert checked["reason"] == "Checked"
    json.dumps(checked)


@pytest.mark.parametrize(
    ("comparison", "operands", "actual", "short"),
    [
        (Comparison.AT_LEAST, (3,), 1, 2),
        (Comparison.AT_LEAST, (3,), 5, 0),
        (Comparison.MORE_THAN, (3,), 3, 1),
        (Comparison.AT_MOST, (3,), 5, 2),
        (Comparison.LESS_THAN, (3,), 3, 1),
        (Comparison.EQUALS, (0,), 4, 4),
        (Comparison.NOT_EQUALS, (0,), 0, 0),
        (Comparison.BETWEEN, (1, 2), 5, None),
        (Comparison.ONE_OF, (1,), 5, 0),
        (Comparison.AT_LEAST, (None,), 5, None),
        (Comparison.AT_LEAST, (3,), None, None),
        (Comparison.EQUALS, (True,), False, None),
        (Comparison.ON_OR_BEFORE, (date(2030, 1, 1),), date(2030, 2, 1), None),
    ],
)
def test_what_is_missing(
    comparison: Comparison, operands: tuple[Any, ...], actual: Any, short: int | None
) -> None:
    test = making.test("fact", comparison, *operands)
    assert missing(test, {"fact": actual}) == short
    assert missing(making.all_of(test), {"fact": actual}) is None


@pytest.mark.parametrize(
    ("value", "language", "said"),
    [
        (date(2023, 1, 31), "en", "31 January 2023"),
        (date(2023, 1, 31), "nl", "31 januari 2023"),
        (date(2023, 1, 31), "fr", "31 janvier 2023"),
        (date(2023, 1, 31), "de", "31. Januar 2023"),
        (12345, "en", "12,345"),
        (12345, "de", "12.345"),
        (True, "en", "yes"),
        (False, "en", "no"),
        (None, "en", "unknown"),
        ([date(2023, 1, 31), date(2023, 2, 28)], "en", "31 January 2023 – 28 February 2023"),
        ({"a": 1, "b": None}, "en", "a: 1, b: unknown"),
        ("school_involved", "fr", "school_involved"),
    ],
)
def test_words(value: Any, language: str, said: str) -> None:
    assert word(value, language) == said


def test_a_text_is_filled_once() -> None:
    places = {"actual": "{required}", "required": 3}
    assert fill("{actual} {nobody} {", places, "en") == "{required} (not set yet) {"


def test_data_is_json() -> None:
    assert as_data({"a": [date(2030, 1, 1), (1, True)]}) == {"a": ["2030-01-01", [1, True]]}


def test_all_findings_of_a_rule_set_are_told() -> None:
    bound = bind(rule_set(), VALUES)
    findings = explained({"teachers": 3, "school_validated": True})["findings"]
    assert [finding["criterion"] for finding in findings] == list(bound.criteria)
