"""The normal form of a condition: this and this, or that and that.

A *clause* is a set of comparisons that must all hold; a condition becomes the clauses of which any
one makes it met. "Not" is pushed down to the comparisons, where it turns each into its opposite *on
a known fact*: a clause therefore never holds by what is not known, and three-valued logic needs no
third value here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from rules.criteria import Combination, Comparison, Condition, Group, Test
from rules.durable_fields import Fields

#: The clauses a rule set may have: what needs more is better written as several criteria.
MAX_CLAUSES = 600
#: The clauses one condition may pass through while it is put together.
MAX_CANDIDATES = 10_000
#: The constants of one ``one_of``.
MAX_CHOICE = 100

#: Operator, field and constants. Operators are those of durable_rules, and ``in``.
Literal = tuple[str, str, tuple[int, ...]]
Clause = frozenset[Literal]
Clauses = frozenset[Clause]

_OPERATORS = {
    Comparison.EQUALS: "$eq",
    Comparison.NOT_EQUALS: "$neq",
    Comparison.AT_LEAST: "$gte",
    Comparison.ON_OR_AFTER: "$gte",
    Comparison.AT_MOST: "$lte",
    Comparison.ON_OR_BEFORE: "$lte",
    Comparison.MORE_THAN: "$gt",
    Comparison.AFTER: "$gt",
    Comparison.LESS_THAN: "$lt",
    Comparison.BEFORE: "$lt",
}
_OPPOSITE = {
    "$eq": "$neq", "$neq": "$eq", "$gte": "$lt", "$lt": "$gte", "$lte": "$gt", "$gt": "$lte",
}  # fmt: skip


class TooEntangledError(Exception):
    """A condition makes more clauses than durable_rules can take."""


def clauses(condition: Condition, fields: Fields, *, wanted: bool = True) -> Clauses:
    """What makes ``condition`` met (or, if not ``wanted``, unmet); empty if nothing can.

    Arguments:
        fields: gives the facts their fields; those that are needed are added to it.

    Raises:
        TooEntangledError: there would be too many clauses.
    """
    if isinstance(condition, Test):
        return _PARTS.get(condition.comparison, _compared)(condition, fields, wanted)
    if condition.combination is Combination.NONE_OF:
        return clauses(Group(Combination.ANY_OF, condition.of), fields, wanted=not wanted)
    parts = [clauses(part, fields, wanted=wanted) for part in condition.of]
    if (condition.combination is Combination.ALL_OF) is wanted:
        return _product(parts)
    return _needed(frozenset().union(*parts))


def _product(parts: Sequence[Clauses]) -> Clauses:
    found: Clauses = frozenset({frozenset()})
    for part in sorted(parts, key=len):
        if len(found) * len(part) > MAX_CANDIDATES:
            raise TooEntangledError
        found = _needed(a | b for a in found for b in part)
    return found


def _needed(candidates: Iterable[Clause]) -> Clauses:
    """``candidates`` without those that a shorter one makes superfluous."""
    needed: list[Clause] = []
    for clause in sorted(set(candidates), key=len):
        if not any(kept <= clause for kept in needed):
            needed.append(clause)
        if len(needed) > MAX_CLAUSES:
            raise TooEntangledError
    return frozenset(needed)


def _one(operator: str, field: str, *numbers: int) -> Clauses:
    return frozenset({frozenset({(operator, field, numbers)})})


def _compared(test: Test, fields: Fields, wanted: bool) -> Clauses:
    numbers = fields.numbers(test)
    if numbers is None:
        return frozenset()
    operator = _OPERATORS[test.comparison]
    return _one(operator if wanted else _OPPOSITE[operator], fields.value(test.fact), *numbers)


def _between(test: Test, fields: Fields, wanted: bool) -> Clauses:
    numbers = fields.numbers(test)
    if numbers is None:
        return frozenset()
    low, high = numbers
    field = fields.value(test.fact)
    if wanted:
        return frozenset({frozenset({("$gte", field, (low,)), ("$lte", field, (high,))})})
    return _one("$lt", field, low) | _one("$gt", field, high)


def _one_of(test: Test, fields: Fields, wanted: bool) -> Clauses:
    numbers = fields.numbers(test)
    if numbers is None:
        return frozenset()
    allowed = sorted(set(numbers))
    if len(allowed) > MAX_CHOICE:
        raise TooEntangledError
    field = fields.value(test.fact)
    if wanted:
        return _one("in" if len(allowed) > 1 else "$eq", field, *allowed)
    return frozenset({frozenset(("$neq", field, (number,)) for number in allowed)})


def _truth(test: Test, fields: Fields, wanted: bool) -> Clauses:
    asked = test.comparison is Comparison.IS_TRUE
    return _one("$eq", fields.value(test.fact), int(asked is wanted))


def _matches(test: Test, fields: Fields, wanted: bool) -> Clauses:
    (pattern,) = test.operands
    if pattern is None:
        return frozenset()
    return _one("$eq", fields.pattern(test.fact, str(pattern)), int(wanted))


def _present(test: Test, fields: Fields, wanted: bool) -> Clauses:
    if wanted:
        return _one("$ex", fields.value(test.fact))
    # A field that says "not known", not $nex: a field that got lost must not make a rule fire.
    return _one("$eq", fields.absence(test.fact), 1)


#: The clauses of the comparisons that are not one operator with one constant.
_PARTS: dict[Comparison, Callable[[Test, Fields, bool], Clauses]] = {
    Comparison.BETWEEN: _between,
    Comparison.ONE_OF: _one_of,
    Comparison.IS_TRUE: _truth,
    Comparison.IS_FALSE: _truth,
    Comparison.MATCHES: _matches,
    Comparison.PRESENT: _present,
}
