"""A round's values in the place of a rule set's parameters."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from base.errors import BadDefinition
from rules.binding import bind
from rules.criteria import (
    Combination,
    Comparison,
    FactRequest,
    FactType,
    Group,
    Outcome,
    overall,
)
from rules.reference import decide_reference
from tests.rules import making
from tests.rules.files import RULES, call, changed, rule_set

pytestmark = pytest.mark.unit

VALUES = call().values("")


def test_a_bound_rule_set_has_constants_only() -> None:
    bound = bind(rule_set(), VALUES)
    assert bound.name == "loan/fit"
    assert bound.criteria == {
        "teachers": making.test("teachers", Comparison.AT_LEAST, 3),
        "checked": making.test("school_validated", Comparison.IS_TRUE),
    }
    assert bound.facts == (
        FactRequest(
            key="teachers", provider="active_teachers", type=FactType.INTEGER,
            arguments={"since": date(2029, 1, 1)},
        ),
        FactRequest(key="school_validated", provider="school_validated", type=FactType.BOOLEAN),
    )  # fmt: skip


def test_joined_conditions_are_bound_too() -> None:
    text = changed(
        RULES,
        "fact: school_validated\n    is_true: true",
        "none_of: [{fact: teachers, between: [1, ${enough}]}, {fact: today, present: true}]",
    )
    assert bind(rule_set(text), VALUES).criteria["checked"] == Group(
        Combination.NONE_OF,
        (
            making.test("teachers", Comparison.BETWEEN, 1, 3),
            making.test("today", Comparison.PRESENT),
        ),
    )


def test_a_criterion_that_does_not_apply_is_left_out_with_its_facts() -> None:
    bound = bind(rule_set(), {**VALUES, "strict": False})
    assert list(bound.criteria) == ["teachers"]
    assert [request.key for request in bound.facts] == ["teachers"]


@pytest.mark.parametrize("validated", [True, False, None])
def test_a_criterion_nobody_knows_to_apply_is_undetermined(validated: bool | None) -> None:
    bound = bind(rule_set(), {**VALUES, "strict": None})
    (outcomes,) = decide_reference(bound, [{"teachers": 3, "school_validated": validated}])
    assert outcomes == {"teachers": Outcome.MET, "checked": Outcome.UNDETERMINED}
    assert overall(outcomes) is Outcome.UNDETERMINED


@pytest.mark.parametrize("values", [{**VALUES, "enough": None}, {}])
def test_a_value_nobody_knows_is_no_pass(values: dict[str, Any]) -> None:
    bound = bind(rule_set(), values)
    (outcomes,) = decide_reference(bound, [{"teachers": 10**6, "school_validated": True}])
    assert outcomes["teachers"] is Outcome.UNDETERMINED


def test_the_same_values_give_the_same_rule_set() -> None:
    rules = rule_set()
    assert bind(rules, dict(VALUES)) is bind(rules, VALUES)
    assert bind(rules, {**VALUES, "other": 1}) is bind(rules, VALUES)


def test_other_values_give_another_hash() -> None:
    rules = rule_set()
    hashes = {
        bind(rules, VALUES).sha256,
        bind(rules, {**VALUES, "enough": 4}).sha256,
        bind(rules, {**VALUES, "since": date(2029, 1, 2)}).sha256,
        bind(rules, {**VALUES, "strict": False}).sha256,
        bind(rules, {**VALUES, "strict": None}).sha256,
        bind(rule_set(changed(RULES, "at_least", "more_than")), VALUES).sha256,
        bind(rule_set(changed(RULES, "loan/fit", "loan/fat")), VALUES).sha256,
    }
    assert len(hashes) == 7


def test_a_text_gives_the_same_hash_in_every_process() -> None:
    assert bind(rule_set(), VALUES).sha256 == (
        "3ef6b7db2c7e665746cc14b1c4695a0bdfd95c60755bb2a981a359364cc86c00"
    )


@pytest.mark.parametrize("value", [True, "3", date(2030, 1, 1), 3.0, 2**53])
def test_a_value_of_another_type_is_refused(value: Any) -> None:
    bind(rule_set(), {**VALUES, "enough": 1})  # equals True, and is kept
    with pytest.raises(BadDefinition):
        bind(rule_set(), {**VALUES, "enough": value})


def test_a_fact_nobody_makes_is_refused() -> None:
    rules = rule_set(changed(RULES, "provider: active_teachers", "provider: nobody"))
    with pytest.raises(BadDefinition, match="There is no fact called nobody"):
        bind(rules, VALUES)


def test_what_is_kept_has_an_end() -> None:
    rules = rule_set()
    for number in range(600):
        assert bind(rules, {**VALUES, "enough": number}).criteria["teachers"] == making.test(
            "teachers", Comparison.AT_LEAST, number
        )
