from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from base.errors import BadDefinition
from rules.criteria import Comparison, Condition, Outcome
from rules.durable import MAX_CHOICES, MAX_COMPARISONS, MAX_RULES, compile_rules
from rules.durable_fields import RESERVED, fnv1a
from rules.fence import Fence
from rules.judge import Judge
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

pytestmark = pytest.mark.integration

MET, UNMET = Outcome.MET, Outcome.UNMET


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with Judge() as judge:
        yield judge


def conditions(rules: str) -> dict[str, Any]:
    """The condition of each rule."""
    found = {}
    for name, rule in json.loads(rules).items():
        (clause,) = rule["all"]
        found[name] = clause["m"]
    return found


def test_every_rule_asks_for_the_kind_first_and_one_always_fires() -> None:
    (rules,) = compile_rules(TYPICAL).rules
    found = conditions(rules)
    assert found.pop("seen") == {"kind": 1}
    assert [condition["$and"][0] for condition in found.values()] == [{"kind": 1}] * 5


def test_only_generated_names_and_whole_numbers_cross() -> None:
    program = compile_rules(TYPICAL)
    message = json.loads(program.encode(PASSING))
    assert message == {
        "sid": "s",
        "id": "f",
        "kind": 1,
        "f0": 2,
        "f1": date(2020, 9, 1).toordinal(),
        "f2": 1,
        "f3": 0,
        "f4": 1,
    }
    message = json.loads(program.encode({"country": "FR", "phone": "x", "validated": False}))
    assert message == {"sid": "s", "id": "f", "kind": 1, "f3": -1, "f4": 0, "f2": 0}
    assert json.loads(program.encode({})) == {"sid": "s", "id": "f", "kind": 1}


def test_operand_fields_are_guarded_and_nothing_dangerous_is_used() -> None:
    condition = all_of(
        none_of(test("n", Comparison.PRESENT), test("t", Comparison.ONE_OF, "a", "b")),
        any_of(test("d", Comparison.BETWEEN, date(2020, 1, 1), date(2021, 1, 1))),
    )
    program = compile_rules(bound({"c": condition}, {"n": INTEGER, "t": TEXT, "d": DATE}))
    (rules,) = program.rules
    for word in ("$nex", "$mt", "$imt", "$div", "$add", "$iany", "$iall", "[]"):
        assert word not in rules
    steps = conditions(rules)["r1_0"]["$and"]
    for position, step in enumerate(steps[1:], start=1):
        (operator,) = step
        field = next(iter(step[operator])) if operator.startswith("$") else operator
        assert {"$ex": {field: 1}} in steps[: position + 1]


def test_a_criterion_of_an_unknown_parameter_has_no_rule() -> None:
    unknown = test("n", Comparison.AT_LEAST, None)
    criteria: dict[str, Condition] = {
        "alone": unknown,
        "not": none_of(unknown),
        "both": all_of(unknown, test("n", Comparison.AT_LEAST, 1)),
        "either": any_of(unknown, test("n", Comparison.AT_LEAST, 1)),
    }
    program = compile_rules(bound(criteria, {"n": INTEGER}))
    assert set(program.bits) == {"seen", "r4_0"}
    assert program.mask == 0b10001


def test_field_names_have_hashes_of_their_own() -> None:
    # "rbvjmlt" has the hash of "age": bare, a value sent under it would be taken for the age.
    assert fnv1a("rbvjmlt") == fnv1a("age")
    assert fnv1a("id") == 926444256  # HASH_ID in durable_rules' state.h
    keys = [*RESERVED, "age", "rbvjmlt", *(f"f{n}" for n in range(200))]
    program = compile_rules(
        bound(
            {f"c{n}": any_of(*(test(key, Comparison.EQUALS, n) for key in keys)) for n in (1,)},
            dict.fromkeys(keys, INTEGER),
        )
    )
    names = [text for fields in program.encoders.values() for text, _ in fields]
    hashes = {fnv1a(name.strip('",:')) for name in names}
    assert len(names) == len(hashes) == len(keys)
    assert not hashes & {fnv1a(name) for name in RESERVED}


def test_colliding_and_reserved_fact_names_are_told_apart(judge: Judge) -> None:
    keys = [*RESERVED, "age", "rbvjmlt", "a.b", 'quote"', "é"]
    criteria: dict[str, Condition] = {
        f"c{n}": test(key, Comparison.AT_LEAST, 18) for n, key in enumerate(keys)
    }
    rule_set = bound(criteria, dict.fromkeys(keys, INTEGER))
    for number, key in enumerate(keys):
        facts = {**dict.fromkeys(keys, 16), key: 40}
        (found,) = judge.decide(rule_set, [facts])
        assert [name for name, it in found.items() if it is MET] == [f"c{number}"]


def test_sixty_criteria_that_all_fire(judge: Judge) -> None:
    """One more than 64 rules on one fact would fail; each criterion here has several."""
    branches = [test(f"n{n}", Comparison.AT_LEAST, 1) for n in range(4)]
    criteria: dict[str, Condition] = {
        f"c{n}": any_of(*branches, test("n0", Comparison.EQUALS, n)) for n in range(48)
    } | {f"same{n}": test("n0", Comparison.AT_LEAST, 1) for n in range(12)}
    rule_set = bound(criteria, {f"n{n}": INTEGER for n in range(4)})
    program = compile_rules(rule_set)
    assert len(program.rules) > 1
    for rules in program.rules:
        assert len(json.loads(rules)) <= MAX_RULES
    met, unmet = judge.decide(rule_set, [{f"n{n}": 1 for n in range(4)}, dict.fromkeys(["n0"], 0)])
    assert set(met.values()) == {MET}
    assert [name for name, it in unmet.items() if it is MET] == ["c0"]


def test_sixty_criteria_on_one_condition(judge: Judge) -> None:
    rule_set = bound({f"c{n}": test("n", Comparison.EQUALS, 1) for n in range(60)}, {"n": INTEGER})
    (found,) = judge.decide(rule_set, [{"n": 1}])
    assert found == dict.fromkeys(rule_set.criteria, MET)


def test_the_largest_lists_and_the_most_lists_in_one_clause(judge: Judge) -> None:
    lists = [test(f"n{n}", Comparison.ONE_OF, *range(n, n + 30)) for n in range(MAX_CHOICES)]
    hundred = [f"text {n}" for n in range(100)]
    criteria: dict[str, Condition] = {
        "lists": all_of(*lists),
        "in": test("t", Comparison.ONE_OF, *hundred),
        "out": none_of(test("t", Comparison.ONE_OF, *hundred)),
    }
    rule_set = bound(criteria, {**{f"n{n}": INTEGER for n in range(MAX_CHOICES)}, "t": TEXT})
    numbers = {f"n{n}": 20 for n in range(MAX_CHOICES)}
    found = judge.decide(
        rule_set,
        [
            {**numbers, "t": "text 99"},
            {**numbers, "t": "text 100"},
            {**numbers, "n11": 41, "t": ""},
        ],
    )
    assert [list(it.values()) for it in found] == [
        [MET, MET, UNMET],
        [MET, UNMET, MET],
        [UNMET, UNMET, MET],
    ]


def test_the_most_fields(judge: Judge) -> None:
    keys = [f"n{n}" for n in range(240)]
    tests = [test(key, Comparison.EQUALS, 1) for key in keys]
    rule_set = bound(
        {f"c{n}": all_of(*tests[n::10]) for n in range(10)}, dict.fromkeys(keys, INTEGER)
    )
    met, one_off = judge.decide(
        rule_set, [dict.fromkeys(keys, 1), {**dict.fromkeys(keys, 1), "n7": 0}]
    )
    assert set(met.values()) == {MET}
    assert [name for name, it in one_off.items() if it is UNMET] == ["c7"]


def nested(pairs: int) -> Condition:
    """As many "this or that" as ``pairs``, all of them wanted: 2**pairs clauses."""
    return all_of(
        *(
            any_of(test(f"n{n}", Comparison.EQUALS, 1), test(f"n{n}", Comparison.EQUALS, 2))
            for n in range(pairs)
        )
    )


def test_nested_choices_never_make_durable_rules_walk_exponentially(judge: Judge) -> None:
    branches = [
        any_of(test("a", Comparison.AT_LEAST, n), test("b", Comparison.AT_LEAST, n))
        for n in range(7)
    ]
    rule_set = bound({"c": all_of(*branches)}, {"a": INTEGER, "b": INTEGER})
    facts = [{"a": a, "b": b} for a, b in itertools.product(range(-1, 9), repeat=2)]
    found = judge.decide(rule_set, facts)
    assert [it["c"] is MET for it in found] == [max(f.values()) >= 6 for f in facts]


@pytest.mark.parametrize(
    "criteria",
    [
        {"c": nested(10)},
        {"c": nested(40)},
        {f"c{n}": nested(5) for n in range(20)},
        {"c": test("n0", Comparison.ONE_OF, *range(101))},
        {"c": all_of(*(test(f"n{n}", Comparison.ONE_OF, n, n + 1) for n in range(13)))},
        {
            "c": none_of(
                *(test(f"n{n}", Comparison.ONE_OF, *range(99)) for n in range(5)),
            )
        },
        {"c": any_of(*(test(f"n{n}", Comparison.EQUALS, 1) for n in range(241)))},
    ],
)  # fmt: skip
def test_what_is_too_entangled_is_refused_at_once(criteria: dict[str, Condition]) -> None:
    started = time.perf_counter()
    with pytest.raises(BadDefinition, match="cannot be used"):
        compile_rules(bound(criteria, {f"n{n}": INTEGER for n in range(250)}))
    assert time.perf_counter() - started < 2


def test_superfluous_clauses_are_left_out() -> None:
    a, b = (test(key, Comparison.IS_TRUE) for key in "ab")
    program = compile_rules(
        bound({"c": any_of(a, all_of(a, b), none_of(none_of(a)))}, {"a": BOOLEAN, "b": BOOLEAN})
    )
    assert set(program.bits) == {"seen", "r1_0"}


def test_comparisons_of_one_durable_rule_set_stay_below_where_it_loops() -> None:
    criteria = {f"c{n}": none_of(test(f"n{n}", Comparison.ONE_OF, *range(100))) for n in range(6)}
    rule_set = bound(criteria, {f"n{n}": INTEGER for n in range(6)})
    program = compile_rules(rule_set)
    assert [len(json.loads(rules)) - 1 for rules in program.rules] == [3, 3]
    assert 3 * 101 <= MAX_COMPARISONS < 4 * 101
    with Fence() as fence:
        assert fence.masks(program, [program.encode({f"n{n}": 100 for n in range(6)})]) == [
            0b1111111
        ]


def test_equal_rules_have_one_key() -> None:
    one = bound({"c": test("n", Comparison.AT_LEAST, 1)}, {"n": INTEGER}, "one")
    two = bound({"other": test("m", Comparison.AT_LEAST, 1)}, {"m": INTEGER}, "two")
    three = bound({"c": test("n", Comparison.AT_LEAST, 2)}, {"n": INTEGER}, "one")
    assert compile_rules(one).key == compile_rules(two).key != compile_rules(three).key
