"""Rule sets for the tests of this folder, and a plain interpreter to compare with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from base.canonical import sha256
from rules.criteria import (
    BoundRuleSet,
    Combination,
    Comparison,
    Condition,
    FactRequest,
    FactType,
    Group,
    Outcome,
    Test,
    Value,
)

INTEGER, BOOLEAN, DATE, TEXT = (
    FactType.INTEGER,
    FactType.BOOLEAN,
    FactType.DATE,
    FactType.TEXT,
)


def bound(
    criteria: Mapping[str, Condition], types: Mapping[str, FactType], name: str = "tests/some"
) -> BoundRuleSet:
    """A bound rule set with a hash of its own."""
    facts = tuple(FactRequest(key=key, provider=key, type=kind) for key, kind in types.items())
    return BoundRuleSet(
        name=name, sha256=sha256(repr((name, criteria, facts))), facts=facts, criteria=criteria
    )


def test(fact: str, comparison: Comparison, *operands: Value | None) -> Test:
    """One comparison."""
    return Test(fact, comparison, operands)


test.__test__ = False  # type: ignore[attr-defined]


def all_of(*of: Condition) -> Group:
    return Group(Combination.ALL_OF, of)


def any_of(*of: Condition) -> Group:
    return Group(Combination.ANY_OF, of)


def none_of(*of: Condition) -> Group:
    return Group(Combination.NONE_OF, of)


#: A typical rule set: one criterion of each type.
TYPICAL = bound(
    {
        "teachers": test("teachers", Comparison.AT_LEAST, 2),
        "since": test("since", Comparison.ON_OR_BEFORE, date(2020, 9, 1)),
        "validated": test("validated", Comparison.IS_TRUE),
        "country": test("country", Comparison.ONE_OF, "BE", "NL"),
        "phone": test("phone", Comparison.MATCHES, r"\+?[0-9 ]{4,20}"),
    },
    {"teachers": INTEGER, "since": DATE, "validated": BOOLEAN, "country": TEXT, "phone": TEXT},
    "tests/typical",
)
#: Facts that meet all of it.
PASSING: dict[str, Any] = {
    "teachers": 2,
    "since": date(2020, 9, 1),
    "validated": True,
    "country": "BE",
    "phone": "+32 2 555 01",
}


def interpreted(condition: Condition, facts: Mapping[str, Any]) -> Outcome:
    """The outcome of ``condition`` by Kleene's tables: unmet 0, undetermined 1, met 2."""
    return (Outcome.UNMET, Outcome.UNDETERMINED, Outcome.MET)[_degree(condition, facts)]


def _degree(condition: Condition, facts: Mapping[str, Any]) -> int:
    if isinstance(condition, Group):
        degrees = [_degree(part, facts) for part in condition.of]
        if condition.combination == "all_of":
            return min(degrees)
        return max(degrees) if condition.combination == "any_of" else 2 - max(degrees)
    value = facts.get(condition.fact)
    if condition.comparison == "present":
        return 0 if value is None else 2
    if value is None or any(operand is None for operand in condition.operands):
        return 1
    return 2 if _holds(condition, value) else 0


def _holds(asked: Test, value: Any) -> bool:
    name, operands = asked.comparison.value, asked.operands
    if name == "matches":
        return re.match(f"(?:{operands[0]})\\Z", value) is not None
    if name in {"is_true", "is_false"}:
        return bool(value) == (name == "is_true")
    # -1, 0 or 1, by min() rather than by the operators the evaluators use.
    given: tuple[Any, ...] = operands
    order = [0 if value == it else -1 if min(value, it) == value else 1 for it in given]
    if name == "between":
        return order[0] != -1 and order[1] != 1
    wanted = {
        "equals": {0}, "one_of": {0}, "not_equals": {-1, 1},
        "at_least": {0, 1}, "on_or_after": {0, 1}, "at_most": {-1, 0}, "on_or_before": {-1, 0},
        "more_than": {1}, "after": {1}, "less_than": {-1}, "before": {-1},
    }[name]  # fmt: skip
    return any(found in wanted for found in order)
