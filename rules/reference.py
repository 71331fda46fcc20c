"""The reference evaluator: criteria compiled to plain Python functions.

It is small enough to be read in one sitting, and it checks **every** decision durable_rules makes
(see ``rules.judge``).

Logic is three-valued. A comparison whose fact is not known, or one of whose operands is an UNKNOWN
round parameter, is undetermined; ``present`` is the one comparison that is unmet instead. Groups:

- ``all_of``: unmet if any part is unmet, else undetermined if any part is, else met;
- ``any_of``: met if any part is met, else undetermined if any part is, else unmet;
- ``none_of``: the opposite of ``any_of``; the opposite of undetermined is undetermined.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from typing import Any

from rules.compiled import BySha
from rules.criteria import (
    BoundRuleSet,
    Combination,
    Comparison,
    Condition,
    Facts,
    Group,
    Outcome,
    Test,
)
from rules.fitting import Known, check_rule_set, known_facts

Decider = Callable[[Known], Outcome]

_NEGATED = {
    Outcome.MET: Outcome.UNMET,
    Outcome.UNMET: Outcome.MET,
    Outcome.UNDETERMINED: Outcome.UNDETERMINED,
}


class Reference:
    """One bound rule set, ready to decide."""

    def __init__(self, bound: BoundRuleSet) -> None:
        """Compile ``bound``.

        Raises:
            BadDefinition: the rule set cannot be used; see :func:`rules.fitting.check_rule_set`.
        """
        self.name = bound.name
        self.types = check_rule_set(bound)
        self._deciders = [(name, _compile(it)) for name, it in bound.criteria.items()]

    def decide(self, known: Sequence[Known]) -> list[dict[str, Outcome]]:
        """The outcome of each criterion, for each of the checked facts."""
        deciders = self._deciders
        return [{criterion: decide(facts) for criterion, decide in deciders} for facts in known]


def _compile(condition: Condition) -> Decider:
    if isinstance(condition, Group):
        return _group(condition.combination, [_compile(part) for part in condition.of])
    return _test(condition)


def _test(test: Test) -> Decider:
    key, operands = test.fact, test.operands
    if test.comparison is Comparison.PRESENT:
        return lambda known: Outcome.MET if key in known else Outcome.UNMET
    if None in operands:
        return lambda known: Outcome.UNDETERMINED
    holds = _predicate(test.comparison, operands)

    def decide(known: Known) -> Outcome:
        value = known.get(key)
        if value is None:
            return Outcome.UNDETERMINED
        return Outcome.MET if holds(value) else Outcome.UNMET

    return decide


#: What compares a fact with its one operand.
_COMPARE: dict[Comparison, Callable[[Any, Any], bool]] = {
    Comparison.EQUALS: operator.eq,
    Comparison.NOT_EQUALS: operator.ne,
    Comparison.AT_LEAST: operator.ge,
    Comparison.ON_OR_AFTER: operator.ge,
    Comparison.AT_MOST: operator.le,
    Comparison.ON_OR_BEFORE: operator.le,
    Comparison.MORE_THAN: operator.gt,
    Comparison.AFTER: operator.gt,
    Comparison.LESS_THAN: operator.lt,
    Comparison.BEFORE: operator.lt,
}


def _predicate(comparison: Comparison, operands: tuple[Any, ...]) -> Callable[[Any], bool]:
    if compare := _COMPARE.get(comparison):
        (operand,) = operands
        return lambda value: compare(value, operand)
    if comparison is Comparison.BETWEEN:
        low, high = operands
        return lambda value: low <= value <= high
    if comparison is Comparison.ONE_OF:
        return frozenset(operands).__contains__
    if comparison is Comparison.MATCHES:
        fullmatch = re.compile(operands[0]).fullmatch
        return lambda value: fullmatch(value) is not None
    wanted = {Comparison.IS_TRUE: True, Comparison.IS_FALSE: False}[comparison]
    return lambda value: value is wanted


def _group(combination: Combination, parts: list[Decider]) -> Decider:
    # The outcome that settles the group at once, and the one it has if nothing else is found.
    settles, otherwise = (
        (Outcome.UNMET, Outcome.MET)
        if combination is Combination.ALL_OF
        else (Outcome.MET, Outcome.UNMET)
    )

    def decide(known: Known) -> Outcome:
        found = otherwise
        for part in parts:
            outcome = part(known)
            if outcome is settles:
                return settles
            if outcome is Outcome.UNDETERMINED:
                found = outcome
        return found

    if combination is Combination.NONE_OF:
        return lambda known: _NEGATED[decide(known)]
    return decide


#: The compiled reference of a bound rule set.
reference = BySha(Reference)


def decide_reference(bound: BoundRuleSet, facts: Sequence[Facts]) -> list[dict[str, Outcome]]:
    """The outcome of each criterion of ``bound`` for each subject's ``facts``.

    Raises:
        BadFact: a fact is not declared, or not of its declared type.
        BadDefinition: the rule set cannot be used.
    """
    compiled = reference(bound)
    return compiled.decide(known_facts(compiled.types, compiled.name, facts))
