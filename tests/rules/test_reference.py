from __future__ import annotations

from datetime import UTC, date, datetime
from enum import IntEnum, StrEnum
from typing import Any

import pytest

from base.errors import BadDefinition
from rules.compiled import BySha
from rules.criteria import BoundRuleSet, Comparison, Condition, FactType, Group, Outcome, overall
from rules.fitting import COMPARISONS, BadFact, check_rule_set
from rules.reference import Reference, decide_reference
from tests.rules.making import (
    BOOLEAN,
    DATE,
    INTEGER,
    PASSING,
    TEXT,
    TYPICAL,
    all_of,
    any_of,
    bound,
    none_of,
    test,
)

pytestmark = pytest.mark.unit

MET, UNMET, UNDETERMINED = Outcome.MET, Outcome.UNMET, Outcome.UNDETERMINED
TYPES = {"n": INTEGER, "b": BOOLEAN, "d": DATE, "t": TEXT}


def outcome(condition: Condition, **facts: Any) -> Outcome:
    (found,) = decide_reference(bound({"c": condition}, TYPES), [facts])
    return found["c"]


DAY = date(2023, 1, 31)
CASES = [
    (test("n", Comparison.EQUALS, 2), [(1, UNMET), (2, MET), (3, UNMET)]),
    (test("n", Comparison.NOT_EQUALS, 2), [(1, MET), (2, UNMET), (3, MET)]),
    (test("n", Comparison.AT_LEAST, 2), [(1, UNMET), (2, MET), (3, MET)]),
    (test("n", Comparison.AT_MOST, 2), [(1, MET), (2, MET), (3, UNMET)]),
    (test("n", Comparison.MORE_THAN, 2), [(1, UNMET), (2, UNMET), (3, MET)]),
    (test("n", Comparison.LESS_THAN, 2), [(1, MET), (2, UNMET), (3, UNMET)]),
    (
        test("n", Comparison.BETWEEN, 2, 4),
        [(1, UNMET), (2, MET), (3, MET), (4, MET), (5, UNMET)],
    ),
    (test("n", Comparison.ONE_OF, 2, 4), [(1, UNMET), (2, MET), (3, UNMET), (4, MET)]),
    (
        test("d", Comparison.ON_OR_BEFORE, DAY),
        [(date(2023, 1, 30), MET), (DAY, MET), (date(2023, 2, 1), UNMET)],
    ),
    (
        test("d", Comparison.ON_OR_AFTER, DAY),
        [(date(2023, 1, 30), UNMET), (DAY, MET), (date(2023, 2, 1), MET)],
    ),
    (
        test("d", Comparison.BEFORE, DAY),
        [(date(2023, 1, 30), MET), (DAY, UNMET), (date(2023, 2, 1), UNMET)],
    ),
    (
        test("d", Comparison.AFTER, DAY),
        [(date(2023, 1, 30), UNMET), (DAY, UNMET), (date(2023, 2, 1), MET)],
    ),
    (test("b", Comparison.IS_TRUE), [(True, MET), (False, UNMET)]),
    (test("b", Comparison.IS_FALSE), [(True, UNMET), (False, MET)]),
    (test("b", Comparison.EQUALS, True), [(True, MET), (False, UNMET)]),
    (test("t", Comparison.EQUALS, "a"), [("a", MET), ("A", UNMET), ("a ", UNMET), ("", UNMET)]),
    (test("t", Comparison.MATCHES, "[a-z]+"), [("ab", MET), ("ab1", UNMET), ("1ab", UNMET)]),
    (test("t", Comparison.PRESENT), [("", MET), ("a", MET)]),
]


@pytest.mark.parametrize(("condition", "answers"), CASES)
def test_each_comparison_at_its_boundary(
    condition: Any, answers: list[tuple[Any, Outcome]]
) -> None:
    found = [(value, outcome(condition, **{condition.fact: value})) for value, _ in answers]
    assert found == answers


@pytest.mark.parametrize("condition", [case[0] for case in CASES])
def test_a_fact_that_is_not_known_is_undetermined_and_only_present_is_unmet(condition: Any) -> None:
    expected = UNMET if condition.comparison is Comparison.PRESENT else UNDETERMINED
    assert outcome(condition) is expected
    assert outcome(condition, **{condition.fact: None}) is expected


def test_an_unknown_parameter_is_undetermined_whatever_the_fact() -> None:
    for condition in (
        test("n", Comparison.EQUALS, None),
        test("n", Comparison.BETWEEN, 1, None),
        test("n", Comparison.ONE_OF, 1, None),
    ):
        assert outcome(condition, n=1) is UNDETERMINED
        assert outcome(none_of(condition), n=1) is UNDETERMINED


@pytest.mark.parametrize(
    ("parts", "of_all", "of_any", "of_none"),
    [
        ((True,), MET, MET, UNMET),
        ((False,), UNMET, UNMET, MET),
        ((None,), UNDETERMINED, UNDETERMINED, UNDETERMINED),
        ((True, False), UNMET, MET, UNMET),
        ((True, None), UNDETERMINED, MET, UNMET),
        ((None, False), UNMET, UNDETERMINED, UNDETERMINED),
        ((False, None, True), UNMET, MET, UNMET),
    ],
)
def test_groups_follow_three_valued_logic(
    parts: tuple[bool | None, ...], of_all: Outcome, of_any: Outcome, of_none: Outcome
) -> None:
    keys = [f"b{n}" for n in range(len(parts))]
    conditions = [test(key, Comparison.IS_TRUE) for key in keys]
    rule_set = bound(
        {"all": all_of(*conditions), "any": any_of(*conditions), "none": none_of(*conditions)},
        dict.fromkeys(keys, BOOLEAN),
    )
    facts = dict(zip(keys, parts, strict=True))
    assert decide_reference(rule_set, [facts]) == [{"all": of_all, "any": of_any, "none": of_none}]


class Small(IntEnum):
    TWO = 2


class Word(StrEnum):
    BE = "BE"


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("teachers", "2"),
        ("teachers", True),
        ("teachers", 2.0),
        ("teachers", float("nan")),
        ("teachers", 2**53),
        ("teachers", -(2**53)),
        ("teachers", 10**400),
        ("teachers", Small.TWO),
        ("teachers", [2]),
        ("teachers", {"$gte": 0}),
        ("since", "2020-09-01"),
        ("since", datetime(2020, 9, 1, tzinfo=UTC)),
        ("since", 737669),
        ("validated", 1),
        ("validated", "true"),
        ("country", Word.BE),
        ("country", b"BE"),
        ("country", "B\x00E"),
        ("country", "BE\n"),
        ("country", "BE\x85"),
        ("country", "\ud800"),
        ("country", "x" * 1_001),
        ("country", "BE" + "z" * 65_536),
        ("country", ["BE"]),
        ("rbvjmlt", 2),
        ("age", None),
        ("", 1),
        ("x" * 100_000, 1),
        (3, 1),
    ],
)
def test_a_fact_that_is_not_of_its_type_is_refused_without_its_value(fact: Any, value: Any) -> None:
    with pytest.raises(BadFact) as caught:
        decide_reference(TYPICAL, [{**PASSING, fact: value}])
    (problem,) = caught.value.problems
    assert problem.values == {}
    assert problem.where in {fact if isinstance(fact, str) else "(int)", str(fact)[:100]}


def test_all_wrong_facts_are_named_at_once_with_their_subject() -> None:
    facts: list[Any] = [PASSING, {"teachers": "2", "since": 1}, [], {"since\n": 1}]
    with pytest.raises(BadFact) as caught:
        decide_reference(TYPICAL, facts)
    assert [problem.where for problem in caught.value.problems] == [
        "2, teachers",
        "2, since",
        "3",
        "4, since?",
    ]
    with pytest.raises(BadFact) as caught:
        decide_reference(TYPICAL, [{"nothing": 1}] * 5_000)
    assert len(caught.value.problems) == 100


def test_the_bounds_themselves_are_fine() -> None:
    facts = {**PASSING, "teachers": 2**53 - 1, "country": "é" * 1_000, "phone": "\u00a0"}
    (found,) = decide_reference(TYPICAL, [facts])
    assert found["teachers"] is MET
    assert overall(found) is UNMET


@pytest.mark.parametrize(
    ("criteria", "types"),
    [
        ({"c": test("n", Comparison.EQUALS, "2")}, TYPES),
        ({"c": test("n", Comparison.EQUALS, True)}, TYPES),
        ({"c": test("n", Comparison.EQUALS, 2**53)}, TYPES),
        ({"c": test("n", Comparison.EQUALS)}, TYPES),
        ({"c": test("n", Comparison.EQUALS, 1, 2)}, TYPES),
        ({"c": test("n", Comparison.BETWEEN, 1)}, TYPES),
        ({"c": test("n", Comparison.ONE_OF)}, TYPES),
        ({"c": test("b", Comparison.IS_TRUE, True)}, TYPES),
        ({"c": test("b", Comparison.AT_LEAST, True)}, TYPES),
        ({"c": test("t", Comparison.LESS_THAN, "b")}, TYPES),
        ({"c": test("t", Comparison.MATCHES, "(")}, TYPES),
        ({"c": test("d", Comparison.BEFORE, datetime(2020, 1, 1, tzinfo=UTC))}, TYPES),
        ({"c": test("missing", Comparison.EQUALS, 2)}, TYPES),
        ({"c": all_of()}, TYPES),
        ({f"c{n}": test("n", Comparison.EQUALS, n) for n in range(61)}, TYPES),
    ],
)
def test_a_rule_set_that_cannot_be_meant_is_refused(
    criteria: dict[str, Condition], types: dict[str, FactType]
) -> None:
    with pytest.raises(BadDefinition, match="cannot be used"):
        check_rule_set(bound(criteria, types))


def test_nesting_has_an_end() -> None:
    condition: Condition = test("n", Comparison.EQUALS, 1)
    for _ in range(19):
        condition = Group(all_of(condition).combination, (condition,))
    assert outcome(condition, n=1) is MET
    with pytest.raises(BadDefinition, match="nested"):
        outcome(all_of(all_of(condition)), n=1)


def test_every_type_has_its_comparisons_and_none_is_left_over() -> None:
    assert set().union(*COMPARISONS.values()) == set(Comparison)


def test_a_rule_set_without_criteria_is_undetermined() -> None:
    (found,) = decide_reference(bound({}, TYPES), [{"n": 1}])
    assert found == {}
    assert overall(found) is UNDETERMINED


def test_compiled_rule_sets_are_kept_by_hash_and_a_false_hash_is_noticed() -> None:
    made: list[str] = []

    def compile_(rule_set: BoundRuleSet) -> Reference:
        made.append(rule_set.name)
        return Reference(rule_set)

    kept = BySha(compile_, size=2)
    one, two, three = (bound({}, TYPES, name) for name in ("one", "two", "three"))
    assert kept(one) is kept(bound({}, TYPES, "one"))
    kept(two)
    kept(one)
    kept(three)
    kept(one)
    kept(two)
    assert made == ["one", "two", "three", "two"]
    forged = BoundRuleSet(name="one", sha256=one.sha256, facts=(), criteria={})
    with pytest.raises(BadDefinition, match="another rule set has its hash"):
        kept(forged)
