"""What a fact and an operand may be.

Both evaluators read facts that have been through here, so nothing reaches durable_rules that it
could misread: it takes a text for a number, cuts long texts and saturates large numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

from base.errors import BadDefinition, BadInput, Problem
from base.i18n import N_
from rules.criteria import (
    BoundRuleSet,
    Comparison,
    Condition,
    Facts,
    FactType,
    Group,
    Test,
    Value,
)

#: Whole numbers stay strictly inside the range that every JSON reader keeps exactly.
INTEGER_LIMIT = 2**53
#: The longest text a fact or operand may be, in characters.
TEXT_LIMIT = 1_000
#: The most criteria a rule set may have: durable_rules fails from 65 matching rules on.
MAX_CRITERIA = 60
#: How deep conditions may be nested.
MAX_DEPTH = 20
#: No more problems than this are told of one batch.
MAX_PROBLEMS = 100

#: Control characters, and halves of characters that cannot be written as UTF-8.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

#: Facts that are known and of their declared types.
Known = dict[str, Value]

_ORDERED = frozenset({Comparison.BETWEEN})
_ANY = frozenset({Comparison.EQUALS, Comparison.NOT_EQUALS, Comparison.ONE_OF, Comparison.PRESENT})
#: Which comparisons a type of fact knows.
COMPARISONS: Mapping[FactType, frozenset[Comparison]] = {
    FactType.INTEGER: _ANY | _ORDERED | {
        Comparison.AT_LEAST, Comparison.AT_MOST, Comparison.MORE_THAN, Comparison.LESS_THAN,
    },
    FactType.DATE: _ANY | _ORDERED | {
        Comparison.ON_OR_BEFORE, Comparison.ON_OR_AFTER, Comparison.BEFORE, Comparison.AFTER,
    },
    FactType.BOOLEAN: _ANY | {Comparison.IS_TRUE, Comparison.IS_FALSE},
    FactType.TEXT: _ANY | {Comparison.MATCHES},
}  # fmt: skip


class BadFact(BadInput):
    """A fact is not what its rule set declares. Nothing was decided.

    Its problems name facts and types, never values: those can be personal.
    """

    code = "bad_fact"


def fits(value: object, kind: FactType) -> bool:
    """Whether ``value`` is exactly of ``kind`` and within its bounds.

    A boolean is not an integer, an instant is not a date, and nothing is converted.
    """
    if kind is FactType.INTEGER:
        return type(value) is int and -INTEGER_LIMIT < value < INTEGER_LIMIT
    if kind is FactType.BOOLEAN:
        return type(value) is bool
    if kind is FactType.DATE:
        return type(value) is date
    return type(value) is str and len(value) <= TEXT_LIMIT and not CONTROL.search(value)


_MUST_BE = {
    FactType.INTEGER: N_("This must be a whole number with fewer than 16 digits."),
    FactType.BOOLEAN: N_("This must be true or false."),
    FactType.DATE: N_("This must be a date without a time of day."),
    FactType.TEXT: N_("This must be a text of at most 1,000 characters on one line."),
}


def known_facts(types: Mapping[str, FactType], name: str, facts: Sequence[Facts]) -> list[Known]:
    """``facts`` checked, as fresh dictionaries without those that are not known.

    Arguments:
        types: the declared facts, see :func:`check_rule_set`.
        name: of the rule set, for the error.

    Raises:
        BadFact: for every fact that is not declared or is not of its type.
    """
    problems: list[Problem] = []
    found = []
    untrusted: Sequence[object] = facts
    for position, subject in enumerate(untrusted, start=1):
        known: Known = {}
        where = "" if len(facts) == 1 else f"{position}, "
        if not isinstance(subject, Mapping):
            message = N_("Facts must be names with values.")
            problems.append(Problem(where=where.rstrip(", "), message=message))
            continue
        for key, value in subject.items():
            kind = types.get(key)
            if kind is not None and value is None:
                continue
            if kind is not None and value is not None and fits(value, kind):
                known[key] = value
            elif len(problems) < MAX_PROBLEMS:
                message = N_("This fact is not declared.") if kind is None else _MUST_BE[kind]
                problems.append(Problem(where=where + _readable(key), message=message))
        found.append(known)
    if problems:
        raise BadFact(
            N_("The facts do not fit the rule set {name}."), problems[:MAX_PROBLEMS], name=name
        )
    return found


def check_rule_set(bound: BoundRuleSet) -> dict[str, FactType]:
    """Make sure that ``bound`` can be decided; the type of each fact it declares.

    The checker of rule files says what is wrong earlier and better, with line and column.

    Raises:
        BadDefinition: a fact is declared twice or not at all, an operand does not fit its fact, or
            the rule set is beyond the limits of this module.
    """
    types = {request.key: FactType(request.type) for request in bound.facts}
    if len(types) != len(bound.facts):
        raise unusable(bound.name, "it declares a fact twice")
    if len(bound.criteria) > MAX_CRITERIA:
        raise unusable(bound.name, f"it has more than {MAX_CRITERIA} criteria")
    for criterion, condition in bound.criteria.items():
        _check(condition, types, bound.name, criterion, 1)
    return types


def _check(
    condition: Condition, types: Mapping[str, FactType], name: str, criterion: str, depth: int
) -> None:
    if depth > MAX_DEPTH:
        raise unusable(name, f"criterion {criterion} is nested more than {MAX_DEPTH} deep")
    if isinstance(condition, Group):
        if not condition.of:
            raise unusable(name, f"criterion {criterion} has an empty group")
        for part in condition.of:
            _check(part, types, name, criterion, depth + 1)
    elif condition.fact not in types:
        raise unusable(name, f"criterion {criterion} asks for a fact that is not declared")
    else:
        check_operands(condition, types[condition.fact], name, criterion)


def check_operands(test: Test, kind: FactType, name: str, criterion: str) -> None:
    """Make sure that ``test`` can be asked of a fact of ``kind``.

    Raises:
        BadDefinition: the comparison does not exist for the type, the number of operands is wrong,
            or an operand is not of the fact's type.
    """
    comparison, operands = test.comparison, test.operands
    if comparison not in COMPARISONS[kind]:
        raise unusable(
            name, f"criterion {criterion}: {comparison} is not for a fact of type {kind}"
        )
    none = {Comparison.IS_TRUE, Comparison.IS_FALSE, Comparison.PRESENT}
    wanted = 0 if comparison in none else 2 if comparison is Comparison.BETWEEN else 1
    given = len(operands)
    if given < 1 if comparison is Comparison.ONE_OF else given != wanted:
        raise unusable(name, f"criterion {criterion}: {comparison} cannot have {given} operands")
    if not all(operand is None or fits(operand, kind) for operand in operands):
        raise unusable(
            name, f"criterion {criterion}: an operand does not fit a fact of type {kind}"
        )
    if comparison is Comparison.MATCHES and operands[0] is not None:
        try:
            re.compile(str(operands[0]))
        except (re.error, OverflowError, RecursionError):
            raise unusable(name, f"criterion {criterion}: the pattern cannot be read") from None


def unusable(name: str, why: str) -> BadDefinition:
    """The error for a rule set that neither evaluator can use."""
    return BadDefinition(N_("The rule set {name} cannot be used: {why}."), name=name, why=why)


def _readable(key: object) -> str:
    """A fact's name as sent, made safe to show."""
    return CONTROL.sub("?", key[:100]) if isinstance(key, str) else f"({type(key).__name__})"
